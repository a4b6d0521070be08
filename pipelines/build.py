"""`gen` and `build`: from a recipe to a finished dataset, on as many workers as there are, resumable at any moment."""

import hashlib
import os
import warnings
from contextlib import closing
from pathlib import Path
from typing import Protocol

from ..packers.tokens.vocabulary import find_vocabulary
from ..schemas.errors import UsageError
from ..schemas.manifest import (
    Manifest,
    ShardRecord,
)
from ..schemas.recipe import Recipe
from .corpora.store import is_store, open_corpus
from .making.shard import write_shard
from .making.work import Build
from .planning.plan import Plan, make_plan
from .planning.workers import automatic_workers, surely_needed_workers
from .publishing.finish import finish
from .run.engine import Engine
from .run.files import storage_error
from .run.workspace import Workspace, finished_dataset, first_difference


class Reporter(Protocol):
    """Who is told how a build goes."""

    def planned(self, plan: Plan, workers: int, address: str | None, finished: list[ShardRecord]) -> None:
        """The plan is made, for so many workers here or a cluster; some shards may be finished from an earlier run."""

    def progressed(self, num_tokens: int) -> None:
        """So many more tokens are made."""

    def finished_shard(self, shard: ShardRecord) -> None:
        """A shard is safe on disk."""


def gen(
    recipe: Recipe,
    out: Path,
    reporter: Reporter,
    workers: int | None = None,
    address: str | None = None,
    engine: str = "fastokens",
) -> tuple[Manifest, bool]:
    """Build the recipe's dataset at `out`; returns its manifest and whether anything had to be done.

    Resumes a build of the same recipe. Raises UsageError where `out` holds something else, ResumableError where the
    build stopped with its finished shards safe.
    """
    out = Path(os.path.abspath(out.expanduser()))
    done = finished_dataset(out)
    if done is not None:
        _check_same(done, recipe, out)
        Workspace(out).remove_after_publication()
        return done, False
    with Engine(address) as runner:
        runner.start(workers if workers is not None else surely_needed_workers(recipe), write_shard)
        plan = make_plan(recipe, engine)
        for note in plan.notes:
            warnings.warn(note, stacklevel=2)
        workspace = Workspace(out)
        with workspace.opened(plan.content):
            manifest = _build(plan, workspace, reporter, automatic_workers(plan, workers), runner)
            try:
                workspace.publish()
            except OSError as error:
                raise storage_error(error, out) from None
    return manifest, True


def _check_same(done: Manifest, recipe: Recipe, out: Path) -> None:
    """Raise UsageError unless the finished dataset is this recipe's."""
    before, now = done.recipe.model_dump(mode="json"), recipe.model_dump(mode="json")
    if before != now:
        raise UsageError(
            f"{out} is finished and was made from another recipe: {first_difference(before, now)}. Use another --out"
        )
    accounts = [account for stage in done.stages for account in stage.corpora]
    for account in accounts:
        corpus = Path(account.corpus)
        if is_store(corpus) and open_corpus(corpus).manifest.fingerprint != account.fingerprint:
            raise UsageError(f"{out} is finished and {account.corpus} was ingested anew since. Use another --out")
    if accounts:
        return
    if hashlib.sha256(find_vocabulary(recipe.tokenizer.source).data).hexdigest() != done.tokenizer.sha256:
        raise UsageError(
            f"{out} is finished and was made with another version of the tokenizer {recipe.tokenizer.source!r}. "
            "Use another --out"
        )


def _build(plan: Plan, workspace: Workspace, reporter: Reporter, workers: int, runner: Engine) -> Manifest:
    names = [one.stage.name for one in plan.stages]
    try:
        workspace.make_folders(*(f"{kind}/{name}" for kind in ("data", "docs") for name in names))
        finished = workspace.finished_shards(plan.fingerprint)
        reporter.planned(plan, workers, runner.address, list(finished.values()))
        stages, sources = [one.stage for one in plan.stages], [one.source for one in plan.stages]
        build = Build(stages, sources, plan.fingerprint, workspace.out)
        jobs = [one.job(shard) for one, shard in plan.shards() if (one.stage.name, shard) not in finished]
        with closing(runner.run(write_shard, build, jobs, workers, workspace.temporary)) as events:
            for _, event in events:
                if isinstance(event, ShardRecord):
                    finished[event.stage, event.shard] = event
                    reporter.finished_shard(event)
                else:
                    reporter.progressed(event)
        return finish(plan, workspace, [finished[one.stage.name, shard] for one, shard in plan.shards()])
    except OSError as error:
        raise storage_error(error, workspace.out) from None
