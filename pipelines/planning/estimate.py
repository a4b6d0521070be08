"""`gen --dry-run`: how large a build would be and how long it would take, measured on a few of its own samples."""

import io
import time
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from ...packers.files.parquet import row_writer
from ...packers.rows.row_group import RowGroup
from ..run.where import ANYWHERE, Where
from .plan import Plan, StagePlan
from .workers import automatic_workers

_TRIAL_TOKENS = 1 << 20


@dataclass(frozen=True)
class Estimate:
    """The size and time of a build."""

    workers: int
    bytes: int
    seconds: float


def estimate(plan: Plan, where: Where = ANYWHERE) -> Estimate | None:
    """Make some samples of every stage in memory; None where documents of corpora would have to be read for it."""
    if any(stage.corpora is not None for stage in plan.stages):
        return None
    chosen = where.decided(automatic_workers(plan)).workers or 0
    sizes, seconds = zip(*map(_estimate_stage, plan.stages), strict=True)
    return Estimate(chosen, int(sum(sizes)), sum(seconds) / max(chosen, 1))


def _estimate_stage(plan: StagePlan) -> tuple[float, float]:
    """Bytes of a stage's files, and seconds to make them on one core."""
    stage, content = plan.stage, plan.shards.content
    group = RowGroup(stage.seq_length, stage.with_labels)
    sink = io.BytesIO()
    started, num_tokens = time.perf_counter(), 0
    with row_writer(sink, stage.with_labels, stage.cdc) as writer:
        starts = plan.shards.row_starts[0]
        for start, end in pairwise(starts[: group.max_rows + 1]):
            row = content.take(np.arange(start, end))
            samples = zip(row.component.tolist(), row.document.tolist(), row.length.tolist(), strict=True)
            group.add_row([plan.tasks[task].maker.make(index, length).document for task, index, length in samples])
            num_tokens += row.num_tokens
            if num_tokens >= _TRIAL_TOKENS:
                break
        writer.write_table(group.take())
    share = plan.num_tokens / num_tokens
    return sink.tell() * share, (time.perf_counter() - started) * share
