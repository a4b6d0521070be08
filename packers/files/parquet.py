"""The Parquet settings of rows and of the document table, and turning documents into the latter."""

import json
from collections.abc import Iterable, Sequence
from itertools import accumulate
from typing import Any

import numpy as np
import pyarrow as pa

from ...schemas.sample import Document
from ...schemas.tables import DOCUMENT_SCHEMA, row_schema
from .arrays import bits, float_lists, numbers, numbers_or_null, span_lists, string_lists, strings, strings_or_null
from .arrow_writer import ArrowWriter
from .row_file import RowFile
from .sink import Sink

_COMMON: dict[str, Any] = {
    "compression": "zstd",
    "compression_level": 1,
    "write_page_index": True,
    "write_page_checksum": True,
}

ROW_ENCODINGS = {
    "input_ids": "BYTE_STREAM_SPLIT",
    "labels": "PLAIN",  # runs of -100: a quarter faster to write, and real text is a tenth smaller
    "position_ids": "DELTA_BINARY_PACKED",
    "seq_lengths": "DELTA_BINARY_PACKED",
}
"""Encodings of the columns of rows; none is a dictionary's, which would cost more than it saves."""

_CUT = b"lcdata: row group ends; Xet storage cuts its chunks here   abr4t"
"""Written after row groups of `--cdc`: these 64 bytes end a chunk of the Hub's storage if it has 8 KiB.

A chunk of it ends where the highest 16 bits of a hash over its last 64 bytes are 0, which the last five letters were
looked for to make so. Source: the chunking of the Xet protocol, https://huggingface.co/docs/xet/chunking.
"""

_DOCUMENT_GROUP_BYTES = 1 << 22
_TABLE_TOKENS = 1 << 21
"""Tokens whose documents become a table at once: a table of fewer costs as much to make."""

_to_json = json.JSONEncoder(ensure_ascii=False).encode


def row_writer(sink: Sink, with_labels: bool, cdc: bool = False) -> RowFile:
    """A writer of rows into a file object; with `cdc` the Hub's storage knows each row group again in another file."""
    return RowFile(sink, row_schema(with_labels), ROW_ENCODINGS, after_group=_CUT if cdc else b"")


def arrow_row_writer(sink: Sink, with_labels: bool) -> ArrowWriter:
    """A writer of rows into a file object by pyarrow, with the settings of `RowFile` and at half its speed."""
    schema = row_schema(with_labels)
    encodings = {f"{name}.list.element": ROW_ENCODINGS[name] for name in schema.names}
    return ArrowWriter(sink, schema, use_dictionary=False, column_encoding=encodings, write_statistics=False, **_COMMON)


class DocumentWriter:
    """Writes one shard's document table into a file object, in row groups of its own: records are small."""

    def __init__(self, sink: Sink, shard: int) -> None:
        self._writer = ArrowWriter(sink, DOCUMENT_SCHEMA, **_COMMON)
        self._shard, self._num_rows, self._num_tokens, self._num_bytes = shard, 0, 0, 0
        self._rows: list[list[Document]] = []
        self._tables: list[pa.Table] = []

    def add_row(self, documents: list[Document]) -> None:
        """Add the records of the shard's next row."""
        self._rows.append(documents)
        self._num_tokens += sum(len(document.ids) for document in documents)
        if self._num_tokens >= _TABLE_TOKENS:
            self._make_table()
        if self._num_bytes >= _DOCUMENT_GROUP_BYTES:
            self._flush()

    def _make_table(self) -> None:
        """Make a table of the documents, and let go of them with their tokens, which are not wanted here."""
        table = document_table(self._shard, self._num_rows, self._rows)
        self._tables.append(table)
        self._num_rows += len(self._rows)
        self._num_bytes += table.nbytes
        self._rows, self._num_tokens = [], 0

    def _flush(self) -> None:
        self._writer.write_table(pa.concat_tables(self._tables))
        self._tables, self._num_bytes = [], 0

    def __enter__(self) -> "DocumentWriter":
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            if kind is None:
                self._finish()
        finally:
            self._writer.give_up()

    def _finish(self) -> None:
        if self._rows:
            self._make_table()
        if self._tables:
            self._flush()
        self._writer.close()


def document_table(shard: int, first_row: int, rows: Sequence[Sequence[Document]]) -> pa.Table:
    """The records of rows first_row, first_row+1, ... of one shard, in row order."""
    documents = [document for row in rows for document in row]
    count = len(documents)
    doc = [place for row in rows for place in range(len(row))]
    start = [start for row in rows for start in _starts(row)]
    columns = {
        "shard": numbers(np.full(count, shard, np.int32)),
        "row": numbers(np.repeat(np.arange(first_row, first_row + len(rows), dtype=np.int32), list(map(len, rows)))),
        "doc": numbers(np.array(doc, np.int32)),
        "source": strings([document.source for document in documents]),
        "sample": numbers_or_null([document.sample for document in documents], np.int64),
        "start": numbers(np.array(start, np.int32)),
        "length": numbers(np.array([len(document.ids) for document in documents], np.int32)),
        "prompt_length": numbers(np.array([document.prompt_length for document in documents], np.int32)),
        "answers": string_lists([document.answers for document in documents]),
        "answer_spans": span_lists([document.answer_spans for document in documents]),
        "evidence_spans": span_lists([document.evidence_spans for document in documents]),
        "depth": float_lists([document.depth for document in documents]),
        "template": strings_or_null([document.template for document in documents]),
        "facts": strings([_to_json(document.facts) for document in documents]),
        "source_id": strings_or_null([document.source_id for document in documents]),
        "source_offset": numbers_or_null([document.source_offset for document in documents], np.int64),
        "repeat": numbers(np.array([document.repeat for document in documents], np.int32)),
        "continued": bits([document.continued for document in documents]),
        "sha256": strings([document.sha256 for document in documents]),
    }
    return pa.Table.from_arrays([columns[name] for name in DOCUMENT_SCHEMA.names], schema=DOCUMENT_SCHEMA)


def _starts(row: Sequence[Document]) -> Iterable[int]:
    """Where each document of a row starts in it."""
    return accumulate((len(document.ids) for document in row[:-1]), initial=0) if row else ()
