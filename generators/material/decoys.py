"""Decoys: sentences that look like needles and answer nothing.

Half of them say something else of a key, half name a value, of these half one that stands elsewhere too. Which key and
which value is drawn from all, so that those that are asked for have no more of them than others.
"""

from collections.abc import Sequence

import numpy as np

from .hidden import Needle
from .wording import fill

_LEAST_FACTS, _LEAST_LISTS = 8, 4

_STRAY_FACTS = (
    "Nobody could say what the {kind} {value} was for.",
    "Someone had chalked the {kind} {value} on a fence.",
    "A torn page showed only the {kind} {value}.",
    "The {kind} {value} was read out twice and then forgotten.",
    "Between two stamps stood the {kind} {value}, crossed out.",
    "A parrot kept repeating the {kind} {value}.",
)
_ASIDE_FACTS = (
    "Someone first wrote {key} beside the {kind} {value} and then crossed out both.",
    "Nobody could say whether {key} and the {kind} {value} have anything to do with each other.",
)
_ASIDE_LISTS = (
    "On the back of a postcard from {key} somebody had begun a list of other places: {value}.",
    "On the way to {key} five things came up in a dream: {value}.",
)
"""What is said of keys in wordings that have no asides of their own."""
_STRAY_LISTS = (
    "A brochure without a cover praises five things: {value}.",
    "Nobody remembers which place this was about: {value}.",
    "A postcard tells what could not be done for rain: {value}.",
    "Five dreams in one night: {value}.",
)


def num_decoys(num_needles: int, *, are_lists: bool) -> tuple[int, int]:
    """How many sentences about keys and how many about values go with so many needles."""
    half = max(num_needles, _LEAST_LISTS if are_lists else _LEAST_FACTS) // 2
    return half, half


def aside_decoys(
    rng: np.random.Generator,
    patterns: Sequence[str],
    kind: str,
    keys: Sequence[str],
    values: Sequence[str],
    *,
    are_lists: bool,
) -> list[Needle]:
    """Sentences that say something else of keys, each with a value of its own; by default in words of ours."""
    patterns = patterns or (_ASIDE_LISTS if are_lists else _ASIDE_FACTS)
    return [_decoy(rng, patterns, kind=kind, key=key, value=value) for key, value in zip(keys, values, strict=True)]


def stray_decoys(rng: np.random.Generator, kind: str, values: Sequence[str], *, are_lists: bool) -> list[Needle]:
    """Sentences that name a value and no key."""
    return [_decoy(rng, _STRAY_LISTS if are_lists else _STRAY_FACTS, kind=kind, value=value) for value in values]


def _decoy(rng: np.random.Generator, patterns: Sequence[str], **slots: str) -> Needle:
    sentence, _ = fill(patterns[int(rng.integers(len(patterns)))], **slots)
    return Needle(key="", values=(), place=rng.random(), sentence=sentence, is_decoy=True)
