"""Captions: words become lines as subtitles have them, lines become SRT and VTT."""

import html
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise, zip_longest

from backends.types import WordSpan

# Measures of subtitling practice (BBC subtitle guidelines; Netflix timed text style guide): at most
# two lines of some 42 characters, shown for one to six seconds, broken where the sentence breathes.
_LINES = 2
_SHORTEST_S, _LONGEST_S = 1.0, 6.0
_LINGER_S = 0.4
"""A caption stays this long behind its last word when nothing follows."""
_BREATH_S = 0.6
"""A pause that separates captions as the end of a sentence does."""
_SENTENCE_ENDS = frozenset(".!?…;\u037e")
_CLAUSE_ENDS = frozenset(",:—–·\u0387")
_CLOSING = "\"'»”’)]"


@dataclass(frozen=True, slots=True)
class CaptionLine:
    """One caption: what is shown from start_s to end_s, one line or two separated by a newline."""

    start_s: float
    end_s: float
    text: str


@dataclass(frozen=True, slots=True)
class _Token:
    """A word as it is shown, its punctuation included."""

    text: str
    start_s: float
    end_s: float
    last: bool = False
    """Ends an utterance."""

    @property
    def rest(self) -> float:
        """How badly a caption ends behind it: 0 at a sentence's end, 1 in mid-phrase."""
        mark = self.text.rstrip(_CLOSING)[-1:]
        if self.last or mark in _SENTENCE_ENDS:
            return 0.0
        if mark in _CLAUSE_ENDS:
            return 0.25
        return (
            1.0 if len(self.text) > 3 else 1.3
        )  # short words (the, of, και) belong to what follows


def caption_lines(
    utterances: Iterable[tuple[str, Sequence[WordSpan]]], max_chars: int = 42
) -> tuple[CaptionLine, ...]:
    """Captions of a clip: in order, never overlapping, every word in exactly one.

    Each utterance is its text and its words on the clip's clock; what stands between words
    (punctuation) is shown with the word that it touches. A word longer than `max_chars` has a line
    of its own. An utterance is split by itself, so that what is shown at a time before it does not
    change when it becomes known: frames can be painted while later sentences are still unspoken.
    """
    lines: list[CaptionLine] = []
    for text, words in utterances:
        own = _lines(_tokens(text, words), max_chars)
        if lines and own and lines[-1].end_s > own[0].start_s:
            lines[-1] = replace(lines[-1], end_s=own[0].start_s)
        lines.extend(own)
    return tuple(lines)


def _lines(tokens: Sequence[_Token], max_chars: int) -> list[CaptionLine]:
    groups = [tokens[a:b] for a, b in _split(tokens, max_chars)]
    lines = [
        CaptionLine(
            group[0].start_s, group[-1].end_s, "\n".join(_wrap([t.text for t in group], max_chars))
        )
        for group in groups
    ]
    return [_extended(line, following) for line, following in zip_longest(lines, lines[1:])]


def _tokens(text: str, words: Sequence[WordSpan]) -> list[_Token]:
    tokens: list[_Token] = []
    begin = 0
    for i, word in enumerate(words):
        end = words[i + 1].char_start if i + 1 < len(words) else len(text)
        between = text[word.char_end : end]
        # Up to the first space the marks belong to this word, behind it to the next.
        cut = word.char_end + (len(between) if i + 1 == len(words) else _first_space(between))
        shown = " ".join(text[begin:cut].split())
        begin = cut
        if shown:
            tokens.append(_Token(shown, word.start_s, word.end_s, last=False))
    if tokens:
        tokens[-1] = replace(tokens[-1], last=True)
    return tokens


def _first_space(text: str) -> int:
    return next((i for i, c in enumerate(text) if c.isspace()), len(text))


def _split(tokens: Sequence[_Token], max_chars: int) -> list[tuple[int, int]]:
    """The cheapest way to cut the words into captions, by dynamic programming over the cuts."""
    best: list[tuple[float, int]] = [(0.0, 0)]
    for end in range(1, len(tokens) + 1):
        options = []
        for start in range(end - 1, -1, -1):
            cost = _cost(tokens, start, end, max_chars)
            if cost is None:
                break
            options.append((best[start][0] + cost, start))
        best.append(min(options))
    cuts: list[tuple[int, int]] = []
    end = len(tokens)
    while end:
        cuts.append((best[end][1], end))
        end = best[end][1]
    return cuts[::-1]


