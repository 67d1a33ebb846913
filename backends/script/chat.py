"""How people write when they chat: stretched words, stutters, shorthand; as a reader would say it."""

import re
from collections.abc import Mapping

from backends.script.text import any_of, words
from backends.script.verbalizer import Rules

_DOUBLED = frozenset(
    words(
        "all ball bell bill bless book boom boss boo booo call cheers class coffee cool doom feel fell fool free "
        "full glee good goodnight green hell hello hall ill keep kill kiss look loose loot loser less mall meet "
        "miss mood moon need noon ooh oops pass poor pull room roll school see seen sell sheesh small sleep "
        "smooth soon "
        "spell spoon still sweet tall tee tell three too tooth tree wall week wee weep well will woo woohoo zoom yahoo "
        "freedom woop yeehaw been food feet happy sorry funny pretty silly really hurry yummy ugg beer deep"
    )
)
"""Words in which a letter stands twice."""
_RUN = re.compile(r"([^\W\d_])\1{2,}", re.IGNORECASE)
_NUMERAL = re.compile(r"[IVXLCDM]+")
STRETCHED = re.compile(
    r"(?<![\w./@-])(?=\w*[aeiouyαεηιουωάέήίόύώ])(?!www\b)\w*?([^\W\d_])\1\1\w*", re.IGNORECASE
)
_STUTTER = re.compile(
    r"(?<![\w-])((?:(?P<part>[^\W\d_]{1,3})-)+)(?=(?P=part)[^\W\d_])(?!(?:day|tests?|class|boys?|ball|girls?)\b)",
    re.IGNORECASE,
)
_HEAD = re.compile(
    r"(?:y(?=[aeiou]))?[^\W\d_aeiouyαεηιουωάέήίόύώ]*(?:ου|αι|ει|οι|[aeiouyαεηιουωάέήίόύώ])",
    re.IGNORECASE,
)
_SHORTHAND: Mapping[str, str] = {
    "idk": "I don't know", "ttyl": "talk to you later", "brb": "be right back", "btw": "by the way",
    "imo": "in my opinion", "imho": "in my humble opinion", "ily": "I love you", "tbh": "to be honest",
    "smh": "shaking my head", "nvm": "never mind", "pls": "please", "plz": "please", "thx": "thanks",
    "tysm": "thank you so much", "ikr": "I know, right", "rn": "right now", "wyd": "what are you doing",
    "hbu": "how about you", "omw": "on my way", "tmrw": "tomorrow", "ppl": "people", "msg": "message",
    "jk": "just kidding", "lmk": "let me know", "ngl": "not gonna lie", "irl": "in real life", "gr8": "great",
    "b4": "before", "idc": "I don't care", "wdym": "what do you mean", "sry": "sorry",
    "l8r": "later", "m8": "mate", "w8": "wait", "2day": "today", "2nite": "tonight",
    "2morrow": "tomorrow", "2moro": "tomorrow", "2mrw": "tomorrow", "4ever": "forever", "cya": "see you", "u": "you",
    "ur": "your", "r": "are", "tho": "though", "thru": "through", "bc": "because", "cuz": "because",
    "def": "definitely", "prob": "probably", "wbu": "what about you", "dm": "D M", "tfw": "that feeling when",
    "mfw": "my face when", "lmao": "L M A O", "tldr": "too long, didn't read",
    "tl;dr": "too long, didn't read", "afaik": "as far as I know", "iirc": "if I recall correctly",
    "otoh": "on the other hand", "tbd": "to be decided", "hmu": "hit me up", "gtg": "got to go", "g2g": "got to go",
    "ty": "thank you", "c u": "see you", "np": "no problem", "yw": "you're welcome", "gn": "good night",
    "gm": "good morning", "bday": "birthday", "fr": "for real", "fwiw": "for what it's worth", "ofc": "of course",
    "stfu": "shut up", "wtf": "W T F",
}  # fmt: skip
_ALWAYS = frozenset(_SHORTHAND) - frozenset(
    words("u ur r bc def prob dm fr ty np gm gn rn jk tbd tho msg")
)
_CHAT = re.compile(r"(?<![\w'./@-])(?:" + any_of(_SHORTHAND) + r")(?![\w'/@-]|\.\w)", re.IGNORECASE)
_LAUGHS = re.compile(r"\b(?:l+o+l+|omg|ha(?:ha)+|how r u|c u|r u|u r)\b", re.IGNORECASE)
"""What else tells that a text is a chat."""
_NOISES: tuple[tuple[str, str], ...] = (
    (r"s+h{2,}", "shush"), (r"b+r{2,}", "burr"), (r"g+r{2,}", "gurr"), (r"p+f+t+", "puft"), (r"p+s+t+", "pist"),
    (r"h+m{2,}", "hmm"), (r"m{3,}", "mm"), (r"a+w{2,}", "aw"), (r"u+g+h+", "ugh"), (r"t+s+k+", "tisk"),
)  # fmt: skip
"""Sounds that espeak-ng would spell."""
_NOISE = re.compile(
    r"(?<![\w./@-])(?:" + "|".join(f"({noise})" for noise, _ in _NOISES) + r")(?![\w/@-])",
    re.IGNORECASE,
)


