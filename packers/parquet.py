"""The Parquet settings of rows and of the document table, and turning documents into the latter."""

import json
from collections.abc import Iterable, Sequence
from itertools import accumulate
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from ..schemas.sample import Document, Span
from ..schemas.tables import DOCUMENT_SCHEMA, row_schema

_COMMON: dict[str, Any] = {
    "compression": "zstd",
    "compression_level": 1,
    "write_page_index": True,
    "write_page_checksum": True,
}


def row_writer(sink: Any, with_labels: bool, cdc: bool = False) -> pq.ParquetWriter:
    """A writer of rows into a file object: token columns as byte streams, positions as deltas, checksums on pages."""
    schema = row_schema(with_labels)
    encodings = {f"{name}.list.element": "BYTE_STREAM_SPLIT" for name in schema.names}
    encodings["position_ids.list.element"] = "DELTA_BINARY_PACKED"
    encodings["seq_lengths.list.element"] = "DELTA_BINARY_PACKED"
    return pq.ParquetWriter(
        sink,
        schema,
        use_dictionary=False,
        column_encoding=encodings,
        write_statistics=False,
        use_content_defined_chunking=cdc,
        **_COMMON,
    )


def document_writer(sink: Any) -> pq.ParquetWriter:
    """A writer of the document table into a file object."""
    return pq.ParquetWriter(sink, DOCUMENT_SCHEMA, **_COMMON)


def document_table(shard: int, first_row: int, rows: Sequence[Sequence[Document]]) -> pa.Table:
    """The records of rows first_row, first_row+1, ... of one shard, in row order."""
    documents = [document for row in rows for document in row]
    count = len(documents)
    columns: dict[str, Any] = {
        "shard": np.full(count, shard, np.int32),
        "row": np.repeat(np.arange(first_row, first_row + len(rows), dtype=np.int32), [len(row) for row in rows]),
        "doc": np.array([place for row in rows for place in range(len(row))], np.int32),
        "source": [document.source for document in documents],
        "sample": np.array([document.sample for document in documents], np.int64),
        "start": np.array([start for row in rows for start in _starts(row)], np.int32),
        "length": np.array([len(document.ids) for document in documents], np.int32),
        "prompt_length": np.array([document.prompt_length for document in documents], np.int32),
        "answers": [document.answers for document in documents],
        "answer_spans": _span_lists([document.answer_spans for document in documents]),
        "evidence_spans": _span_lists([document.evidence_spans for document in documents]),
        "depth": [document.depth for document in documents],
        "template": [document.template for document in documents],
        "facts": [json.dumps(document.facts, ensure_ascii=False) for document in documents],
        "source_id": pa.nulls(count, pa.string()),
        "source_offset": pa.nulls(count, pa.int64()),
        "repeat": np.zeros(count, np.int32),
        "continued": np.zeros(count, np.bool_),
        "sha256": [document.sha256 for document in documents],
    }
    return pa.Table.from_pydict(columns, schema=DOCUMENT_SCHEMA)


def _starts(row: Sequence[Document]) -> Iterable[int]:
    """Where each document of a row starts in it."""
    return accumulate((len(document.ids) for document in row[:-1]), initial=0) if row else ()


def _span_lists(spans: Sequence[Sequence[Span]]) -> pa.ListArray:
    """Lists of spans as lists of structs."""
    ends = np.concatenate(([0], np.cumsum([len(some) for some in spans]))).astype(np.int32)
    flat = np.array([span for some in spans for span in some], np.int32).reshape(-1, 2)
    kind = DOCUMENT_SCHEMA.field("answer_spans").type
    parts = [pa.array(np.ascontiguousarray(flat[:, side])) for side in (0, 1)]
    structs = pa.StructArray.from_arrays(parts, fields=list(kind.value_type))
    return pa.ListArray.from_arrays(pa.array(ends), structs, type=kind)
