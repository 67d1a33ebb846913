"""Where sentences end, in English and Greek.

Rules in the spirit of Kiss & Strunk (2006), "Unsupervised Multilingual Sentence Boundary
Detection", with fixed lists instead of learned ones: a full stop ends a sentence unless it belongs
to a number, an address, an initial or an abbreviation.
"""

import re
from typing import NamedTuple


def _set(words: str) -> frozenset[str]:
    return frozenset(words.casefold().split())


_NEVER_LAST = _set(
    "πεν μέγ ελάχ ασκ κοιν σημ άγ acct appt πέν ep eps επ απ δημ αναχ άφ καθ "
    "βασ πλ συμπ εδ περ στοιχ υποπαρ geo wm chas stn agg arr asst assn attn def dep excl incl "
    "govt intl natl pres supt univ adm cmdr cpl pvt v w.r.t viz "
    "κιν αρ αριθ αριθμ ταχ δ/νση υπόψη "
    "approx capt cf dr e.g eg esp i.e ie lt maj messrs mr mrs ms prof sgt vs "
    "jan feb mar apr jun jul aug sep sept oct nov dec "
    "αγ αι βλ γεν δεσπ διευθ δις δηλ δρ κ κα κος κ.κ κκ λ.χ λεωφ οδ π.χ πρβλ υπ χιλ "
    "ιαν φεβ φεβρ μαρ μαρτ μάρ μάρτ απρ μαι ιουν ιουλ αυγ σεπ σεπτ οκτ νοε νοεμ δεκ"
)
"""Abbreviations that something always follows, without the last full stop."""
_CAPITALISED = _set("ft fr adm col gen gov hon mt rep rev sen st")
"""The same, if they begin with a capital; otherwise they are words."""
_NUMBERED = _set(
    "υποσ εσωτ εικ πίν άρθρ τεύχ παρ τόμ "
    "ps pss cor matt rom deut isa jer prov eccl eph gal thess tim heb lev chron ezek "
    "reg reg rte bk arts bldg chs cl eq ex flt lat paras para pg pgs ref rm ste ver abs art temp "
    "apt ca ext max tel ch est fig figs no nos op p pp sec vol vols κεφ πρωτ σελ τηλ φαξ"
)
"""Abbreviations that a number follows."""
_SMALL_NUMBERED = frozenset("bcdν")
"""The same, but initials where they are written with a capital."""
_CLEAR = _set(
    "γρ γραμμ κ.γ κ.σ τ.μ μ λ λτ δευ τρ τετ πεμ πεμπ παρ σαβ σάβ τρί πέμ κυρ δολ "
    "min max lg sm med choc veg orig dbl sgl conc mins sec secs yr yrs mo mos wk wks ft in yd yds mi doz "
    "tab tabs pkg pkgs pt pts qt qts gal gals pcs cal "
    "avg misc qty rd ln ct pl hwy pkwy sq cres cir fl assoc mgr lat./long "
    "ea "
    "δωμ συζ εβδ ριμπ φλ φλιτζ δευτ δευτερ λεπ ώρ κουτ πακ τεμ στρ δισκ χλγ μέτρ χμ τον ίντσ "
    "hr hrs lb lbs oz tsp tbsp mon tue tues wed thu thur thurs fri ave blvd "
    "a.d a.m am b.c bros corp dept etc jr ltd p.m pm sr κ.ά κ.λπ κλπ κ.ο.κ κ.τ.λ κτλ μ.μ π.μ μ.χ "
    "ε.π.ε εκ χλμ δισ εκατ τρισ"
)
"""Abbreviations after which any capital begins a sentence."""
_UNCLEAR = _set("inc co")
"""Abbreviations, like all with inner full stops, after which only a starter begins one."""
_HOUR_GOES_ON = _set(
    "et est edt ct cst cdt mt mst mdt pt pst pdt gmt utc bst cet cest eet eest ist jst aest aedt akst akdt hst "
    "monday tuesday wednesday thursday friday saturday sunday mon tue tues wed thu thurs fri sat sun"
)
"""What belongs to the hour before it: 9 p.m. ET, 5 p.m. Monday."""
_GOES_ON = {
    **dict.fromkeys(("a.m", "p.m"), _HOUR_GOES_ON),
    **dict.fromkeys(
        "bd",
        _set(
            "january february march april may june july august september october november december "
            "jan feb mar apr jun jul aug sep sept oct nov dec"
        ),
    ),
    **dict.fromkeys(("ave", "blvd", "st", "rd", "dr"), _set("nw ne sw se")),
    **dict.fromkeys(("χλμ", "km", "mi"), _set("βα βδ να νδ β ν α δ ne nw se sw n s e w")),
}
"""What capitals an abbreviation may be followed by inside its sentence."""
_STARTERS = _set(
    "a an and as at but he her here his how i if in it its my no now on or our she so that the "
    "their then there these they this those we what when where who why yes you your "
    "ο η το οι τα ένα ένας μια μία και αλλά αν αυτό αυτός αυτή δεν εγώ εδώ εκεί εμείς θα μας μετά "
    "μου με να όμως όταν πού που πώς σε στη στην στο στον τι τότε ωστόσο"
)
"""Words that begin sentences far more often than names."""

