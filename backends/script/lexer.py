"""Takes cues and markup out of a cleaned text, the same wherever the text is cut."""

import re
from collections.abc import Mapping

from backends.script import cues, markup
from backends.script.cues import CueMark, Mark
from backends.script.options import ScriptOptions
from backends.script.text import ESCAPE, GAP, Text
from backends.types import Notice

_BRACKET = rf"|\[(?P<bracket>[^\[\]\n\r{ESCAPE}]{{0,120}})\]"
_DOUBLE = rf"|\[\[(?P<double>[^\[\]\n\r{ESCAPE}]{{0,120}})\]\]"
_DOUBLE_PART = rf"|\[\[[^\[\]\n\r{ESCAPE}]{{0,120}}\]?\Z"
_BRACKET_OPEN = r"|(?P<open>\[)"
_STAR = rf"|\*(?P<star>[^\W\d_][^*\[\]\n\r{ESCAPE}]{{0,60}})\*"
_STAR_PART = rf"|\*\Z|\*[^\W\d_][^*\[\]\n\r{ESCAPE}]{{0,60}}\Z"


def _pattern(bracket: bool, star: bool) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """What is looked for while more may come, and at the end."""
    whole = (
        r"\\(?P<escaped>[\[\]*<])"
        + markup.LINK
        + (_DOUBLE + _BRACKET) * bracket
        + _STAR * star
        + markup.WHOLE
    )
    part = (
        r"(?P<part>\\\Z"
        + _DOUBLE_PART * bracket
        + markup.LINK_PART
        + _STAR_PART * star
        + markup.PART
        + ")|"
    )
    opened = _BRACKET_OPEN * bracket
    return re.compile(part + whole + opened), re.compile(whole + opened)


_PATTERNS: Mapping[str, tuple[re.Pattern[str], re.Pattern[str]]] = {
    "brackets": _pattern(True, False),
    "stars": _pattern(False, True),
    "both": _pattern(True, True),
}
_SUGGESTIONS = 10
"""Unknown cues that get a suggestion; the search for one is slow."""


class Lexer:
    """Hands on text in which each cue has become a gap; keeps the marks and what went wrong."""

    def __init__(self, options: ScriptOptions) -> None:
        self._patterns = _PATTERNS[options.cue_style]
        self._scale = options.intensity
        self._base = options.cue
        self._held = Text("", ())
        self._unknown = 0
        self.marks: dict[int, Mark] = {}
        """By their position in the source."""
        self.notices: list[Notice] = []
        self.left_out: dict[str, int] = {}
        """Markup that is not spoken, with where it first stands in the source."""

    def push(self, text: Text, final: bool = False) -> Text:
        chars = self._held.chars + text.chars
        at = [*self._held.at, *text.at]
        pieces: list[str] = []
        offsets: list[int] = []
        last = 0
        end = len(chars)
        for match in self._patterns[final].finditer(chars):
            begin = match.start()
            if match.lastgroup == "part":
                end = begin
                break
            pieces.append(chars[last:begin])
            offsets += at[last:begin]
            last = match.end()
            kept, first = self._take(match, at[begin])
            pieces.append(kept)
            offsets += at[first : first + len(kept)]
        self._held = Text(chars[end:], at[end:])
        return Text("".join(pieces) + chars[last:end], offsets + at[last:end])

    def _take(self, match: re.Match[str], position: int) -> tuple[str, int]:
        """What stays of a match, and where that begins."""
        kind = match.lastgroup
        assert kind is not None
        content, first = match[kind], match.start(kind)
        if kind == "escaped":
            return content, first
        if kind == "link":
            if match.group()[0] == "]":
                self.left_out.setdefault(match.group()[1:], position)
            return "", match.start()
        if kind == "markup":
            if not match["entity"]:
                self.left_out.setdefault(content, position)
            return markup.spoken(match), first
        if kind == "open":
            message = "a bracket is opened and not closed; its words are spoken"
            self.notices.append(Notice("unclosed_cue", message, position))
            return "", first
        if content.startswith("/") and cues.is_name(content[1:]):
            self.marks[position] = CueMark(position, self._base, "")
            return GAP, match.start()
        mark, notices = cues.read(content.replace(GAP, " "), position, self._scale)
        self.notices += notices
        if mark:
            self.marks[position] = mark
            return GAP, match.start()
        self._report(match.group(), content, position)
        return content, first

    def _report(self, written: str, content: str, position: int) -> None:
        self._unknown += 1
        near = cues.nearest(content) if self._unknown <= _SUGGESTIONS else None
        hint = f", did you mean [{near}]?" if near else ""
        message = f"{written} is not a known cue{hint or '.'} Its words are spoken as text."
        self.notices.append(Notice("unknown_cue", message, position))
