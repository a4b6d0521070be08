"""Invented code: short functions in plain Python, which can be parsed and compute nothing that is asked for."""

from collections.abc import Sequence
from functools import cache

import numpy as np

from ...schemas.stream import stream
from .frames import Frame
from .grammar import Form, Lexicon
from .invented import codes, drawn, numbers
from .phrases import Phrases
from .vocabulary import ADJECTIVES, NOUNS, VERBS

_NUM_PHRASES = 1 << 16
_NUM_TEXTS = 1 << 13
_COMMENT = Frame(before="# ", after="\n", unfit="\n")


@cache
def code(seed: int) -> Phrases:
    """The phrases of a seed's functions of three lines, each line in two halves that fit whatever the others are."""
    rng = stream("haystack", seed, 0, "code")
    lexicon = Lexicon()
    halves = [_named(), _parameters(rng), _call("    found = "), _arguments(rng, "items", ")\n")]
    halves += [_call("    return "), _arguments(rng, "found", ")\n\n")]
    parts = [lexicon.phrases(rng, forms, _NUM_PHRASES) for forms in halves]
    return Phrases.composed(lexicon, *parts, after_blank=False, frame=_COMMENT)


def _named() -> list[Form]:
    verbs = [f"def {_name(verb)}_" for verb in VERBS]
    return [(3, (verbs, _adjectives(), _names())), (1, (verbs, _names(), "_and_", _names()))]


def _parameters(rng: np.random.Generator) -> list[Form]:
    names, figures, signs = _names(", "), numbers(rng), [f'"{code}"' for code in codes(rng)]
    return [
        (3, ("(items, limit", names, "=", figures, "):\n")),
        (2, ("(items, limit", names, "=", signs, "):\n")),
        (2, ("(items, limit", names[::2], names[1::2], "=", figures, "):\n")),
    ]


def _call(before: str) -> list[Form]:
    """A call of some function up to its parenthesis."""
    verbs = [f"{before}{_name(verb)}_" for verb in VERBS]
    return [(3, (verbs, _adjectives(), _names())), (1, (verbs, _names(), _names("_")))]


def _arguments(rng: np.random.Generator, name: str, end: str) -> list[Form]:
    """What a function is given, something of the name or of the limit first."""
    about, attributes, figures = [f"({name}", f"({name}", "(limit"], _names("."), numbers(rng)
    texts = [f'"{word} {noun}"' for word, noun in zip(_drawn(rng, ADJECTIVES), _drawn(rng, NOUNS), strict=True)]
    return [
        (2, (about, attributes, " or ", texts, end)),
        (2, (about, attributes, " + ", figures, end)),
        (2, (about, attributes, ", ", texts, end)),
        (1, (about, attributes, " or items", attributes, " - ", figures, end)),
        (1, (about, attributes, " != ", texts, end)),
    ]


def _drawn(rng: np.random.Generator, words: Sequence[str]) -> list[str]:
    return drawn(rng, words, _NUM_TEXTS)


def _adjectives() -> list[str]:
    return [f"{_name(word)}_" for word in ADJECTIVES]


def _names(before: str = "", after: str = "") -> list[str]:
    return [f"{before}{_name(noun)}{after}" for noun in NOUNS]


def _name(word: str) -> str:
    return word.replace(" ", "_").replace("-", "_")
