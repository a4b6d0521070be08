"""The token store: each document's ids once, in Parquet files by length bucket, and an index that finds them.

Ids stand without BOS and EOS, which depend on where a document is cut.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from ...schemas.errors import QualityError
from ...schemas.place import Place, open_ranges, parquet_options, reaching
from ...schemas.tables import LIST
from .arrays import fixed_binaries, int32_lists, numbers, strings
from .arrow_writer import ArrowWriter
from .sink import Sink

Ids = NDArray[np.int32]

GROUP_TOKENS = 1 << 20
"""Tokens from which on a row group is full: what is read to get one document."""

_COMPRESSION = -1
"""Level of zstd: files are a fifth larger than at level 1, and read in half the time."""

TOKEN_SCHEMA = pa.schema([pa.field("id", pa.string(), nullable=False), pa.field("input_ids", LIST, nullable=False)])

INDEX_SCHEMA = pa.schema(
    [
        pa.field("id", pa.string(), nullable=False),
        pa.field("tokens", pa.int32(), nullable=False),
        pa.field("bytes", pa.int64(), nullable=False),
        pa.field("parts", pa.int32(), nullable=False),
        pa.field("bucket", pa.int16(), nullable=False),
        pa.field("unit", pa.int32(), nullable=False),
        pa.field("row_group", pa.int32(), nullable=False),
        pa.field("row", pa.int32(), nullable=False),
        pa.field("input", pa.int32(), nullable=False),
        pa.field("line", pa.int64(), nullable=False),
        pa.field("sha256", pa.binary(32), nullable=False),
    ]
)
"""The index, a document a record: its length, the text's size, from how many records it was joined, where its ids are
(bucket, unit, row group, row in it), where it begins in which input, and the sha256 of its text (joined ones: over
their parts' hashes)."""


@dataclass(frozen=True, slots=True)
class StoredDocument:
    """A document as the index knows it, before it has its place."""

    id: str
    num_bytes: int
    parts: int
    input: int
    line: int
    sha256: bytes


class BucketWriter:
    """Writes the documents of one bucket and unit into one file, row group by row group.

    A context manager: `close` ends the file, leaving the block without it gives the file up.
    """

    def __init__(self, sink: Sink, bucket: int, unit: int) -> None:
        self._bucket, self._unit = bucket, unit
        self._writer = ArrowWriter(
            sink,
            TOKEN_SCHEMA,
            compression="zstd",
            compression_level=_COMPRESSION,
            use_dictionary=False,
            column_encoding={"input_ids.list.element": "BYTE_STREAM_SPLIT", "id": "PLAIN"},
            write_statistics=False,
            write_page_checksum=True,
        )
        self._documents: list[StoredDocument] = []
        self._ids: list[Ids] = []
        self._num_tokens = self._num_groups = 0
        self._index: list[pa.Table] = []

    def add(self, document: StoredDocument, ids: Ids) -> None:
        """Take a document; `ids` is kept until its row group is full, and must not be a view of something larger."""
        self._documents.append(document)
        self._ids.append(ids)
        self._num_tokens += len(ids)
        if self._num_tokens >= GROUP_TOKENS:
            self._write_group()

    def close(self) -> pa.Table:
        """End the file; returns the documents' part of the index."""
        if self._documents:
            self._write_group()
        self._writer.close()
        return pa.concat_tables(self._index)

    def __enter__(self) -> "BucketWriter":
        return self

    def __exit__(self, *_: object) -> None:
        self._writer.give_up()

    def _write_group(self) -> None:
        lengths = np.fromiter(map(len, self._ids), np.int32, len(self._ids))
        names = strings([document.id for document in self._documents])
        ends = np.concatenate(([0], np.cumsum(lengths)))
        columns = [names, int32_lists(ends, self._ids[0] if len(self._ids) == 1 else np.concatenate(self._ids))]
        table = pa.Table.from_arrays(columns, schema=TOKEN_SCHEMA)
        self._writer.write_table(table, row_group_size=max(1, len(table)))
        self._index.append(self._index_of_group(names, lengths))
        self._documents, self._ids, self._num_tokens = [], [], 0
        self._num_groups += 1

    def _index_of_group(self, names: pa.Array, lengths: Ids) -> pa.Table:
        documents, count = self._documents, len(self._documents)

        def same(value: int, kind: type[np.integer]) -> pa.Array:
            return numbers(np.full(count, value, kind))

        columns = {
            "id": names,
            "tokens": numbers(lengths),
            "bytes": numbers(np.array([document.num_bytes for document in documents], np.int64)),
            "parts": numbers(np.array([document.parts for document in documents], np.int32)),
            "bucket": same(self._bucket, np.int16),
            "unit": same(self._unit, np.int32),
            "row_group": same(self._num_groups, np.int32),
            "row": numbers(np.arange(count, dtype=np.int32)),
            "input": numbers(np.array([document.input for document in documents], np.int32)),
            "line": numbers(np.array([document.line for document in documents], np.int64)),
            "sha256": fixed_binaries([document.sha256 for document in documents]),
        }
        return pa.Table.from_arrays([columns[name] for name in INDEX_SCHEMA.names], schema=INDEX_SCHEMA)


def write_index(sink: Sink, tables: Iterable[pa.Table]) -> dict[int, tuple[int, int, int]]:
    """Write index parts, one after another, into a file object; returns each bucket's documents, tokens and bytes."""
    totals: dict[int, tuple[int, int, int]] = {}
    with ArrowWriter(sink, INDEX_SCHEMA, compression="zstd", write_page_checksum=True) as writer:
        for table in tables:
            writer.write_table(table)
            counted = table.group_by("bucket").aggregate([("tokens", "count"), ("tokens", "sum"), ("bytes", "sum")])
            for record in counted.to_pylist():
                documents, tokens, size = totals.get(record["bucket"], (0, 0, 0))
                totals[record["bucket"]] = (
                    documents + record["tokens_count"],
                    tokens + record["tokens_sum"],
                    size + record["bytes_sum"],
                )
    return totals


def token_path(bucket_low: int, unit: int) -> str:
    """Where the documents of a bucket and unit lie in a corpus."""
    return f"tokens/bucket={bucket_low}/{unit:05d}.parquet"


def cure_of(corpus: Place) -> str:
    """What helps where a file of a stored corpus is damaged."""
    return f"`lcdata verify {corpus}` names all that is, and `lcdata ingest` with --overwrite stores it again"


class TokenFile:
    """A file of the token store, read by row groups; QualityError where it is missing or damaged."""

    def __init__(self, corpus: Place, path: str) -> None:
        self._corpus, self._path = corpus, corpus / path
        try:
            with reaching(self._path):
                self._file = pq.ParquetFile(open_ranges(self._path), **parquet_options(self._path))
        except (OSError, pa.ArrowException) as error:
            raise self._damaged(error) from None

    def row_group(self, number: int) -> tuple[list[str], NDArray[np.int32], Ids]:
        """Ids of the documents of a row group, where the tokens of each end after a first 0, and the tokens."""
        try:
            with reaching(self._path):
                table = self._file.read_row_group(number, use_threads=False).combine_chunks()
        except (OSError, pa.ArrowException, IndexError) as error:
            raise self._damaged(error) from None
        if not table.schema.equals(TOKEN_SCHEMA):
            raise self._damaged("has other columns than promised")
        lists = table["input_ids"].chunk(0)
        return table["id"].to_pylist(), lists.offsets.to_numpy(), lists.values.to_numpy()

    def _damaged(self, reason: object) -> QualityError:
        return QualityError(f"{self._path} cannot be read ({reason}): {cure_of(self._corpus)}")
