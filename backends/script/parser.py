"""Text with cues to Script, whole or piece by piece."""

import re
from collections.abc import Mapping

from backends.errors import EmptyTextError, TextTooLongError
from backends.script import languages, utterances
from backends.script.cues import CueMark, Mark, PauseMark
from backends.script.lexer import Lexer
from backends.script.options import ScriptOptions
from backends.script.sentences import find_end
from backends.script.text import GAP, Cleaner, Text
from backends.types import Cue, Notice, Script, Utterance

CHARACTERS_PER_S = 14.5
"""Of spoken text at normal speed, the gaps between sentences included."""

_BLANKS = re.compile(rf"[\s{GAP}]*")
_GAP = re.compile(GAP)
_LETTER = re.compile(r"[^\W_]")
_SHOWN, _SHOWN_LENGTH = 5, 40


class IncrementalParser:
    """Reads a text as it comes; gives each utterance as soon as its sentence is certain.

    However the text is cut, the script equals `parse` of the whole. Not safe for use by several
    threads at once; each text needs a parser of its own.
    """

    def __init__(self, options: ScriptOptions | None = None) -> None:
        self._options = options or ScriptOptions()
        self._cleaner = Cleaner()
        self._lexer = Lexer(self._options)
        self._length = 0
        self._chars = ""
        self._at: list[int] = []
        self._scanned = 0
        self._marks: list[Mark] = []
        self._cue: tuple[Cue, int] = (self._options.cue, -1)
        self._language: str | None = None
        self._utterances: list[Utterance] = []
        self._notices: list[Notice] = []
        self._dropped: dict[str, int] = {}

    def push(self, piece: str) -> list[Utterance]:
        """Adds text; gives the utterances that have become certain.

        Raises:
            TextTooLongError: the text has become longer than the options allow.
        """
        return self._push(piece, final=False)

    def finish(self) -> Script:
        """The whole script, once the text has ended.

        Raises:
            EmptyTextError: there was nothing to speak.
        """
        self._push("", final=True)
        if not self._utterances:
            raise EmptyTextError(
                "the text has no words to speak; write some beside cues, punctuation and emoji"
            )
        left = [utterances.unused(mark) for mark in self._marks if isinstance(mark, CueMark)]
        markup = {ascii(m)[1:-1]: at for m, at in self._lexer.left_out.items()}
        left += _told("markup_left_out", "markup is not spoken", markup)
        left += _told(
            "dropped_characters", "characters without a sound were left out", self._dropped
        )
        notices = [*self._notices, *self._lexer.notices, *left]
        notices.sort(key=lambda notice: (notice.position or 0, notice.code))
        return Script(tuple(self._utterances), tuple(notices))

    def _push(self, piece: str, final: bool) -> list[Utterance]:
        self._length += len(piece)
        if self._length > self._options.max_characters:
            raise TextTooLongError(
                f"the text has {self._length:,} characters, the limit is "
                f"{self._options.max_characters:,}; shorten it or make several clips of it"
            )
        cleaned, dropped = self._cleaner.push(piece, final)
        for drop in dropped:
            self._dropped.setdefault(drop.char, drop.position)
        more = self._lexer.push(cleaned, final)
        before = max(0, len(self._chars) - 1)
        self._chars += more.chars
        self._at.extend(more.at)
        known = len(self._utterances)
        if final or _LETTER.search(self._chars, before):  # a word begins or ends there
            self._take_sentences(final)
        return self._utterances[known:]

    def _take_sentences(self, final: bool) -> None:
        start = 0
        while True:
            end, self._scanned = find_end(self._chars, start, self._scanned, final)
            if end is None:
                break
            self._take(start, end)
            start = end
        if final and _LETTER.search(self._chars, start):
            self._take(start, len(self._chars))
            start = len(self._chars)
        if start:
            self._chars, self._at = self._chars[start:], self._at[start:]
            self._scanned = max(0, self._scanned - start)

    def _take(self, start: int, end: int) -> None:
        """Makes utterances of a sentence, with the pauses among the blanks behind it."""
        self._marks += self._marks_within(start, end, (CueMark, PauseMark))
        blanks = _BLANKS.match(self._chars, end)
        assert blanks is not None
        self._marks += self._marks_within(end, blanks.end(), (PauseMark,))
        cues = {mark.position: mark for mark in self._marks if isinstance(mark, CueMark)}
        options = self._options
        text = Text(self._chars[start:end], self._at[start:end])
        text = utterances.tidy(utterances.fill(text, cues, options.speak_cues))
        language = languages.language_of(text.chars, options.language, self._language)
        spelled = languages.respell(text, options.lexicon)
        spoken = utterances.finished(languages.verbalize(spelled, language), text)
        self._language = language
        pieces = utterances.split(spoken)
        for index, piece in enumerate(pieces):
            last = index == len(pieces) - 1
            done = utterances.build(piece, self._marks, self._cue, language, last)
            self._utterances.append(done.utterance)
            self._cue, self._marks = done.cue, done.marks
            self._notices += done.notices

    def _marks_within(self, start: int, end: int, kinds: tuple[type, ...]) -> list[Mark]:
        """Those of some kinds whose gaps lie there, taken from the lexer."""
        marks: list[Mark] = []
        for match in _GAP.finditer(self._chars, start, end):
            mark = self._lexer.marks.get(self._at[match.start()])
            if mark is not None and isinstance(mark, kinds):
                marks.append(self._lexer.marks.pop(mark.position))
        return marks


def _told(code: str, what: str, found: Mapping[str, int]) -> list[Notice]:
    """One notice of all that was left out, where there is any."""
    if not found:
        return []
    shown = ", ".join(
        (each if each.isprintable() else f"U+{ord(each):04X}")[:_SHOWN_LENGTH]
        for each in list(found)[:_SHOWN]
    )
    more = ", …" if len(found) > _SHOWN else ""
    return [Notice(code, f"{what}: {shown}{more}", min(found.values()))]


def parse(text: str, options: ScriptOptions | None = None) -> Script:
    """Reads a text with cues.

    Offsets count the characters of the text in NFC, so that composed and decomposed writing give
    the same script.

    Raises:
        EmptyTextError: there is nothing to speak.
        TextTooLongError: the text is longer than the options allow.
    """
    parser = IncrementalParser(options)
    parser.push(text)
    return parser.finish()


def estimated_duration_s(script: Script) -> float:
    """Seconds that a script will take to speak at normal speed, pauses included."""
    pauses = sum(u.pause_s + sum(pause.seconds for pause in u.pauses) for u in script.utterances)
    return len(script.text) / CHARACTERS_PER_S + pauses
