"""People, towns, jobs, numbers and codes that composed haystacks are about; no needle may have any of them."""

from collections.abc import Iterable, Sequence
from functools import cache

import numpy as np

from .vocabulary import NOUNS

_NUM_PEOPLE = 1 << 14
_NUM_NUMBERS = 1 << 11
_NUM_CODES = 1 << 8
_CONSONANTS = "BCDFGHJKLMNPQRSTVWXZ"


def blank(words: Iterable[str]) -> list[str]:
    """The words with a blank before each."""
    return [f" {word}" for word in words]


def with_article(noun: str) -> str:
    """The noun, or what stands before one, with its article."""
    return f"{'an' if noun[0] in 'aeiou' and noun[:4] not in ('usef', 'usel', 'usua') else 'a'} {noun}"


def drawn(rng: np.random.Generator, choices: Sequence[str], count: int) -> list[str]:
    """So many of the choices, some more than once."""
    return [choices[int(at)] for at in rng.integers(0, len(choices), count)]


def people(rng: np.random.Generator) -> list[str]:
    """First names with surnames."""
    from faker.providers.person.en_US import Provider

    firsts, lasts = _ascii(Provider.first_names), _ascii(Provider.last_names)
    names = zip(drawn(rng, firsts, _NUM_PEOPLE), drawn(rng, lasts, _NUM_PEOPLE), strict=True)
    return [f"{first} {last}" for first, last in names]


@cache
def towns() -> tuple[str, ...]:
    """Towns that are named after surnames."""
    from faker.providers.person.en_US import Provider

    ends = ("ville", " Falls", "ton", "field", " Bay")
    return tuple(f"{last}{end}" for last in _ascii(Provider.last_names) if len(last) < 8 for end in ends)


@cache
def jobs() -> tuple[str, ...]:
    """What people work as, of small letters and blanks."""
    from faker.providers.job import Provider

    known = (job for job in Provider.jobs if job.replace(" ", "").isalpha() and job[:2] != "IT" and len(job) < 22)
    return tuple(dict.fromkeys(job.lower() for job in known))


def numbers(rng: np.random.Generator) -> list[str]:
    """Numbers of five to seven digits, as many of each length."""
    digits = 5 + rng.integers(0, 3, _NUM_NUMBERS)
    return [str(number) for number in rng.integers(10 ** (digits - 1), 10**digits).tolist()]


def codes(rng: np.random.Generator) -> list[str]:
    """Three to six capital letters each, none of them a vowel."""
    lengths = rng.integers(3, 7, _NUM_CODES).tolist()
    return ["".join(drawn(rng, _CONSONANTS, length)) for length in lengths]


def hyphened(rng: np.random.Generator, count: int) -> list[str]:
    """Pairs of nouns with a hyphen, none of which could be a key."""
    from faker.providers.lorem.en_US import Provider

    keys = tuple(Provider.word_list)
    firsts = [noun for noun in NOUNS if " " not in noun]
    seconds = [noun for noun in firsts if not noun.startswith(keys)]
    return [f"{one}-{two}" for one, two in zip(drawn(rng, firsts, count), drawn(rng, seconds, count), strict=True)]


def _ascii(names: Iterable[str]) -> list[str]:
    return [name for name in names if name.isascii()]
