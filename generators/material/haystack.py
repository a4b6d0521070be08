"""Haystacks that are composed: sentences or lines that answer nothing, in which needles are hidden.

`noise` repeats a few hundred plain sentences. All others put theirs together from tables of phrases, one set of tables
for each seed. Both are drawn for each sample alone and start anywhere. Text of a corpus comes from `essay.py`.
"""

from functools import cache
from itertools import product
from typing import Literal

import numpy as np

from .phrases import Passage, Phrases
from .prose import prose

HaystackKind = Literal["noise", "prose"]
"""Haystacks that are made from nothing; see the top of this file."""


def passage(kind: HaystackKind, rng: np.random.Generator, num_sentences: int, seed: int = 0) -> Passage:
    """A haystack of `num_sentences` sentences out of a seed's tables, drawn from the stream `rng`."""
    return phrases(kind, seed).draw(rng, num_sentences)


def phrases(kind: HaystackKind, seed: int) -> Phrases:
    """What haystacks of a kind are put together from."""
    return _noise() if kind == "noise" else prose(seed)


@cache
def _noise() -> Phrases:
    subjects = ("The grass", "A cloud", "The old gate", "Every lamp", "The river", "Some bread", "A quiet street")
    verbs = ("is", "looks", "stays", "was", "seems")
    states = ("green", "warm", "still", "grey", "plain", "near", "clean", "wide")
    return Phrases.of([f"{subject} {verb} {state}. " for subject, verb, state in product(subjects, verbs, states)])
