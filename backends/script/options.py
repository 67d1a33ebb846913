"""How a text is to be read, and lists of respellings."""

import csv
import math
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Literal, get_args

from backends.errors import InputError, UnsupportedLanguageError
from backends.types import NO_CUE, Cue, Emotion

SpeakCues = Literal["auto", "always", "never"]
CueStyle = Literal["brackets", "stars", "both"]

_LANGUAGE = re.compile(r"auto|[a-z]{2,3}")
_MAX_LEXICON_BYTES = 4_000_000


def lexicon_key(word: str) -> str:
    """What words are compared by: NFC without case."""
    return unicodedata.normalize("NFC", word).casefold()


@dataclass(frozen=True, slots=True)
class ScriptOptions:
    """How a text is to be read.

    Raises:
        UnsupportedLanguageError: the language is not "auto" or a code of two or three letters.
        InputError: any other value is out of range.
    """

    language: str = "auto"
    """ISO 639-1 of what is not written in Greek letters; "auto" takes it for English."""
    emotion: Emotion | None = None
    """Holds from the beginning to the first cue."""
    intensity: float = 1.0
    """Scales every cue, at least 0; a product above 1 becomes 1."""
    speak_cues: SpeakCues = "auto"
    """Whether the word of a cue is spoken: where the sentence needs it, always, or never."""
    cue_style: CueStyle = "brackets"
    """What marks a cue: `[happy]`, `*happy*`, or both."""
    lexicon: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """Respellings of whole words, whatever their case."""
    max_characters: int = 10_000
    """Longest source."""

    @property
    def cue(self) -> Cue:
        """What holds where the text says nothing."""
        return NO_CUE if self.emotion is None else Cue.of(self.emotion, min(1.0, self.intensity))

    def __post_init__(self) -> None:
        if not _LANGUAGE.fullmatch(self.language):
            raise UnsupportedLanguageError(
                f"language {self.language!r} is neither 'auto' nor an ISO 639-1 code such as 'en'"
            )
        if not (math.isfinite(self.intensity) and self.intensity >= 0):
            raise InputError(f"intensity {self.intensity} is not a number from 0 up")
        if self.speak_cues not in get_args(SpeakCues):
            raise InputError(f"speak_cues {self.speak_cues!r}: choose one of auto, always, never")
        if self.cue_style not in get_args(CueStyle):
            raise InputError(f"cue_style {self.cue_style!r}: choose one of brackets, stars, both")
        if self.max_characters < 1:
            raise InputError(f"max_characters {self.max_characters} must be at least 1")
        words = {}
        for word, spelling in self.lexicon.items():
            if not word or any(char.isspace() for char in word) or not spelling.strip():
                raise InputError(
                    f"lexicon entry {word!r}: {spelling!r} is not one word and its respelling"
                )
            words[lexicon_key(word)] = unicodedata.normalize("NFC", spelling.strip())
        object.__setattr__(self, "lexicon", MappingProxyType(words))


def read_lexicon(path: str | Path) -> dict[str, str]:
    """Reads a list of respellings: UTF-8, two columns (word, respelling), split by tab or comma.

    Empty lines and lines that begin with "#" are skipped.

    Raises:
        InputError: the file cannot be read, is not UTF-8, is too large, or has a line that is not
            one word and its respelling.
    """
    path = Path(path)
    try:
        if path.stat().st_size > _MAX_LEXICON_BYTES:
            raise InputError(f"lexicon {path} is larger than {_MAX_LEXICON_BYTES // 10**6} MB")
        text = path.read_text("utf-8-sig")
    except OSError as error:
        raise InputError(f"lexicon {path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise InputError(f"lexicon {path} is not UTF-8 text; save it as UTF-8") from error
    words: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        try:
            columns = next(csv.reader([line], delimiter="\t" if "\t" in line else ",", strict=True))
        except csv.Error as error:
            raise InputError(f"lexicon {path}, line {number}: {error}") from error
        columns = [column.strip() for column in columns]
        if len(columns) != 2 or not all(columns) or len(columns[0].split()) != 1:
            raise InputError(
                f"lexicon {path}, line {number}: expected one word and its respelling, "
                f"split by a comma or a tab, found {line[:80]!r}"
            )
        words[columns[0]] = columns[1]
    return words
