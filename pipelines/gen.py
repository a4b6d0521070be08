"""`gen` and `build`: from a recipe to a finished dataset, on as many workers as there are, resumable at any moment."""

import hashlib
import os
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from ..packers.vocabulary import find_vocabulary
from ..schemas.errors import UsageError
from ..schemas.manifest import (
    MANIFEST,
    ComponentAccount,
    Ledger,
    Manifest,
    ShardRecord,
    StageRecord,
    TaskAccount,
    summed,
)
from ..schemas.recipe import FORMAT, Recipe
from ..schemas.records import FileRecord
from ..schemas.stage import Stage
from .build import Build, library_versions
from .card import dataset_card
from .engine import Engine
from .files import hash_file, storage_error, write_whole
from .organic.store import is_store, open_corpus
from .planning.plan import Plan, StagePlan, make_plan
from .recipes import recipe_yaml
from .shard import write_shard
from .workspace import Workspace, finished_dataset, first_difference

_SMALL_TOKENS = 1 << 26
"""Below this the work takes less time than Ray needs to start."""
_SMALL_TOKENS_SLOWLY = 1 << 20
"""The same where `tokenizers` itself encodes."""


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


def automatic_workers(plan: Plan, workers: int | None) -> int:
    """What was asked for, else 0 for work of a few seconds and all cores for more."""
    if workers is not None:
        return workers
    small = _SMALL_TOKENS if plan.engine == "fastokens" else _SMALL_TOKENS_SLOWLY
    if plan.num_tokens <= small or plan.num_shards == 1:
        return 0
    return min(len(os.sched_getaffinity(0)), plan.num_shards)


def surely_needed_workers(recipe: Recipe) -> int:
    """The workers that a plan of this recipe will ask for, as far as can be told before it is made; else 0."""
    if sum(map(_least_tokens, recipe.stages)) <= _SMALL_TOKENS:
        return 0
    return len(os.sched_getaffinity(0))


def _least_tokens(stage: Stage) -> int:
    return stage.tokens or sum((task.n or 0) * task.length.shortest for task in stage.tasks)


def _build(plan: Plan, workspace: Workspace, reporter: Reporter, workers: int, runner: Engine) -> Manifest:
    names = [one.stage.name for one in plan.stages]
    try:
        workspace.make_folders(*(f"{kind}/{name}" for kind in ("data", "docs") for name in names))
        finished = workspace.finished_shards(plan.fingerprint)
        reporter.planned(plan, workers, runner.address, list(finished.values()))
        stages, sources = [one.stage for one in plan.stages], [one.source for one in plan.stages]
        build = Build(stages, sources, plan.fingerprint, workspace.out)
        jobs = [one.job(shard) for one, shard in plan.shards() if (one.stage.name, shard) not in finished]
        for _, event in runner.run(write_shard, build, jobs, workers, workspace.temporary):
            if isinstance(event, ShardRecord):
                finished[event.stage, event.shard] = event
                reporter.finished_shard(event)
            else:
                reporter.progressed(event)
        return _finish(plan, workspace, [finished[one.stage.name, shard] for one, shard in plan.shards()])
    except OSError as error:
        raise storage_error(error, workspace.out) from None


def _finish(plan: Plan, workspace: Workspace, shards: list[ShardRecord]) -> Manifest:
    """Write what goes beside the shards, the manifest last."""
    manifest = _manifest(plan, shards)
    texts = {"recipe.yaml": recipe_yaml(plan.recipe).encode(), "README.md": dataset_card(manifest).encode()}
    for name, data in texts.items():
        write_whole(workspace.dataset / name, data, workspace.temporary)
    files = [_file_record(workspace.dataset, name) for name in texts]
    manifest = manifest.model_copy(update={"files": files})
    data = manifest.model_dump_json(indent=1).encode()
    write_whole(workspace.dataset / MANIFEST, data, workspace.temporary)
    return manifest


def _file_record(root: Path, name: str) -> FileRecord:
    path = root / name
    return FileRecord(path=name, sha256=hash_file(path), bytes=path.stat().st_size, rows=0)


def _manifest(plan: Plan, shards: Sequence[ShardRecord]) -> Manifest:
    versions = library_versions()
    return Manifest(
        lcdata=versions.pop("lcdata"),
        format=FORMAT,
        fingerprint=plan.fingerprint,
        recipe=plan.recipe,
        tokenizer=plan.identity,
        chat_template=plan.chat_template,
        engine=plan.engine,
        inputs=plan.inputs,
        versions=versions,
        stages=[
            _stage_record(one, [shard for shard in shards if shard.stage == one.stage.name]) for one in plan.stages
        ],
        files=[],
    )


def _stage_record(plan: StagePlan, shards: list[ShardRecord]) -> StageRecord:
    tokens = sum(shard.tokens for shard in shards)
    tasks, corpora = _achieved(plan, shards)
    return StageRecord(
        name=plan.stage.name,
        rows=sum(shard.data.rows for shard in shards),
        documents=sum(shard.documents for shard in shards),
        tokens=tokens,
        loss_tokens=sum(shard.loss_tokens for shard in shards),
        fill=round(tokens / sum(shard.planned_tokens for shard in shards), 6),
        row_fill=round(tokens / (plan.num_rows * plan.stage.seq_length), 6),
        encodings=sum(shard.encodings for shard in shards),
        audited=sum(shard.audited for shard in shards),
        repeated_chars=sum(shard.repeated_chars for shard in shards),
        ledger=Ledger(made=tokens, packed=tokens, dropped={}),
        tasks=tasks,
        corpora=corpora,
        notes=plan.notes,
        shards=shards,
    )


def _achieved(plan: StagePlan, shards: list[ShardRecord]) -> tuple[list[TaskAccount], list[ComponentAccount]]:
    """The accounts with the tokens that samples really have."""
    made = {name: totals.tokens for name, totals in summed(shards).items()}
    whole = sum(made[one.name] for one in plan.task_accounts) + sum(one.drawn for one in plan.accounts)

    def share(tokens: int) -> float:
        return round(tokens / whole, 6)

    tasks = [
        one.model_copy(update={"tokens": made[one.name], "share": share(made[one.name])}) for one in plan.task_accounts
    ]
    return tasks, [one.model_copy(update={"share": share(one.drawn)}) for one in plan.accounts]
