"""Names that mean nothing: words, numbers, UUIDs, cities and outings, drawn in bulk and never one twice."""

import math
import re
from collections.abc import Iterable, Set
from functools import cache
from itertools import product
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ..schemas.errors import UsageError
from .text import Words, gather, number_table, squeeze

Bytes = NDArray[np.uint8]
Ints = NDArray[np.int64]
Kind = Literal["words", "numbers", "uuids"]
Name = Literal["words", "numbers", "uuids", "cities", "outings"]
Composed = Literal["words", "cities", "outings"]

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
        # Sorted as one number each, integers carry their places along: ten times faster than sorting places by them.
        both = np.sort(drawn.astype(np.int64) << 32 | np.arange(len(drawn)))
        is_first = np.diff(both >> 32, prepend=-1) > 0
        return np.sort(both[is_first] & 0xFFFFFFFF)
    places = np.arange(len(drawn), dtype=np.int32)
    first_place = np.empty(size, np.int32)
    first_place[drawn[::-1]] = places[::-1]
    return places[first_place[drawn] == places]


def identifiers(kind: Name, rng: np.random.Generator, count: int, taken: Set[str] = frozenset()) -> Words:
    """`count` different identifiers as NUL-filled words, shape (count, words); none is part of another or `taken`.

    Words are two English words joined by a dash, numbers have seven digits, UUIDs are of version 4, cities one word,
    outings an infinitive with its object. Raises UsageError where there are not so many.
    """
    num_drawn = count + min(len(taken), 8)
    while num_drawn <= _pool_size(kind):
        block = _draw(kind, rng, num_drawn)
        free = block[[squeeze(row) not in taken for row in block]] if taken else block
        if len(free) >= count:
            return free[:count]
        num_drawn *= 2
    raise UsageError(
        f"{count:,} different {kind} are more than there are: use a shorter length or fewer keys and values"
    )


def found(kind: Name, text: bytes) -> frozenset[str]:
    """Identifiers that occur in a text, be it inside of longer words and numbers."""
    if kind == "uuids":
        return frozenset()  # of 2**122, none is there by chance
    if kind == "numbers":
        runs: Iterable[bytes] = set(re.findall(rb"\d{%d,}" % _NUMBER_DIGITS, text))
        return frozenset(
            run[at : at + _NUMBER_DIGITS].decode() for run in runs for at in range(len(run) - _NUMBER_DIGITS + 1)
        )
    first, *others = ([part.encode() for part in parts] for parts in _parts(kind))
    firsts, lengths = set(first), sorted(set(map(len, first)))
    rest = re.compile(b"".join(b"(?:%s)" % b"|".join(parts) for parts in others))
    return frozenset(
        (before + match[0]).decode()
        for match in rest.finditer(text)
        for length in lengths
        if (before := text[max(match.start() - length, 0) : match.start()]) in firsts
    )


def _pool_size(kind: Name) -> int:
    if kind == "uuids":
        return 2**122
    return 9 * 10 ** (_NUMBER_DIGITS - 1) if kind == "numbers" else math.prod(map(len, _tables(kind)))


def _draw(kind: Name, rng: np.random.Generator, count: int) -> Words:
    if kind == "uuids":
        block = np.zeros((count, 40), np.uint8)
        block[:, :UUID_LENGTH] = uuids(rng, count)
        return block.view(np.uint64)
    if kind == "numbers":
        numbers = distinct(rng, range(10 ** (_NUMBER_DIGITS - 1), 10**_NUMBER_DIGITS), count)
        thousands, units = np.divmod(numbers, 1000)
        padded = number_table(4, "1")[1000:2000].ravel()  # 11000..11999: the last three digits keep their zeros
        return np.stack([gather(number_table(4), thousands), padded.take(units) >> np.uint64(16)], axis=1)
    tables = _tables(kind)
    sizes = tuple(map(len, tables))
    places = np.unravel_index(distinct(rng, range(math.prod(sizes)), count), sizes)
    return np.concatenate([table.take(place, axis=0) for table, place in zip(tables, places, strict=True)], axis=1)


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
def _tables(kind: Composed) -> tuple[Words, ...]:
    return tuple(map(_table, _parts(kind)))


