"""Names that mean nothing: words, numbers and UUIDs, drawn in bulk and never one twice."""

from functools import cache
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from .text import Words, gather, number_table

Bytes = NDArray[np.uint8]
Ints = NDArray[np.int64]
Kind = Literal["words", "numbers", "uuids"]

UUID_LENGTH = 36
_NUMBER_DIGITS = 7
_HEX_AT = np.array([place for place in range(UUID_LENGTH) if place not in (8, 13, 18, 23)])


def distinct(rng: np.random.Generator, pool: range, count: int) -> Ints:
    """`count` different integers of the pool, which must have them, in random order, shape (count,)."""
    if len(pool) <= 4 * count:
        return rng.permutation(len(pool))[:count] + pool.start
    num_drawn = count + 2 * count * count // len(pool) + 64
    while True:
        drawn = rng.integers(0, len(pool), num_drawn, np.int32)
        different = drawn[_first_places(drawn, len(pool))]
        if len(different) >= count:
            return different[:count].astype(np.int64) + pool.start
        num_drawn *= 2


def _first_places(drawn: NDArray[np.int32], size: int) -> NDArray[np.integer[Any]]:
    """Where each of the integers below `size` comes for the first time, ascending."""
    if 64 * len(drawn) < size:
        return np.sort(np.unique(drawn, return_index=True)[1])
    places = np.arange(len(drawn), dtype=np.int32)
    first_place = np.empty(size, np.int32)
    first_place[drawn[::-1]] = places[::-1]
    return places[first_place[drawn] == places]


def identifiers(kind: Kind, rng: np.random.Generator, count: int) -> Words:
    """`count` different identifiers as NUL-filled words, shape (count, words); none is part of another.

    Words are two English words joined by a dash, numbers have seven digits, UUIDs are of version 4.
    """
    if kind == "uuids":
        block = np.zeros((count, 40), np.uint8)
        block[:, :UUID_LENGTH] = uuids(rng, count)
        return block.view(np.uint64)
    if kind == "numbers":
        numbers = distinct(rng, range(10 ** (_NUMBER_DIGITS - 1), 10**_NUMBER_DIGITS), count)
        thousands, units = np.divmod(numbers, 1000)
        padded = number_table(4, "1")[1000:2000].ravel()  # 11000..11999: the last three digits keep their zeros
        return np.stack([gather(number_table(4), thousands), padded.take(units) >> np.uint64(16)], axis=1)
    first, second = _word_tables()
    pairs = distinct(rng, range(len(first) * len(second)), count)
    return np.concatenate([first[pairs // len(second)], second[pairs % len(second)]], axis=1)


def uuids(rng: np.random.Generator, count: int) -> Bytes:
    """Random UUIDs of version 4 as ASCII, shape (count, 36)."""
    raw = rng.integers(0, 256, (count, 16), np.uint8)
    raw[:, 6] = raw[:, 6] & 0x0F | 0x40
    raw[:, 8] = raw[:, 8] & 0x3F | 0x80
    text = np.full((count, UUID_LENGTH), ord("-"), np.uint8)
    text[:, _HEX_AT] = _hex_pairs()[raw].view(np.uint8)
    return text


@cache
def _hex_pairs() -> NDArray[np.uint16]:
    """The two hexadecimal digits of each byte, as the bytes of a 16-bit word."""
    return np.frombuffer("".join(f"{byte:02x}" for byte in range(256)).encode(), np.uint16)


@cache
def _word_tables() -> tuple[Words, Words]:
    """First halves, none the end of another, and second halves with their dash, none the beginning of another.

    So no joined pair can be found inside another.
    """
    from faker.providers.lorem.en_US import Provider

    words = sorted({word for word in Provider.word_list if word.isascii() and word.islower() and 4 <= len(word) <= 12})
    firsts = [word for word in words if not any(other != word and other.endswith(word) for other in words)]
    seconds = [word for word in words if not any(other != word and other.startswith(word) for other in words)]
    return _table(firsts), _table([f"-{word}" for word in seconds])


def _table(strings: list[str]) -> Words:
    return np.array([string.encode() for string in strings], "S16").view(np.uint64).reshape(len(strings), 2)
