"""How many tokens are wanted of every component of a mixture and every bucket of lengths.

Per-source and global upsampling are those of Fu et al. 2024 (Data Engineering for Scaling Language Models to 128K
Context), long-only is ProLong's (Gao et al. 2024). Targets are whole numbers of tokens that add up to the budget; which
documents are drawn to meet them is decided in `draw.py`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...schemas.buckets import Buckets
from ...schemas.errors import UsageError
from ...schemas.upsample import Upsample
from .apportion import settle

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

MANY_EPOCHS = 4
"""Epochs up to which repeated tokens are nearly as good as new ones (Muennighoff et al. 2023)."""


@dataclass(frozen=True, kw_only=True)
class Supply:
    """The documents of a component that may be drawn, and its share of the mixture."""

    name: str
    """Name of the component."""

    lengths: NDArray[np.int32]
    """Tokens of every document that may be drawn."""

    tokens: NDArray[np.int32] | None = None
    """Tokens that can be used of every document, where long ones are truncated."""

    share: float | None = None
    """The component's share of all tokens, or its weight where all have one; None for what its documents amount to."""


@dataclass(frozen=True, kw_only=True)
class Budget:
    """How much is drawn, and what may be done to get it."""

    tokens: int

    max_repeats: int | None = None
    """How often a document may be drawn, None for any number of times."""

    best_effort: bool = False
    """Whether the nearest mixture is taken where the one asked for cannot be had."""


@dataclass(frozen=True, kw_only=True)
class Targets:
    """What is drawn of every component and bucket; arrays are int64, shape (num_components, num_buckets)."""

    names: tuple[str, ...]
    """Names of the components."""

    buckets: Buckets
    """The buckets given, cut where the strategy tells lengths apart."""

    documents: Ints
    """Number of documents there are."""

    available: Ints
    """Tokens of the documents there are."""

    wanted: Ints
    """Tokens asked for, whatever there is."""

    target: Ints
    """Tokens that can be had; they add up to the budget unless all there is is used up."""

    changes: tuple[str, ...]
    """Sentences that say where the target is not what was asked for."""

    warnings: tuple[str, ...]
    """Sentences about what is odd in what was asked for."""

    @property
    def epochs(self) -> Floats:
        """How often a document is drawn on average, 0 where there is none."""
        return self.target / np.maximum(self.available, 1)


def plan_targets(
    components: Sequence[Supply], buckets: Buckets, upsample: Upsample, budget: Budget, seq_length: int
) -> Targets:
    """Split a budget among the buckets of the components; rows of `seq_length` tokens are the default of long-only.

    UsageError where shares contradict each other, or what is asked for is not there and best effort is not allowed.
    """
    long_from = upsample.long_threshold(seq_length)
    buckets = buckets.with_edges(*(upsample.weights or [long_from]))
    names = tuple(component.name for component in components)
    cells = [[f"{name} ({buckets.label(bucket)})" for bucket in range(len(buckets))] for name in names]
    documents, available = _count(components, buckets)
    weights = _weights(available, buckets.lows, upsample, long_from)
    shares, absent = _shares(components, available, weights, upsample, budget)
    totals = weights.sum(1, keepdims=True)
    mixture = shares[:, None] * weights / np.where(totals > 0, totals, 1.0)
    asked = settle(budget.tokens, mixture, _caps(available, budget.tokens, None))
    caps = _caps(available, budget.tokens, budget.max_repeats)
    if (asked > caps).any() and not budget.best_effort:
        raise UsageError(_infeasible(cells, asked, available, budget))
    wanted = settle(budget.tokens, mixture, np.full_like(available, budget.tokens))
    target = settle(budget.tokens, mixture, caps)
    return Targets(
        names=names,
        buckets=buckets,
        documents=documents,
        available=available,
        wanted=wanted,
        target=target,
        changes=(*absent, *_changes(names, cells, asked, target, budget)),
        warnings=tuple(_warnings(names, cells, wanted, target, available)),
    )


def _count(components: Sequence[Supply], buckets: Buckets) -> tuple[Ints, Ints]:
    """Documents and tokens of every component and bucket."""
    documents = np.zeros((len(components), len(buckets)), np.int64)
    tokens = np.zeros_like(documents)
    for row, component in enumerate(components):
        bucket = buckets.of(component.lengths)
        usable = component.lengths if component.tokens is None else component.tokens
        documents[row] = np.bincount(bucket, minlength=len(buckets))
        tokens[row] = np.bincount(bucket, usable, minlength=len(buckets))
    return documents, tokens


def _weights(available: Ints, lows: Ints, upsample: Upsample, long_from: int) -> Floats:
    """What every bucket counts for beside the other buckets of its component."""
    if upsample.weights is None:
        short = 0.0 if upsample.strategy == "long-only" else upsample.short_keep
        return available.astype(np.float64) * np.where(lows < long_from, short, 1.0)
    ranges = Buckets(()).with_edges(*upsample.weights)
    range_of = ranges.of(lows)
    weights = np.zeros(available.shape)
    for number in range(len(ranges)):
        columns = np.flatnonzero(range_of == number)
        part = available[:, columns].astype(np.float64)
        # A range without documents keeps its weight, in its first bucket, and is warned about later.
        part[part.sum(1) == 0, 0] = 1.0
        weights[:, columns] = upsample.weights.get(ranges.low(number), 0.0) * part / part.sum(1, keepdims=True)
    return weights


