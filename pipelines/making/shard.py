"""Making one shard: documents, rows and two files, streamed by row groups; any worker can, any number of times."""

import hashlib
from collections.abc import Generator

from ...generators.material.files import as_planned
from ...packers.files.parquet import DocumentWriter, row_writer
from ...packers.files.row_file import RowFile
from ...packers.rows.row_group import RowGroup
from ...schemas.manifest import ShardRecord
from ...schemas.place import Place
from ..run.files import storage_error
from ..run.workspace import Workspace
from ..run.workspace_at import workspace_at
from .tally import Tally
from .work import ShardJob, Shared

_REPORT_TOKENS = 1 << 21
"""Tokens between two reports of a worker, each of which takes it about half a millisecond."""


def write_shard(shared: Shared, job: ShardJob) -> Generator[int | ShardRecord]:
    """Write a shard's two files and its record; yields what it has written, in tokens, then the record."""
    workspace = workspace_at(shared.out)
    try:
        with as_planned(shared.inputs):
            yield from _write_shard(shared, job, workspace)
    except OSError as error:
        raise storage_error(error, shared.out) from None


def _write_shard(shared: Shared, job: ShardJob, workspace: Workspace[Place]) -> Generator[int | ShardRecord]:
    stage, source = shared.stages[job.stage], shared.sources[job.stage]
    name = f"{stage.name}/{stage.split}-{job.shard:05d}-of-{job.num_shards:05d}.parquet"
    tally, content, unreported = Tally(), hashlib.sha256(), 0
    group = RowGroup(stage.seq_length, stage.with_labels, by_content=stage.cdc)
    with (
        workspace.attempt(f"data/{name}") as data,
        workspace.attempt(f"docs/{name}") as docs,
    ):
        with row_writer(data, stage.with_labels, stage.cdc) as rows_out, DocumentWriter(docs, job.shard) as docs_out:
            for documents in source.rows(job.work, tally):
                group.add_row(documents)
                docs_out.add_row(documents)
                for document in documents:
                    content.update(bytes.fromhex(document.sha256))
                    tally.count(document)
                if group.is_full:
                    unreported += _write(group, rows_out)
                if unreported >= _REPORT_TOKENS:
                    yield unreported
                    unreported = 0
            if len(group):
                unreported += _write(group, rows_out)
            yield unreported
        record = ShardRecord(
            stage=stage.name,
            shard=job.shard,
            plan=shared.plan,
            data=data.commit(job.num_rows),
            docs=docs.commit(tally.total("documents")),
            documents=tally.total("documents"),
            tokens=tally.total("tokens"),
            loss_tokens=tally.total("loss_tokens"),
            sources=tally.records,
            planned_tokens=job.planned_tokens,
            encodings=tally.encodings,
            audited=tally.audited,
            repeated_chars=tally.repeated_chars,
            content=content.hexdigest(),
        )
    workspace.record(f"{stage.name}-{job.shard:05d}", record)
    yield record


def _write(group: RowGroup, writer: RowFile) -> int:
    """Write the rows of a group and empty it; returns the number of its tokens."""
    num_tokens = group.num_tokens
    writer.write_table(group.take())
    return num_tokens
