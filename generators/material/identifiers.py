"""Names that mean nothing: words, numbers, UUIDs, cities and outings, drawn in bulk and never one twice."""

import math
import re
from collections.abc import Iterable, Set
from dataclasses import dataclass
from functools import cache
from itertools import pairwise, product
from typing import Literal

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ...schemas.errors import UsageError
from ...schemas.split import Split, is_of_split

Bytes = NDArray[np.uint8]
Ints = NDArray[np.int64]
FactKind = Literal["words", "numbers", "uuids"]
"""What keys and values of facts are made of."""
NameKind = Literal["words", "numbers", "uuids", "cities", "outings"]
"""What names there are: those of facts, and those of lists of things to do in a city."""
ComposedKind = Literal["words", "numbers", "cities", "outings"]
"""Names that are put together from strings of tables."""
Tables = tuple[pa.StringArray, ...]
"""What a name is put together from, one string of each."""

UUID_LENGTH = 36
_UUID_HALF = 18
_NUMBER_DIGITS = 7


@dataclass(frozen=True)
class Names:
    """Identifiers that were drawn, each put together from one string of every table."""

    kind: NameKind
    tables: Tables
    places: tuple[Ints, ...]
    """Which string of each table an identifier takes: an array of shape (count,) for every table."""

    def __len__(self) -> int:
        return len(self.places[0])

    def __getitem__(self, some: slice | list[int]) -> "Names":
        return Names(self.kind, self.tables, tuple(column[some] for column in self.places))

    def numbers(self) -> Ints:
        """A number for each identifier, the same for the same one of these tables."""
        return np.ravel_multi_index(self.places, tuple(map(len, self.tables)))

    def strings(self) -> list[str]:
        """The identifiers as strings; slow, so for a few of them."""
        columns = zip(*(column.tolist() for column in self.places), strict=True)
        return ["".join(table[at].as_py() for table, at in zip(self.tables, place, strict=True)) for place in columns]


