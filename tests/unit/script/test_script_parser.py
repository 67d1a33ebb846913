"""The parser as a whole: properties, pieces, errors, options."""

import random
import unicodedata
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from backends.errors import (
    EmptyTextError,
    InputError,
    TextTooLongError,
    UnsupportedLanguageError,
)
from backends.script import (
    IncrementalParser,
    ScriptOptions,
    estimated_duration_s,
    parse,
    read_lexicon,
)
from backends.types import Script, Utterance

SAMPLES = [
    "Hello [happy] everyone! I'm [excited] to share this news with you.",
    "[Surprised] Wow! That's [amazed] absolutely incredible! [pause:1] Yes.",
    r"\[no\] Dr. Smith paid $5.50 on Nov. 21, 2026, e.g. twice. [hapy] *sad* J. Doe. 🎉 End",
    "Είμαι [χαρούμενη] που σε βλέπω; Ναι! [παύση:0,5] Κοστίζει 5,50 €. Ο κ. Παπάς. Τέλος",
    unicodedata.normalize("NFD", "Τι κάνεις; Είμαι [λυπημένη]. Άνθρωποι, «ναι;» είπε. café [é] x"),
    "<h1>Title</h1><!-- no --> H<sub>2</sub>O &amp; a<b; <style>p{}</style> x\x1b[1;31my\x1b[K \x1b[sad]z",
    "One.\r\n\r\nTwo\nthree. [sad] [happy] \n- four [open\nfive \\",
]
TOKENS = (
    'Hello everyone [happy] [sad:0.5] [pause:1] [hapy] \\[ [ ] * . ! ? ; ... , : " “ ” ( ) \n '
    "\r\n Dr. e.g. I I'm very to that είμαι [χαρά] χαρούμενη Τι; κ. π.χ. 5 3.14 1,5 5€ $5 14:30 "
    "21/11/2026 50% 🎉 \u200b \u202e \0 \x07 é e\u0301 \ud800 你好。 שלום a@b.gr www.a.gr/x "
    "- — *joy* <b> </b> <br/> <p\tclass='x'> < > <!-- --> <style> </style> & &amp; &#128512; &#769; "
    "\x1b[31m \x1b \x1b]0;t\x07 \x1b[K"
)
WORDS = st.sampled_from(TOKENS.split(" "))
MESSY = st.lists(st.one_of(WORDS, st.text(max_size=4)), max_size=30).flatmap(
    lambda words: st.sampled_from(["", " "]).map(lambda blank: blank.join(words))
)
OPTIONS = st.builds(
    ScriptOptions,
    language=st.sampled_from(["auto", "en", "el", "de"]),
    speak_cues=st.sampled_from(["auto", "always", "never"]),
    cue_style=st.sampled_from(["brackets", "stars", "both"]),
    lexicon=st.sampled_from([{}, {"hello": "hullo", "κ": "κάπα"}]),
)


def in_pieces(pieces: list[str], options: ScriptOptions | None = None) -> Script | str:
    """The script, or the name of the error; utterances that came early must be the script's."""
    parser = IncrementalParser(options)
    early: list[Utterance] = []
    try:
        for piece in pieces:
            early += parser.push(piece)
        script = parser.finish()
    except InputError as error:
        return type(error).__name__
    assert list(script.utterances[: len(early)]) == early
    return script


def whole(text: str, options: ScriptOptions | None = None) -> Script | str:
    try:
        return parse(text, options)
    except InputError as error:
        return type(error).__name__


@pytest.mark.parametrize("style", ["brackets", "stars", "both"])
@pytest.mark.parametrize("text", SAMPLES)
def test_cut_at_every_place(text: str, style: str) -> None:
    options = ScriptOptions(cue_style=style)  # type: ignore[arg-type]
    expected = whole(text, options)
    for cut in range(len(text) + 1):
        assert in_pieces([text[:cut], text[cut:]], options) == expected, cut
    assert in_pieces(list(text), options) == expected


