"""Small damages of the kinds that parsers stumble over: flipped bits, wild lengths, missing and repeated stretches."""

from collections.abc import Callable, Sequence
from random import Random

Damage = Callable[[bytearray, Random], None]
_NUMBERS = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)
_WORDS = (
    b"\0", b"\xff\xfe", b"\xef\xbb\xbf", b"\r\n", b'"', b"[", b"]", b"{", b":", b"-", b"1e999", b"NaN",
    b"../", b"%s", b"&a", b"*a", b"!!", "\u202e".encode(), "\U0010ffff".encode(), "\u0301".encode(), b"\xed\xa0\x80",
)  # fmt: skip


def mutated(seeds: Sequence[bytes], random: Random, most_bytes: int) -> bytes:
    """One of the seeds with one to eight damages; the same random numbers give the same bytes."""
    data = bytearray(random.choice(seeds))
    for _ in range(random.choice((1, 1, 1, 2, 3, 5, 8))):
        if random.random() < 0.1:
            _spliced(data, random.choice(seeds), random)
        else:
            random.choice(_DAMAGES)(data, random)
    return bytes(data[:most_bytes])


def _place(data: bytearray, random: Random) -> int:
    """Headers are hit as often as all the rest."""
    end = min(len(data), 256) if random.random() < 0.5 else len(data)
    return random.randrange(end + 1)


def _flip(data: bytearray, random: Random) -> None:
    if data:
        data[random.randrange(len(data))] ^= 1 << random.randrange(8)


def _byte(data: bytearray, random: Random) -> None:
    place = _place(data, random)
    data[place : place + 1] = bytes([random.randrange(256)])


def _number(data: bytearray, random: Random) -> None:
    size = random.choice((1, 2, 4, 8))
    value = random.choice(_NUMBERS) % 256**size
    place = _place(data, random)
    data[place : place + size] = value.to_bytes(size, random.choice(("big", "little")))


def _cut(data: bytearray, random: Random) -> None:
    place = _place(data, random)
    del data[place : place + random.choice((1, 2, 4, 16, 256))]


def _end(data: bytearray, random: Random) -> None:
    del data[_place(data, random) :]


def _repeat(data: bytearray, random: Random) -> None:
    place = _place(data, random)
    stretch = data[place : place + random.choice((1, 4, 16, 64))]
    data[place:place] = stretch * random.choice((1, 2, 50))


def _word(data: bytearray, random: Random) -> None:
    place = _place(data, random)
    data[place:place] = random.choice(_WORDS)


def _noise(data: bytearray, random: Random) -> None:
    place = _place(data, random)
    noise = random.randbytes(random.choice((1, 4, 32)))
    data[place : place + len(noise)] = noise


def _spliced(data: bytearray, other: bytes, random: Random) -> None:
    place = _place(bytearray(other), random)
    data[_place(data, random) :] = other[place:]


_DAMAGES: Sequence[Damage] = (_flip, _byte, _number, _cut, _end, _repeat, _word, _noise)
