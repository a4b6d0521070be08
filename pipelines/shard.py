"""Making one shard: documents, rows and two files, streamed by row groups; any worker can, any number of times."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..packers.fit import TokenRate
from ..packers.parquet import document_table, document_writer, row_writer
from ..packers.rows import RowGroup, loss_starts_at
from ..packers.tokenizer import TokenizerSpec, open_tokenizer
from ..schemas.manifest import ShardRecord
from ..schemas.recipe import Recipe
from ..schemas.sample import Document
from .files import Attempt, storage_error
from .plan import AUDIT_EVERY
from .samples import Made, SampleMaker
from .workspace import Workspace


@dataclass(frozen=True)
class Build:
    """What all shards of a build share."""

    recipe: Recipe
    tokenizer: TokenizerSpec
    chat_template: str | None
    rates: Mapping[str, TokenRate]
    plan: str
    out: Path


@dataclass(frozen=True)
class ShardJob:
    """One shard's share of the plan."""

    shard: int
    num_shards: int
    rows: Sequence[NDArray[np.int64]]
    """The samples of each row."""
    lengths: Sequence[NDArray[np.int32]]
    """Their lengths."""


@dataclass
class _Tally:
    documents: int = 0
    tokens: int = 0
    loss_tokens: int = 0
    encodings: int = 0
    audited: int = 0
    repeated_chars: int = 0


def write_shard(build: Build, job: ShardJob) -> Iterator[int | ShardRecord]:
    """Write a shard's two files and its record; yields the tokens of each row group, then the record."""
    workspace = Workspace(build.out)
    try:
        yield from _write_shard(build, job, workspace)
    except OSError as error:
        raise storage_error(error, build.out) from None


def _write_shard(build: Build, job: ShardJob, workspace: Workspace) -> Iterator[int | ShardRecord]:
    recipe = build.recipe
    name = f"train-{job.shard:05d}-of-{job.num_shards:05d}.parquet"
    data_path, docs_path = (
        workspace.dataset / "data" / recipe.name / name,
        workspace.dataset / "docs" / recipe.name / name,
    )
    tally, content = _Tally(), hashlib.sha256()
    group = RowGroup(recipe.seq_length, recipe.source.loss, recipe.with_labels)
    with (
        Attempt(workspace.temporary, data_path, workspace.dataset) as data,
        Attempt(workspace.temporary, docs_path, workspace.dataset) as docs,
    ):
        with row_writer(data, recipe.with_labels, recipe.cdc) as rows_out, document_writer(docs) as docs_out:
            first_row = 0
            for rows in _row_groups(_rows(build, job, tally), group.max_rows):
                for documents in rows:
                    group.add_row(documents)
                    for document in documents:
                        content.update(bytes.fromhex(document.sha256))
                before = tally.tokens
                _count(tally, rows, recipe)
                rows_out.write_table(group.take(), row_group_size=group.max_rows)
                docs_out.write_table(document_table(job.shard, first_row, rows))
                first_row += len(rows)
                yield tally.tokens - before
        record = ShardRecord(
            shard=job.shard,
            plan=build.plan,
            data=data.commit(len(job.rows)),
            docs=docs.commit(tally.documents),
            planned_tokens=int(sum(int(lengths.sum()) for lengths in job.lengths)),
            content=content.hexdigest(),
            **vars(tally),
        )
    workspace.record(record)
    yield record


def _rows(build: Build, job: ShardJob, tally: _Tally) -> Iterator[list[Document]]:
    """Make the documents of each row, and audit some."""
    recipe = build.recipe
    tokenizer = open_tokenizer(build.tokenizer)
    maker = SampleMaker(recipe.source, recipe.seed, tokenizer, build.rates, build.chat_template)
    made_before = 0
    for samples, lengths in zip(job.rows, job.lengths, strict=True):
        made = [maker.make(int(sample), int(length)) for sample, length in zip(samples, lengths, strict=True)]
        for one in made:
            tally.encodings += one.encodings
            if made_before % AUDIT_EVERY == 0:
                maker.audit(one)
                tally.audited += 1
            made_before += 1
        yield _documents(made)


def _documents(made: Sequence[Made]) -> list[Document]:
    return [one.document for one in made]


def _row_groups(rows: Iterator[list[Document]], size: int) -> Iterator[list[list[Document]]]:
    group: list[list[Document]] = []
    for row in rows:
        group.append(row)
        if len(group) == size:
            yield group
            group = []
    if group:
        yield group


def _count(tally: _Tally, rows: Sequence[Sequence[Document]], recipe: Recipe) -> None:
    for documents in rows:
        for document in documents:
            tally.documents += 1
            tally.repeated_chars += int(document.facts.get("repeated_chars", 0))
            tally.tokens += len(document.ids)
            tally.loss_tokens += len(document.ids) - loss_starts_at(document.prompt_length, recipe.source.loss)
