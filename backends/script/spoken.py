"""Whether the word of a cue is also a word of its sentence.

In "I'm [excited] to share this" the marker fills a grammatical place, in "Hello [happy] everyone!"
it does not. The rule looks at what stands directly before and behind the marker.
"""

import re

from backends.script.cues import fold
from backends.script.text import GAP, words

_COPULAS = frozenset(
    words(
        "am is are was were be been being ain't isn't aren't wasn't weren't feel feels felt "
        "feeling look looks looked looking seem seems seemed sound sounds sounded become becomes "
        "became becoming get gets got getting grew stay stayed remain remains remained ειμαι "
        "εισαι ειναι ειμαστε ειστε εισαστε ημουν ημουνα ησουν ησουνα ηταν ητανε ημασταν ημαστε "
        "ησασταν ησαστε νιωθω νιωθεις νιωθει νιωθουμε νιωθετε νιωθουν νιωθουνε ενιωθα ενιωθες "
        "ενιωθε ενιωσα ενιωσες ενιωσε νιωσαμε νιωσω αισθανομαι αισθανεσαι αισθανεται αισθανομαστε "
        "αισθανεστε αισθανονται αισθανομουν αισθανθηκα φαινομαι φαινεσαι φαινεται φαινονται "
        "φαινοταν δειχνω δειχνεις δειχνει δειχνουν μοιαζω μοιαζεις μοιαζει μοιαζουν γινομαι "
        "γινεσαι γινεται εγινα εγινες εγινε εγιναν γινω γινεις γινει"
    )
)
_CONTRACTED = ("'m", "'re", "'s")
_NOT_COPULAS = frozenset(words("let's here's there's what's who's where's how's"))
_STRONG = frozenset(
    words(
        "so very extremely incredibly how τοσο ποσο παρα εξαιρετικα ιδιαιτερα τρομερα απιστευτα "
        "εντελως"
    )
)
"""Intensifiers that nothing but an adjective follows."""
_WEAK = frozenset(
    words(
        "really too quite pretty rather truly deeply terribly absolutely completely totally "
        "utterly fairly genuinely just always still also even only already not never both more "
        "most bit little kinda super again now awfully πολυ λιγο αρκετα πραγματικα απολυτα ακομα "
        "παντα πια πλεον επισης μονο απλα πιο καπως τωρα αληθινα βαθια"
    )
)
"""Words that may stand between a copula and its adjective."""
_SO_IS_OBJECT = frozenset(
    words("think hope guess believe say says said suppose do does did you if even")
)
_BEHIND = frozenset(
    words(
        "to that about for because cause and but or yet though although enough of που να για και "
        "αλλα γιατι επειδη διοτι ομως"
    )
)
_BEHIND_PERSON = frozenset(
    words(
        "i you he she we they when whenever if until while since today tonight again too οτι οταν "
        "αν οσο αφου σημερα αποψε τωρα παλι ξανα πολυ"
    )
)
"""What cannot follow "I am" by itself, though it can follow "it is"."""
_BEHIND_INTENSIFIED = frozenset(
    words("in at with by over on right today now tonight με μαζι σε απο τωρα")
)
_PERSONS = frozenset(words("i you we he she they"))
_PERSON_VERBS = frozenset(
    words("ειμαι εισαι ειμαστε νιωθω νιωθουμε αισθανομαι αισθανομαστε ημουν ημασταν")
)

_TAIL = re.compile(r"[^\W_]+(?:'[^\W_]+)*")
_NEXT = re.compile(rf"[\s{GAP}]*(?:(?P<word>[^\W_]+)|(?P<mark>\S))?")
_OPENERS = "\"'“‘«([{#@$€£&+<"
_QUESTION = re.compile(
    r"(?:^|[,;:(]\s*|\b(?:why|so|and|but|when)\s+)"
    r"(?:am|are|is|was|were|aren't|isn't|wasn't)\s+(?:i|you|he|she|it|they|we|this|that)\Z"
)
"""An inverted copula: "Are you [sad]?"."""
_COMPLETE = re.compile(
    r"\b(?:what|who|where|how|here|there|whatever|wherever)\s+(?:i|you|he|she|it|we|they|this|that)"
    r"(?:\s+(?:am|is|are|was|were)|'(?:m|s|re))\Z"
)
"""A clause whose copula needs nothing more: "that's how it is"."""
_COORDINATED = re.compile(r"\s*(?:,|,?\s*(?:and|but|or|yet|και|αλλά|ή|ούτε|nor))\s*", re.IGNORECASE)
_CONTEXT = 80


def is_word(before: str, text: str, at: int, since_spoken: str | None) -> bool:
    """Whether the sentence needs the word of a cue.

    Args:
        before: the sentence up to the cue, with the cues that are spoken.
        text: the whole sentence as it is written.
        at: where it goes on behind the cue.
        since_spoken: what stands between the last cue that was spoken and this one, if any was.
    """
    following = _NEXT.match(text, at)
    assert following is not None
    if following["mark"] and following["mark"] in _OPENERS:
        return False
    word = fold(following["word"] or "")
    if since_spoken is not None and _COORDINATED.fullmatch(since_spoken):
        return not word or word in _BEHIND
    left = before.strip()[-_CONTEXT:].replace("’", "'").casefold()
    tail = [w if w.isascii() else fold(w) for w in _TAIL.findall(left)]
    if not tail or not left.endswith(_TAIL.findall(left)[-1]):
        return False
    if not word and _COMPLETE.search(left):
        return False
    if _QUESTION.search(left) and (not word or word in _BEHIND):
        return True
    return _fills(tail, word)


def _fills(tail: list[str], behind: str) -> bool:
    """Whether an adjective is missing between the words before and the one behind ("": none)."""
    index = len(tail) - 1
    while index >= 0 and (tail[index] in _WEAK or tail[index] in _STRONG):
        index -= 1
    intensified = index < len(tail) - 1
    if index >= 0 and _is_copula(tail[index]):
        if not behind or behind in _BEHIND:
            return True
        if intensified and behind in _BEHIND_INTENSIFIED:
            return True
        return behind in _BEHIND_PERSON and _is_person(tail[: index + 1])
    if not intensified:
        return False
    if tail[-1] in _STRONG:
        if tail[-1] == "so" and index >= 0 and tail[index] in _SO_IS_OBJECT:
            return False
        return not behind or behind in _BEHIND
    return index < 0 and behind in _BEHIND


def _is_copula(word: str) -> bool:
    return word in _COPULAS or (word.endswith(_CONTRACTED) and word not in _NOT_COPULAS)


def _is_person(tail: list[str]) -> bool:
    """Whether the copula at the end has somebody who feels as its subject."""
    verb = tail[-1]
    if "'" in verb:
        return verb.split("'")[0] in _PERSONS
    return verb in _PERSON_VERBS or (len(tail) > 1 and tail[-2] in _PERSONS)