@given(MESSY, OPTIONS, st.randoms(use_true_random=False))
@settings(max_examples=150, deadline=None)
def test_cut_anywhere(text: str, options: ScriptOptions, chance: random.Random) -> None:
    cuts = sorted(chance.randint(0, len(text)) for _ in range(chance.randint(0, 5)))
    pieces = [text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    assert in_pieces(pieces, options) == whole(text, options)
    assert in_pieces(list(text), options) == whole(text, options)


@given(MESSY, OPTIONS)
@example("\\", ScriptOptions())
@example("a\0b", ScriptOptions())
@example('Well. "[happy] Hello," she said.', ScriptOptions())
@settings(max_examples=300, deadline=None)
def test_any_text_gives_a_sound_script_or_an_input_error(text: str, options: ScriptOptions) -> None:
    script = whole(text, options)
    if isinstance(script, str):
        assert script == "EmptyTextError"
        return
    source = unicodedata.normalize("NFC", text)
    assert script.text == " ".join(u.text for u in script.utterances)
    for utterance in script.utterances:
        spoken = utterance.text
        assert spoken == spoken.strip() and any(char.isalnum() for char in spoken)
        assert unicodedata.is_normalized("NFC", spoken)
        assert not any(unicodedata.category(char) in ("Cc", "Cf", "Cs") for char in spoken)
        ends = [0, *(span.end for span in utterance.spans)]
        assert ends[:-1] == [span.start for span in utterance.spans] and ends[-1] == len(spoken)
        for span in utterance.spans:
            assert any(char.isalnum() for char in spoken[span.start : span.end])
            assert span.position == -1 or source[span.position] in "[*"
            assert all(0 <= weight <= 1 for _, weight in span.cue.weights)
        for pause in utterance.pauses:
            assert 0 <= pause.at < len(spoken) and 0 <= pause.seconds <= 10
        assert 0 <= utterance.position < len(source)
    positions = [utterance.position for utterance in script.utterances]
    assert positions == sorted(positions)
    for notice in script.warnings:
        assert notice.position is not None and 0 <= notice.position < len(source)


WORDS = st.builds(
    str.__add__,
    st.sampled_from(
        [
            "hello",
            "friend",
            "window",
            "again",
            "don’t",
            "o'clock",
            "καλημέρα",
            "φίλε",
            "σ’",
            "αγαπώ",
            "θάλασσα",
        ]
    ),
    st.sampled_from(["", " ", ", ", "! ", "? ", "!?", "' ", "’ ", "  "]),
)


@given(st.lists(st.one_of(WORDS, st.sampled_from(["[happy]", "[sad:0.3]", "[pause:1]"]))))
@settings(max_examples=150, deadline=None)
def test_no_letter_is_lost(pieces: list[str]) -> None:
    written = "".join(piece for piece in pieces if "[" not in piece)
    script = whole("".join(pieces), ScriptOptions(speak_cues="never"))
    spoken = "" if isinstance(script, str) else script.text

    def letters(text: str) -> str:
        return "".join(char for char in text.casefold() if char.isalpha())

    assert letters(spoken) == letters(written)


@pytest.mark.parametrize("text", SAMPLES)
def test_composed_and_decomposed_text_are_the_same(text: str) -> None:
    assert parse(unicodedata.normalize("NFD", text)) == parse(unicodedata.normalize("NFC", text))


def test_sentences_come_as_soon_as_they_are_certain() -> None:
    parser = IncrementalParser()
    assert parser.push("Hello [happy] everyone!") == []
    assert [u.text for u in parser.push(" I")] == []
    assert [u.text for u in parser.push("'m here. [pau")] == ["Hello everyone!"]
    assert parser.push("se:1] ") == []
    (second,) = parser.push("Good bye")
    assert (second.text, second.pause_s) == ("I'm here.", 1.0)
    assert [u.text for u in parser.finish().utterances][2:] == ["Good bye"]


def test_an_abbreviation_waits_for_the_next_word() -> None:
    parser = IncrementalParser()
    assert parser.push("He lives in the U.S. Th") == []
    assert [u.text for u in parser.push("e end")] == ["He lives in the U.S."]


@pytest.mark.parametrize(
    "text",
    ["", "   \n\t ", "[happy]", "[happy] [pause:2] .", "🎉🎉", "...", "\u200b\ufeff", "[]", "*"],
)
def test_nothing_to_speak(text: str) -> None:
    with pytest.raises(EmptyTextError, match="no words"):
        parse(text)


def test_too_long() -> None:
    options = ScriptOptions(max_characters=20)
    assert parse("a" * 20, options).text == "a" * 20
    with pytest.raises(TextTooLongError, match=r"21 characters, the limit is 20"):
        parse("a" * 21, options)
    parser = IncrementalParser(options)
    parser.push("a" * 20)
    with pytest.raises(TextTooLongError, match="limit is 20"):
        parser.push("a")


def test_what_has_no_sound_is_dropped_and_told() -> None:
    script = parse("Hello 🎉\u200d🎉 there\x07! \u202eAgain\u200b.")
    assert script.text == "Hello there! Again."
    (notice,) = script.warnings
    assert (notice.code, notice.position) == ("dropped_characters", 6)
    assert "🎉" in notice.message and "U+0007" in notice.message


def test_right_to_left_text() -> None:
    assert parse("שלום [happy] עולם.").text == "שלום עולם."


HOSTILE = [
    "[" * 9_000 + "a",
    "\\" * 9_000 + "a",
    "a" + "!" * 9_000,
    "a" + " ." * 4_500,
    " " * 9_000 + "a",
    "\n" * 9_000 + "a",
    "a" + "\u0301" * 9_000,
    "*a" * 4_500,
    "a@" * 4_500,
    "a.b@" * 2_000,
    "www." * 2_000,
    "a-" * 4_500,
    "1-" * 4_500,
    "1/" * 4_500,
    "1:" * 4_500,
    "$1" * 4_500,
    "(1" * 4_500,
    "[happy]" * 1_400 + "a",
    "a [pause:10]" * 800,
    "I am so [happy] " * 600,
    "α;" * 4_500,
    '"' * 9_000 + "a",
    "-" * 9_000 + "1",
    "A. " * 3_000,
    "½" * 9_000 + "a",
    "\ud800" * 9_000 + "a",
]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
@pytest.mark.timeout(10)
def test_hostile_text_is_read_in_time(text: str) -> None:
    assert isinstance(parse(text, ScriptOptions(cue_style="both")), Script)


def test_lexicon() -> None:
    options = ScriptOptions(lexicon={"Prosopon": "PRO-so-pon", "covid-19": "the virus", "ή": "ι"})
    script = parse("PROSOPON's prosopon, not prosopons. COVID-19 ή x [sad] prosopon.", options)
    assert script.text == ("PRO-so-pon's PRO-so-pon, not prosopons. The virus ι x PRO-so-pon.")
    span = script.utterances[-1].spans[-1]
    assert script.utterances[-1].text[span.start :] == "PRO-so-pon."


def test_lexicon_files(tmp_path: Path) -> None:
    path = tmp_path / "words.csv"
    path.write_text('\ufeff# words\nfoo, fuu\n\n"bar","b, r"\nbaz\tb z\n', "utf-8")
    assert read_lexicon(path) == {"foo": "fuu", "bar": "b, r", "baz": "b z"}


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"foo\n", "line 1"),
        (b"foo,bar\ntwo words,x\n", "line 2"),
        (b"foo,\n", "line 1"),
        (b"a,b,c\n", "line 1"),
        (b'"foo,bar\n', "line 1"),
        (b"\xff\xfe\n", "UTF-8"),
        (b"a" * 4_000_001, "larger"),
    ],
)
def test_broken_lexicon_files(tmp_path: Path, content: bytes, told: str) -> None:
    path = tmp_path / "words.csv"
    path.write_bytes(content)
    with pytest.raises(InputError, match=told):
        read_lexicon(path)


