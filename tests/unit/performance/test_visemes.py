"""IPA by feature."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backends.performance.visemes import (
    ALVEOLAR,
    CONSONANTS,
    HUSHING,
    LIPS,
    PALATAL,
    PAUSE,
    SIBILANT,
    UNKNOWN,
    VELAR,
    VOWELS,
    Viseme,
    viseme,
)

NUMBERS = ("jaw", "lower", "upper", "stretch", "pucker", "funnel", "tongue", "closure", "teeth")


def _gap(shape: Viseme) -> float:
    return 0.36 * shape.jaw + 0.12 * shape.lower + 0.09 * shape.upper + 0.075 * shape.funnel


@pytest.mark.parametrize("phoneme", ["p", "b", "m", "pʰ", "mː", "b̥", "k͡p"])
def test_lips_close(phoneme: str) -> None:
    assert viseme(phoneme).closure == 1.0


@pytest.mark.parametrize("phoneme", ["f", "v", "ɱ"])
def test_lower_lip_at_the_teeth(phoneme: str) -> None:
    assert viseme(phoneme).teeth == 1.0 and viseme(phoneme).closure == 0.0


def test_vowels_differ() -> None:
    assert _gap(viseme("a")) > 1.5 * _gap(viseme("i")) > _gap(viseme("u"))
    assert _gap(viseme("o")) < _gap(viseme("ɔ")) < _gap(viseme("ɑ"))
    assert _gap(viseme("ˈa")) > 1.3 * _gap(viseme("a"))
    assert viseme("ˈi") == viseme("i"), "stress opens open vowels only"
    assert viseme("u").pucker > 0.4 > viseme("ɔ").pucker > viseme("a").pucker == 0.0
    assert viseme("i").stretch > viseme("ɑ").stretch > viseme("u").stretch == 0.0
    assert viseme("y").pucker == viseme("u").pucker, "rounding does not ask where the tongue is"


@pytest.mark.parametrize(
    ("phoneme", "shape"),
    [
        ("ts", SIBILANT), ("dz", SIBILANT), ("t͡s", SIBILANT), ("tʃ", HUSHING), ("d͡ʒ", HUSHING),
        ("t̪", ALVEOLAR), ("l̩", ALVEOLAR), ("ɾ", ALVEOLAR), ("r", ALVEOLAR), ("ŋ", VELAR),
        ("ɣ", VELAR), ("x", VELAR), ("ɟ", PALATAL), ("c", PALATAL), ("ʎ", PALATAL),
        ("ɲ", PALATAL), ("ʝ", PALATAL), ("ç", PALATAL), ("c\u0327", PALATAL), ("_", PAUSE),
    ],
)  # fmt: skip
def test_by_place_and_manner(phoneme: str, shape: Viseme) -> None:
    assert viseme(phoneme) == shape


def test_marks_change_the_shape() -> None:
    assert viseme("ã") == viseme("a") == viseme("ˌaː")
    assert viseme("kʷ").pucker > viseme("k").pucker
    assert viseme("tʲ").stretch > viseme("t").stretch
    assert viseme("ɚ").funnel > viseme("ə").funnel
    assert viseme("aɪ") == viseme("a"), "a diphthong in one span shows its first vowel"


@pytest.mark.parametrize("phoneme", ["", "7", "ˈ", "ʲ", "字", "?", "\u0000"])
def test_an_unknown_symbol_takes_its_neighbours_shape(phoneme: str) -> None:
    assert viseme(phoneme) == UNKNOWN
    assert UNKNOWN.dominance.opening < 0.3


GREEK = "a b c ç d e f i j k l m n o p r s t u v x z ð ŋ ɡ ɣ ɲ ʎ ʝ ɟ ɾ θ ts dz"


@pytest.mark.parametrize("phoneme", GREEK.split())
def test_greek_is_covered(phoneme: str) -> None:
    assert viseme(phoneme) != UNKNOWN


@given(st.text(st.sampled_from([*VOWELS, *CONSONANTS, *"ˈˌːʰʷʲ̃͡", "̩", "x", "!"]), max_size=5))
def test_any_text_is_within_range(text: str) -> None:
    shape = viseme(text)
    for name in NUMBERS:
        assert -0.6 <= getattr(shape, name) <= 1.0
    assert shape == LIPS or shape.closure == 0.0 or "ʷ" in text or "ʲ" in text
    assert all(claim > 0.0 for claim in shape.dominance)


def test_espeak_greek_is_ipa_that_we_know() -> None:
    espeak = pytest.importorskip("piper.phonemize_espeak")
    text = (
        "Η ξανθιά τζιτζίκα τσίμπησε το άγχος του γκρινιάρη Μπάμπη. Χιόνι, κιόλας, γυναίκα, "
        "ευχαριστώ πολύ, παιδιά, λιοντάρι, αγγελία, αυγό, εύκολο, όγδοο, ψωμί, ήλιος, νιάτα."
    )
    symbols = {
        symbol
        for sentence in espeak.EspeakPhonemizer().phonemize("el", text)
        for symbol in sentence
    }
    marks = set("ˈˌːʲ .,̧̯͡")
    assert {s for s in symbols - marks if viseme(s) == UNKNOWN} == set()
