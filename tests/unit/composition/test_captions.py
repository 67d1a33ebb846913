import html
import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backends.composition.captions import (
    CaptionLine,
    caption_lines,
    line_at,
    to_srt,
    to_vtt,
    until,
)
from backends.types import WordSpan

Spoken = tuple[str, list[WordSpan]]


def spoken(text: str, start_s: float = 0.0, word_s: float = 0.3, gap_s: float = 0.05) -> Spoken:
    words, time = [], start_s
    for match in re.finditer(r"[\w'’-]+", text):
        words.append(WordSpan(match[0], time, time + word_s, match.start(), match.end()))
        time += word_s + gap_s
    return text, words


@st.composite
def clips(draw: st.DrawFn) -> list[Spoken]:
    time = draw(st.floats(0, 2))
    clip = []
    for _ in range(draw(st.integers(0, 4))):
        text, words = "", []
        for _ in range(draw(st.integers(1, 25))):
            word = draw(
                st.text("aβγδΩέeιxyz", min_size=1, max_size=draw(st.sampled_from([3, 8, 60])))
            )
            start, length = time, draw(st.floats(0.02, 1.5))
            time = start + length + draw(st.sampled_from([0.0, 0.05, 0.9]))
            text += draw(st.sampled_from(["", "", "«", "("]))
            words.append(WordSpan(word, start, start + length, len(text), len(text) + len(word)))
            text += word + draw(st.sampled_from([" ", " ", " ", ", ", ". ", "! ", "… ", "»; "]))
        clip.append((text, words))
    return clip


def shown(lines: tuple[CaptionLine, ...]) -> str:
    return " ".join(" ".join(line.text.split()) for line in lines)


@given(clips())
def test_captions_hold_every_word_once_and_never_overlap(clip):
    lines = caption_lines(clip)
    assert shown(lines) == " ".join(" ".join(text.split()) for text, _ in clip)
    for line, following in pairwise(lines):
        assert line.start_s < line.end_s <= following.start_s
    assert all(line.start_s < line.end_s for line in lines)


@given(clips())
def test_captions_have_two_lines_that_fit_unless_a_word_does_not(clip):
    for line in caption_lines(clip):
        rows = line.text.split("\n")
        assert len(rows) <= 2
        assert all(len(row) <= 42 for row in rows) or len(line.text.split()) == 1


@given(clips())
def test_captions_begin_with_their_first_word_and_last_beyond_the_last(clip):
    words = [word for _, words in clip for word in words]
    for line in caption_lines(clip):
        count = len(line.text.split())
        taken, words = words[:count], words[count:]
        assert line.start_s == taken[0].start_s
        assert line.end_s >= taken[-1].end_s


def test_sentences_are_cut_where_they_breathe():
    text = (
        "I'm sad to inform you that we need to postpone the meeting, "
        "because the train from Thessaloniki is three "
        "hours late."
    )
    assert [line.text for line in caption_lines([spoken(text)])] == [
        "I'm sad to inform you that we\nneed to postpone the meeting,",
        "because the train from\nThessaloniki is three hours late.",
    ]


@given(clips())
def test_what_was_shown_does_not_change_when_more_is_spoken(clip):
    whole = caption_lines(clip)
    for known in range(len(clip)):
        lines = caption_lines(clip[:known])
        begins = clip[known][1][0].start_s
        for time in (frame / 25 for frame in range(int(begins * 25))):  # all before it
            one, two = line_at(lines, time), line_at(whole, time)
            assert (None if one is None else lines[one].text) == (
                None if two is None else whole[two].text
            )


def test_short_clauses_share_a_caption():
    clip = [spoken("Wow! That's absolutely incredible!")]
    assert [line.text for line in caption_lines(clip)] == ["Wow! That's absolutely incredible!"]


def test_a_long_silence_parts_captions():
    lines = caption_lines([spoken("Wait for it."), spoken("There it is.", start_s=9.0)])
    assert [line.text for line in lines] == ["Wait for it.", "There it is."]
    assert lines[0].end_s < 2.0


def test_no_word_is_left_alone():
    text = (
        "Ευχαριστώ πολύ για την υπομονή σας και καλή συνέχεια σε όλους όσοι μας παρακολουθείτε "
        "απόψε ζωντανά"
    )
    assert all(len(line.text.split()) > 1 for line in caption_lines([spoken(text)]))