_ENDING = r"""["'”’»›)\]\0]"""
_STOP = re.compile(
    rf"(?P<mark>[.!?…;]+)(?!\d)(?:{_ENDING}|[.!?…])*(?:[\s\0]+[.!?…]+(?!\d)(?:{_ENDING}|[.!?…])*)*"
    r"|(?P<wide>[。！？｡]+)[”’」』）\"']*"
    r"|(?P<line>(?:\r\n|\n|\r)[\s\0]*)"
)
_AHEAD = re.compile(r"(?P<skipped>[\W_]*)(?P<word>[^\W_]?)")
_WORD = re.compile(r"[^\W_]+")
_ARTICLE = re.compile(r"(?<!\w)(?:[οη]|τ[οη][νυ]|της|στ[οη]ν|κα?)\.?\s\Z", re.IGNORECASE)
"""Before the first letters of a name: ο Ελ. Βενιζέλος."""
_LETTER = re.compile(r"[^\W\d_]")
_WORD_CHAR = re.compile(r"[^\W_]")
_TOKEN = re.compile(r"[^\s\0\"'“”‘’«»()\[\],;:!?…/—–]*\Z")
_LINE_BREAK = re.compile(r"\r\n|\n|\r")
_BULLET = re.compile(r"[\s\0]*(?:[-–—•*·▪]|\d{1,3}[.)])\s")
_NUMBER = re.compile(r"[\d.,:/-]*\d[%\d]*")
_ROMAN = re.compile(r"[IVXLC]{1,7}(?![^\W_])")
_DOTTED = re.compile(r"(?:[^\W\d_]{1,2}\.)+[^\W\d_]{1,3}")
_FIGURE_BEFORE = re.compile(r"\A[\d.,:]+(?=[^\W\d_])")
_GREEK_NUMERAL = re.compile(r"[Α-Ω]{1,3}['’΄ʹ]")
_BLANKS = " \n\r\0"
_TOKEN_LIMIT = 40
_SHORT = 4
"""Longest unknown abbreviation: a small letter goes on behind it, where sentences begin with capitals."""
_WRAP_WIDTH = 60
"""A line shorter than this was not broken for want of room."""


class Progress(NamedTuple):
    """What is known of the sentence that begins at the start of the text."""

    end: int | None
    """Where it ends, without the blanks behind it; None while that is not certain."""
    scanned: int
    """No sentence ends before this character."""


def find_end(text: str, start: int, scanned: int, final: bool) -> Progress:
    """The end of the sentence that begins at `start`, certain whatever may follow.

    With `final`, nothing follows, and a sentence without a successor has no end to find.
    """
    first = _WORD_CHAR.search(text, start)
    if not first:
        return Progress(None, start)
    at = max(scanned, first.end())
    while match := _STOP.search(text, at):
        ahead = _AHEAD.match(text, match.end())
        assert ahead is not None
        if not ahead["word"]:
            return Progress(None, match.start())
        verdict = _ends(text, start, match, ahead, final)
        if verdict is None:
            return Progress(None, match.start())
        if verdict:
            end = match.start() + len(match.group().rstrip(_BLANKS))
            return Progress(end, end)
        at = match.end()
    return Progress(None, len(text))


