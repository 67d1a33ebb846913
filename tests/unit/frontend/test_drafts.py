"""What a browser remembers of its orders, and whatever else may stand in its storage."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("reflex", reason="the web app is not installed; run: make test-web")

from frontend.states.drafts import FIELDS, kept, remembered
from frontend.states.studio import Studio

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=8,
)  # fmt: skip


def studio(**chosen: Any) -> Studio:
    made = Studio(_reflex_internal_init=True)
    made._take(chosen)
    return made


def test_what_is_remembered_is_found_again() -> None:
    chosen = {"text": "Hello [happy] you!", "voice": "piper:joe", "seed": "7", "head_motion": 0.5}
    draft = studio(**chosen)._draft()
    assert chosen.items() <= draft.items()
    assert studio(**kept(remembered("{}", "job", draft), "job"))._draft() == draft


def test_what_a_draft_lacks_takes_its_default() -> None:
    before = studio(text="old", speed=1.5, portrait="a" * 32)
    before._take({"text": "new"})
    assert before._draft() == studio(text="new")._draft()
    assert before.portrait == "preset:astronaut"


def test_the_oldest_are_forgotten() -> None:
    drafts = "{}"
    for number in range(100):
        drafts = remembered(drafts, f"job{number}", {"text": str(number)})
    assert not kept(drafts, "job0")
    assert kept(drafts, "job99")["text"] == "99"
    assert len(json.loads(drafts)) < 100


@given(JSON | st.text())
def test_nothing_in_a_browsers_storage_breaks_the_studio(stored: object) -> None:
    text = stored if isinstance(stored, str) else json.dumps(stored)
    assert isinstance(studio(**kept(text, "job"))._request()["text"], str)
    assert kept(remembered(text, "job", {"text": "new"}), "job")["text"] == "new"


@given(st.dictionaries(st.sampled_from(list(FIELDS)), JSON))
def test_fields_of_another_kind_are_left_at_their_defaults(found: dict[str, Any]) -> None:
    taken = studio(**found)
    assert all(type(getattr(taken, name)) is kind for name, kind in FIELDS.items())
    assert isinstance(taken._request()["size"], int)


def test_an_order_has_numbers_where_the_service_wants_numbers() -> None:
    order = studio(size="1080", seed="99999999999999")._request()
    assert order["size"] == 1080
    assert order["seed"] == 2**32 - 1
    assert studio(seed="none", size="huge")._request()["seed"] == 0
