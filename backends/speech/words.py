"""Which phones belong to which word of the text.

Voices know nothing of words: espeak-ng runs some together ("of the" is one), speaks others as
several ("3.14") and some not at all. So each word is phonemised by itself too, and both lines of
phonemes are aligned: the cheapest way to turn one into the other (Needleman and Wunsch, "A general
method applicable to the search for similarities", 1970), where a word's boundary likes to meet a
space and no word likes to contain a pause.
"""

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from backends.speech.phones import SILENCE, Phone, is_vowel, letters

_WORD = re.compile(
    r"[^\W_](?:[\w\u0300-\u036f\u064b-\u065f\u0900-\u0903\u093a-\u094f]"  # letters and digits with their signs
    r"|['’\-‐‑](?=\w)"  # don't, mother-in-law
    r"|(?<=\d)[.,:](?=\d)"  # 3.14, 1,000, 12:30
    r"|(?<=\b\w)\.(?=\w\b)"  # U.S.A
    r")*"
    r"|[&%@#+=<>$€£¥°§©®™\U0001f000-\U0001faff\u2600-\u27bf]"  # signs that voices read out
)

_GAP, _EDGE = " ", "|"

# Costs of the alignment. A letter left out and another put in must cost more than one for another
# of its class.
_INSERT = _DELETE = 70
_SAME_LETTER, _SAME_CLASS, _OTHER_CLASS = 10, 50, 130
_EDGE_WITHOUT_GAP = _GAP_WITHOUT_EDGE = 80
_GAP_INSIDE = 20
_PAUSE_INSIDE = 100
_NEVER = 1_000_000


class Word(NamedTuple):
    text: str
    start: int
    """First character in the text."""
    end: int


def words_of(text: str) -> list[Word]:
    """The words of a text in order, and the signs that a voice may read out, without punctuation."""
    return [Word(m.group(), m.start(), m.end()) for m in _WORD.finditer(text)]


def assign_words(
    phones: Sequence[Phone], words: Sequence[Word], lines: Sequence[str]
) -> tuple[list[Phone], list[Word]]:
    """The phones with their words, and the words that are heard.

    Args:
        phones: Of the whole text.
        words: Of the text.
        lines: Phonemes of each word by itself.

    Returns:
        The phones, each with its word's index among the words returned (never falling); words that
        the voice says nothing for, even by themselves, are left out.
    """
    heard = [(w, said) for w, said in zip(words, map(_said, lines), strict=True) if said]
    if not heard:
        return list(phones), []
    expected = _expected([said for _, said in heard])
    actual = _actual(phones)
    owners = _align(expected, actual)
    spoken = sorted({i for i, w in enumerate(heard) if w[0].text[0].isalnum()} | set(owners))
    owners = _no_word_empty([spoken.index(owner) for owner in owners], len(spoken))
    each = iter(owners)
    owned = [p if p.phoneme == SILENCE else p.of_word(next(each)) for p in phones]
    return owned, [heard[i][0] for i in spoken]


@lru_cache(maxsize=4096)
def _said(line: str) -> tuple[str, ...]:
    """Letters of a word by itself, with gaps where there are several; most words of a text come often."""
    parts = [letters(part) for part in line.split(" ")]
    out: list[str] = []
    for part in filter(None, parts):
        out += [_GAP] if out else []
        out += part
    return tuple(out)


def _expected(words: Iterable[Sequence[str]]) -> list[str]:
    """Letters of the words by themselves, with an edge between words."""
    out: list[str] = []
    for word in words:
        out += [_EDGE] if out else []
        out += word
    return out


def _actual(phones: Sequence[Phone]) -> list[str]:
    """Letters of the sentence, gaps and pauses between them; not the silence around it."""
    out: list[str] = []
    paused = False
    for phone in phones:
        if phone.phoneme != SILENCE:
            if out:
                out += [SILENCE] if paused else [_GAP] if phone.follows_space else []
            out.append(phone.phoneme.lstrip("ˈˌ"))
        paused = phone.phoneme == SILENCE
    return out