def _table(strings: list[str]) -> Words:
    width = -(-max(map(len, strings)) // 8) * 8
    return np.array([string.encode() for string in strings], f"S{width}").view(np.uint64).reshape(len(strings), -1)


@cache
def _parts(kind: Composed) -> tuple[list[str], ...]:
    """What identifiers are put together from, one of each part.

    Of the first part none is the end of another, of the last none the beginning, so that no identifier can be found
    inside another.
    """
    if kind == "cities":
        return ["".join(pair) for pair in product(_CITY_STARTS, _CITY_MIDDLES)], list(_CITY_ENDS)
    if kind == "outings":
        return list(_OUTINGS), [f" the {sort}" for sort in _SORTS], [f" {sight}" for sight in _SIGHTS]
    from faker.providers.lorem.en_US import Provider

    words = sorted({word for word in Provider.word_list if word.isascii() and word.islower() and 4 <= len(word) <= 12})
    firsts = [word for word in words if not any(other != word and other.endswith(word) for other in words)]
    seconds = [word for word in words if not any(other != word and other.startswith(word) for other in words)]
    return firsts, [f"-{word}" for word in seconds]


_CITY_STARTS = (
    "Bal", "Bel", "Bor", "Cal", "Cor", "Dal", "Dor", "Fal", "Fen", "Gal", "Gil", "Hal", "Hol", "Jar", "Jun", "Kel",
    "Kor", "Lan", "Lor", "Mal", "Mer", "Nar", "Nor", "Pal", "Per", "Ral", "Ros", "Sal", "Sel", "Tal", "Tor", "Val",
    "Ver", "Wel", "Wyn", "Zel",
)  # fmt: skip
_CITY_MIDDLES = ("ba", "de", "do", "ga", "la", "li", "ma", "mi", "na", "no", "ra", "ri", "sa", "ta", "vi", "vo")
_CITY_ENDS = (
    "bourne", "bridge", "brook", "castle", "chester", "cliff", "combe", "crest", "cross", "dale", "down", "ford",
    "gate", "grove", "haven", "holm", "mere", "minster", "moor", "mouth", "port", "ridge", "shore", "stead", "strand",
    "water", "wick", "worth",
)  # fmt: skip
_OUTINGS = (
    "admire", "camp near", "circle", "climb up to", "cycle to", "dance at", "dine at", "doze by", "draw", "drive past",
    "explore", "film", "fish near", "hike to", "hum a song at", "look out from", "lunch by", "meet friends at", "paint",
    "photograph", "picnic by", "play chess at", "queue up for", "ramble round", "relax at", "ride to", "rest by",
    "row to", "sail past", "shop near", "sit by", "sketch", "stroll to", "swim near", "take tea at", "tour", "trot to",
    "visit", "wander round", "watch birds from",
)  # fmt: skip
_SORTS = (
    "airy", "ancient", "blue", "bright", "calm", "carved", "charming", "colourful", "crooked", "domed", "elegant",
    "famous", "floating", "forgotten", "gilded", "grand", "green", "hidden", "iron", "ivy-clad", "leafy", "little",
    "lofty", "marble", "mossy", "octagonal", "old", "painted", "pink", "quaint", "restored", "round", "royal", "shady",
    "splendid", "stone", "sunny", "tiled", "walled", "white",
)  # fmt: skip
_SIGHTS = (
    "abbey", "amphitheatre", "aqueduct", "arboretum", "arcade", "bandstand", "basilica", "bathhouse", "belfry",
    "boathouse", "bookshop", "boulevard", "brewery", "cafe", "cascade", "chapel", "cloister", "conservatory",
    "courtyard", "embankment", "fountain", "gallery", "gazebo", "grotto", "harbour", "jetty", "lagoon",
    "lighthouse", "market hall", "maze", "monument", "observatory", "orangery", "orchard", "pagoda", "pavilion",
    "pier", "planetarium", "promenade", "rotunda", "sculpture park", "square", "teahouse", "temple", "terrace",
    "theatre", "viaduct", "windmill",
)  # fmt: skip