def test_captions_stay_between_one_and_six_seconds():
    text = " ".join(["this is a story of many words, told slowly and with care."] * 6)
    lines = caption_lines([spoken(text, word_s=0.45)])
    assert len(lines) > 4
    assert all(1.0 <= line.end_s - line.start_s <= 6.0 for line in lines)


def test_punctuation_stays_with_its_word():
    (line,) = caption_lines([spoken("«Γεια» (είπε), τι κάνεις;")])
    assert line.text == "«Γεια» (είπε), τι κάνεις;"


def test_nothing_spoken_gives_nothing():
    assert caption_lines([]) == ()
    assert caption_lines([("…", [])]) == ()
    assert to_srt([]) == ""
    assert to_vtt([]) == "WEBVTT\n"


LINES = st.lists(
    st.tuples(st.floats(0, 0.01) | st.floats(0, 3000), st.floats(0, 9), st.text(min_size=1)),
    max_size=6,
).map(lambda items: [CaptionLine(a, a + d, text) for a, d, text in sorted(items)])
TIMES = re.compile(
    r"(\d\d+):([0-5]\d):([0-5]\d)[.,](\d{3}) --> (\d\d+):([0-5]\d):([0-5]\d)[.,](\d{3})$"
)


def parsed(blocks: list[str], first: int) -> list[tuple[int, int, str]]:
    found = []
    for block in blocks:
        rows = block.split("\n")
        match = TIMES.match(rows[first])
        assert match, rows[first]
        h1, m1, s1, f1, h2, m2, s2, f2 = map(int, match.groups())
        text = "\n".join(rows[first + 1 :])
        found.append(
            (((h1 * 60 + m1) * 60 + s1) * 1000 + f1, ((h2 * 60 + m2) * 60 + s2) * 1000 + f2, text)
        )
    return found


def letters(text: str) -> str:
    return "".join(text.split())


@given(LINES)
def test_srt_reads_back(lines):
    text = to_srt(lines)
    blocks = [b.rstrip("\n") for b in text.split("\n\n")] if text else []
    assert [b.split("\n")[0] for b in blocks] == [str(i + 1) for i in range(len(blocks))]
    _check(parsed(blocks, 1), lines, text)


@given(LINES)
def test_vtt_reads_back(lines):
    text = to_vtt(lines)
    head, *blocks = [b.rstrip("\n") for b in text.split("\n\n")]
    assert head == "WEBVTT"
    for block in blocks:
        assert "-->" not in block.split("\n", 1)[-1]
        assert "<" not in block
    found = [(a, b, html.unescape(t)) for a, b, t in parsed(blocks, 0)]
    _check(found, lines, text)


def _check(found: list[tuple[int, int, str]], lines: list[CaptionLine], text: str) -> None:
    assert [letters(t) for _, _, t in found] == [t for line in lines if (t := letters(line.text))]
    assert all(a < b for a, b, _ in found)
    assert all(one[1] <= two[0] for one, two in pairwise(found))
    assert "\r" not in text


def test_times_are_written_as_the_formats_want_them():
    lines = [
        CaptionLine(0.5, 2.25, "one"),
        CaptionLine(3661.001, 3662.0, "two <b> & three --> four"),
    ]
    assert "00:00:00,500 --> 00:00:02,250\none\n" in to_srt(lines)
    assert "01:01:01.001 --> 01:01:02.000\ntwo &lt;b&gt; &amp; three --&gt; four\n" in to_vtt(lines)


@pytest.mark.parametrize(
    ("time_s", "index"), [(0.0, None), (1.0, 0), (1.99, 0), (2.0, 1), (3.0, None), (5.5, 2)]
)
def test_the_line_at_a_time(time_s, index):
    lines = [CaptionLine(1, 2, "a"), CaptionLine(2, 3, "b"), CaptionLine(5, 6, "c")]
    assert line_at(lines, time_s) == index


def test_nothing_is_shown_beyond_the_clip() -> None:
    lines = (CaptionLine(0.0, 1.0, "a"), CaptionLine(1.0, 2.4, "b"), CaptionLine(2.1, 3.0, "c"))
    assert until(lines, 2.0) == (lines[0], CaptionLine(1.0, 2.0, "b"))