def _align(expected: Sequence[str], actual: Sequence[str]) -> list[int]:
    """For each letter of `actual` the index of its word in `expected`."""
    match = _match_costs(expected, actual)
    delete = [{_EDGE: _EDGE_WITHOUT_GAP, _GAP: _GAP_INSIDE}.get(e, _DELETE) for e in expected]
    insert = [{_GAP: _GAP_WITHOUT_EDGE, SILENCE: _PAUSE_INSIDE}.get(a, _INSERT) for a in actual]
    total = _total_costs(match, delete, insert)
    owners: list[int] = []
    i, j = len(expected), len(actual)
    word = sum(e == _EDGE for e in expected)
    while i or j:
        here = total[i, j]
        matched = i > 0 and j > 0 and here == total[i - 1, j - 1] + match[i - 1, j - 1]
        deleted = not matched and i > 0 and here == total[i - 1, j] + delete[i - 1]
        if not deleted:
            j -= 1
            if actual[j] not in (_GAP, SILENCE):
                owners.append(word)
        if matched or deleted:
            i -= 1
            word -= expected[i] == _EDGE
    return owners[::-1]


def _match_costs(expected: Sequence[str], actual: Sequence[str]) -> NDArray[np.int64]:
    """(len(expected), len(actual)): what it costs to take one for the other."""
    names, firsts, vowels = _facts(expected)
    own_names, own_firsts, own_vowels = _facts(actual)
    edges = np.array([e in (_EDGE, _GAP) for e in expected], np.bool_)[:, np.newaxis]
    gaps = np.array([a in (_GAP, SILENCE) for a in actual], np.bool_)
    costs = np.where(np.equal.outer(vowels, own_vowels), _SAME_CLASS, _OTHER_CLASS)
    costs[np.equal.outer(firsts, own_firsts)] = _SAME_LETTER
    costs[np.equal.outer(names, own_names) | edges & gaps] = 0
    costs[edges ^ gaps] = _NEVER
    return costs


def _facts(symbols: Sequence[str]) -> NDArray[np.int64]:
    """(3, len(symbols)): numbers that tell them apart, their first letters, and vowels from others."""
    return np.array([_fact(symbol) for symbol in symbols], np.int64).reshape(-1, 3).T


@lru_cache(maxsize=1024)
def _fact(symbol: str) -> tuple[int, int, int]:
    return hash(symbol), ord(symbol[0]), is_vowel(symbol)


def _total_costs(
    match: NDArray[np.int64], delete: Sequence[int], insert: Sequence[int]
) -> NDArray[np.int64]:
    """(n + 1, m + 1): the cheapest way from nothing to the first i of one line and the first j of the other."""
    n, m = match.shape
    # Without what it costs to insert all of the columns before: then insertions, which run along a row, cost nothing.
    inserted = np.concatenate([[0], np.cumsum(insert, dtype=np.int64)])
    beyond = match - np.diff(inserted)
    total = np.zeros((n + 1, m + 1), np.int64)
    row = np.empty(m + 1, np.int64)
    matched = np.empty(m, np.int64)
    for i in range(n):
        np.add(total[i], delete[i], out=row)
        np.add(total[i, :-1], beyond[i], out=matched)
        np.minimum(row[1:], matched, out=row[1:])
        np.minimum.accumulate(row, out=total[i + 1])
    total += inserted
    return total


def _no_word_empty(owners: list[int], count: int) -> list[int]:
    """The never falling sequence nearest to `owners` in which each of 0..count-1 occurs.

    A word's first phone stays where it is, but leaves at least one for each word before and after
    it. With fewer phones than words nothing can be done.
    """
    total = len(owners)
    if total < count:
        return owners
    starts = [0]
    for word in range(1, count):
        at = next((k for k, owner in enumerate(owners) if owner >= word), total)
        starts.append(min(max(at, starts[-1] + 1), total - (count - word)))
    ends = [*starts[1:], total]
    return [word for word in range(count) for _ in range(starts[word], ends[word])]
