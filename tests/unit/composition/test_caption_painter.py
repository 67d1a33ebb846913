import unicodedata

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backends.composition.captions import CaptionLine
from backends.composition.painter import CaptionPainter, unpaintable
from backends.types import ImageArray

LINES = (
    CaptionLine(0.4, 1.2, "Hello everyone! I'm excited to\nshare this news with you."),
    CaptionLine(1.2, 2.0, "Είμαι ενθουσιασμένος που\nμοιράζομαι μαζί σας αυτά τα νέα."),
)


def grey(level: int, size: tuple[int, int] = (320, 240)) -> ImageArray:
    return np.full((size[1], size[0], 3), level, np.uint8)


def test_every_greek_and_latin_letter_has_a_glyph():
    greek = [
        chr(c)
        for c in (*range(0x0370, 0x0400), *range(0x1F00, 0x2000))
        if unicodedata.name(chr(c), "")
    ]
    letters = "".join(
        c
        for c in greek
        if "COPTIC" not in unicodedata.name(c) and unicodedata.category(c)[0] == "L"
    )
    assert {*"άέήίόύώΐΰΆΈΉΊΌΎΏϊϋς", *"ἄᾷῥῆἑ"} <= set(letters)
    latin = "".join(
        chr(c) for c in (*range(0x21, 0x7F), *range(0xA1, 0x180)) if chr(c).isprintable()
    )
    assert unpaintable(letters + latin + "“”‘’«»…–—·€;") == ""


def test_characters_without_a_glyph_are_named_once():
    assert unpaintable("你好 hello 你 😀\n") == "你好😀"


@pytest.mark.parametrize("index", [0, 9, 50, 10_000])
def test_frames_without_a_caption_stay_as_they_are(index):
    frame = grey(90)
    CaptionPainter((320, 240), 25, LINES).paint(frame, index)
    assert (frame == 90).all()


@pytest.mark.parametrize("level", [0, 90, 255])
@pytest.mark.parametrize("size", [(360, 360), (640, 360), (360, 640), (64, 64)])
def test_only_the_lower_part_between_the_margins_changes(level, size):
    frame = grey(level, size)
    CaptionPainter(size, 25, LINES).paint(frame, 12)
    rows, _ = np.nonzero((frame != level).any(axis=2))
    assert rows.min() > 0.5 * size[1]
    assert rows.max() < size[1]
    white = np.nonzero((frame > 200).all(axis=2) & (level < 200))
    if len(white[0]):
        assert white[0].max() <= size[1] * 0.96
        assert white[1].min() >= size[0] * 0.03
        assert white[1].max() <= size[0] * 0.97


@pytest.mark.parametrize("level", [0, 128, 255])
def test_letters_are_white_with_dark_around_them(level):
    frame = grey(level, (640, 640))
    CaptionPainter((640, 640), 25, LINES).paint(frame, 40)
    rows, columns = (
        np.nonzero((frame == 255).all(axis=2))
        if level < 255
        else np.nonzero((frame < 80).all(axis=2))
    )
    assert len(rows) > 500
    area = frame[rows.min() : rows.max(), columns.min() : columns.max()]
    assert (area > 250).mean() > 0.05
    assert (area < 80).mean() > 0.15


def test_a_frame_depends_on_its_index_alone():
    order = [12, 31, 14, 45, 11, 29, 30]
    one = CaptionPainter((320, 240), 25, LINES)
    for index in order:
        frame, again = grey(140), grey(140)
        one.paint(frame, index)
        CaptionPainter((320, 240), 25, LINES).paint(again, index)
        assert np.array_equal(frame, again)


def test_a_caption_begins_and_ends_on_its_frame():
    painter = CaptionPainter((320, 240), 25, LINES[:1])
    painted = []
    for index in range(50):
        frame = grey(140)
        painter.paint(frame, index)
        painted.append(bool((frame != 140).any()))
    assert [i for i, p in enumerate(painted) if p] == list(range(10, 30))


@settings(max_examples=40, deadline=None)
@given(
    text=st.text(min_size=1, max_size=120),
    size=st.tuples(st.integers(8, 200), st.integers(8, 200)).map(lambda s: (s[0] * 2, s[1] * 2)),
)
def test_any_text_can_be_painted_on_any_picture(text, size):
    frame = grey(100, size)
    CaptionPainter(size, 25, [CaptionLine(0, 1, text)]).paint(frame, 3)
    assert frame.shape == (size[1], size[0], 3)


@pytest.mark.parametrize("text", ["", " " * 500, "\n", "x" * 300])
def test_odd_texts_are_painted(text):
    frame = grey(0, (128, 128))
    CaptionPainter((128, 128), 25, [CaptionLine(0, 1, text)]).paint(frame, 3)
    assert (frame.max() > 200) == bool(text.strip())


def test_long_text_is_wrapped_or_made_smaller_but_stays_in_the_picture():
    frame = grey(0, (240, 240))
    CaptionPainter((240, 240), 25, [CaptionLine(0, 1, "word " * 30)]).paint(frame, 3)
    rows, columns = np.nonzero((frame > 200).all(axis=2))
    assert columns.min() >= 8
    assert columns.max() <= 232
    assert rows.min() > 0.5 * 240
