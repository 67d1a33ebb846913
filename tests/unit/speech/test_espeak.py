"""Text as espeak-ng reads it: initials run on, letters are letters, capitals are no spelling."""

import pytest

from backends.speech.espeak import phonemize


@pytest.mark.parametrize(
    ("voice", "text", "same"),
    [
        ("en-us", "J. R. Tolkien wrote it", "J R Tolkien wrote it"),
        ("en-us", "A. Clarke and vitamin A are", "eh Clarke and vitamin eh are"),
        ("en-us", "LET US DO IT NOW", "let us do it now"),
        ("el", "Ο Κ. Π. Καβάφης", "Ο Κ Π Καβάφης"),
    ],
)
def test_two_ways_of_writing_are_one_of_reading(voice: str, text: str, same: str) -> None:
    first, second = phonemize([text, same], voice)
    assert first == second


def test_an_article_is_no_letter() -> None:
    [line] = phonemize(["A man and A Woman"], "en-us")
    assert "ˈeɪ" not in line


@pytest.mark.parametrize("voice", ["el", "de", "en-us"])
def test_what_was_read_before_changes_nothing(voice: str) -> None:
    words = ["use of it", "live show", "record one", "content"]
    alone = phonemize(words, voice)
    for before in ("to", "we will", "the", "Καλημέρα"):
        phonemize([before], "en-us")
        assert phonemize([f"{before}…", *reversed(words)], voice)[:0:-1] == alone


def test_a_voice_that_another_library_set_is_set_anew() -> None:
    from piper import espeakbridge

    before = phonemize(["three bottles"], "en-us")
    espeakbridge.set_voice("el")
    assert phonemize(["three bottles", "now"], "en-us")[:1] == before
