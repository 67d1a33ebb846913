"""Chapter and verse as English words."""

import re
from collections.abc import Mapping

from backends.script.text import any_of, words
from backends.script.verbalizer import Rules

_SHORT: Mapping[str, str] = {
    "Gen": "Genesis", "Ex": "Exodus", "Exod": "Exodus", "Lev": "Leviticus", "Num": "Numbers", "Deut": "Deuteronomy",
    "Josh": "Joshua", "Judg": "Judges", "Sam": "Samuel", "Chron": "Chronicles", "Chr": "Chronicles",
    "Neh": "Nehemiah", "Ps": "Psalm", "Pss": "Psalms", "Prov": "Proverbs", "Eccl": "Ecclesiastes", "Isa": "Isaiah",
    "Jer": "Jeremiah", "Ezek": "Ezekiel", "Dan": "Daniel", "Hos": "Hosea", "Mic": "Micah", "Matt": "Matthew",
    "Mt": "Matthew", "Mk": "Mark", "Lk": "Luke", "Jn": "John", "Rom": "Romans", "Cor": "Corinthians",
    "Gal": "Galatians", "Eph": "Ephesians", "Phil": "Philippians", "Col": "Colossians", "Thess": "Thessalonians",
    "Tim": "Timothy", "Tit": "Titus", "Heb": "Hebrews", "Jas": "James", "Pet": "Peter", "Rev": "Revelation",
}  # fmt: skip
_WHOLE = words(
    "Genesis Exodus Leviticus Numbers Deuteronomy Joshua Judges Ruth Samuel Kings Chronicles Ezra Nehemiah Esther Job "
    "Psalms Psalm Proverbs Ecclesiastes Isaiah Jeremiah Lamentations Ezekiel Daniel Hosea Joel Amos "
    "Obadiah Jonah Micah Nahum "
    "Habakkuk Zephaniah Haggai Zechariah Malachi Matthew Mark Luke John Acts Romans Corinthians Galatians Ephesians "
    "Philippians Colossians Thessalonians Timothy Titus Philemon Hebrews James Peter Jude Revelation Quran Qur'an Surah"
)
_BOOK = any_of((*_SHORT, *_WHOLE))
_VERSE = re.compile(
    rf"\b(?P<book>{_BOOK})\.?\s(?P<verses>\d{{1,3}}:\d{{1,3}}(?:[a-f]?[-–,;]\s?\d{{1,3}}(?::\d{{1,3}})?)*)(?![\d:])"
)
_PSALM = re.compile(r"\bPss?\.\s?(?=\d)")


def _verse(match: re.Match[str]) -> str:
    """ "1 Cor. 13:4-8" is one Corinthians thirteen, four to eight."""
    verses = re.sub(r"[-–]", " to ", match["verses"].replace(":", ", "))
    return f"{_SHORT.get(match['book'], match['book'])} {verses}"


RULES: Rules = ((_VERSE, _verse, ":"), (_PSALM, lambda _: "Psalm "))
