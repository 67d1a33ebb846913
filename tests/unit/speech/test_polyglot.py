"""Several engines as one, and Kokoro's phonemes and voices; the engines themselves pass the contract."""

import itertools

import numpy as np
import pytest

from backends.errors import EngineUnavailableError, UnknownVoiceError
from backends.speech import find_voice, kokoro_model, load_engine
from backends.speech.engine import SpeechEngine
from backends.speech.espeak import phonemize
from backends.speech.kokoro_model import MAX_IDS, pieces
from backends.speech.kokoro_phonemes import ids_of, lines, symbols_of
from backends.speech.kokoro_voices import MIXED, styles, voices
from backends.types import NO_CUE, TextSpan, Utterance


@pytest.fixture(scope="module")
def engine() -> SpeechEngine:
    return load_engine("polyglot")


def utterance(text: str, language: str = "en") -> Utterance:
    return Utterance(text, (TextSpan(0, len(text), NO_CUE, -1),), language)


@pytest.mark.parametrize(
    ("language", "voice"),
    [
        ("en", "piper:en_US-joe-medium"),
        ("el", "kokoro:gm_nikolas"),
        ("es", "kokoro:ef_dora"),
        ("it", "kokoro:if_sara"),
    ],
)
def test_a_language_has_the_first_voice_that_is_native(
    engine: SpeechEngine, language: str, voice: str
) -> None:
    found = find_voice(engine, None, language)
    assert found.id == voice and found.language == language


def test_a_voice_may_be_asked_for_without_its_engine(engine: SpeechEngine) -> None:
    assert find_voice(engine, "af_heart", "en").id == "kokoro:af_heart"
    with pytest.raises(UnknownVoiceError, match="af_heart"):
        find_voice(engine, "af_hart", "en")


def test_english_is_as_piper_alone_says_it(engine: SpeechEngine) -> None:
    what = utterance("Good morning to you all.")
    piper = load_engine("piper")
    [alone] = piper.synthesize(what, find_voice(piper, None, "en"), 3)
    [here] = engine.synthesize(what, find_voice(engine, None, "en"), 3)
    np.testing.assert_array_equal(alone.samples, here.samples)
    assert alone.phonemes == here.phonemes


def test_without_kokoro_greek_is_espeaks_and_says_what_is_better(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(kokoro_model, "PACKAGES", ("no_such_package",))
    with pytest.raises(EngineUnavailableError, match=r"prosopon\[kokoro\]"):
        load_engine("kokoro")
    voice = find_voice(load_engine("polyglot"), None, "el")
    assert voice.id == "espeak:el"
    assert "prosopon models pull piper:el_GR-rapunzelina-low" in voice.advice


def test_kokoros_greek_names_a_better_voice(engine: SpeechEngine) -> None:
    advice = find_voice(engine, None, "el").advice
    assert "prosopon models pull piper:el_GR-rapunzelina-low" in advice


def test_none_of_the_engines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kokoro_model, "PACKAGES", ("no_such_package",))
    with pytest.raises(EngineUnavailableError):
        load_engine("polyglot", {"engines": {"kokoro": {}}})


@pytest.mark.parametrize("language", ["en", "el", "es", "it"])
def test_kokoro_knows_every_phoneme(language: str) -> None:
    """Nothing of what espeak-ng writes is lost, in sentences that use the whole of its alphabet."""
    texts = {
        "en": "The judge's vision: measure how boys chew thin, fresh, hazy things; wear better yours, button!",
        "el": "Ο τζίτζικας τσίμπησε; Χιόνι, γκρεμός, άγχος, μπαμπάς, ντομάτα, θυμός, δέντρο, γη, κερί, ψάρι.",
        "es": "El niño jugó al fútbol; ¿quién llamó? Guerra, cigüeña, hoy, reloj, agua, bebe, dedo, mayo.",
        "it": "Gli gnocchi, la pizza, il giglio e lo zaino; perché sciare? Cena, giorno, acqua, quando.",
    }
    [line] = lines([texts[language]], language)
    lost = set(line) - set("".join(symbols_of(line, language)))
    assert not lost


@pytest.mark.parametrize(
    ("text", "spelled"),
    [
        ("την πόλη", "tin pˈoli"),
        ("βιβλίο", "vivlˈio"),
        ("χρειάζομαι", "xɾjˈazome"),
        ("και", "ke"),
        ("πέντε άντρες", "pˈende ˈandɾes"),
        ("το μπαλκόνι, η λάμπα", "to balkˈoni, i lˈamba"),
        ("το tablet της Adidas", "to tˈablət tis ˈadidəz"),
        ("ο ήλιος", "o ˈiʎos"),
        ("αρχίζει", "aɾxˈizi"),
        ("τσάι", "tsˈai"),
    ],
)
def test_greek_in_kokoros_phonemes(text: str, spelled: str) -> None:
    assert lines([text], "el") == [spelled + "."]


def test_english_words_in_greek_keep_their_phonemes() -> None:
    [line] = lines(["Το Python είναι ωραία γλώσσα."], "el")
    assert "pˈaiθən" in line and "ɣlˈosa" in line.replace("ss", "s")


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("My friend is Νίκος, and he is here!", ("fɹˈɛnd", "nˈikos,", "hˈɪɹ!")),
        ("He said «γεια σου» to me.", ("sˈɛd jˈa su tə",)),
        ("Νίκος", ("nˈikos.",)),
    ],
)
def test_greek_words_in_english_are_read_as_greek(text: str, parts: tuple[str, ...]) -> None:
    [line] = phonemize([text], "en-us")
    assert all(part in line for part in parts), line


def test_every_symbol_has_a_number() -> None:
    for language in ("en", "el", "es", "it"):
        numbers = ids_of(language)
        assert len(set(numbers.values())) == len(numbers)
        assert all(0 < number < 178 for number in numbers.values())


def test_voices_have_styles() -> None:
    found = voices()
    assert [v.id for v in found[: len(MIXED)]] == [f"kokoro:{name}" for name in MIXED]
    assert {v.language for v in found} == {"el", "en", "es", "it"}
    for voice in found:
        style = styles(voice.id.partition(":")[2])
        assert 0.3 < style.gain < 4
        for ids in (1, 100, MAX_IDS):
            vector = style.of(ids)
            assert vector.shape == (256,) and np.isfinite(vector).all() and vector.std() > 0.05


def test_a_mixed_voice_lies_between_its_parts() -> None:
    mixed, *parts = (styles(n).of(50) for n in ("gf_theodora", "ef_dora", "if_sara"))
    np.testing.assert_allclose(mixed, sum(parts) / 2, atol=1e-4)


def test_long_lines_are_cut_where_they_pause() -> None:
    symbols = list("ab c, " * 200)
    found = list(pieces(symbols, (".", ",", " ")))
    assert list(itertools.chain(*found)) == symbols
    assert all(len(piece) <= MAX_IDS for piece in found)
    assert all(piece[-1] == "," for piece in found[:-1])
    assert [len(p) for p in pieces(list("a" * 1200), (".",))] == [510, 510, 180]