def _shares(
    components: Sequence[Supply], available: Ints, weights: Floats, upsample: Upsample, budget: Budget
) -> tuple[Floats, list[str]]:
    """The share of every component, and sentences on those whose share others get as nothing of them can be drawn."""
    usable = (available * (weights > 0)).sum(1)
    sizes = {"per-source": available.sum(1), "global": weights.sum(1)}.get(upsample.strategy, usable) * (usable > 0)
    shares = _given_shares(components, sizes.astype(np.float64), upsample.strategy)
    if not (shares * usable).any():
        raise UsageError(
            f"no component with a share has a document that the strategy {upsample.strategy} can draw: "
            "ask for shorter lengths, or give the others a share"
        )
    absent = [components[row].name for row in np.flatnonzero((shares > 0) & (usable == 0)).tolist()]
    if absent and not budget.best_effort:
        raise UsageError(
            f"{', '.join(absent)} has a share of the mixture but no document that the strategy {upsample.strategy} "
            "can draw: take the share away, ask for shorter lengths, or add --best-effort"
        )
    return shares, [f"{name}: nothing can be drawn, others get its share" for name in absent]


def _given_shares(components: Sequence[Supply], sizes: Floats, strategy: str) -> Floats:
    """The shares asked for; components without a share divide what is left by their sizes."""
    names = [component.name for component in components if component.share is not None]
    if names and strategy == "global":
        raise UsageError(
            f"global upsampling finds the shares itself: take the share of {names[0]} away, or choose per-source"
        )
    given = np.array([component.share or 0.0 for component in components])
    rest = np.where([component.share is None for component in components], sizes, 0.0)
    if len(names) == len(components):
        return given
    if not given.sum() < 1:
        raise UsageError(
            f"the shares of {', '.join(names)} add up to {given.sum():g} and leave nothing to the components without "
            "one: lower them below 1 in all, or give every component a share"
        )
    return given + (1 - given.sum()) * rest / max(rest.sum(), 1.0)


def _caps(available: Ints, tokens: int, max_repeats: int | None) -> Ints:
    """Tokens that can be drawn of every cell, none above the budget's."""
    repeats = max_repeats or tokens
    return np.where(available > tokens // repeats, tokens, available * repeats)


def _infeasible(cells: Sequence[Sequence[str]], asked: Ints, available: Ints, budget: Budget) -> str:
    """What is wrong with the cell that would have to be repeated most, and what helps all of them."""
    repeats = asked / np.maximum(available, 1)
    row, column = divmod(int(repeats.argmax()), repeats.shape[1])
    wanted, there = int(asked[row, column]), int(available[row, column])
    cap = budget.max_repeats or 1
    # A component and its bucket are rounded both, so a token or two are left for that.
    feasible = max((cap * there - 1) * budget.tokens // (wanted + 2), 1)
    return (
        f"{cells[row][column]}: {wanted:,} tokens are wanted and {there:,} are there, so each {wanted / there:.1f} "
        f"times where {cap} is the most: ask for at most {feasible:,} tokens in all, allow {-(-wanted // there)} "
        "repeats, or take the nearest mixture with --best-effort"
    )


def _changes(
    names: Sequence[str], cells: Sequence[Sequence[str]], asked: Ints, target: Ints, budget: Budget
) -> list[str]:
    """What best effort changed: cells that are used up, components that give more or less, the whole."""
    often = "once" if budget.max_repeats == 1 else f"{budget.max_repeats} times"
    changes = [
        f"{cells[row][column]}: {target[row, column]:,} tokens instead of {asked[row, column]:,}, all there is {often}"
        for row, column in np.argwhere(target < asked)
    ]
    changes += [
        f"{name}: {after:,} tokens instead of {before:,}"
        for name, after, before in zip(names, target.sum(1), asked.sum(1), strict=True)
        if after != before
    ]
    if target.sum() < budget.tokens:
        changes.append(f"the whole: {target.sum():,} tokens instead of {budget.tokens:,}, all there is {often}")
    return changes


def _warnings(
    names: Sequence[str], cells: Sequence[Sequence[str]], wanted: Ints, target: Ints, available: Ints
) -> list[str]:
    """Components that give nothing, buckets with a weight and no documents, and those that are repeated often."""
    unused = [f"{names[row]}: nothing of it is drawn" for row in np.flatnonzero(target.sum(1) == 0).tolist()]
    empty = [
        f"{cells[row][column]}: there are no documents, its {wanted[row, column]:,} tokens are drawn elsewhere"
        for row, column in np.argwhere((wanted > 0) & (available == 0))
    ]
    epochs = target / np.maximum(available, 1)
    often = [
        f"{names[row]}: some documents are drawn {epochs[row].max():.1f} times, and beyond {MANY_EPOCHS} times "
        "repeated tokens are worth ever less"
        for row in np.flatnonzero(epochs.max(1) > MANY_EPOCHS).tolist()
    ]
    return unused + empty + often
