"""Markup of other kinds that a pasted text may hold: HTML and SSML tags, entities, links of Markdown, colours of a
terminal.

Tags are those of the HTML Living Standard and of SSML 1.1 by name, so that "a < b" and "List<String>" stay text; links
are the inline links and images of CommonMark 0.31 whose destination looks like one, so that "[happy](really)" stays a
cue and text; escape sequences are those of ECMA-48, section 5.4.
"""

import re
import sys
import unicodedata
from html.entities import html5

from backends.script.text import ESCAPE, GAP, speakable, words

_BLOCKS = words(
    "address article aside blockquote body br dd div dl dt fieldset figcaption figure footer form h1 h2 h3 h4 h5 h6 "
    "head header hr html li main nav ol p pre section speak table tbody td tfoot th thead title tr ul"
)
"""What they hold is a line of its own."""
_INLINE = words(
    "a abbr acronym audio b big break button center cite code del em emphasis font i img input ins kbd label link mark "
    "meta option phoneme picture prosody q s samp say-as script select small source span strike strong style sub sup "
    "svg textarea time tt u var video voice"
)
_NAMES = "|".join(sorted((*_BLOCKS, *_INLINE), key=len, reverse=True))
_ATTRIBUTE = r"\s+[\w:.-]+\s*=\s*(?:\"[^\"<>]*\"|'[^'<>]*'|[^\s\"'<>=]+)"
_LONGEST = 1000
_SHOWN = rf"[^\[\]\n\r{ESCAPE}]"
_ADDRESS = (
    r"\((?:[a-zA-Z][\w+.-]{0,20}:|www\.|\.{0,2}/|[\#?]|[\w%-]{1,60}(?:/|\.[a-zA-Z]))[^\s()]{0,500}"
    r"(?:\([^\s()]{0,100}\)[^\s()]{0,100})?(?:\s\"[^\"\n]{0,200}\")?\)"
)
_ADDRESS_PART = r"\((?:[^\s()]{0,582}(?:\([^\s()]{0,100}(?:\)[^\s()]{0,100})?)?(?:\s(?:\"[^\"\n]{0,200}\"?)?)?)?"
LINK = rf"|(?P<link>!?\[(?={_SHOWN}{{1,120}}\]{_ADDRESS})|\]{_ADDRESS})"
"""A link's marks about its text. It goes before a cue: [happy](https://x.org) is the word."""
LINK_PART = rf"|!\Z|!?\[{_SHOWN}{{0,120}}\Z|(?:!?\[{_SHOWN}{{1,120}})?\](?:{_ADDRESS_PART})?\Z"
_TAG = rf"(?P<tag>/?(?i:{_NAMES}))(?:{_ATTRIBUTE})*\s*/?|!--[^<>]*--|!(?i:doctype)\s[^<>]*"
_RAW = r"(?P<raw>(?i:script|style))\b[^<>]{0,200}>[^<]{0,1000}</(?P=raw)"
_STRING = rf"\][^{GAP}{ESCAPE}]{{0,200}}"
_PARAMETERS = r"[0-9;:?<=>]"
WHOLE = (
    rf"|(?P<markup><{_RAW}>|<(?=[^<>]{{1,{_LONGEST}}}>)(?:{_TAG})>"
    r"|&(?P<entity>[a-zA-Z]{2,24}[0-9]{0,2}|\#[0-9]{1,7}|\#[xX][0-9a-fA-F]{1,6});"
    rf"|{ESCAPE}(?:\[{_PARAMETERS}{{1,40}}[ -/]{{0,4}}[@-~]|\[[A-Zm](?![^\W\d_]{{0,20}}[\]:])"
    rf"|{_STRING}(?:{GAP}|{ESCAPE}\\)|[()][AB0]|\\)?)"
)
"""Alternatives of the lexer's pattern. A bracket behind a stray escape character is a cue's."""
PART = (
    rf"|<(?:[A-Za-z/!][^<>]{{0,{_LONGEST - 1}}})?\Z"
    r"|<(?i:script|style)\b[^<>]{0,200}>[^<]{0,1000}(?:</?[A-Za-z]{0,6})?\Z"
    r"|&(?:[a-zA-Z]{0,24}[0-9]{0,2}|\#[xX]?[0-9a-fA-F]{0,7})\Z"
    rf"|{ESCAPE}(?:\[{_PARAMETERS}{{0,40}}[ -/]{{0,4}}|\[[A-Zm][^\W\d_]{{0,20}}|{_STRING}{ESCAPE}?|[()])?\Z"
)
"""What may become one of them, at the end of what has come so far."""


def spoken(match: re.Match[str]) -> str:
    """What stands for markup in the text: an entity's character, a block's line breaks, or nothing."""
    if match["entity"]:
        return _character(match["entity"]) or match.group()
    if match.group() == ESCAPE:
        return GAP
    name = (match["tag"] or "").strip("/").casefold()
    return "" if name not in _BLOCKS else "\n" if name == "br" else "\n\n"


def _character(entity: str) -> str:
    """Of a reference's name or number; "" where there is none."""
    if entity[0] != "#":
        return "".join(map(_alone, html5.get(f"{entity};", "")))
    number = int(entity[2:], 16) if entity[1] in "xX" else int(entity[1:])
    return _alone(chr(number)) if 0 < number <= sys.maxunicode else GAP


def _alone(char: str) -> str:
    """Marks that would go with the letter before are left out."""
    return GAP if unicodedata.combining(char) else speakable(char)