def _like(word: str, written: str) -> str:
    return word[0].upper() + word[1:] if written[0].isupper() else word


def _noise(match: re.Match[str]) -> str:
    assert match.lastindex is not None
    if match.group().isupper() and not match.string.isupper():
        return match.group()  # PST
    return _like(_NOISES[match.lastindex - 1][1], match.group())


def stretched(match: re.Match[str]) -> str:
    """ "Soooo" is so, "cooool" is cool."""
    written = match.group()
    if _NUMERAL.fullmatch(written.upper()) or len(set(written.casefold())) == 1:
        return written
    twice = _RUN.sub(r"\1\1", written)
    return twice if twice.casefold() in _DOUBLED else _RUN.sub(r"\1", written)


def stutter(match: re.Match[str]) -> str:
    """ "W-what" begins with the word's own sound, not with a letter's name: wha-what."""
    head = _HEAD.match(match.string, match.end())
    count = match[1].count("-")
    first = match[1][0]
    if not head or len(head.group()) <= len(match["part"]):
        return match.group()
    sound = head.group().lower()
    return (first + sound[1:]) + "-" + (sound + "-") * (count - 1)


def _shorthand(match: re.Match[str]) -> str:
    """Some are read so where the text is small or another of them stands beside."""
    written = match.group()
    word = written.casefold()
    capital = written[0].isupper() and (len(written) == 1 or not written.isupper())
    if word not in _ALWAYS and (not written.islower() or not _chatty(match.string)):
        return written
    return _like(_SHORTHAND[word], written) if capital else _SHORTHAND[word]


def _chatty(text: str) -> bool:
    return any(m.group().casefold() in _ALWAYS for m in _CHAT.finditer(text)) or bool(
        _LAUGHS.search(text)
    )


FIGURES: Rules = (
    (
        re.compile(
            rf"(?<![\w./@-])(?:{'|'.join(w for w in _SHORTHAND if w.isalnum() and not w.isalpha())})(?![\w/@-])",
            re.I,
        ),
        lambda m: _like(_SHORTHAND[m.group().casefold()], m.group()),
    ),
)
"""Before numbers are words."""
_SPOKEN: Rules = ((STRETCHED, stretched), (_STUTTER, stutter, "-"))
ENGLISH: Rules = (
    *_SPOKEN,
    (re.compile(r"(?<=\bI )<\s?three\b"), lambda _: "love"),
    (_NOISE, _noise),
    (_CHAT, _shorthand),
)
_GREEK: Mapping[str, str] = {
    "δλδ": "δηλαδή", "τπτ": "τίποτα", "τλκ": "τελικά", "σμρ": "σήμερα", "μνμ": "μήνυμα", "κλμρ": "καλημέρα",
    "κλνχ": "καληνύχτα", "τσπ": "τέσπα", "μπρβ": "μπράβο", "ευχρστ": "ευχαριστώ", "πρκλ": "παρακαλώ",
    "κμπλ": "κομπλέ", "τλμ": "τα λέμε", "μτφ": "μεταφορικά", "φλκ": "φιλάκια", "χρν": "χρόνια", "μρ": "μωρέ",
    "κλ": "καλά", "νχ": "νύχτα",
}  # fmt: skip
GREEK: Rules = (
    *_SPOKEN,
    (re.compile(rf"(?<![\w.])({any_of(_GREEK)})(?![\w.])"), lambda m: _GREEK[m[1]]),
)
