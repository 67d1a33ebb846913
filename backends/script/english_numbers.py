"""Numbers as English words."""

from functools import lru_cache

from num2words import num2words

from backends.script.numbers import Number


@lru_cache(maxsize=4096)
def cardinal(value: int) -> str:
    """ "one thousand two hundred and thirty-four": without commas, which would be pauses."""
    return str(num2words(value, lang="en")).replace(",", "")


@lru_cache(maxsize=4096)
def ordinal(value: int) -> str:
    return str(num2words(value, lang="en", to="ordinal")).replace(",", "")


@lru_cache(maxsize=4096)
def year(value: int) -> str:
    """ "nineteen oh five", "two thousand and six", "twenty twenty-six"."""
    return str(num2words(value, lang="en", to="year")).replace("oh-", "oh ").replace(",", "")


def decimal(number: Number) -> str:
    whole = cardinal(number.whole)
    if not number.fraction:
        return whole
    return f"{whole} point {' '.join(cardinal(int(char)) for char in number.fraction)}"
