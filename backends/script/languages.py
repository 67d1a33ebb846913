"""Which language a sentence is in, and its words for what is not a word."""

import re
from collections import Counter
from collections.abc import Mapping
from functools import cache

from num2words import num2words

from backends.script import numbers
from backends.script.english import English
from backends.script.greek import Greek
from backends.script.options import lexicon_key
from backends.script.text import Text

_LEXICON_WORD = re.compile(r"[^\W_]+(?:[-'’.&+][^\W_]+)*[+#]*")
_NEUTRAL = re.compile(
    r"\d\s?[A-Za-zµ/]{1,4}[²³]?(?![^\W\d_])|\S{1,64}@\S{1,64}|(?:https?://|www\.)\S{1,400}"
)
"""Units and addresses, which say nothing of the language."""
_PART = re.compile(r"[^\W_]+")
_KANA = re.compile(r"[\u3040-\u30ff]")
_LETTERS = re.compile(r"[^\W\d_]+")
_SCRIPTS: Mapping[str, re.Pattern[str]] = {
    name: re.compile(f"[{letters}]")
    for name, letters in {
        "el": "\u0370-\u03ff\u1f00-\u1fff",
        "ru": "\u0400-\u052f",
        "hy": "\u0530-\u058f",
        "he": "\u0590-\u05ff\ufb1d-\ufb4f",
        "ar": "\u0600-\u06ff\u0750-\u077f\ufb50-\ufdff\ufe70-\ufefc",
        "hi": "\u0900-\u097f",
        "bn": "\u0980-\u09ff",
        "th": "\u0e00-\u0e7f",
        "ka": "\u10a0-\u10ff",
        "ko": "\u1100-\u11ff\uac00-\ud7af",
        "zh": "\u3400-\u4dbf\u4e00-\u9fff\u3040-\u30ff",
    }.items()
}
"""By the first letter of a word."""
_COLUMN = re.compile(r"(?<=[\w.%)!?])\s?\|[\s|]*(?=\S)")
"""Between the cells of a table."""
_UNSPOKEN = re.compile(r"[*_^|`\\{}#•™®]+")


def language_of(chars: str, asked: str, before: str | None) -> str:
    """ISO 639-1 by the script of most words, and the first of them where two have as many.

    Args:
        asked: the language of what is not Greek, or "auto": Latin letters are then English, and those of other
            scripts the language that has the most speakers of those who write with them.
        before: the language of the sentence before, for one without letters.
    """
    found = _LETTERS.findall(_NEUTRAL.sub("", chars)) or _LETTERS.findall(chars)
    if not found:
        return before or ("en" if asked == "auto" else asked)
    counts = Counter(map(_script_of, found))  # in order of appearance, which decides between equals
    main = max(counts, key=lambda script: counts[script])
    if main == "el":
        return main
    if asked != "auto":
        return asked
    return "ja" if main == "zh" and _KANA.search(chars) else main


def _script_of(word: str) -> str:
    """The language that a word's letters stand for."""
    return next((name for name, letters in _SCRIPTS.items() if letters.match(word)), "en")


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
    return text.sub(_COLUMN, lambda _: ", ").sub(_UNSPOKEN, lambda _: " ")


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