def test_missing_lexicon_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        read_lexicon(tmp_path / "none.csv")


@pytest.mark.parametrize(
    ("values", "error"),
    [
        ({"language": "english"}, UnsupportedLanguageError),
        ({"language": ""}, UnsupportedLanguageError),
        ({"intensity": -1}, InputError),
        ({"intensity": float("nan")}, InputError),
        ({"speak_cues": "sometimes"}, InputError),
        ({"cue_style": "round"}, InputError),
        ({"max_characters": 0}, InputError),
        ({"lexicon": {"two words": "x"}}, InputError),
        ({"lexicon": {"": "x"}}, InputError),
        ({"lexicon": {"x": " "}}, InputError),
    ],
)
def test_bad_options(values: dict[str, object], error: type[InputError]) -> None:
    with pytest.raises(error):
        ScriptOptions(**values)  # type: ignore[arg-type]


def test_estimated_duration() -> None:
    short = parse("Hello there, my friend.")
    assert estimated_duration_s(short) == pytest.approx(23 / 14.5)
    paused = parse("Hello there, [pause:1] my friend. [pause:2]")
    assert estimated_duration_s(paused) == pytest.approx(23 / 14.5 + 3)


@pytest.mark.parametrize(
    ("written", "spoken"),
    [
        ("𝓗𝓮𝓵𝓵𝓸 𝟟", "Hello seven"),
        ("Ｈｅｌｌｏ ｗｏｒｌｄ！", "Hello world！"),
        ("𝛼𝛽 και", "αβ και"),
    ],
)
def test_letters_of_other_shapes_are_letters(written: str, spoken: str) -> None:
    assert parse(written).text == spoken
