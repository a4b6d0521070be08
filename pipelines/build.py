"""A build: from a recipe to a finished dataset, on as many workers as there are, resumable at any moment."""

import copy
import warnings
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from ..packers.dataset import Dataset, open_dataset
from ..packers.tokens.tokenizer import load_tokenizer
from ..schemas.corpus import DEFAULT_GATES, Gates
from ..schemas.errors import UsageError
from ..schemas.events.building import Built, Planned, ShardFinished, StageBuilt
from ..schemas.events.event import Tell, nobody
from ..schemas.manifest import MANIFEST, Manifest, ShardRecord, StageRecord
from ..schemas.place import Place, place_of, whole_place
from ..schemas.recipe import Recipe
from .corpora.ingest import ingest
from .corpora.store import is_store, open_corpus
from .making.makers import check_tasks
from .making.shard import write_shard
from .making.work import Shared
from .planning.materials import Materials
from .planning.plan import Plan, make_plan
from .planning.workers import automatic_workers, surely_needed_workers
from .publishing.finish import finish
from .recipes.recipe_file import read_recipe, recipe_of, store_beside
from .run.engine import Engine
from .run.pace import Pace
from .run.timed import timed
from .run.where import ANYWHERE, Where
from .run.workspace import Workspace, finished_dataset, first_difference, what_is_wrong
from .run.workspace_at import workspace_at

if TYPE_CHECKING:
    from upath import UPath


def build(
    recipe: Recipe | Mapping[str, object] | str | Path,
    out: "str | Path | UPath | None" = None,
    *,
    store: "str | Path | UPath | None" = None,
    max_bad: float | None = None,
    allow_damaged_files: int | float | None = None,
    max_unwritten: float | None = None,
    workers: int | None = None,
    address: str | None = None,
    engine: str = "fastokens",
    overwrite: bool = False,
    tell: Tell = nobody,
) -> Dataset:
    """Build the dataset of a recipe, as `lcdata build` does, and open it.

    What is finished is not made again, a build that was stopped goes on, and the bytes are the same however it runs.

    recipe: a YAML file, or what one holds as a mapping, see docs/recipes.md; paths are relative to it.
    out: the folder to make, or its URL in an object store; by default the recipe's `output`, or its name.
    store: where the recipe's corpora are, or are put; by default as the recipe says, and `store` beside it.
    max_bad: share of a corpus's records that may be unusable, by default 0.001; for recipes that ingest.
    allow_damaged_files: inputs that may be cut short or damaged, a number or as a float a share; by default none.
    max_unwritten: share of a corpus's tokens that may stand for what the vocabulary cannot write; by default 0.001.
    workers: processes, 0 for this one; by default by the size of the work.
    address: a Ray cluster to run on.
    engine: what encodes, `fastokens` or `tokenizers`; both give the same ids.
    overwrite: replace a dataset of another recipe that is there.
    tell: called with each event (`lcdata.schemas.events`) of the build.

    Raises UsageError where the recipe cannot be meant or `out` holds something else, ResumableError where the build
    stopped with its finished shards safe.
    """
    file = Path(recipe).expanduser() if isinstance(recipe, str | Path) else Path("recipe")
    named = None if store is None else place_of(store)
    if isinstance(recipe, str | Path):
        recipe = read_recipe(file, named)
    elif not isinstance(recipe, Recipe):
        recipe = recipe_of(copy.deepcopy(dict(recipe)), "recipe", file.parent, named)
    where = Where(workers, address)
    given = {"max_bad": max_bad, "damaged_files": allow_damaged_files, "max_unwritten": max_unwritten}
    gates = Gates(**{name: value for name, value in given.items() if value is not None})
    if gates != DEFAULT_GATES and not recipe.ingest:
        raise UsageError("max_bad, allow_damaged_files and max_unwritten are for recipes that ingest: leave them out")
    for corpus in recipe.ingest:
        tell(ingest(corpus, named or store_beside(file), tell, gates, where, engine, overwrite))
    folder = place_of(out or recipe.output or recipe.name)
    tell(build_dataset(recipe, folder, tell, where, engine, overwrite))
    return open_dataset(folder)


def build_dataset(
    recipe: Recipe,
    out: Place,
    tell: Tell = nobody,
    where: Where = ANYWHERE,
    engine: str = "fastokens",
    overwrite: bool = False,
    unless_same: Place | None = None,
) -> Built:
    """Build the recipe's dataset at `out`, from corpora that are stored already.

    Resumes a build of the same recipe, and does nothing where it is finished. With `overwrite` a dataset of another
    recipe is replaced when this one is whole, and one that is half built goes at once. Nothing is made either where the
    finished dataset `unless_same` has the fingerprint of what would be. Raises UsageError where `out` holds something
    else, ResumableError where the build stopped with its finished shards safe.
    """
    out = whole_place(out)
    workspace, materials = workspace_at(out, overwrite), Materials(recipe)
    done = _finished(workspace, materials, overwrite)
    if done is not None:
        return _built(done, out, None)
    built: Built | None = None
    with workspace.guarded(), Engine(where) as runner:
        runner.start(surely_needed_workers(recipe), write_shard)
        with timed("planned"):
            plan = make_plan(materials, engine)
        runner.decide(automatic_workers(plan))
        for note in plan.notes:
            warnings.warn(note, stacklevel=2)
        same = None if unless_same is None else _same_dataset(unless_same, plan.fingerprint)
        if unless_same is not None and same is not None:
            return _built(same, unless_same, None)
        with workspace.locked():
            done = _finished(workspace, materials, overwrite)
            if done is not None:
                return _built(done, out, None)
            workspace.claim(plan.content)
            with timed("made"):
                manifest, pace = _make(plan, workspace, tell, runner)
            built = _built(manifest, out, pace.per_second)
            with timed("published"):
                workspace.publish(MANIFEST, manifest.sealed, manifest.listed)
    assert built is not None
    return built


