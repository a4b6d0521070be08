"""`gen --dry-run`: what a build would make, and how long it would take, measured on a few of its own rows."""

import io
import time
from dataclasses import dataclass

import numpy as np

from ..packers.parquet import row_writer
from ..packers.rows import RowGroup
from ..schemas.recipe import Recipe
from .gen import automatic_workers
from .plan import SamplePlan, make_plan
from .samples import SampleMaker

_TRIAL_TOKENS = 1 << 20


@dataclass(frozen=True)
class Estimate:
    """A plan with its size and time."""

    plan: SamplePlan
    workers: int
    bytes: int
    seconds: float


def estimate(recipe: Recipe, engine: str, workers: int | None) -> Estimate:
    """Plan the recipe and make some rows in memory; nothing is written."""
    plan = make_plan(recipe, engine)
    source = recipe.task
    maker = SampleMaker(source, recipe.seed, plan.tokenizer, plan.rates, plan.chat_template)
    group = RowGroup(recipe.seq_length, source.loss, recipe.with_labels)
    sink = io.BytesIO()
    started, num_tokens = time.perf_counter(), 0
    with row_writer(sink, recipe.with_labels, recipe.cdc) as writer:
        for row in range(min(plan.num_rows, group.max_rows)):
            samples = plan.order[plan.row_starts[row] : plan.row_starts[row + 1]]
            group.add_row([maker.make(int(i), int(plan.lengths[i])).document for i in samples])
            num_tokens += int(np.sum(plan.lengths[samples]))
            if num_tokens >= _TRIAL_TOKENS:
                break
        writer.write_table(group.take())
    share = plan.num_tokens / num_tokens
    chosen = automatic_workers(plan, workers)
    seconds = (time.perf_counter() - started) * share / max(chosen, 1)
    return Estimate(plan, chosen, int(sink.tell() * share), seconds)
