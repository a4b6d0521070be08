"""Invented records, one a line: of a log, of a table, and as JSON."""

from functools import cache

import numpy as np

from ...schemas.stream import stream
from .frames import Frame
from .grammar import Form, Lexicon
from .identifiers import uuids
from .invented import blank, codes, drawn, hyphened, numbers, people, towns
from .phrases import Phrases
from .vocabulary import ADJECTIVES, NOUNS, VERBS

_NUM_PHRASES = 1 << 16
_NUM_UUIDS = 1 << 12
_NUM_HEXES = 1 << 12
_NUM_COMPONENTS = 1 << 11
_SECONDS = 60 * 60 * 24
_LEVELS = ("DEBUG", "INFO", "INFO", "INFO", "WARNING", "ERROR")


@cache
def logs(seed: int) -> Phrases:
    """The phrases of a seed's log: the time, which goes on, level and component, message in two halves, and details."""
    rng = stream("haystack", seed, 0, "logs")
    lexicon = Lexicon()
    halves = _components(rng), _events(), _causes(rng), _details(rng)
    parts = [lexicon.phrases(rng, forms, _NUM_PHRASES) for forms in halves]
    message = Frame(lead=r"[^\]]*\]: ", after="\n", unfit="\n")
    return Phrases.composed(lexicon, _times(lexicon), *parts, after_blank=False, frame=message, in_order=True)


def _times(lexicon: Lexicon) -> np.ndarray[tuple[int, int], np.dtype[np.int32]]:
    """All seconds of a day."""
    hours, minutes, seconds = np.unravel_index(np.arange(_SECONDS), (24, 60, 60))
    first, second, third = (
        lexicon.start(tuple(f"{before}{number:02}" for number in range(count)))
        for before, count in (("", 24), (":", 60), (":", 60))
    )
    return np.stack([hours + first, minutes + second, seconds + third], axis=1).astype(np.int32)


def _components(rng: np.random.Generator) -> list[Form]:
    named = [f" {name}[" for name in hyphened(rng, _NUM_COMPONENTS)]
    return [(1, (blank(_LEVELS), named, list(map(str, range(1000, 9000))), "]:"))]


def _events() -> list[Form]:
    adjectives, nouns, verbs = blank(ADJECTIVES), blank(NOUNS), blank(VERBS)
    return [
        (3, (adjectives, nouns, verbs)),
        (2, (verbs, adjectives, nouns)),
        (1, (" cannot reach", adjectives, nouns)),
        (1, (nouns, " holds", nouns)),
    ]


def _causes(rng: np.random.Generator) -> list[Form]:
    nouns, names = blank(NOUNS), blank(people(rng))
    return [
        (2, (" of", names)),
        (2, (" in", blank(towns()))),
        (2, (" by", blank(ADJECTIVES), nouns)),
        (1, (" after", blank(numbers(rng)), nouns, "s")),
    ]


def _details(rng: np.random.Generator) -> list[Form]:
    return [
        (4, (" request=", *_hexes(rng), "\n")),
        (3, (" user=", [name.lower().replace(" ", ".") for name in people(rng)], "\n")),
        (3, (" took ", numbers(rng), " us, code ", codes(rng), "\n")),
        (1, (" trace=", _uuids(rng), "\n")),
    ]


@cache
def table(seed: int) -> Phrases:
    """The phrases of a seed's rows of Markdown: a thing and its number, where and whose it is, and a remark."""
    rng = stream("haystack", seed, 0, "table")
    lexicon, names, figures = Lexicon(), blank(people(rng)), blank(numbers(rng))
    adjectives, nouns, end = blank(ADJECTIVES), blank(NOUNS), " |\n"
    forms: list[list[Form]] = [
        [
            (8, ("| ", *_hexes(rng), " |", adjectives, nouns, " |", figures, " |")),
            (1, ("| ", codes(rng), " |", adjectives, nouns, " |", figures, " |")),
            (1, ("| ", _uuids(rng), " |", nouns, " |", figures, " |")),
        ],
        [(1, (blank(towns()), " |", names, " |"))],
        [
            (3, (blank(VERBS), " with", adjectives, nouns, end)),
            (2, (" see", nouns, " and", adjectives, nouns, end)),
            (1, (" for", names, ",", blank(VERBS), end)),
        ],
    ]
    parts = [lexicon.phrases(rng, form, _NUM_PHRASES) for form in forms]
    cell = Frame(lead=r"(?:\|[^|]*){5}\| ", after=" |\n", unfit="|\n")
    return Phrases.composed(lexicon, *parts, after_blank=False, frame=cell)


@cache
def json_lines(seed: int) -> Phrases:
    """The phrases of a seed's JSON, an object a line: id, who, where, what, how many, and a note in two halves."""
    rng = stream("haystack", seed, 0, "json")
    lexicon = Lexicon()
    adjectives, nouns, figures, verbs = blank(ADJECTIVES), blank(NOUNS), numbers(rng), list(VERBS)
    forms: list[list[Form]] = [
        [(8, ('{"id": "', *_hexes(rng), '"')), (1, ('{"id": "', codes(rng), '"')), (1, ('{"id": "', _uuids(rng), '"'))],
        [(1, (', "name": "', people(rng), '"')), (1, (', "owner": "', people(rng), '"'))],
        [
            (1, (', "place": "', towns(), '", "count": ', figures)),
            (1, (', "item": "', list(ADJECTIVES), nouns, '"')),
            (1, (', "tags": ["', list(NOUNS), '", "', list(NOUNS), '"]')),
        ],
        [(3, (', "note": "', verbs, " with", nouns)), (2, (', "note": "', list(ADJECTIVES), nouns))],
        [
            (2, (" for", blank(people(rng)), '"}\n')),
            (2, (" beside", adjectives, nouns, '"}\n')),
            (1, (" in", blank(towns()), '"}\n')),
        ],
    ]
    parts = [lexicon.phrases(rng, form, _NUM_PHRASES) for form in forms]
    field = Frame(lead=r'.*"note": "', after='"}\n', unfit='"\\\n\t')
    return Phrases.composed(lexicon, *parts, after_blank=False, frame=field)


def _hexes(rng: np.random.Generator) -> tuple[list[str], list[str]]:
    """Halves of words of eight hexadecimal digits; the first ends in a letter, so that no number is made of two."""
    firsts, seconds = (rng.bytes(2 * _NUM_HEXES).hex(" ", 2).split() for _ in range(2))
    letters = drawn(rng, "abcdef", _NUM_HEXES)
    return [f"{first[:3]}{letter}" for first, letter in zip(firsts, letters, strict=True)], seconds


def _uuids(rng: np.random.Generator) -> list[str]:
    return [row.tobytes().decode() for row in uuids(rng, _NUM_UUIDS)]
