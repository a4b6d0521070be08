"""Haystacks that are composed: sentences or lines that answer nothing, in which needles are hidden.

`noise` repeats a few hundred plain sentences. All others, prose, code, logs, tables, JSON and chats, put theirs
together from tables of phrases of each seed's own. Both are drawn for each sample alone and start anywhere. Text of a
corpus comes from `essay.py`.
"""

from collections.abc import Callable, Mapping
from functools import cache
from itertools import product
from typing import Literal

import numpy as np

from .chat_turns import chat
from .code_lines import code
from .phrases import Passage, Phrases
from .prose import prose
from .records import json_lines, logs, table

HaystackKind = Literal["noise", "prose", "code", "logs", "table", "json", "chat"]
"""Haystacks that are made from nothing; see the top of this file."""


def passage(kind: HaystackKind, rng: np.random.Generator, num_sentences: int, seed: int = 0) -> Passage:
    """A haystack of `num_sentences` sentences out of a seed's tables, drawn from the stream `rng`."""
    return phrases(kind, seed).draw(rng, num_sentences)


def phrases(kind: HaystackKind, seed: int) -> Phrases:
    """What haystacks of a kind are put together from."""
    return _noise() if kind == "noise" else _COMPOSED[kind](seed)


_COMPOSED: Mapping[HaystackKind, Callable[[int], Phrases]] = {
    "prose": prose,
    "code": code,
    "logs": logs,
    "table": table,
    "json": json_lines,
    "chat": chat,
}


@cache
def _noise() -> Phrases:
    subjects = ("The grass", "A cloud", "The old gate", "Every lamp", "The river", "Some bread", "A quiet street")
    verbs = ("is", "looks", "stays", "was", "seems")
    states = ("green", "warm", "still", "grey", "plain", "near", "clean", "wide")
    return Phrases.of([f"{subject} {verb} {state}. " for subject, verb, state in product(subjects, verbs, states)])
