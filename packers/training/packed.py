"""A finished dataset as a PyTorch dataset: seeded order, shared between ranks and workers, resumed at any row."""

# PyTorch is an extra: what comes from it is checked where it is installed.
# pyright: reportMissingImports=false, reportUntypedBaseClass=false

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from torch.utils.data import IterableDataset, get_worker_info

from ...schemas.errors import UsageError
from ..dataset import open_dataset
from .costs import costs_of, deal_steps
from .order import WINDOW_GROUPS, epoch_order, rank_share, usable_end, worker_share
from .ranks import find_ranks
from .row_groups import RowGroups
from .tensors import Packed, row_tensors

if TYPE_CHECKING:
    from upath import UPath

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class _Place:
    """How far an epoch has come."""

    epoch: int
    start: int = 0
    """Rows of the epoch's order that all ranks together had taken when the iteration began."""
    taken: int = 0
    """Rows that this process has taken since the iteration began."""
    num_workers: int = 0
    """Workers of the loader that this process serves, 0 where it is the training process itself."""


class PackedDataset(IterableDataset[Packed]):
    """The packed rows of a dataset's config, each as a dictionary of tensors (`Packed`).

    An epoch's order depends on seed and epoch alone, and ranks take its rows in turn. What does not divide among the
    ranks is left out at the end of the order, so other rows in every epoch; `left_out` counts them. Call `set_epoch`
    before each epoch. `state_dict` holds numbers and texts and is the same on every rank; another number of ranks can
    go on from it.
    """

    def __init__(
        self,
        folder: "str | Path | UPath",
        config: str | None = None,
        *,
        seed: int = 0,
        rank: int | None = None,
        world_size: int | None = None,
        batch_rows: int = 1,
        step_rows: int | None = None,
        window_groups: int = WINDOW_GROUPS,
    ) -> None:
        """Open a finished dataset; `config` may be left out where it has one.

        `rank` and `world_size` are those of data parallelism; by default of torch.distributed or, before it starts, of
        the variables RANK and WORLD_SIZE. `batch_rows` is the loader's batch size where it collates batches. With
        `step_rows`, the rows of all ranks in one optimizer step, the rows of a step are dealt so that ranks have equal
        work. Rows of `window_groups` row groups are mixed. Raises UsageError where these do not fit together.
        """
        super().__init__()
        self.config = open_dataset(folder).config(config)
        self.rank, self.world_size = find_ranks(rank, world_size)
        self._groups = RowGroups(self.config.data)
        self._seed, self._batch_rows, self._step_rows, self._window = seed, batch_rows, step_rows, window_groups
        self._check()
        self._costs = None if step_rows is None else costs_of(self.config)
        self._epoch = torch.zeros((), dtype=torch.int64).share_memory_()
        self._is_left_to_workers = torch.zeros((), dtype=torch.bool).share_memory_()
        self._resumed = self._place = _Place(epoch=0)
        self._say_what_is_left_out()

    @property
    def num_rows(self) -> int:
        """Rows of the config, whatever the rank."""
        return self._groups.num_rows

    @property
    def left_out(self) -> int:
        """Rows of the next iteration's epoch that no rank gets: what does not divide among the ranks."""
        return (self.num_rows - self._beginning().start) % self.world_size

    @property
    def epoch(self) -> int:
        """The epoch that the next iteration goes through."""
        return int(self._epoch)

    def __len__(self) -> int:
        """Rows that this rank, as every other, gets in a whole epoch."""
        return self.num_rows // self.world_size

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch of the next iteration, from its start unless a state of just this epoch was loaded.

        A loader's workers see it too, also those that stay between epochs.
        """
        self._epoch.fill_(epoch)
        if self._place.epoch != epoch:
            self._place = self._beginning()
            self._is_left_to_workers.fill_(False)

    def row(self, index: int) -> Packed:
        """Row `index` of the config in file order, whatever the rank; one row group is read for it."""
        return row_tensors(self._groups.row(index))

    def __iter__(self) -> Iterator[Packed]:
        """The rows of this rank, or of this worker of its loader, from where the epoch begins or was resumed."""
        info = get_worker_info()
        worker, num_workers = (info.id, info.num_workers) if info else (0, 0)
        place = self._beginning()
        if place.taken and place.num_workers != num_workers:
            raise UsageError(
                f"this state is of one of {place.num_workers} workers, the loader has {num_workers}: "
                f"use as many, or save the state of the dataset in the training process"
            )
        rows = rank_share(self._order(place), self.rank, self.world_size)
        self._is_left_to_workers.fill_(num_workers > 0)
        if num_workers:
            rows = worker_share(rows, worker, num_workers, self._batch_rows)
        self._place = replace(place, num_workers=num_workers)
        return self._rows(rows[place.taken :])

    def state_dict(self) -> dict[str, int | str | None]:
        """Where the latest iteration stands, or the next one begins.

        It counts the rows that this process has handed out. Raises UsageError where a loader's workers do that: how
        many of theirs were trained on is for `state_after`, or for the state of a loader that has one (torchdata's).
        """
        place = self._place
        if self._is_left_to_workers and get_worker_info() is None:
            raise UsageError(
                "the loader's workers hand out the rows: use state_after(rows trained on), or its own state"
            )
        if not place.num_workers:
            place = _Place(place.epoch, place.start + place.taken * self.world_size)
        return {**vars(place), **self._identity(), "world_size": self.world_size}

    def state_after(self, num_rows: int) -> dict[str, int | str | None]:
        """The state when this rank has trained on so many rows of the epoch since it began or was resumed."""
        place = self._beginning()
        place = _Place(place.epoch, place.start + num_rows * self.world_size)
        return {**vars(place), **self._identity(), "world_size": self.world_size}

    def load_state_dict(self, state: Mapping[str, int | str | None]) -> None:
        """Go on from a state; UsageError where it is of other data, another order or within a step of other ranks."""
        for name, value in self._identity().items():
            if state.get(name) != value:
                raise UsageError(
                    f"this state is of another order: {name} is {state.get(name)} in it and {value} here; "
                    f"open the dataset as it was opened then"
                )
        place = _Place(**{name: int(state[name] or 0) for name in ("epoch", "start", "taken", "num_workers")})
        if state["world_size"] != self.world_size:
            self._check_ranks_may_change(place, state["world_size"])
        self._epoch.fill_(place.epoch)
        self._is_left_to_workers.fill_(False)
        self._resumed = self._place = place
        if state["world_size"] != self.world_size:
            self._say_what_is_left_out()

    def _beginning(self) -> _Place:
        return self._resumed if self._resumed.epoch == self.epoch else _Place(self.epoch)

    def _rows(self, rows: Ints) -> Iterator[Packed]:
        for row in self._groups.take(rows):
            self._place = replace(self._place, taken=self._place.taken + 1)
            yield row_tensors(row)

    def _order(self, place: _Place) -> Ints:
        """The rows of all ranks from a place to the end of its epoch."""
        order = epoch_order(self._groups.starts, self.config.name, self._seed, place.epoch, self._window)
        order = order[: usable_end(self.num_rows, place.start, self.world_size)]
        if self._costs is not None and self._step_rows is not None:
            order = deal_steps(order, self._costs, self._step_rows, self.world_size)
        return order[place.start :]

    def _say_what_is_left_out(self) -> None:
        if self.rank == 0 and self.left_out:
            logging.getLogger("lcdata").warning(
                "%s: %d of %d rows are left out of epoch %d, others of other epochs: they do not divide among %d ranks",
                self.config.name,
                self.left_out,
                self.num_rows,
                self.epoch,
                self.world_size,
            )

    def _identity(self) -> dict[str, int | str | None]:
        """What decides the order of rows, by which a state is known to be of other data."""
        return {
            "dataset": self.config.fingerprint,
            "config": self.config.name,
            "seed": self._seed,
            "window_groups": self._window,
            "step_rows": self._step_rows,
        }

    def _check(self) -> None:
        if self.num_rows < self.world_size:
            raise UsageError(
                f"{self.config.name} has {self.num_rows} rows for {self.world_size} ranks: use fewer ranks or more rows"
            )
        if self._batch_rows < 1 or self._window < 1:
            raise UsageError("batch_rows and window_groups must be 1 or more")
        if self._step_rows is not None and (self._step_rows < 1 or self._step_rows % self.world_size):
            raise UsageError(f"step_rows must be a multiple of the {self.world_size} ranks, got {self._step_rows}")

    def _check_ranks_may_change(self, place: _Place, before: int | str | None) -> None:
        if place.taken:
            raise UsageError(f"the state of a worker needs the same number of ranks: {before}, not {self.world_size}")
        if self._step_rows is not None and place.start % self._step_rows:
            raise UsageError(
                f"this state lies within a step of {self._step_rows} rows dealt to {before} ranks: "
                f"use as many, or a state saved between steps"
            )
