"""Building a dataset for whoever gave the command, and what is said about its plan and its result."""

from __future__ import annotations

from typing import TYPE_CHECKING

import humanize

from ....schemas.counted import counted
from ....schemas.events.building import Built, Planning
from ....schemas.events.shown import PlanShown, StagePlanned
from ....schemas.place import Place, place_of, whole_place
from ....schemas.quantity import format_length
from ....schemas.recipe import Recipe
from ...drawing.picture import check_drawing
from ...run.where import ANYWHERE, Where
from .console import console, pairs
from .mixture import print_drawn, print_stages, print_tasks_made
from .output import Output
from .report import report_dataset

if TYPE_CHECKING:  # what takes time to import is imported when the user knows that something goes on
    from ...planning.estimate import Estimate
    from ...planning.plan import Plan, StagePlan


def build_dataset(
    output: Output,
    recipe: Recipe,
    out: Place,
    where: Where = ANYWHERE,
    engine: str = "fastokens",
    overwrite: bool = False,
    with_report: bool = False,
    unless_same: Place | None = None,
) -> Built:
    """Build a recipe, and say what came out; with its report, if it is wanted and can be drawn."""
    if with_report:
        check_drawing("--report")
    output.tell(Planning(name=recipe.name))
    from ...build import build_dataset as build

    built = build(recipe, out, output.tell, where, engine, overwrite, unless_same)
    made = out if str(whole_place(out)) == built.out else place_of(built.out)  # as it was written, where it is that one
    if with_report:
        report_dataset(output, made)
    output.report(built, lambda: _print_built(built, made))
    return built


def _print_built(built: Built, out: Place) -> None:
    from ....schemas.manifest import read_manifest

    manifest = read_manifest(out)
    if built.tokens_per_second is None:
        console().print(f"{out} is finished already, nothing to do", markup=False)
    print_stages(manifest)
    speed = built.tokens_per_second
    push = manifest.recipe.push
    upload = [] if push is None else [f"lcdata push {out}"]
    pairs(
        {
            **({} if speed is None else {"speed": f"{humanize.intword(speed)} tokens/s"}),
            "next": " · ".join([f"lcdata inspect {out}", f"lcdata verify {out}", *upload]),
        }
    )


def show_plan(output: Output, recipe: Recipe, where: Where = ANYWHERE, engine: str = "fastokens") -> None:
    """Say what a build would make, and how long it would take where that is known."""
    output.tell(Planning(name=recipe.name))
    from ...planning.estimate import estimate
    from ...planning.materials import Materials
    from ...planning.plan import make_plan

    plan = make_plan(Materials(recipe), engine)
    found = estimate(plan, where)
    output.show(_plan_shown(plan, found), lambda: _print_plan(plan, found))


def _plan_shown(plan: Plan, found: Estimate | None) -> PlanShown:
    return PlanShown(
        name=plan.recipe.name,
        stages=[
            StagePlanned(
                **stage.facts.model_dump(),
                tasks=[account.model_dump(mode="json", exclude={"rates"}) for account in stage.task_accounts],
                corpora=[account.model_dump(mode="json") for account in stage.accounts],
            )
            for stage in plan.stages
        ],
        shards=plan.num_shards,
        tokens=plan.num_tokens,
        bytes=None if found is None else found.bytes,
        seconds=None if found is None else round(found.seconds, 1),
        workers=None if found is None else found.workers,
    )


def _print_plan(plan: Plan, found: Estimate | None) -> None:
    for stage in plan.stages:
        _print_stage(stage)
    if found is not None:
        duration = humanize.precisedelta(max(1, round(found.seconds)))
        cores = counted(found.workers or 1, "core")
        pairs({"size": f"about {humanize.naturalsize(found.bytes)}", "time": f"about {duration} on {cores}"})
    for note in plan.notes:
        console().print(f"[yellow]note[/yellow]  {note}")


def _print_stage(plan: StagePlan) -> None:
    stage = plan.stage
    rows = f"{plan.num_rows:,} of at most {format_length(stage.seq_length)} in {counted(plan.num_shards, 'shard')}"
    of_rows = f"{plan.num_tokens / (plan.num_rows * stage.seq_length):.3%} of the rows"
    if len(stage.mix) == 1 and plan.corpora is None:
        length = stage.tasks[0].length
        samples = f"{plan.num_samples:,} of {length} ({', '.join(f'{value:,}' for value in length.values)} tokens)"
        pairs({"dataset": stage.name, "samples": samples, "rows": rows, "tokens": f"{plan.num_tokens:,}, {of_rows}"})
        return
    console().rule(stage.name, align="left")
    print_tasks_made(plan.task_accounts)
    if plan.corpora is not None:
        print_drawn(plan.accounts, plan.num_shared)
    strategy = {} if plan.corpora is None else {"strategy": plan.corpora.strategy}
    pairs({"rows": rows, "tokens": f"{plan.num_tokens:,} with BOS and EOS, {of_rows}", **strategy})
