"""What the service refuses or fails at is told in the language of the pages."""

import ast
import re
from collections.abc import Iterator

import pytest

from frontend.problems import DETAILS, PROBLEMS, problem_words
from tests.unit.frontend.test_notices import GREEK, ROOT, strings

NOBODYS = {
    "error", "invalid_input",  # of many kinds, told in detail
    "unwritable_output", "unknown_engine", "download_failed",  # of commands
    "service_unreachable", "no_credentials",
    "unsupported_body", "idempotency_key_reused", "range_not_satisfiable",  # of requests that pages do not make
}  # fmt: skip
"""Codes that no page is told of, or that say nothing by themselves."""


def modules() -> Iterator[str]:
    for folder in ("backends", "serve_app"):
        texts = (path.read_text("utf-8") for path in (ROOT / folder).rglob("*.py"))
        yield from (text for text in texts if "Error" in text)


_CODE = re.compile(
    r"""^    code(?:: ClassVar\[str\])? = "(\w+)"|\bproblem\(\s*\d+,\s*"(\w+)\"""", re.MULTILINE
)


def test_every_problem_of_the_service_is_known_and_no_other() -> None:
    codes = {one or other for text in modules() for one, other in _CODE.findall(text)}
    assert codes - NOBODYS == set(PROBLEMS) - {"unreachable"}
    assert codes >= NOBODYS


def test_every_detail_is_still_said_by_the_service() -> None:
    said = "\n".join(text for module in modules() for text in strings(ast.parse(module)))
    for pattern, greek in DETAILS:
        assert re.search(pattern, said, re.MULTILINE), pattern
        assert GREEK.search(greek)


def test_a_detail_that_helps_is_told_in_greek() -> None:
    english = "me.wav is 2.0 s long; at least 6 s of speech are needed to clone a voice"
    told = problem_words("invalid_input", english, True)
    assert told == "Η ηχογράφηση διαρκεί 2.0 δ. και χρειάζονται τουλάχιστον 6 δ."
    assert problem_words("invalid_input", english, False) == english


@pytest.mark.parametrize("code", sorted(PROBLEMS))
def test_a_code_is_told_where_its_detail_is_not_known(code: str) -> None:
    assert problem_words(code, "x", True) == PROBLEMS[code][1]
    assert problem_words(code, "x", False) == PROBLEMS[code][0]


def test_what_nobody_knows_is_told_in_the_services_words_behind_a_greek_sentence() -> None:
    assert problem_words("brand_new", "do this instead", False) == "do this instead"
    told = problem_words("brand_new", "do this instead", True)
    assert GREEK.search(told) and told.endswith(" Do this instead")
