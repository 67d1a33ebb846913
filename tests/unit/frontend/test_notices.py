"""What the service says is told in Greek on Greek pages, none of it left out."""

import ast
import re
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import pytest
import yaml

from backends.script.parser import parse
from frontend.notices import FACES, NOTICES, TIERS, notices, sentence

ROOT = Path(__file__).parents[3]
GREEK = re.compile(r"[\u0370-\u03ff]")
TEXT = "[hapy] <b>Hi</b> \U000e0041 [sad:x] you [angry:7] a [pause:x] b [pause:99] c [qqqqqq] [happy] [calm] d [proud]"


def strings(tree: ast.AST) -> Iterator[str]:
    """Every string of a module, with a number where something is put in."""
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            yield "".join(map(_part, node.values))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def _part(node: ast.expr) -> str:
    if isinstance(node, ast.FormattedValue):
        spec = ast.unparse(node.format_spec) if node.format_spec else ""
        return "'7'" if node.conversion == ord("r") else "7%" if "%" in spec else "7"
    return str(node.value) if isinstance(node, ast.Constant) else ""


def sources() -> Iterator[ast.AST]:
    """The modules that tell of something."""
    for folder in ("backends", "serve_app"):
        for path in (ROOT / folder).rglob("*.py"):
            text = path.read_text("utf-8")
            if "Notice(" in text or "advice=" in text:
                yield ast.parse(text)


def test_every_notice_of_the_service_is_known_and_no_other() -> None:
    codes, said = set(), {one.message for one in parse(TEXT).warnings}
    for tree in sources():
        said.update(strings(tree))
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.args:
                first = node.args[0]
                if node.func.id in ("Notice", "_told") and isinstance(first, ast.Constant):
                    codes.add(first.value)
    assert codes == set(NOTICES)
    all_said = "\n".join(said)
    for pattern, _ in (*chain.from_iterable(NOTICES.values()), *FACES):
        assert re.search(pattern, all_said, re.MULTILINE), "the service does not say that any more"


def test_what_is_said_of_a_text_is_told_in_greek() -> None:
    told = [{"code": one.code, "message": one.message} for one in parse(TEXT).warnings]
    assert len({one["code"] for one in told}) == 7
    assert all(GREEK.search(one) and "{" not in one for one in notices(told, greek=True))
    assert notices(told, greek=False)[0].startswith("[hapy] is not a known cue")
    assert "[happy]" in notices(told, greek=True)[0]


@pytest.mark.parametrize("name", ["lightweight", "balanced", "premium", "all"])
def test_every_tier_is_told_in_greek(name: str) -> None:
    config = yaml.safe_load((ROOT / "configs" / f"{name}.yaml").read_text("utf-8"))
    titles = [one["args"]["title"] for one in config["applications"] if "title" in one["args"]]
    assert titles and all(GREEK.search(sentence(title, TIERS)) for title in titles)


def test_what_nobody_knows_is_told_as_it_is_and_begins_like_a_sentence() -> None:
    new = [{"code": "brand_new", "message": "the moon is full"}]
    assert notices(new, greek=True) == ["The moon is full"]
    assert sentence("espeak:en is robotic", ()) == "espeak:en is robotic"
    assert sentence("", FACES) == ""
