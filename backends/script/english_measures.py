"""English measures beside the plain "5 km": feet and inches, hours and minutes, thousands of views."""

import re
from collections.abc import Mapping

from backends.script.english_numbers import cardinal
from backends.script.units import ENGLISH
from backends.script.verbalizer import Rules

_ADJECTIVES = (
    "qt|gal|pt|yd|hr|min|yr|mo|wk|in|mi|sec|mph|km|kg|cm|mm|lb|ft|oz|GB|MB|TB|kW|W|V|mg|ml"
)
_DOTTED = "lbs?|oz|[Tt]sp|[Tt]bsp?|hrs?|mins?|secs?|yrs?|mos|wks?|ft|in|yds?|mi|doz|tabs?|pkgs?|pts?|qts?|gals?|pcs|cal"
"""Units that are written with a full stop, too."""
_EVENT = (
    "sprint|dash|hurdles|relay|race|run|final|freestyle|backstroke|breaststroke|butterfly|medley|walk|swim|hike|drive|trek"
    "|pool|radius|stretch|limit|record|mark|exclusion|zone|line|drop|jump|high jump"
)
"""What a measure stands before as an adjective."""
_COUNTED = (
    "users|views|people|followers|subscribers|downloads|copies|visitors|customers|members|likes|streams"
    "|jobs|deaths|voters|viewers|homes|households|tonnes|tons|barrels|pounds|dollars|euros|children"
    "|adults|workers|Americans|Britons|doses|units|shares|tickets|passengers|refugees|patients|animals"
    "|trees|books|songs|videos|posts|plays|years|ago|in sales|in revenue"
)
"""What comes in thousands and millions: 45K views, but 4K video."""
_STIRRED = (
    "butter|oil|olive|sugar|brown|flour|salt|milk|water|honey|lemon|lime|vinegar|soy|of "
    "|chopped|minced|fresh|cream|cocoa"
    "|cornstarch|baking|vanilla|cinnamon|garlic|mustard|mayo|ketchup|yogurt|rice|white|red|grated|shredded|heavy|melted"
)
"""What cups and spoons hold."""
_SIDES: Mapping[str, str] = {"N": "north", "S": "south", "E": "east", "W": "west"}
_SCALES: Mapping[str, str] = {"K": "thousand", "M": "million", "B": "billion"}


def _feet_and_inches(match: re.Match[str]) -> str:
    return " ".join(
        f"{cardinal(int(count))} {ENGLISH[unit][count != '1']}"
        for count, unit in ((match[1], "ft"), (match[2], "in"))
    )


def _hours_and_minutes(match: re.Match[str]) -> str:
    return " ".join(
        f"{cardinal(int(count))} {ENGLISH[unit][int(count) != 1]}"
        for count, unit in ((match[1], "h"), (match[2], "min"))
    )


def _adjective(match: re.Match[str]) -> str:
    """ "A ten-kilometer run"."""
    return f"{cardinal(int(match[1]))}-{ENGLISH[match[2]][0]}"


def _two(figures: str) -> str:
    return ("oh " if figures[0] == "0" and figures != "00" else "") + cardinal(int(figures))


def _oven(match: re.Match[str]) -> str:
    comma = ", " if match.group()[-1] == "/" else ""
    return f"{match[1]}°{match[2]}{comma}"


def _several(match: re.Match[str]) -> bool:
    number = re.search(r"[\d.,/⅓½¼¾⅔]+\Z", match.string[max(0, match.start() - 8) : match.start()])
    return number is not None and number.group().isdecimal() and number.group() != "1"


