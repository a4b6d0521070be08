"""`verify`: prove that a dataset is what its manifest says, file by file, row by row, and sample by sample."""

import secrets
from collections.abc import Generator, Iterator, Sequence

import numpy as np

from ...packers.dataset import Config, Dataset
from ...packers.files.dataset_file import Shard
from ...schemas.events.judged import Verdict
from ...schemas.manifest import MANIFEST, Manifest, StageRecord
from ..run.engine import Engine
from ..run.files import hash_file
from ..run.where import Where
from .recount import wrong_accounts, wrong_against_store
from .remake import remaker
from .verify_shard import ShardVerdict, verify_shard


def verify(dataset: Dataset, num_samples: int = 16, workers: int = 0) -> Verdict:
    """Check every hash, row and record of a dataset and make `num_samples` random documents again.

    LcdataError where documents cannot be made again, as when the tokenizer or an input is not what it was.
    """
    problems = [*_wrong_files(dataset), *_wrong_totals(dataset.manifest)]
    verdict = Verdict(path=str(dataset.folder), problems=problems)
    jobs = [shard for config in dataset.configs.values() for shard in config.shards]
    shards: list[ShardVerdict] = []
    with Engine(Where(workers)) as engine:
        for _, shard in engine.run(_verify_shard, dataset, jobs):
            verdict.rows += shard.rows
            verdict.documents += shard.documents
            verdict.tokens += shard.tokens
            verdict.problems += shard.problems
            shards.append(shard)
    if verdict.holds:
        for stage in dataset.manifest.stages:
            verdict.problems += _wrong_whole(stage, [shard for shard in shards if shard.stage == stage.name])
    if verdict.holds and num_samples:
        _verify_documents(dataset, num_samples, verdict)
    return verdict


def _verify_shard(dataset: Dataset, shard: Shard) -> Generator[ShardVerdict]:
    yield verify_shard(dataset.configs[shard.record.stage], shard)


def _wrong_files(dataset: Dataset) -> Iterator[str]:
    """Files of the dataset that are missing, changed, or not in its manifest, a sentence for each."""
    folder, manifest = dataset.folder, dataset.manifest
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
    """Sums of the manifest that are not the sums of its shards, a sentence for each."""
    for stage in manifest.stages:
        for name in ("documents", "tokens", "loss_tokens", "encodings", "audited"):
            total = sum(getattr(shard, name) for shard in stage.shards)
            if total != getattr(stage, name):
                yield f"{MANIFEST}: {name} of {stage.name} is {getattr(stage, name):,}, its shards have {total:,}"
        ledger = stage.ledger
        if ledger.made != ledger.packed + sum(ledger.dropped.values()) or ledger.packed != stage.tokens:
            yield f"{MANIFEST}: the ledger of {stage.name} does not balance"


def _wrong_whole(stage: StageRecord, shards: Sequence[ShardVerdict]) -> Iterator[str]:
    """What only all shards of a stage show: samples that are missing, accounts that differ; a sentence for each."""
    for task in stage.tasks:
        made = np.sort(np.concatenate([shard.samples[task.name] for shard in shards]))
        if not np.array_equal(made, np.arange(task.first, task.first + task.samples)):
            yield f"the document table does not hold each of {task.samples:,} samples of {task.name} once"
        tokens = sum(shard.sources[task.name].tokens for shard in stage.shards if task.name in shard.sources)
        if tokens != task.tokens:
            yield f"{MANIFEST}: {task.name} has {task.tokens:,} tokens, its shards {tokens:,}"
    if stage.corpora:
        counts = [shard.counts for shard in shards if shard.counts is not None]
        keys = [shard.keys for shard in shards if shard.keys is not None]
        yield from wrong_accounts(stage.corpora, np.sum(counts, axis=0), np.concatenate(keys))


def _verify_documents(dataset: Dataset, num_samples: int, verdict: Verdict) -> None:
    """Make random documents again, from tasks and from corpora."""
    for stage in dataset.manifest.stages:
        if stage.corpora:
            verdict.problems += wrong_against_store(stage.corpora)
    remake = remaker(dataset)
    documents = dataset.num_documents
    for _ in range(min(num_samples, documents)):
        config, shard, place = _find(dataset, secrets.randbelow(documents))
        [record] = shard.docs.slice(place, place + 1).to_pylist()
        verdict.problems += remake(config.record, record)
        verdict.regenerated += 1


def _find(dataset: Dataset, place: int) -> tuple[Config, Shard, int]:
    """Where the document at this place of the dataset is, and its place in the shard's document table."""
    for config in dataset.configs.values():
        for shard in config.shards:
            if place < shard.record.documents:
                return config, shard, place
            place -= shard.record.documents
    raise AssertionError("the place lies within the dataset")
