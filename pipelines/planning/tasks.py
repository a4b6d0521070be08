"""The samples of a task that a stage is made of: how many, and how long each is asked to be."""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...generators.registry import task_settings
from ...packers.files.parquet import row_writer
from ...packers.rows.row_group import RowGroup
from ...packers.tokens.fit import TokenRate
from ...schemas.errors import UsageError
from ...schemas.manifest import TaskAccount
from ...schemas.mix import TaskComponent
from ...schemas.stage import Stage
from ..making.samples import SampleMaker


@dataclass(frozen=True)
class TaskSupply:
    """Samples of a task with successive indices, for a stage."""

    component: TaskComponent
    maker: SampleMaker
    first: int
    """Index of the first sample."""
    lengths: NDArray[np.int32]
    """Tokens asked for of each sample, shape (num_samples,)."""
    wanted_share: float | None
    """The task's share of the stage's tokens, None where it makes a number of samples that is given."""

    @cached_property
    def rates(self) -> Mapping[str, TokenRate]:
        """Tokens that a unit takes in each wording, by the wording's id."""
        return self.maker.rates

    @cached_property
    def num_tokens(self) -> int:
        """Tokens asked for of all samples."""
        return int(self.lengths.sum(dtype=np.int64))

    @property
    def input_files(self) -> Sequence[Path]:
        """Files that the samples are made from."""
        return self.maker.task.input_files()

    @cached_property
    def content(self) -> dict[str, Any]:
        """All that decides the samples besides the recipe, as JSON holds it."""
        return {
            "settings": task_settings(self.maker.task),
            "rates": {name: rate.as_dict() for name, rate in self.rates.items()},
            "first": self.first,
        }

    def account(self, share: float) -> TaskAccount:
        """What is made of the task, as far as it is planned, given its share of the stage's tokens."""
        return TaskAccount(
            name=self.component.name,
            task=self.component.task,
            **self.content,
            samples=len(self.lengths),
            planned_tokens=self.num_tokens,
            tokens=self.num_tokens,
            wanted_share=round(share if self.wanted_share is None else self.wanted_share, 6),
            share=round(share, 6),
        )

    def bytes_per_token(self, stage: Stage) -> float:
        """Bytes that a token takes on disk, measured on a row of one sample."""
        document = self.maker.make(self.first, int(self.lengths[0])).document
        group = RowGroup(len(document.ids), stage.with_labels)
        group.add_row([document])
        sink = io.BytesIO()
        with row_writer(sink, stage.with_labels, stage.cdc) as writer:
            writer.write_table(group.take())
        return sink.tell() / len(document.ids)


def supply_task(
    stage: Stage, component: TaskComponent, maker: SampleMaker, first: int, wanted_share: float | None
) -> TaskSupply:
    """The samples of a component, from index `first` on; UsageError where they cannot be so short or so few."""
    maker.check_length(component.length.shortest)
    if wanted_share is None:
        assert component.n is not None
        lengths = _lengths(stage, component, first, component.n)
    else:
        lengths = _nearest(stage, component, first, round((stage.tokens or 0) * wanted_share))
    return TaskSupply(component, maker, first, lengths, wanted_share)


def _lengths(stage: Stage, component: TaskComponent, first: int, count: int) -> NDArray[np.int32]:
    return component.length.of_samples(component.task, stage.seed, first + count)[first:]


def _nearest(stage: Stage, component: TaskComponent, first: int, wanted: int) -> NDArray[np.int32]:
    """The lengths of as many samples as come nearest to so many tokens."""
    lengths = _lengths(stage, component, first, wanted // component.length.shortest + 1)
    ends = np.cumsum(lengths, dtype=np.int64)
    count = int(np.abs(np.concatenate(([0], ends)) - wanted).argmin())
    if count == 0:
        raise UsageError(
            f"{component.name}: its share of {stage.name} is {wanted:,} tokens, less than a sample of "
            f"{component.length}: raise its share or the stage's tokens, or make its samples shorter"
        )
    return lengths[:count]
