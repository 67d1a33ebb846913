from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backends.errors import UnsupportedLanguageError
from backends.speech.espeak import phonemize
from backends.speech.phones import Phone, phones
from backends.speech.words import Word, assign_words, words_of


def heard(text: str, voice: str = "en-us") -> dict[str, str]:
    """Each word with its phonemes, in order; words that come twice are joined by "/"."""
    timed, words = aligned(text, lambda texts: phonemize(texts, voice))
    out: dict[str, str] = {}
    for i, word in enumerate(words):
        own = "".join(p.phoneme for p in timed if p.word == i)
        out[word.text] = f"{out[word.text]}/{own}" if word.text in out else own
    return out


def aligned(text: str, speak: Callable[[list[str]], list[str]]) -> tuple[list[Phone], list[Word]]:
    timed = phones((symbol, 10) for symbol in ["^", *speak([text])[0], "$"])
    words = words_of(text)
    return assign_words(timed, words, speak([word.text for word in words]))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Hello, world!", ["Hello", "world"]),
        ("don't you’ve rock'n'roll ‘tis'", ["don't", "you’ve", "rock'n'roll", "tis"]),
        ("a well-known mother-in-law - here", ["a", "well-known", "mother-in-law", "here"]),
        ("3.14 and 1,000,000 at 12:30.", ["3.14", "and", "1,000,000", "at", "12:30"]),
        ("the U.S.A. e.g. this.That", ["the", "U.S.A", "e.g", "this", "That"]),
        ("“Yes”—(no)…maybe", ["Yes", "no", "maybe"]),
        ("50% & more", ["50", "%", "&", "more"]),
        ("Πού 'ν' το; Απ’ εδώ·", ["Πού", "ν", "το", "Απ", "εδώ"]),
        ("cafe\u0301 naïve", ["cafe\u0301", "naïve"]),
        ("... — ?!", []),
    ],
)
def test_words_of_a_text(text: str, words: list[str]) -> None:
    found = words_of(text)
    assert [w.text for w in found] == words
    assert [text[w.start : w.end] for w in found] == words


def test_words_that_the_voice_runs_together() -> None:
    assert heard("Out of the blue, in the house, for the win.") == {
        "Out": "ˌaʊɾ",
        "of": "əv",
        "the": "ðə/ðə/ðə",
        "blue": "blˈuː",
        "in": "ɪn",
        "house": "hˈaʊs",
        "for": "fɚ",
        "win": "wˈɪn",
    }


def test_words_that_the_voice_splits() -> None:
    spoken = heard("Take 3.14 from 1,000 in 2026 now")
    assert spoken["3.14"] == "θɹˈiːpɔɪntwˈʌnfˈɔːɹ"
    assert spoken["1,000"] == "wˈʌnθˈaʊzənd"
    assert spoken["from"].startswith("f") and spoken["in"] == "ɪn"
    assert spoken["now"] == "nˈaʊ"


@pytest.mark.parametrize(
    ("text", "word", "phonemes"),
    [
        ("a well-known state-of-the-art x-ray", "x-ray", "ˈɛksɹˈeɪ"),
        ("my mother-in-law's don't", "don't", "dˈoʊnt"),
        ("the U.S.A. is big", "is", "ɪz"),
        ("I have to go to a a a", "a", "ɐ/ɐ/ˈeɪ"),
        ("of the of the of the", "of", "ʌv/ʌv/ʌv"),
        ("cats & dogs", "&", "ænd"),
        ("“quoted”, (in parens): yes", "yes", "jˈɛs"),
        ("and/or maybe", "maybe", "mˈeɪbiː"),
        ("one\ntwo\n\nthree", "three", "θɹˈiː"),
    ],
)
def test_nasty_texts(text: str, word: str, phonemes: str) -> None:
    assert heard(text)[word] == phonemes


def test_greek() -> None:
    assert heard("Με τον Γιάννη, στο σπίτι του· τι κάνεις;", "el") == {
        "Με": "me",
        "τον": "ton",
        "Γιάννη": "jˈani",
        "στο": "sto",
        "σπίτι": "spˈiti",
        "του": "tu",
        "τι": "tˈi",
        "κάνεις": "kˈanis",
    }


def test_a_word_swallowed_by_its_neighbours_takes_a_phone() -> None:
    lines = {"one": "wʌn.", "two": "tuː.", "six": "sɪks.", "one two six": "wʌn sɪks."}
    timed, words = aligned("one two six", lambda texts: [lines[t] for t in texts])
    assert [w.text for w in words] == ["one", "two", "six"]
    assert {p.word for p in timed if p.word >= 0} == {0, 1, 2}


def test_a_sign_that_is_not_spoken_is_no_word() -> None:
    lines = {"a": "eɪ.", "+": "plʌs.", "bee": "biː.", "a + bee": "eɪ biː."}
    _, words = aligned("a + bee", lambda texts: [lines[t] for t in texts])
    assert [w.text for w in words] == ["a", "bee"]


def test_fewer_phones_than_words() -> None:
    lines = {"a": "e.", "b": "b.", "c": "s.", "a b c": "e."}
    timed, words = aligned("a b c", lambda texts: [lines[t] for t in texts])
    assert [w.text for w in words] == ["a", "b", "c"]
    assert [p.word for p in timed if p.word >= 0] == [0]


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=60), st.sampled_from(["en-us", "el"]))
def test_any_text_keeps_the_order(text: str, voice: str) -> None:
    timed, words = aligned(text, lambda texts: phonemize(texts, voice))
    owners = [p.word for p in timed if p.word >= 0]
    assert owners == sorted(owners)
    assert all(0 <= owner < len(words) for owner in owners)
    if len(owners) >= len(words):
        assert set(owners) == set(range(len(words)))


def test_marks_of_clauses() -> None:
    assert phonemize(["Hi there… you", "Go", "Why?", "..."], "en-us") == [
        "hˈaɪ ðˈɛɹ, juː.",
        "ɡˈoʊ.",
        "wˈaɪ?",
        "",
    ]
    assert phonemize(["τι;", "ναι· όχι"], "el") == ["tˈi?", "nˈe; ˈoçi.".replace("ç", "c\u0327")]


def test_hostile_texts_are_spoken() -> None:
    null, lone, markup = phonemize(["a\x00b", "hi\ud800", "<b>hi</b>"], "en-us")
    assert null and lone.startswith("h") and "hˈaɪ" in markup


def test_an_unknown_voice_is_refused() -> None:
    with pytest.raises(UnsupportedLanguageError, match="zz-top"):
        phonemize(["hi"], "zz-top")
    assert phonemize(["hi"], "en-us") == ["hˈaɪ."]
