"""In which order an epoch goes through the rows, and which of them a rank and a loader's worker take.

The order is a function of (config, seed, epoch) alone. Ranks take its rows in turn, so that the rows of a step are the
same for any number of ranks, and one number says how far an epoch has come.
"""

import numpy as np
from numpy.typing import NDArray

from ...schemas.stream import stream

Ints = NDArray[np.int64]

WINDOW_GROUPS = 16
"""Row groups whose rows are mixed: the more, the better mixed and the more memory (8 or 16 MB a group of 2M tokens)."""


def epoch_order(starts: Ints, name: str, seed: int, epoch: int, window_groups: int = WINDOW_GROUPS) -> Ints:
    """All rows in the order of an epoch, int64 of shape (num_rows,).

    `starts` are the first row of each row group, and the number of rows. The groups are shuffled and cut into windows
    of `window_groups`, then the rows of each window are shuffled. The stream's counter is the epoch.
    """
    rng = stream(name, seed, epoch, "training order")
    num_groups, num_rows = len(starts) - 1, int(starts[-1])
    window_of_group = np.empty(num_groups, np.int64)
    window_of_group[rng.permutation(num_groups)] = np.arange(num_groups) // window_groups
    windows = np.repeat(window_of_group, np.diff(starts))
    return np.lexsort((rng.permutation(num_rows), windows))


def usable_end(num_rows: int, start: int, world_size: int) -> int:
    """Where an epoch that goes on at `start` ends, so that every rank gets the same number of rows."""
    return start + (num_rows - start) // world_size * world_size


def rank_share(rows: Ints, rank: int, world_size: int) -> Ints:
    """The rows of one rank: every `world_size`th."""
    return rows[rank::world_size]


def worker_share(rows: Ints, worker: int, num_workers: int, batch_rows: int = 1) -> Ints:
    """The rows of one of a loader's workers, so that its batches, taken in turn, are in the rank's order."""
    batches = np.arange(len(rows)) // batch_rows
    return rows[batches % num_workers == worker]