def _ends(
    text: str, start: int, match: re.Match[str], ahead: re.Match[str], final: bool
) -> bool | None:
    if match["wide"]:
        return True
    if match["line"]:
        return _line_ends(text, start, match, ahead)
    between = text[match.end() : ahead.start("word")]
    if not (match.group()[-1] in _BLANKS or between[:1] in tuple(_BLANKS)):
        return False
    if len(_LINE_BREAK.findall(between)) > 1:
        return True
    asks = ";" in match["mark"] and _greek_before(text, start, match.start())
    if asks or "?" in match["mark"] or "!" in match["mark"]:
        quoted = match.group().rstrip(_BLANKS)[-1] in "\"'”’»›)]"
        return not (quoted and ahead["word"].islower())
    if ";" in match["mark"]:
        return False
    if len(match["mark"]) > 1 or "…" in match["mark"]:
        return not ahead["word"].islower()
    return _full_stop_ends(text, start, match, ahead, final)


def _line_ends(text: str, start: int, match: re.Match[str], ahead: re.Match[str]) -> bool:
    if len(_LINE_BREAK.findall(match.group())) > 1 or _BULLET.match(text, match.end()):
        return True
    begin = max(text.rfind("\n", start, match.start()), start)
    return match.start() - begin < _WRAP_WIDTH and ahead["word"].isupper()


def _greek_before(text: str, start: int, end: int) -> bool:
    """Whether most of the last letters are Greek: then ";" asks a question."""
    letters = [c for c in text[max(start, end - _TOKEN_LIMIT) : end] if c.isalpha()]
    return 2 * sum(map(is_greek, letters)) > len(letters)


def is_greek(char: str) -> bool:
    return "\u0370" <= char <= "\u03ff" or "\u1f00" <= char <= "\u1fff"


def _full_stop_ends(
    text: str, start: int, match: re.Match[str], ahead: re.Match[str], final: bool
) -> bool | None:
    """None: the next word must be read to its end first."""
    token = _TOKEN.search(text, max(start, match.start() - _TOKEN_LIMIT), match.start())
    before = token.group().rpartition("-")[2] if token else ""
    word = _FIGURE_BEFORE.sub("", before.casefold())
    lower, digit = ahead["word"].islower(), ahead["word"].isdigit()
    if (
        token
        and _NUMBER.fullmatch(token.group())
        and not text[start : token.start()].strip(_BLANKS + "-*•")
        and not lower
    ):
        return False  # of a list
    if token and _NUMBER.fullmatch(token.group()):
        return not lower
    if word in _NEVER_LAST or (word in _CAPITALISED and before[0].isupper()):
        return False
    if (
        word in _GOES_ON
        and not digit
        and (goes_on := _goes_on(text, ahead, _GOES_ON[word], final)) is not False
    ):
        return None if goes_on is None else False
    if word in _NUMBERED or before in _SMALL_NUMBERED:
        numeral = _ROMAN.match(text, ahead.start("word")) or _GREEK_NUMERAL.match(
            text, ahead.start("word")
        )
        if numeral and numeral.end() == len(text) and not final:
            return None
        return not digit and not numeral and (word == "no" or not lower)
    if token and text[max(start, token.start() - 2) : token.start()] == "./":  # lat./long.
        return not lower
    if (
        lower
        and before.islower()
        and before.isalpha()
        and len(before) <= _SHORT
        and _begins_high(text, start)
    ):
        return False
    if (
        (before.istitle() or word == "π")
        and len(before) <= _SHORT
        and token
        and _ARTICLE.search(text, max(0, token.start() - 8), token.start())
    ):
        return False
    initial = len(before) == 1 and before.isupper() and before != "I"
    if not (initial or word in _CLEAR or word in _UNCLEAR or _DOTTED.fullmatch(before)):
        return True
    if lower or digit:
        return False
    if word in _CLEAR and not initial:
        return True
    follower = _WORD.match(text, ahead.start("word"))
    assert follower is not None
    if follower.end() == len(text) and not final:
        return None
    return follower.group().casefold() in _STARTERS


def _begins_high(text: str, start: int) -> bool:
    """Whether the sentence begins with a capital."""
    first = _LETTER.search(text, start)
    return first is not None and first.group().isupper()


def _goes_on(text: str, ahead: re.Match[str], names: frozenset[str], final: bool) -> bool | None:
    """Whether the next word is one of some; None while it may not be whole."""
    follower = _WORD.match(text, ahead.start("word"))
    assert follower is not None
    if follower.end() == len(text) and not final:
        return None
    return follower.group().casefold() in names
