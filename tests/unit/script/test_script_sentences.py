"""Where sentences end."""

import unicodedata

import pytest

from backends.script import parse
from backends.script.utterances import MAX_UTTERANCE


def sentences(source: str) -> list[str]:
    return [utterance.text for utterance in parse(source).utterances]


@pytest.mark.parametrize(
    "pieces",
    [
        ["Hello there.", "How are you?", "Fine!"],
        ["Wait... what?", "No."],
        ["Wait...", "What?"],
        ["Wait… what?", "No."],
        ["What?!", "No way!!!", "Yes."],
        ['He said "No."', "Then he left."],
        ['"Really?" he asked.', "Yes."],
        ["“Stop!” she cried.", "He stopped."],
        ["It ended (at last).", "We left."],
        ["So do I.", "We all do."],
        ["i am ok.", "see you"],
        ["I said no.", "Then I left."],
        ["He saw the U.S. Army.", "It left."],
        ["We live in the U.S.", "The end."],
        ["J. R. R. Tolkien wrote it.", "We read it."],
        ["Take vitamin C.", "It helps."],
        ["It has one; two; three parts.", "Yes."],
        ["Visit example dot com or not.", "Yes."],
        ["Τι κάνεις;", "Καλά είμαι."],
        ["Τι κάνεις;", "όλα καλά;"],
        ["Είμαι καλά· εσύ;", "Ναι."],
        ["«Ναι;» είπε.", "Όχι."],
        ["Ο Α. Β. Παπαδόπουλος ήρθε.", "Ναι."],
        ["Η Κ. Δημητρίου ήρθε.", "Ναι."],
        ["你好。", "再见！"],
    ],
)
def test_boundaries(pieces: list[str]) -> None:
    assert sentences(" ".join(pieces)) == pieces


@pytest.mark.parametrize(
    ("source", "count"),
    [
        ("Dr. Smith met Mr. Jones and Mrs. Lee at St. Mary's.", 1),
        ("See e.g. Rome, i.e. Italy, vs. Spain.", 1),
        ("We sell pens, ink, etc. in the shop.", 1),
        ("We sell pens, ink, etc. The shop is big.", 2),
        ("It starts at 5 p.m. and ends.", 1),
        ("It starts at 5 p.m. Then it ends.", 2),
        ("It costs 3.50 or 1,000.5 in all.", 1),
        ("It costs 3.50. Payment is due.", 2),
        ("It costs 5. Then pay.", 2),
        ("On Nov. 21 we met. On Dec. 3 too.", 2),
        ("See Fig. 3 and p. 5 and No. 7 there.", 1),
        ("I ate a fig. Then I slept.", 2),
        ("Visit www.example.com. Then go.", 2),
        ("Ο κ. Παπάς, η κα. Λένα και ο Δρ. Νίκος ήρθαν.", 1),
        ("Φρούτα, π.χ. μήλα, κ.λπ. στο καλάθι.", 1),
        ("Φρούτα κ.λπ. Τέλος.", 2),
        ("Στις 9 π.μ. ήρθε. Στις 5 μ.μ. έφυγε.", 2),
        ("Κοστίζει 1.234,56 ευρώ. Ναι.", 2),
    ],
)
def test_full_stops_that_end_nothing(source: str, count: int) -> None:
    assert len(sentences(source)) == count, sentences(source)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("Title\n\nText here", ["Title", "Text here"]),
        ("Title\r\n\r\nText here", ["Title", "Text here"]),
        ("Hello\nWelcome", ["Hello", "Welcome"]),
        ("Hello\rWelcome", ["Hello", "Welcome"]),
        ("hello my\nfriend", ["hello my friend"]),
        ("- one\n- two\n• three", ["one", "two", "three"]),
        ("First\u2029\u2029Second", ["First", "Second"]),
        (
            "This line was broken where the page of the book had come to its end, near\nParis.",
            ["This line was broken where the page of the book had come to its end, near Paris."],
        ),
    ],
)
def test_lines(source: str, expected: list[str]) -> None:
    assert sentences(source) == expected


def test_greek_question_mark_in_both_writings() -> None:
    assert parse("Τι κάνεις\u037e Καλά\u0387 ναι.") == parse("Τι κάνεις; Καλά· ναι.")
    assert sentences("Τι κάνεις\u037e Καλά.") == ["Τι κάνεις;", "Καλά."]


def test_long_sentences_split_at_clauses() -> None:
    source = "this is a clause with several words in it, " * 40 + "and that is all."
    pieces = sentences(source)
    assert all(len(piece) <= MAX_UTTERANCE for piece in pieces)
    assert all(piece.endswith(",") for piece in pieces[:-1])
    assert " ".join(pieces) == source


@pytest.mark.parametrize("source", ["a" * 2000, "word " * 500, "α\u0301" * 900])
def test_long_text_without_clauses_splits_too(source: str) -> None:
    assert all(len(piece) <= MAX_UTTERANCE for piece in sentences(source))
    whole = unicodedata.normalize("NFC", source).replace(" ", "")
    assert "".join(sentences(source)).replace(" ", "") == whole


def test_positions_point_into_the_source() -> None:
    source = "[sad] One.  Two, 5 [happy] times. \n\n Three."
    script = parse(source)
    assert [source[u.position :][:3] for u in script.utterances] == ["One", "Two", "Thr"]
    assert [source[s.position] for u in script.utterances for s in u.spans] == ["["] * 4
