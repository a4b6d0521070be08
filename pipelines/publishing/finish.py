"""What goes beside the shards of a finished dataset: its recipe, its card, and its manifest."""

import hashlib
from collections.abc import Sequence

from ...schemas.manifest import (
    ComponentAccount,
    Ledger,
    Manifest,
    ShardRecord,
    StageRecord,
    TaskAccount,
    summed,
)
from ...schemas.place import Place
from ...schemas.recipe import FORMAT
from ...schemas.records import FileRecord
from ..planning.plan import Plan, StagePlan
from ..recipes.recipe_file import recipe_yaml
from ..run.versions import library_versions
from ..run.workspace import Workspace
from .card import dataset_card


def finish(plan: Plan, workspace: Workspace[Place], shards: list[ShardRecord]) -> Manifest:
    """Write what goes beside a dataset's shards; returns its manifest, which is to be published."""
    manifest = _manifest(plan, shards)
    texts = {"recipe.yaml": recipe_yaml(plan.recipe).encode(), "README.md": dataset_card(manifest).encode()}
    for name, data in texts.items():
        workspace.put(name, data)
    files = [
        FileRecord(path=name, sha256=hashlib.sha256(data).hexdigest(), bytes=len(data), rows=0)
        for name, data in texts.items()
    ]
    return manifest.model_copy(update={"files": files})


def _manifest(plan: Plan, shards: Sequence[ShardRecord]) -> Manifest:
    versions = library_versions()
    return Manifest(
        lcdata=versions.pop("lcdata"),
        format=FORMAT,
        fingerprint=plan.fingerprint,
        recipe=plan.recipe,
        tokenizer=plan.identity,
        chat=plan.chat,
        engine=plan.engine,
        inputs=plan.inputs,
        versions=versions,
        stages=[
            _stage_record(stage, [shard for shard in shards if shard.stage == stage.stage.name])
            for stage in plan.stages
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
    """The accounts of a stage, with the tokens that samples really have."""
    made = {name: totals.tokens for name, totals in summed(shards).items()}
    whole = sum(made[task.name] for task in plan.task_accounts) + sum(corpus.drawn for corpus in plan.accounts)

    def share(tokens: int) -> float:
        return round(tokens / whole, 6)

    tasks = [
        task.model_copy(update={"tokens": made[task.name], "share": share(made[task.name])})
        for task in plan.task_accounts
    ]
    return tasks, [corpus.model_copy(update={"share": share(corpus.drawn)}) for corpus in plan.accounts]
