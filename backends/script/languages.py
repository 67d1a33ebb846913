"""Which language a sentence is in, and its words for what is not a word."""

import re
from collections.abc import Mapping
from functools import cache

from num2words import num2words

from backends.script import numbers
from backends.script.english import English
from backends.script.greek import Greek
from backends.script.options import lexicon_key
from backends.script.sentences import is_greek
from backends.script.text import Text

_LEXICON_WORD = re.compile(r"[^\W_]+(?:[-'’.&+][^\W_]+)*[+#]*")
_NEUTRAL = re.compile(
    r"\d\s?[A-Za-z/]{1,4}(?![^\W\d_])|\S{1,64}@\S{1,64}|(?:https?://|www\.)\S{1,400}"
)
"""Units and addresses, which say nothing of the language."""
_PART = re.compile(r"[^\W_]+")
_UNSPOKEN = re.compile(r"[*_^|`\\{}#•™®]+")


def language_of(chars: str, asked: str, before: str | None) -> str:
    """ISO 639-1 by the script of most letters.

    Args:
        asked: the language of what is not Greek, or "auto".
        before: the language of the sentence before, for one without letters.
    """
    letters = [char for char in _NEUTRAL.sub("", chars) if char.isalpha()]
    letters = letters or [char for char in chars if char.isalpha()]
    other = "en" if asked == "auto" else asked
    if not letters:
        return before or other
    return "el" if 2 * sum(map(is_greek, letters)) > len(letters) else other


@cache
def _english() -> English:
    return English()


@cache
def _greek() -> Greek:
    return Greek()


def respell(text: Text, lexicon: Mapping[str, str]) -> Text:
    """Replaces whole words; a compound is looked up whole, then part by part."""
    if not lexicon:
        return text

    def part(match: re.Match[str]) -> str:
        return lexicon.get(lexicon_key(match.group()), match.group())

    def whole(match: re.Match[str]) -> str:
        found = lexicon.get(lexicon_key(match.group()))
        return found or _PART.sub(part, match.group())

    return text.sub(_LEXICON_WORD, whole)


def verbalize(text: Text, language: str) -> Text:
    """Writes out numbers, dates, money, abbreviations and symbols.

    Languages other than English and Greek get their numbers, where num2words knows them.
    """
    if language == "en":
        text = _english()(text)
    elif language == "el":
        text = _greek()(text)
    else:
        text = text.sub(numbers.PLAIN, lambda match: _elsewhere(match, language))
    return text.sub(_UNSPOKEN, lambda _: " ")


def _elsewhere(match: re.Match[str], language: str) -> str:
    number = numbers.read_number(match["number"], ",")
    if number is None:
        return match.group()
    value = float(f"{number.whole}.{number.fraction}") if number.fraction else number.whole
    try:
        words = str(num2words(-value if match["sign"] else value, lang=language))
    except (NotImplementedError, OverflowError):  # the voice may know better
        return match.group()
    text = match.string
    before = text[match.start() - 1 : match.start()].isalnum()
    return " " * before + words + " " * text[match.end() : match.end() + 1].isalnum()
