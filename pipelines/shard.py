"""Making one shard: documents, rows and two files, streamed by row groups; any worker can, any number of times."""

import hashlib
from collections.abc import Iterator, Sequence

from ..packers.parquet import document_table, document_writer, row_writer
from ..packers.rows import RowGroup, loss_starts_at
from ..schemas.manifest import ShardRecord
from ..schemas.recipe import Recipe
from ..schemas.sample import Document
from .build import Build, ShardJob, Tally
from .files import Attempt, storage_error
from .workspace import Workspace


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
    tally, content = Tally(), hashlib.sha256()
    group = RowGroup(recipe.seq_length, recipe.source.loss, recipe.with_labels)
    with (
        Attempt(workspace.temporary, data_path, workspace.dataset) as data,
        Attempt(workspace.temporary, docs_path, workspace.dataset) as docs,
    ):
        with row_writer(data, recipe.with_labels, recipe.cdc) as rows_out, document_writer(docs) as docs_out:
            first_row = 0
            for rows in _row_groups(build.source.rows(job.work, tally), group.max_rows):
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
            data=data.commit(job.num_rows),
            docs=docs.commit(tally.documents),
            planned_tokens=job.planned_tokens,
            content=content.hexdigest(),
            **vars(tally),
        )
    workspace.record(f"{job.shard:05d}", record)
    yield record


def _row_groups(rows: Iterator[list[Document]], size: int) -> Iterator[list[list[Document]]]:
    group: list[list[Document]] = []
    for row in rows:
        group.append(row)
        if len(group) == size:
            yield group
            group = []
    if group:
        yield group


def _count(tally: Tally, rows: Sequence[Sequence[Document]], recipe: Recipe) -> None:
    for documents in rows:
        for document in documents:
            tally.documents += 1
            tally.tokens += len(document.ids)
            tally.loss_tokens += len(document.ids) - loss_starts_at(document.prompt_length, recipe.source.loss)