def identifiers(
    kind: NameKind,
    rng: np.random.Generator,
    count: int,
    taken: Set[str] = frozenset(),
    *,
    near: bool = False,
    unlike: Names | None = None,
    split: Split | None = None,
) -> Names:
    """`count` different identifiers, none of which is part of another or `taken`, nor one of those in `unlike`.

    All are of the split, if one is given, but UUIDs: of 2**122, chance alone keeps those of two sets apart.

    Words are two English words joined by a dash, numbers have seven digits, UUIDs are of version 4, cities one word,
    outings an infinitive with its object. Where they are to be `near`, each shares a half with some others, of numbers
    also with two digits swapped. Raises UsageError where there are not so many.
    """
    if kind == "uuids" and not near:
        return Names(kind, (_uuid_strings(uuids(rng, count)),), (np.arange(count),))
    num_drawn = count + min(len(taken), 8) + (0 if unlike is None else 16 + count // 16)
    tables, choices = _near_parts(kind, rng, 2 * num_drawn + 8, split) if near else _all_parts(kind, split)
    sizes = tuple(map(len, choices))
    while num_drawn <= math.prod(sizes):
        drawn = rng.choice(math.prod(sizes), num_drawn, replace=False)
        places = [choice[place] for choice, place in zip(choices, np.unravel_index(drawn, sizes), strict=True)]
        names = Names(kind, tables, tuple(places))
        if unlike is not None:
            names = names[np.flatnonzero(~np.isin(names.numbers(), unlike.numbers())).tolist()]
        if taken:
            names = names[[at for at, name in enumerate(names.strings()) if name not in taken]]
        if len(names) >= count:
            return names[:count]
        num_drawn *= 2
    raise UsageError(
        f"{count:,} different {kind} are more than there are: use a shorter length or fewer keys and values"
    )


def _all_parts(kind: NameKind, split: Split | None) -> tuple[Tables, list[Ints]]:
    """What identifiers are put together from, and which strings of it are used: all of the split."""
    assert kind != "uuids", "these are in no table"
    tables = name_tables(kind)
    return tables, [_usable(kind, number, split) for number in range(len(tables))]


@cache
def _usable(kind: ComposedKind, number: int, split: Split | None) -> Ints:
    """The strings of a table that names of a split may take: the part that is left to a split decides for a name.

    It is the last part of outings, of which there are more than of the first ones, and the first of all others. The
    order of its letters and digits does not matter, so that those of a number can be swapped.
    """
    parts = name_parts(kind)
    if split is None or number != (len(parts) - 1 if kind == "outings" else 0):
        return np.arange(len(parts[number]))
    return np.flatnonzero([is_of_split("".join(sorted(part)), split) for part in parts[number]])


def _near_parts(kind: NameKind, rng: np.random.Generator, count: int, split: Split | None) -> tuple[Tables, list[Ints]]:
    """What identifiers are put together from, and so few strings of it that `count` or more can be made of them."""
    if kind == "uuids":
        few = math.isqrt(count) + 1
        drawn = uuids(rng, 2 * few)
        tables = (_uuid_strings(drawn[:few, :_UUID_HALF]), _uuid_strings(drawn[few:, _UUID_HALF:]))
        return tables, [np.arange(few)] * 2
    tables = name_tables(kind)
    choices: list[Ints] = []
    for number in range(len(tables)):
        others = math.prod(map(len, choices))
        few = math.ceil((count / others) ** (1 / (len(tables) - number)))
        choices.append(np.sort(_few(kind, rng, _usable(kind, number, split), max(few, 2))))
    return tables, choices


def _few(kind: NameKind, rng: np.random.Generator, usable: Ints, few: int) -> Ints:
    """About so many of the usable strings of a table; half of the numbers are others with two digits swapped."""
    if few >= len(usable):
        return usable
    if kind != "numbers":
        return rng.choice(usable, few, replace=False)
    drawn = rng.choice(usable, -(-few // 2), replace=False)
    tens, units = drawn // 10 % 10, drawn % 10
    swapped = drawn + 9 * (units - tens)
    more = rng.choice(usable, max(few // 4, 1))
    return np.unique(np.concatenate([drawn, swapped, more]))


def found(kind: NameKind, text: bytes) -> frozenset[str]:
    """Identifiers of a kind that occur in a text, be it inside of longer words and numbers."""
    if kind == "uuids":
        return frozenset()  # of 2**122, none is there by chance
    if kind == "numbers":
        runs: Iterable[bytes] = set(re.findall(rb"\d{%d,}" % _NUMBER_DIGITS, text))
        return frozenset(
            run[at : at + _NUMBER_DIGITS].decode() for run in runs for at in range(len(run) - _NUMBER_DIGITS + 1)
        )
    first, *others = ([part.encode() for part in parts] for parts in name_parts(kind))
    firsts, lengths = set(first), sorted(set(map(len, first)))
    rest = re.compile(b"".join(b"(?:%s)" % b"|".join(parts) for parts in others))
    return frozenset(
        (before + match[0]).decode()
        for match in rest.finditer(text)
        for length in lengths
        if (before := text[max(match.start() - length, 0) : match.start()]) in firsts
    )


def uuids(rng: np.random.Generator, count: int) -> Bytes:
    """Random UUIDs of version 4 as ASCII, shape (count, 36)."""
    raw = np.frombuffer(rng.bytes(16 * count), np.uint8).reshape(count, 16).copy()
    raw[:, 6] = raw[:, 6] & 0x0F | 0x40
    raw[:, 8] = raw[:, 8] & 0x3F | 0x80
    digits = np.frombuffer(raw.data.hex().encode(), np.uint8).reshape(count, 32)
    text = np.full((count, UUID_LENGTH), ord("-"), np.uint8)
    for dashes, (start, end) in enumerate(pairwise((0, 8, 12, 16, 20, 32))):
        text[:, start + dashes : end + dashes] = digits[:, start:end]
    return text


def _uuid_strings(characters: Bytes) -> pa.StringArray:
    """Strings of one width from their ASCII, shape (count, width)."""
    count, width = characters.shape
    ends = np.arange(0, (count + 1) * width, width, dtype=np.int32)
    return pa.StringArray.from_buffers(count, pa.py_buffer(ends), pa.py_buffer(np.ascontiguousarray(characters)))


@cache
def name_tables(kind: ComposedKind) -> Tables:
    """What identifiers of a kind are put together from."""
    return tuple(pa.array(part, pa.string()) for part in name_parts(kind))


@cache
def name_parts(kind: ComposedKind) -> tuple[list[str], ...]:
    """What identifiers are put together from, one of each part.

    Of the first part none is the end of another, of the last none the beginning, so that no identifier can be found
    inside another.
    """
    if kind == "numbers":
        return list(map(str, range(1000, 10000))), [f"{units:03}" for units in range(1000)]
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
