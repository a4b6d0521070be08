"""`verify`: prove that a dataset is what its manifest says, file by file, row by row, and sample by sample."""

import re
from collections.abc import Generator, Iterator, Sequence
from pathlib import PurePosixPath
from random import SystemRandom
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...packers.dataset import Config, Dataset
from ...packers.files.dataset_file import Shard
from ...schemas.events.judged import Verdict
from ...schemas.manifest import MANIFEST, Manifest, StageRecord
from ...schemas.place import Place, file_size, files_below
from ...schemas.recipe import fingerprint
from ..run.engine import Engine
from ..run.files import hash_file
from ..run.where import Where
from ..run.workspace import foreign_paths
from .recount import wrong_accounts
from .remake import Remaker
from .verify_shard import ShardVerdict, verify_shard

_BESIDE = (".cache", ".git", ".gitattributes", ".gitignore", "builds", "report")
"""What downloads, clones and pushes of a dataset have beside it, and nobody reads rows from."""
_BUILD = re.compile(r"(?:data|docs)/[^/]+/([0-9a-f]{12})")
"""A folder of a build that the Hub keeps besides the dataset's own, see docs/publishing.md."""


def verify(dataset: Dataset, num_samples: int | None = 16, workers: int = 0, store: Place | None = None) -> Verdict:
    """Check every hash, row and record of a dataset and make so many different random documents again, None for all.

    `store` is where the corpora are now. What cannot be made again, as where the tokenizer, an input or a corpus is not
    what it was, is left out of the check, and the verdict says so.
    """
    beside, foreign = _beside(dataset)
    verdict = Verdict(path=str(dataset.folder), beside=beside)
    verdict.problems += [*_wrong_files(dataset), *foreign, *_wrong_totals(dataset.manifest)]
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
    if verdict.holds and num_samples != 0:
        _verify_documents(dataset, num_samples, store, verdict)
    return verdict


def _verify_shard(dataset: Dataset, shard: Shard) -> Generator[ShardVerdict]:
    yield verify_shard(dataset.configs[shard.record.stage], shard)


def _wrong_files(dataset: Dataset) -> Iterator[str]:
    """Files beside the shards' that are missing or changed, a sentence for each."""
    for file in dataset.manifest.files:
        path = dataset.folder / file.path
        if file_size(path) is None:
            yield f"{file.path} is missing"
        elif hash_file(path) != file.sha256:
            yield f"{file.path} was changed"


def _beside(dataset: Dataset) -> tuple[list[str], list[str]]:
    """What the Hub and Git put beside a dataset, and a sentence for everything else that does not belong to it."""
    listed = [MANIFEST, *(file.path for file in dataset.manifest.listed)]
    foreign = list(foreign_paths(dataset.folder, listed))
    kept = files_below(dataset.folder / "builds") if "builds" in foreign else []
    builds = {PurePosixPath(name).stem.partition("-")[2] for name in kept if name.endswith(".json")}
    beside = [name for name in foreign if name in _BESIDE or _build(name) in builds]
    return beside, [f"{name} does not belong to the dataset" for name in foreign if name not in beside]


def _build(name: str) -> str | None:
    """The build that a folder is of, None for any other."""
    found = _BUILD.fullmatch(name)
    return found[1] if found else None


def _wrong_totals(manifest: Manifest) -> Iterator[str]:
    """Sums of the manifest that are not the sums of its shards, or a fingerprint of something else; a sentence each."""
    if fingerprint(manifest.content) != manifest.fingerprint:
        yield f"{MANIFEST}: the fingerprint is not that of its recipe, tokenizer, inputs and corpora"
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


def _verify_documents(dataset: Dataset, num_samples: int | None, store: Place | None, verdict: Verdict) -> None:
    """Make random documents again, from tasks and from corpora."""
    remaker = Remaker(dataset, store)
    verdict.left_out = remaker.left_out
    verdict.problems += remaker.wrong_accounts()
    everything = range(dataset.num_documents)
    chosen = sorted(SystemRandom().sample(everything, min(num_samples, len(everything)))) if num_samples else everything
    for config, records in _records(dataset, np.array(chosen, np.int64)):
        there = [record for record in records if remaker.made_again(config.record, record)]
        verdict.problems += remaker.differences(config.record, there)
        verdict.regenerated += len(there)


def _records(dataset: Dataset, places: NDArray[np.int64]) -> Iterator[tuple[Config, list[dict[str, Any]]]]:
    """The records of the documents at these places of the dataset, ascending, shard by shard."""
    start = 0
    for config in dataset.configs.values():
        for shard in config.shards:
            end = start + shard.record.documents
            first, last = np.searchsorted(places, [start, end]).tolist()
            if first < last:
                yield config, shard.docs.read().take(places[first:last] - start).to_pylist()
            start = end
