"""`verify`: prove that a dataset is what its manifest says, file by file, row by row, and sample by sample."""

import secrets
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from ...schemas.manifest import MANIFEST, Manifest, ShardRecord, StageRecord, read_manifest
from ..run.engine import Engine
from ..run.files import hash_file
from .check_shard import ShardVerdict, check_shard
from .recount import wrong_accounts, wrong_against_store
from .remake import remaker


@dataclass
class Verdict:
    """What was checked, and every promise found broken."""

    rows: int = 0
    documents: int = 0
    tokens: int = 0
    regenerated: int = 0
    problems: list[str] = field(default_factory=list[str])

    @property
    def holds(self) -> bool:
        """Whether nothing was found broken."""
        return not self.problems


def verify(folder: Path, num_samples: int = 16, tokenizer: str | None = None, workers: int = 0) -> Verdict:
    """Check every hash, row and record of a dataset and make `num_samples` random documents again."""
    manifest = read_manifest(folder)
    verdict = Verdict(problems=[*_wrong_files(folder, manifest), *_wrong_totals(manifest)])
    shards: list[ShardVerdict] = []
    with Engine() as engine:
        for _, shard in engine.run(_check_shard, (folder, manifest), manifest.shards, workers):
            verdict.rows += shard.rows
            verdict.documents += shard.documents
            verdict.tokens += shard.tokens
            verdict.problems += shard.problems
            shards.append(shard)
    if verdict.holds:
        for stage in manifest.stages:
            verdict.problems += _wrong_whole(stage, [shard for shard in shards if shard.stage == stage.name])
    if verdict.holds and num_samples:
        _check_documents(folder, manifest, num_samples, tokenizer, verdict)
    return verdict


def _check_shard(shared: tuple[Path, Manifest], shard: ShardRecord) -> Generator[ShardVerdict]:
    yield check_shard(*shared, shard)


def _wrong_files(folder: Path, manifest: Manifest) -> Iterator[str]:
    """Files that are missing, changed, or not the manifest's."""
    parquet = [file for shard in manifest.shards for file in (shard.data, shard.docs)]
    listed = {file.path: file for file in (*parquet, *manifest.files)}
    for file in manifest.files:
        path = folder / file.path
        if not path.is_file():
            yield f"{file.path} is missing"
        elif hash_file(path) != file.sha256:
            yield f"{file.path} was changed"
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_file() and name != MANIFEST and name not in listed and not name.startswith((".cache/", ".git")):
            yield f"{name} does not belong to the dataset"


def _wrong_totals(manifest: Manifest) -> Iterator[str]:
    """Sums of the manifest that are not the sums of its shards."""
    for stage in manifest.stages:
        for name in ("documents", "tokens", "loss_tokens", "encodings", "audited"):
            total = sum(getattr(shard, name) for shard in stage.shards)
            if total != getattr(stage, name):
                yield f"{MANIFEST}: {name} of {stage.name} is {getattr(stage, name):,}, its shards have {total:,}"
        ledger = stage.ledger
        if ledger.made != ledger.packed + sum(ledger.dropped.values()) or ledger.packed != stage.tokens:
            yield f"{MANIFEST}: the ledger of {stage.name} does not balance"


def _wrong_whole(stage: StageRecord, shards: Sequence[ShardVerdict]) -> Iterator[str]:
    """What only all shards together show: samples that are missing, accounts that differ."""
    for task in stage.tasks:
        made = np.sort(np.concatenate([shard.samples[task.name] for shard in shards]))
        if not np.array_equal(made, np.arange(task.first, task.first + task.samples)):
            yield f"the document table does not hold each of {task.samples:,} samples of {task.name} once"
        tokens = sum(one.sources[task.name].tokens for one in stage.shards if task.name in one.sources)
        if tokens != task.tokens:
            yield f"{MANIFEST}: {task.name} has {task.tokens:,} tokens, its shards {tokens:,}"
    if stage.corpora:
        counts = [shard.counts for shard in shards if shard.counts is not None]
        keys = [shard.keys for shard in shards if shard.keys is not None]
        yield from wrong_accounts(stage.corpora, np.sum(counts, axis=0), np.concatenate(keys))


def _check_documents(
    folder: Path, manifest: Manifest, num_samples: int, tokenizer: str | None, verdict: Verdict
) -> None:
    """Make random documents again, from tasks and from corpora."""
    for stage in manifest.stages:
        if stage.corpora:
            verdict.problems += wrong_against_store(stage.corpora)
    remake = remaker(manifest, tokenizer)
    documents = manifest.total("documents")
    for _ in range(min(num_samples, documents)):
        stage, record = _record(folder, manifest, secrets.randbelow(documents))
        verdict.problems += remake(stage, record)
        verdict.regenerated += 1


def _record(folder: Path, manifest: Manifest, place: int) -> tuple[StageRecord, dict[str, Any]]:
    """The stage and the document table's record of the document at this place of the dataset."""
    for stage in manifest.stages:
        for shard in stage.shards:
            if place < shard.documents:
                return stage, pq.read_table(folder / shard.docs.path).slice(place, 1).to_pylist()[0]
            place -= shard.documents
    raise AssertionError("the place lies within the dataset")