RULES: Rules = (
    (re.compile(r"(?<=\d)['’′](?=\s(?:tall|wide|long|deep|high)\b)"), lambda _: " feet", "'’′"),
    (re.compile(r"(?<=\d:\d\d)\s?([ap])\b(?!\.?m)"), lambda m: f" {m[1]}m", ":"),
    (re.compile(r"(?<=\d)\s?d(?=\s(?:ago|later|post|old)\b)"), lambda _: " days"),
    (re.compile(r"\b([Ww])k\.?\s(?=\d)"), lambda m: f"{m[1]}eek "),
    (re.compile(r"(?<![\w.,])(\d{1,2})h([0-5]\d)(?!\w)"), _hours_and_minutes),
    (re.compile(r"(?<=\d)\s?ea\b\.?"), lambda _: " each"),
    (
        re.compile(r"\b([24]) by (4|6)s\b"),
        lambda m: f"{m[1]} by {'fours' if m[2] == '4' else 'sixes'}",
    ),
    (
        re.compile(
            r"\b(\d{2,3})F\b(?=.{0,60}\b(?:[Hh]umid|[Uu]V|[Ff]eels|[Ww]ind|[Cc]loud|[Ss]unny"
            r"|[Rr]ain))"
        ),
        lambda m: f"{m[1]}°F",
        "F",
    ),
    (re.compile(r"(?<=[Ff]eels like )(\d{2,3})F\b"), lambda m: f"{m[1]}°F", "F"),
    (
        re.compile(r"(?<![\w.,])(\d{1,3})['′’](\d\d)[\"″”](?!\w)"),
        lambda m: f"{m[1]} minutes {m[2]} seconds" if int(m[2]) > 11 else m.group(),
        "'’′",
    ),
    (re.compile(r"(?<=\d)\s?in\b\.?(?=\sof\s(?:rain|snow|water|ice)\b)"), lambda _: " inches"),
    (re.compile(r"(?<=\d)\s?sq\.?\smi\b\.?(?=\s[a-z]|[),;]|\s*\Z)"), lambda _: " square miles"),
    (
        re.compile(
            r"\b(days|times|hours|doses|miles|shifts|hrs|km)/(wk|mo|yr|hr|day|week|month|year|hour|night)\b"
        ),
        lambda m: f"{m[1]} per {ENGLISH.get(m[2], (m[2], ''))[0]}",
        "/",
    ),
    (
        re.compile(r"\b(?:Apt|Ste)\.?\s(?=\d)"),
        lambda m: "Apartment " if m.group()[0] == "A" else "Suite ",
        "AS",
    ),
    (re.compile(r"\b[Aa]cc?t\.?\s(?=no\b|number|#|\d)"), lambda _: "account "),
    (
        re.compile(r"\bEps?\.\s?(?=\d)"),
        lambda m: "episodes " if "s" in m.group() else "episode ",
        "E",
    ),
    (
        re.compile(
            r"\b(911|999)(?=\s\((?:US|UK|USA)\)|\s(?:for|in an?)\s(?:help|emerg\w+)"
            r"|\simmediately)"
        ),
        lambda m: " ".join(cardinal(int(c)) for c in m[1]),
    ),
    (
        re.compile(r"(?<![\w.,])(\d{1,2})\s?[x×]\s?(?=\d{1,4}\s?(?:g|kg|ml|l|oz|cl)\b)"),
        lambda m: f"{m[1]} times ",
    ),
    (
        re.compile(
            r"\b((?:[Mm]ax|[Mm]in|[Hh]ighs?|[Ll]ows?|[Tt]emps?)\.?:?(?: of| is| around"
            r"| near)?\s[-−]?\d{1,2})([CF])\b"
        ),
        lambda m: f"{m[1]}°{m[2]}",
        "CF",
    ),
    (
        re.compile(r"(?<![\w.,])(\d{1,2})\.([0-5]\d)(?=\s?[ap]\.?m\b)"),
        lambda m: f"{m[1]}:{m[2]}",
        ".",
    ),
    (
        re.compile(r"\b([01]\d|2[0-3])([0-5]\d)(?:\s?(?:hrs|hours)\b|(?=\s?(?:GMT|UTC|Zulu)\b))"),
        lambda m: (
            f"{_two(m[1])} {_two(m[2]) if m[2] != '00' else 'hundred'}{' hours' * ('h' in m.group())}"
        ),
    ),
    (re.compile(r"(?<![\w.,])(\d)['’′]\s?(1[01]|\d)(?:[\"”″]|['’]{2})"), _feet_and_inches, "'’′"),
    (re.compile(r"(?<![\w.,])(\d{1,3})\s?ft\.?\s(1[01]|\d)\s?in\b\.?"), _feet_and_inches),
    (
        re.compile(rf"(?<=[\d½¼¾⅓⅔⅛])(\s?)({_DOTTED})\.(?=\s[a-z\d(&]|[,;:)])"),
        lambda m: f"{m[1]}{m[2]}",
        ".",
    ),
    (re.compile(r"(?<=\d)\s?fl\.?\s?oz\b(?:\.(?=\s[a-z]|,))?"), lambda _: " fl oz"),
    (
        re.compile(
            r"(?<=\d)\s?st\b(?:\.(?=\s\d))?(?=\s\d{1,2}\s?(?:lbs?\b|pounds\b)|\s\d{1,2}\b(?!\w|:))"
        ),
        lambda _: " stone",
    ),
    (
        re.compile(
            r"(\b(?:weigh\w*|weight|lost|gained|at|over|under|about|nearly|to)\s\d{1,2})\sst\b"
        ),
        lambda m: f"{m[1]} stone",
    ),
    (
        re.compile(
            rf"(?<![\w.,-])(\d{{1,5}}|\d\d?,\d{{3}})\s?(k?m|mi|ft|yds?|lb)\s(?=(?:men’s |women’s |men's "
            rf"|women's )?(?:{_EVENT})s?\b)"
        ),
        lambda m: f"{cardinal(int(m[1].replace(',', '')))}-{ENGLISH[m[2]][0]} ",
    ),
    (
        re.compile(r"\b(\d\d?)x(?=\d{2,4}\s?m\b)"),
        lambda m: f"{cardinal(int(m[1]))} by ",
    ),
    (
        re.compile(
            r"(?<=\d\))\sx\s(?=\d)|(?<=[\w.])\sx\s(?=\d{1,2}\s(?:days?|weeks?|months?|hours?|hrs)\b)"
        ),
        lambda _: " for ",
    ),
    (re.compile(r"(?<=[a-z])\sx\s?(?=\d{1,2}\b(?!\w))"), lambda _: " times "),
    (re.compile(r"(?<=\b[BW]P\s)(\d{2,3})/(?=\d{2,3}\b)"), lambda m: f"{m[1]} over ", "/"),
    (
        re.compile(r"(?<![\w.,/-])(1\d\d|9\d)/(?=[4-9]\d\b(?!/))"),
        lambda m: f"{m[1]} over ",
        "/",
    ),
    (
        re.compile(r"(\b[Oo]dds (?:of |are |at |were )?\d{1,3})/(?=\d)"),
        lambda m: f"{m[1]} to ",
        "/",
    ),
    (
        re.compile(rf"(?<=\d)(m|bn|tn)(?=\s(?:{_COUNTED})\b)"),
        lambda m: {"m": " million", "bn": " billion"}.get(m[1], " trillion"),
    ),
    (
        re.compile(r"(?<![\w.,])(\d{1,2})['’′]\s?[x×]\s?(\d{1,2})['’′](?!\w)"),
        lambda m: f"{m[1]} feet by {m[2]} feet",
        "'’′",
    ),
    (re.compile(r"(?<!\w)(\d{1,2})\s?y/?o\b(?!\.)"), lambda m: f"{cardinal(int(m[1]))}-year-old"),
    (re.compile(r"\breg\.\s(?=[$€£\d])"), lambda _: "regular ", "."),
    (re.compile(r"(?<=\d)/(?=100\b)"), lambda _: " out of ", "/"),
    (re.compile(r"(?<![\w.,])([1-9]\d\d|\d\d(?=[CF]/\d))([CF])\b/?(?!\w{5})"), _oven, "CF"),
    (re.compile(r"(?<=\d\.\d)/(?=(?:5|10|20|100)\b)"), lambda _: " out of ", "/"),
    (re.compile(r"\bq(\d{1,2})h\b"), lambda m: f"every {m[1]} hours"),
    (re.compile(r"\bx\s(\d{1,2})d\b"), lambda m: f"for {m[1]} days"),
    (re.compile(r"(?<=\d)\s?x\s(?=[A-Z]{2})"), lambda _: " times "),
    (re.compile(r"\b[Ee]st\.\s(?=1\d{3}|20\d\d)"), lambda _: "established ", "."),
    (re.compile(r"(\d(?:st|nd|rd|th)\s)ed\b\.?"), lambda m: f"{m[1]}edition"),
    (
        re.compile(r"(\d\.\d+)[eE]([-−+]?\d{1,3})(?!\w)"),
        lambda m: f"{m[1]} times ten to the power of {m[2]}",
        ".",
    ),
    (re.compile(r"(?<=\d)°\s?([NSEW])\b"), lambda m: " degrees " + _SIDES[m[1]], "°"),
    (
        re.compile(rf"(?<=[\d⅓½¼¾⅔])\sc(?:\.(?=\s[a-z]{{3}})|(?=\s(?:{_STIRRED})))"),
        lambda m: " cups" if _several(m) else " cup",
    ),
    (
        re.compile(rf"(?<=\d)\sT\b\.?(?=\s(?:{_STIRRED}))"),
        lambda m: " tablespoons" if _several(m) else " tablespoon",
        "T",
    ),
    (re.compile(r"(?<=\d)X(?=\s[a-z]{3})"), lambda _: " times", "X"),
    (re.compile(r"(?<!\w)[x×](?=\d{1,4}\b)"), lambda _: "times "),
    (
        re.compile(r"(?<=[A-Za-z-])(?<!mid-)(\d{1,3})s\b"),
        lambda m: f"{' ' * m.string[m.start() - 1].isalpha()}{cardinal(int(m[1]))}s",
    ),
    (
        re.compile(r"\b(10{2,5})s(?=\sof\b)"),
        lambda m: {3: "hundreds", 4: "thousands", 5: "tens of thousands"}.get(len(m[1]), m.group()),
    ),
    (re.compile(r"\b(40[13])\(k\)"), lambda _: "four oh one K", "("),
    (re.compile(r"\b501\(c\)\((\d)\)"), lambda m: f"five oh one C {m[1]}", "("),
    (re.compile(r"(?<=\d)\.x\b"), lambda _: " point x", "."),
    (
        re.compile(r"\b(\d{1,2})\+(\d{1,2})['’′](?!\w)"),
        lambda m: f"{m[1]} plus {m[2]} minutes",
        "+",
    ),
    (re.compile(r"(?<=\d)['′](?=[,)])"), lambda _: " minutes", "'′"),
    (re.compile(r"\b([Ll])at\.?:?\s?(?=[-−]?\d)"), lambda m: f"{m[1]}atitude "),
    (
        re.compile(r"\b([Ll])(?:ong?\.|on(?:g)?(?=\s-?\d+\.\d)):?\s?(?=[-−]?\d)"),
        lambda m: f"{m[1]}ongitude ",
        ".",
    ),
    (
        re.compile(r"(?<=\d)/(?=(?:hr|min|wk|mo|yr|sec|day|pp|pax|unit|each|ea)\b)"),
        lambda _: " per ",
        "/",
    ),
    (re.compile(rf"(?<![\w.,])(\d{{1,3}})-({_ADJECTIVES})\b\.?(?=\s|\))"), _adjective, "-"),
    (re.compile(r"(?<![\w.,])(\d{1,2})h\s?([0-5]?\d)m(?:in)?\b"), _hours_and_minutes),
    (
        re.compile(
            rf"(?<=\d)(?:([KMB])(?=\s(?:{_COUNTED})\b)|([MB])(?=\s[a-z]{{3,}})(?!\s(?:{_EVENT}))|(?<=\.\d)(K)(?=\s[a-z]))"
        ),
        lambda m: " " + _SCALES[m[1] or m[2] or m[3]],
        "BKM",
    ),
    (re.compile(r"(?<=\d)\s?sq\.?\s?(ft|m|km)\b(?:\.(?=\s[a-z]))?"), lambda m: f" {m[1]}²"),
    (re.compile(r"(?<=\d)/(?=\d{2,3}\s?mmHg)"), lambda _: " over ", "/"),
    (re.compile(r"(?<=\d)\s?mmHg\b"), lambda _: " millimeters of mercury", "H"),
    (
        re.compile(r"(?<=\d)/(?=(?:hour|day|night|week|month|year|person)\b)"),
        lambda _: " per ",
        "/",
    ),
    (
        re.compile(r"(?<=\d)\s?in(?=\s(?:long|wide|tall|deep|thick|high)\b)"),
        lambda _: " inches",
    ),
    (
        re.compile(r"(?<![\w.,-])([1-9]\d?)p\b(?!\.?m)"),
        lambda m: f"{m[1]} " + ("pence" if m[1] != "1" else "penny"),
    ),
)
"""Before units are read."""
