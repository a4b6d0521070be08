"""Invented prose: sentences of who did what, and when or where.

They are put together from three phrases out of tables so large that what one sample says, hardly any other does, and
so small a part of them goes into one sample that it stays in a core's cache.
"""

from collections.abc import Iterable, Sequence
from functools import cache

import numpy as np

from ...schemas.stream import stream
from .grammar import Form, Lexicon
from .invented import blank, codes, hyphened, jobs, numbers, people, towns, with_article
from .phrases import Phrases
from .vocabulary import ADJECTIVES, ADVERBS, DAYS, DETERMINERS, NOUNS, SEASONS, VERBS

_NUM_PHRASES = 1 << 16
"""Phrases of each part of a sentence."""
_NUM_PAIRS = 1 << 12


@cache
def prose(seed: int) -> Phrases:
    """The phrases of a seed's prose."""
    rng = stream("haystack", seed, 0, "phrases")
    lexicon, names = Lexicon(), people(rng)
    forms = _who(names), _did(), _where(rng, names)
    return Phrases.composed(lexicon, *(lexicon.phrases(rng, form, _NUM_PHRASES) for form in forms), after_blank=True)


def _who(names: Sequence[str]) -> list[Form]:
    """Who, which begins a sentence."""
    a_job = [with_article(job) for job in jobs()]
    return [
        (3, (names,)),
        (4, (names, ",", blank(a_job), ",")),
        (2, (names, " of", blank(towns()))),
        (2, ("The", blank(ADJECTIVES), blank(jobs()))),
        (3, ([job.capitalize() for job in a_job], " from", blank(towns()))),
        (2, ("The", blank(jobs()), " of", blank(towns()))),
        (1, ("The", blank(ADJECTIVES), blank(NOUNS), "'s owner")),
    ]


def _did() -> list[Form]:
    """What was done, to what."""
    verbs, nouns, others, some = blank(VERBS), blank(NOUNS), blank(DETERMINERS), blank(map(with_article, ADJECTIVES))
    return [
        (3, (verbs, some, nouns)),
        (3, (verbs, others, blank(ADJECTIVES), nouns)),
        (2, (blank(ADVERBS), verbs, others, nouns)),
        (1, (verbs, others, nouns, " and", blank(map(with_article, NOUNS)))),
    ]


def _where(rng: np.random.Generator, names: Sequence[str]) -> list[Form]:
    """When, where or why, which ends the sentence and every sixth time the paragraph."""
    nouns, adjectives, met, places = blank(NOUNS), blank(ADJECTIVES), blank(names), blank(towns())
    some, figures = blank(map(with_article, ADJECTIVES)), blank(numbers(rng))
    carved = codes(rng)
    signs = [*carved, *(f"{code}-{number}" for code, number in zip(carved, rng.integers(1, 100, 256), strict=True))]
    forms: list[Form] = [
        (4, (" near the", nouns, " of", places)),
        (4, (" beside", some, nouns)),
        (3, (" with", met)),
        (3, (" in", places, " on", some, blank(DAYS))),
        (3, (blank(f"in the {season} of" for season in SEASONS), blank(_years()), " at the", nouns)),
        (4, (" because of the", adjectives, nouns)),
        (3, (" after", met, " had left")),
        (2, (" for", figures, adjectives, " coins")),
        (1, (" under the number", figures, " in", places)),
        (2, (" at the sign", blank(signs), " in", places)),
        (1, (" beside the sign", blank(hyphened(rng, _NUM_PAIRS)), " and the", nouns)),
    ]
    ends = (5, ". "), (1, ".\n\n")
    return [(weight * often, (*pieces, end)) for weight, pieces in forms for often, end in ends]


def _years() -> Iterable[str]:
    return map(str, range(1850, 2020))
