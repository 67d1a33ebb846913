"""Both languages say everything."""

import re
from pathlib import Path

import pytest

from frontend.problems import PROBLEMS
from frontend.words import EXAMPLES, LANGUAGES, WORDS

FRONTEND = Path(__file__).parents[3] / "frontend"
GREEK = re.compile(r"[\u0370-\u03ff\u1f00-\u1fff]")


@pytest.mark.parametrize("table", [WORDS, PROBLEMS, LANGUAGES], ids=["words", "problems", "names"])
def test_greek_is_greek_and_english_is_english(table: dict[str, tuple[str, str]]) -> None:
    for key, (english, greek) in table.items():
        assert english and not GREEK.search(english), key
        assert GREEK.search(greek), key


def test_there_are_examples_in_both() -> None:
    assert {language for language, _, _ in EXAMPLES} == {"en", "el"}


def test_every_word_that_a_page_asks_for_is_there_and_no_other() -> None:
    pages = "".join(path.read_text("utf-8") for path in (FRONTEND / "pages").glob("*.py"))
    states = "".join(path.read_text("utf-8") for path in (FRONTEND / "states").glob("*.py"))
    for name in ("app.py", "problems.py", "signin.py"):
        pages += (FRONTEND / name).read_text("utf-8")
    asked = set(re.findall(r'(?<=")\w+(?=")', pages + states))
    assert not {word for word in re.findall(r'\bt\("(\w+)"\)', pages) if word not in WORDS}
    assert not set(WORDS) - asked - {"too_long", "offline", "gone"}


def test_every_word_that_the_browser_parts_use_is_given_to_them() -> None:
    for path in (FRONTEND / "assets").glob("*.jsx"):
        used = set(re.findall(r"\bwords\.(\w+)", path.read_text("utf-8")))
        assert used <= set(WORDS), path.name
