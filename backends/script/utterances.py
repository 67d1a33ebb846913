"""From a sentence with its marks to what will be spoken under which cue."""

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from backends.script.cues import MAX_PAUSE_S, CueMark, Mark, PauseMark
from backends.script.options import SpeakCues
from backends.script.spoken import is_word
from backends.script.text import GAP, Text
from backends.types import Cue, Notice, Pause, TextSpan, Utterance

MAX_UTTERANCE = 400
"""Characters; longer sentences are split at clauses."""

_SPACES = re.compile(r"[ \n\r]{2,}|[\n\r]")
_GAP = re.compile(GAP)
_GAPS = re.compile(rf" ?{GAP}[ {GAP}]*")
_LOOSE = re.compile(r" +(?=[,.!?;:…»”)\]]{1,8}(?:\s|\Z))|(?<=[«“(\[]) +")
_EDGE = " ,;:·•–—-"
_OPENING = "“«([‘"
_CLOSING = ",.!?;:…”»)]·’"
_QUOTES = "\"'"
_STRAY = re.compile(r"\A[.!?] +(?=\S)")
"""The mark behind a cue that begins its sentence."""
_WORD = re.compile(r"[\"'“‘«(\[¿¡]*[^\W_]")
_LETTER = re.compile(r"[^\W_]")
_BREAKS = (
    re.compile(r"[,;:·–—)!?.…][\"'”’»]? (?=\S)|[。！？、，]"),
    re.compile(r" (?=(?:and|but|or|because|which|that|και|αλλά|ή|γιατί|που|ενώ) )"),
    re.compile(r" "),
)
"""Where a long sentence may be split, the best first."""


def fill(text: Text, cues: Mapping[int, CueMark], speak: SpeakCues) -> Text:
    """Puts the words of cues back where the sentence needs them; other cues stay gaps.

    A capital in an unspoken cue at the very beginning goes to the word behind it.
    """
    pieces: list[str] = []
    at: list[int] = []
    before, since, last = "", None, 0
    raised = False
    for match in _GAP.finditer(text.chars):
        between = text.chars[last : match.start()]
        pieces.append(between)
        at += text.at[last : match.start()]
        before += between
        since = None if since is None else since + between
        last = match.end()
        mark = cues.get(text.at[match.start()])
        word = GAP
        if mark and mark.word and _is_spoken(speak, before, text.chars, last, since):
            word = _fitting(mark.word, before, text.chars[last : last + 1])
            before, since = before + word, ""
        elif mark and mark.word[:1].isupper() and not _LETTER.search(before):
            raised = True
        pieces.append(word)
        at += [text.at[match.start()]] * len(word)
    filled = Text("".join(pieces) + text.chars[last:], [*at, *text.at[last:]])
    return capitalised(filled) if raised else filled


def _is_spoken(speak: SpeakCues, before: str, chars: str, at: int, since: str | None) -> bool:
    return speak == "always" or (speak == "auto" and is_word(before, chars, at, since))


def _fitting(word: str, before: str, behind: str) -> str:
    """A cue's word as it is written in a sentence, with the blanks that it needs."""
    started = _LETTER.search(before)
    word = word.lower() if started else word[:1].upper() + word[1:].lower()
    left = "" if not before or before[-1].isspace() or before[-1] in _OPENING + _QUOTES else " "
    return left + word + " " * behind.isalnum()


def tidy(text: Text) -> Text:
    """Closes gaps, collapses blanks, and takes blanks from before punctuation."""
    text = text.sub(_SPACES, lambda _: " ").sub(_GAPS, _close).sub(_LOOSE, lambda _: "")
    return text.strip(" ", " ")


def _close(match: re.Match[str]) -> str:
    chars, begin, end = match.string, match.start(), match.end()
    if begin == 0 or end == len(chars):
        return ""
    left, right = chars[begin - 1], chars[end]
    if left in _OPENING or right in _CLOSING:
        return ""
    if left in _QUOTES and (begin == 1 or chars[begin - 2].isspace()):
        return ""
    if right in _QUOTES and not chars[end + 1 : end + 2].isalnum():
        return ""
    glued = match.group()[-1] != " " and not right.isalnum() and right not in _OPENING + _QUOTES
    return "" if glued else " "


