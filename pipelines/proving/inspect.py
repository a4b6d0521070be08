"""`inspect`: what a finished dataset holds, from its manifest and its document table, which is read piece by piece."""

from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ...packers.dataset import Config
from ...schemas.events.inspected import CountShown, LengthsShown, StageShown

_COLUMNS = ("source", "sample", "row", "length", "prompt_length", "answer_spans", "depth")
_BINS = 64
_TENTHS = 10

Ints = NDArray[np.int64]


@dataclass
class Counter:
    """How many numbers lie in each range between powers of two, and what they add up to."""

    counts: Ints = field(default_factory=lambda: np.zeros(_BINS, np.int64))
    sums: Ints = field(default_factory=lambda: np.zeros(_BINS, np.int64))

    def add(self, numbers: NDArray[np.integer]) -> None:
        """Count numbers of 0 or more; 2**k counts among 2**(k-1)+1..2**k, so that 128k does among 64k+1..128k."""
        _, bins = np.frexp(np.maximum(numbers - 1, 0).astype(np.float64))  # bits of number - 1
        bins = np.where(numbers == 0, 0, bins + 1)
        self.counts += np.bincount(bins, minlength=_BINS)
        self.sums += np.bincount(bins, numbers, _BINS).astype(np.int64)

    def ranges(self) -> list[tuple[int, int, int, int]]:
        """Of every range from the first that holds a number to the last: low, high, count and sum."""
        held = np.flatnonzero(self.counts)
        if not len(held):
            return []
        bins = range(int(held[0]), int(held[-1]) + 1)
        return [(*_edges(number), int(self.counts[number]), int(self.sums[number])) for number in bins]

    def shown(self) -> list[CountShown]:
        """The ranges as events have them."""
        return [CountShown(low=low, high=high, count=count) for low, high, count, _ in self.ranges()]


def _edges(number: int) -> tuple[int, int]:
    return (number, number + 1) if number < 2 else (2 ** (number - 2) + 1, 2 ** (number - 1) + 1)


def inspect(config: Config) -> StageShown:
    """Look at one config of a finished dataset; LcdataError where one of its files cannot be read."""
    lengths, loss, answers, a_row = Counter(), Counter(), Counter(), Counter()
    depths = np.zeros(_TENTHS, np.int64)
    for docs in config.docs:
        documents = np.zeros(0, np.int64)
        for table in docs.row_groups(_COLUMNS):
            lengths.add(table["length"].to_numpy())
            loss.add(config.loss_tokens(table))
            answers.add(_lengths_of(table.filter(table["sample"].is_valid())["answer_spans"]))
            depths += _tenths(table["depth"])
            here = np.bincount(table["row"].to_numpy())
            documents = np.pad(documents, (0, max(len(here) - len(documents), 0)))
            documents[: len(here)] += here
        a_row.add(documents)
    return StageShown(
        name=config.name,
        lengths=[
            LengthsShown(low=low, high=high, documents=documents, tokens=tokens)
            for low, high, documents, tokens in lengths.ranges()
        ],
        documents_a_row=a_row.shown(),
        loss_tokens=loss.shown(),
        answers=answers.shown(),
        depths=depths.tolist() if depths.any() else [],
        first=_first(config),
    )


def _first(config: Config) -> dict[str, object]:
    """The first record of the document table."""
    [record] = config.docs[0].slice(0, 1).to_pylist()
    return record


def _lengths_of(lists: pa.ChunkedArray) -> Ints:
    return lists.combine_chunks().value_lengths().to_numpy(zero_copy_only=False).astype(np.int64)


def _tenths(depths: pa.ChunkedArray) -> Ints:
    """How many depths lie in each tenth of the context, 1 in the last."""
    flat = depths.combine_chunks().flatten().to_numpy(zero_copy_only=False)
    return np.bincount(np.minimum((flat * _TENTHS).astype(np.int64), _TENTHS - 1), minlength=_TENTHS)
