"""What a browser remembers of its orders, and whatever else may stand in its storage."""

import json

from hypothesis import given
from hypothesis import strategies as st

from frontend.states.drafts import Draft, kept, remembered

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=8,
)  # fmt: skip


def test_what_is_remembered_is_found_again() -> None:
    draft = Draft(text="Hello [happy] you!", voice="piper:joe", seed="7", head_motion=0.5)
    assert Draft.of(kept(remembered("{}", "job", draft), "job")) == draft


def test_the_oldest_are_forgotten() -> None:
    drafts = "{}"
    for number in range(100):
        drafts = remembered(drafts, f"job{number}", Draft(text=str(number)))
    assert not kept(drafts, "job0")
    assert kept(drafts, "job99")["text"] == "99"
    assert len(json.loads(drafts)) < 100


@given(JSON | st.text())
def test_nothing_in_a_browsers_storage_breaks_the_studio(stored: object) -> None:
    text = stored if isinstance(stored, str) else json.dumps(stored)
    draft = Draft.of(kept(text, "job"))
    assert isinstance(draft.order()["text"], str)
    assert kept(remembered(text, "job", Draft(text="new")), "job")["text"] == "new"


@given(st.dictionaries(st.sampled_from(list(Draft().values())), JSON))
def test_fields_of_another_kind_are_left_at_their_defaults(found: dict[str, object]) -> None:
    draft = Draft.of(found)
    for name, value in Draft().values().items():
        assert type(draft.values()[name]) is type(value)


def test_an_order_has_numbers_where_the_service_wants_numbers() -> None:
    order = Draft(size="1080", seed="99999999999999").order()
    assert order["size"] == 1080
    assert order["seed"] == 2**32 - 1
    assert Draft(seed="none").order()["seed"] == 0
