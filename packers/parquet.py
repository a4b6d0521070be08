"""The Parquet settings of rows and of the document table, and turning documents into the latter."""

import json
from collections.abc import Iterable
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from ..schemas.sample import Document
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


def document_table(shard: int, first_row: int, rows: Iterable[Iterable[Document]]) -> pa.Table:
    """The records of rows first_row, first_row+1, ... of one shard, in row order."""
    records = [
        record for row, documents in enumerate(rows, first_row) for record in _row_records(shard, row, documents)
    ]
    return pa.Table.from_pylist(records, schema=DOCUMENT_SCHEMA)


def _row_records(shard: int, row: int, documents: Iterable[Document]) -> Iterable[dict[str, Any]]:
    start = 0
    for position, document in enumerate(documents):
        yield {
            "shard": shard,
            "row": row,
            "doc": position,
            "source": document.source,
            "sample": document.sample,
            "start": start,
            "length": len(document.ids),
            "prompt_length": document.prompt_length,
            "answers": list(document.answers),
            "answer_spans": [{"start": start, "end": end} for start, end in document.answer_spans],
            "evidence_spans": [{"start": start, "end": end} for start, end in document.evidence_spans],
            "depth": list(document.depth),
            "template": document.template,
            "facts": json.dumps(document.facts, ensure_ascii=False),
            "source_id": None,
            "source_offset": None,
            "repeat": 0,
            "continued": False,
            "sha256": document.sha256,
        }
        start += len(document.ids)
