import itertools
import unicodedata

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from backends.speech.phones import SILENCE, is_vowel, lasting, letters, phones, spelled

IPA = "ptkszmnlɹaeiouɛəɪʃʒθðŋç"
SYMBOLS = st.sampled_from([*IPA, "ˈ", "ˌ", "ː", "ʲ", "\u0329", " ", ",", ".", "?", "aɪ", "oʊ"])


def spoken(line: str, samples: int = 10) -> list[tuple[str, int, int]]:
    return [(p.phoneme, p.start, p.end) for p in phones((symbol, samples) for symbol in line)]


def test_marks_join_their_letters() -> None:
    assert spoken("^ˈɛliːn\u0329$") == [
        (SILENCE, 0, 10),
        ("ˈɛ", 10, 30),
        ("l", 30, 40),
        ("iː", 40, 60),
        ("n\u0329", 60, 80),
        (SILENCE, 80, 90),
    ]


def test_a_stress_mark_before_consonants_waits_for_its_vowel() -> None:
    assert letters("ˈstɹɛs") == ["s", "t", "ɹ", "ɛ", "s"]
    assert [p for p, _, _ in spoken("ˈstɹɛs")] == ["s", "t", "ɹ", "ˈɛ", "s"]


def test_a_decomposed_letter_is_composed() -> None:
    assert [p for p, _, _ in spoken(unicodedata.normalize("NFD", "iç"))] == ["i", "ç"]


def test_a_space_is_shared_by_its_neighbours() -> None:
    assert spoken("as ən") == [("a", 0, 10), ("s", 10, 25), ("ə", 25, 40), ("n", 40, 50)]


def test_a_space_before_a_stop_is_its_closure() -> None:
    assert spoken("as tu") == [("a", 0, 10), ("s", 10, 20), ("t", 20, 40), ("u", 40, 50)]


def test_punctuation_and_its_space_are_one_silence() -> None:
    assert spoken("a, u.") == [("a", 0, 10), (SILENCE, 10, 30), ("u", 30, 40), (SILENCE, 40, 50)]


def test_a_cluster_is_its_letters() -> None:
    timed = phones([("t", 10), ("aɪ", 15), ("m", 10)])
    assert [(p.phoneme, p.end - p.start) for p in timed] == [
        ("t", 10),
        ("a", 7),
        ("ɪ", 8),
        ("m", 10),
    ]


def test_where_a_space_stood_is_known() -> None:
    assert [p.follows_space for p in phones((s, 1) for s in "a tu")] == [False, True, False]


@pytest.mark.parametrize(
    ("phoneme", "vowel"),
    [("ˈɛ", True), ("iː", True), ("ã", True), ("t", False), ("_", False), ("", False)],
)
def test_vowels(phoneme: str, vowel: bool) -> None:
    assert is_vowel(phoneme) is vowel


@given(st.lists(st.tuples(SYMBOLS, st.integers(1, 3000)), max_size=60))
def test_phones_cover_all_samples(timed: list[tuple[str, int]]) -> None:
    out = phones([("^", 100), *timed, ("$", 100)])
    assert out[0].start == 0
    assert out[-1].end == 200 + sum(samples for _, samples in timed)
    for before, after in itertools.pairwise(out):
        assert before.end == after.start
        assert not before.phoneme == after.phoneme == SILENCE
    for phone in out:
        assert phone.phoneme.strip(" ,.?^$") and phone.start <= phone.end


@given(st.lists(st.tuples(SYMBOLS, st.integers(0, 3000)), max_size=60))
def test_lengths_that_come_later_time_phones_alike(timed: list[tuple[str, int]]) -> None:
    assume(not any(a[0] == b[0] == " " for a, b in itertools.pairwise(timed)))
    symbols, lengths = zip(("^", 100), *timed, ("$", 100), strict=True)
    now, later = phones(zip(symbols, lengths, strict=True)), lasting(spelled(symbols), lengths)
    for one, other in zip(now, later, strict=True):
        assert one.phoneme == other.phoneme
        assert abs(one.start - other.start) <= 1 and abs(one.end - other.end) <= 1  # rounding