def _finished(workspace: Workspace[Place], materials: Materials, overwrite: bool) -> Manifest | None:
    """The manifest of the recipe's dataset where it is finished, None where it is to be made.

    UsageError where another one, or one that is not whole, has its place and is not to be overwritten.
    """
    out = workspace.out
    done = finished_dataset(out, overwrite)
    if done is None:
        return None
    difference = _difference(done, materials) or what_is_wrong(out, done.listed, overwrite)
    if difference is None:
        workspace.remove_after_publication()
        return done
    if overwrite:
        return None
    _check_asked(materials)
    raise UsageError(f"{out} is finished and {difference}. Use another --out, or replace it with --overwrite")


def _same_dataset(folder: Place, fingerprint: str) -> Manifest | None:
    """The manifest of a finished dataset of this fingerprint, all its files there; None where the folder holds none."""
    done = finished_dataset(folder, overwrite=True) if (folder / MANIFEST).is_file() else None
    if done is None or done.fingerprint != fingerprint:
        return None
    return done if what_is_wrong(folder, done.listed, by_hash=False) is None else None


def _check_asked(materials: Materials) -> None:
    """Raise UsageError where what is asked for could not be made in any folder."""
    check_tasks(materials.recipe)
    if any(stage.tasks for stage in materials.recipe.stages):
        load_tokenizer(materials.recipe.tokenizer, "tokenizers", materials.vocabulary)


def _difference(done: Manifest, materials: Materials) -> str | None:
    """Why a finished dataset is not that of the recipe, its corpora and its tokenizer, in words; None where it is."""
    recipe = materials.recipe
    before, now = done.recipe.model_dump(mode="json"), recipe.model_dump(mode="json")
    if before != now:
        return f"was made from another recipe: {first_difference(before, now)}"
    accounts = [account for stage in done.stages for account in stage.corpora]
    for account in accounts:
        corpus = place_of(account.corpus)
        if is_store(corpus) and open_corpus(corpus).manifest.fingerprint != account.fingerprint:
            return f"{account.corpus} was ingested anew since"
    if not accounts and materials.vocabulary.sha256 != done.tokenizer.sha256:
        return f"was made with another version of the tokenizer {recipe.tokenizer.source!r}"
    return None


def _make(plan: Plan, workspace: Workspace[Place], tell: Tell, runner: Engine) -> tuple[Manifest, Pace]:
    """Make the shards that are not finished yet, and what goes beside them."""
    workspace.make_folders(*(f"{kind}/{stage.stage.name}" for kind in ("data", "docs") for stage in plan.stages))
    finished = workspace.finished_shards(plan.fingerprint)
    tell(_planned(plan, list(finished.values()), runner.where))
    shared = Shared(
        stages=[stage.stage for stage in plan.stages],
        sources=[stage.source for stage in plan.stages],
        plan=plan.fingerprint,
        out=workspace.out,
        inputs=plan.inputs,
    )
    jobs = [stage.job(shard) for stage, shard in plan.shards() if (stage.stage.name, shard) not in finished]
    pace = Pace("tokens")
    with closing(runner.run(write_shard, shared, jobs, workspace.probe)) as made:
        for _, news in made:
            workspace.check()
            if isinstance(news, ShardRecord):
                finished[news.stage, news.shard] = news
                tell(_shard_finished(news))
            else:
                tell(pace.advance(news))
    return finish(plan, workspace, [finished[stage.stage.name, shard] for stage, shard in plan.shards()]), pace


def _planned(plan: Plan, finished: list[ShardRecord], where: Where) -> Planned:
    return Planned(
        name=plan.recipe.name,
        stages=[stage.facts for stage in plan.stages],
        shards=plan.num_shards,
        finished_shards=len(finished),
        tokens=plan.num_tokens,
        finished_tokens=sum(shard.planned_tokens for shard in finished),
        workers=where.local_workers,
        address=where.address,
    )


def _shard_finished(shard: ShardRecord) -> ShardFinished:
    return ShardFinished(
        stage=shard.stage, shard=shard.shard, documents=shard.documents, tokens=shard.tokens, path=shard.data.path
    )


def _built(manifest: Manifest, out: Place, per_second: float | None) -> Built:
    """The event of a finished build; the speed is None where there was nothing to do."""
    return Built(
        out=str(out),
        built=per_second is not None,
        tokens_per_second=None if per_second is None else round(per_second),
        fingerprint=manifest.fingerprint,
        rows=manifest.total("rows"),
        documents=manifest.total("documents"),
        tokens=manifest.total("tokens"),
        loss_tokens=manifest.total("loss_tokens"),
        encodings=manifest.total("encodings"),
        audited=manifest.total("audited"),
        stages=[_stage_built(stage) for stage in manifest.stages],
    )


def _stage_built(stage: StageRecord) -> StageBuilt:
    counts = stage.model_dump(include=set(StageBuilt.model_fields) - {"shares"})
    return StageBuilt(**counts, shares={account.name: account.share for account in (*stage.tasks, *stage.corpora)})