def _cost(tokens: Sequence[_Token], start: int, end: int, max_chars: int) -> float | None:
    """What the caption of words [start, end) costs; None if they do not fit into one."""
    group = tokens[start:end]
    if len(group) > 1 and not _fits(_wrap([t.text for t in group], max_chars), max_chars):
        return None
    first, last = group[0], group[-1]
    following = tokens[end].start_s if end < len(tokens) else float("inf")
    too_short = _SHORTEST_S - (min(following, last.end_s + _SHORTEST_S) - first.start_s)
    too_long = last.end_s - first.start_s - _LONGEST_S
    sentence = last.rest == 0.0 and (start == 0 or tokens[start - 1].rest == 0.0)
    cost = 1.0 + 2.0 * last.rest + 4.0 * max(0.0, too_short) + 4.0 * max(0.0, too_long)
    if len(group) == 1 and not sentence:  # an orphan
        cost += 1.5
    for before, after in pairwise(group):
        if after.start_s - before.end_s >= _BREATH_S:
            cost += 2.5
        elif before.rest == 0.0:
            cost += 0.8
    return cost


def _fits(lines: Sequence[str], max_chars: int) -> bool:
    return len(lines) <= _LINES and all(len(line) <= max_chars for line in lines)


def _wrap(words: Sequence[str], max_chars: int) -> list[str]:
    """The words in one line if they fit, else in two of like length, cut behind punctuation where
    there is some."""
    whole = " ".join(words)
    if len(whole) <= max_chars or len(words) == 1:
        return [whole]

    def badness(cut: int) -> float:
        above, below = len(" ".join(words[:cut])), len(" ".join(words[cut:]))
        overflow = max(above, below) - max_chars
        pause = 8 if words[cut - 1].rstrip(_CLOSING)[-1:] in _SENTENCE_ENDS | _CLAUSE_ENDS else 0
        return abs(above - below) - pause + (1000 + overflow if overflow > 0 else 0)

    cut = min(range(1, len(words)), key=badness)
    return [" ".join(words[:cut]), " ".join(words[cut:])]


def _extended(line: CaptionLine, following: CaptionLine | None) -> CaptionLine:
    """Shown long enough to be read, but not into the next caption; short gaps are closed, so that
    nothing flickers."""
    wish = max(line.end_s + _LINGER_S, line.start_s + _SHORTEST_S)
    if following is not None and (wish >= following.start_s or following.start_s - wish < 0.2):
        wish = following.start_s
    return replace(line, end_s=min(wish, max(line.end_s, line.start_s + _LONGEST_S)))


def until(lines: Iterable[CaptionLine], end_s: float) -> tuple[CaptionLine, ...]:
    """The lines of a clip of that length: nothing is shown beyond it."""
    return tuple(replace(c, end_s=min(c.end_s, end_s)) for c in lines if c.start_s < end_s)


def line_at(lines: Sequence[CaptionLine], time_s: float) -> int | None:
    """Index of the line that is shown at a time; lines are in order."""
    index = bisect_right(lines, time_s, key=lambda line: line.start_s) - 1
    return index if index >= 0 and time_s < lines[index].end_s else None


def to_srt(lines: Iterable[CaptionLine]) -> str:
    """SubRip: blocks of number, times and text."""
    return "\n".join(
        f"{n}\n{_clock(a, ',')} --> {_clock(b, ',')}\n{text}\n"
        for n, (a, b, text) in enumerate(_timed(lines), 1)
    )


def to_vtt(lines: Iterable[CaptionLine]) -> str:
    """WebVTT (W3C, 2019): `&`, `<` and `>` are escaped, which keeps arrows out of the text too."""
    blocks = (
        f"{_clock(a, '.')} --> {_clock(b, '.')}\n{html.escape(text, quote=False)}\n"
        for a, b, text in _timed(lines)
    )
    return "\n".join(["WEBVTT\n", *blocks])


CAPTION_FILES: Mapping[str, Callable[[Iterable[CaptionLine]], str]] = {"srt": to_srt, "vtt": to_vtt}
"""What writes captions, by the file's suffix."""


def _timed(lines: Iterable[CaptionLine]) -> Iterator[tuple[int, int, str]]:
    """Milliseconds, at least one long, never overlapping; captions without text are left out."""
    earliest = 0
    for line in lines:
        # An empty line would end the block.
        text = "\n".join(part.strip() for part in line.text.splitlines() if part.strip())
        if not text:
            continue
        start = max(round(line.start_s * 1000), earliest)
        end = max(round(line.end_s * 1000), start + 1)
        earliest = end
        yield start, end, text


def _clock(milliseconds: int, point: str) -> str:
    seconds, rest = divmod(milliseconds, 1000)
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}{point}{rest:03}"
