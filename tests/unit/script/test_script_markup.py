"""HTML, SSML and terminal colours in a text: not spoken, told, and mistaken for nothing else."""

import pytest

from backends.errors import EmptyTextError
from backends.script import parse
from backends.types import Emotion


@pytest.mark.parametrize(
    ("written", "spoken"),
    [
        ('Hello <b>big</b> <i class="x">world</i>!', "Hello big world!"),
        ("<H1>Title</H1><p>One.<br/>Two.</p>", "Title One. Two."),
        ("H<sub>2</sub>O", "H two O"),
        (
            "Tom &amp; Jerry&nbsp;run; &#8364;5 &lt;b&gt;",
            "Tom and Jerry run; five euros less than b greater than",
        ),
        ("Shown <!-- not --> here.", "Shown here."),
        ("<style>p { x: y }</style><SCRIPT src=a.js>alert(1)</SCRIPT>Seen.", "Seen."),
        ('<a href="https://x.org/?b=1&c=2">A link</a>.', "A link."),
        ('<speak>Wait <break time="1s"/>here.</speak>', "Wait here."),
        ("\x1b[1;31mRed\x1b[0m and \x1b[Kplain\x1b[m.", "Red and plain."),
        ("\x1b]8;;http://x.y\x1b\\A link\x1b]8;;\x1b\\ here.", "A link here."),
        ("\x1b]0;title\x07Hello\x1bworld.", "Hello world."),
    ],
)
def test_markup_is_not_spoken(written: str, spoken: str) -> None:
    assert parse(written).text == spoken


@pytest.mark.parametrize(
    ("written", "spoken"),
    [
        ("See [the docs](https://x.org/a_(b)?c=1#d) now.", "See the docs now."),
        ('![A cat](cat.png "My cat") sits.', "A cat sits."),
        ("Look [here](docs/a.md), [there](#top).", "Look here, there."),
        ("I am [happy](https://x.org) today.", "I am happy today."),
        ("[<b>Bold</b> &amp; new](/a) words.", "Bold and new words."),
    ],
)
def test_a_links_words_are_spoken_and_its_address_is_not(written: str, spoken: str) -> None:
    script = parse(written)
    assert script.text == spoken
    assert {notice.code for notice in script.warnings} == {"markup_left_out"}
    assert all(not span.cue.weights for u in script.utterances for span in u.spans)


@pytest.mark.parametrize(
    "written", ["Well [sad] (https://x.org) then.", "Well [sad](really) then."]
)
def test_a_cue_before_a_parenthesis_is_a_cue(written: str) -> None:
    (utterance,) = parse(written).utterances
    assert utterance.spans[-1].cue.emotion == Emotion.SAD
    assert "(" in utterance.text, "what is no link is spoken"


@pytest.mark.parametrize(
    ("written", "spoken"),
    [
        ("If a < b and b > c, stop.", "If a less than b and b greater than c, stop."),
        ("A <b and c> d.", "A less than b and c greater than d."),
        ("List<String> holds text.", "List less than String greater than holds text."),
        (r"\<b> is bold.", "less than b greater than is bold."),
        ("R&D; and AT&T.", "R and D; and AT and T."),
    ],
)
def test_text_that_looks_like_markup_is_spoken(written: str, spoken: str) -> None:
    assert parse(written).text == spoken


def test_what_was_left_out_is_told_once() -> None:
    (notice,) = parse("Say <b>yes</b>, <b>now</b>.").warnings
    assert notice.code == "markup_left_out" and notice.position == 4
    assert notice.message == "markup is not spoken: <b>, </b>"


def test_a_cue_behind_a_stray_escape_character_is_a_cue() -> None:
    (utterance,) = parse("Well \x1b[sad] then.").utterances
    assert utterance.spans[-1].cue.emotion == Emotion.SAD


def test_cues_inside_markup_are_cues() -> None:
    (utterance,) = parse("Well <b>[sad] then</b> <i>[odd] end</i>.").utterances
    assert utterance.text == "Well then odd end."
    assert [span.cue.emotion for span in utterance.spans] == [Emotion.NEUTRAL, Emotion.SAD]


def test_markup_alone_is_no_text() -> None:
    with pytest.raises(EmptyTextError):
        parse("<p><br></p>")