def capitalised(text: Text) -> Text:
    """With a capital at the beginning, unless the first word has one somewhere."""
    first = re.search(r"[^\W_]\S*", text.chars)
    if not first or not first.group().islower():
        return text
    at, letter = first.start(), first.group()[0].upper()
    if len(letter) > 1:
        return text
    return Text(text.chars[:at] + letter + text.chars[at + 1 :], text.at)


def finished(spoken: Text, written: Text) -> Text:
    """A sentence once its numbers are words: the capital that began it, no loose ends."""
    first = _LETTER.search(written.chars)
    spoken = tidy(spoken).sub(_STRAY, lambda _: "").strip(_EDGE, " ")
    return capitalised(spoken) if first and not first.group().islower() else spoken


def split(text: Text) -> list[Text]:
    """In pieces of `MAX_UTTERANCE` characters at most, each with a word."""
    pieces = []
    while len(text.chars) > MAX_UTTERANCE:
        cut = _cut(text.chars)
        pieces.append(text[:cut].strip(" ", " "))
        text = text[cut:].strip(" ", " ")
    pieces.append(text)
    return [piece for piece in pieces if _LETTER.search(piece.chars)]


def _cut(chars: str) -> int:
    for pattern in _BREAKS:
        ends = [m.end() for m in pattern.finditer(chars, MAX_UTTERANCE // 4, MAX_UTTERANCE)]
        if ends:
            return ends[-1]
    back = range(MAX_UTTERANCE, MAX_UTTERANCE - 8, -1)
    return next((cut for cut in back if not unicodedata.combining(chars[cut])), MAX_UTTERANCE)


class Spoken(NamedTuple):
    """An utterance and what goes on behind it."""

    utterance: Utterance
    cue: tuple[Cue, int]
    """What holds at its end, and where that stands in the source."""
    marks: list[Mark]
    """Cues that no word of it follows."""
    notices: list[Notice]


def unused(mark: CueMark) -> Notice:
    emotion = mark.word or mark.cue.emotion.value
    return Notice("unused_cue", f"no word stands under the cue {emotion}", mark.position)


def build(
    text: Text, marks: Sequence[Mark], cue: tuple[Cue, int], language: str, last: bool
) -> Spoken:
    """Lays marks over a sentence: a cue begins at the first word behind it, a pause lies there.

    Args:
        cue: what holds at the beginning, and where it stands in the source.
        last: nothing of the sentence follows, so that pauses behind the last word come after it.
    """
    starts: list[tuple[int, Cue, int]] = [(0, *cue)]
    pauses: dict[int, float] = {}
    latest: CueMark | None = None
    notices: list[Notice] = []
    count = 0
    for mark in marks:
        word = _WORD.search(text.chars, bisect_left(text.at, mark.position))
        if not word:
            break
        count += 1
        at = word.start()
        if not _LETTER.search(text.chars, starts[-1][0], at):
            at = starts[-1][0]
        if isinstance(mark, PauseMark):
            pauses[at] = pauses.get(at, 0.0) + mark.seconds
            continue
        if starts[-1][0] == at:
            starts.pop()
            notices += [unused(latest)] if latest else []
        starts.append((at, mark.cue, mark.position))
        latest = mark
    rest = list(marks[count:])
    after = sum(mark.seconds for mark in rest if isinstance(mark, PauseMark)) if last else 0.0
    ends = [*(start for start, _, _ in starts[1:]), len(text.chars)]
    utterance = Utterance(
        text=text.chars,
        spans=tuple(TextSpan(a, b, c, p) for (a, c, p), b in zip(starts, ends, strict=True)),
        language=language,
        pause_s=min(after, MAX_PAUSE_S),
        pauses=tuple(Pause(at, min(s, MAX_PAUSE_S)) for at, s in pauses.items()),
        position=text.at[0],
    )
    carried = [mark for mark in rest if not last or isinstance(mark, CueMark)]
    return Spoken(utterance, starts[-1][1:], carried, notices)
