"""The columns of the two kinds of Parquet files: rows that trainers read, and the document table that explains them."""

import pyarrow as pa

LIST = pa.list_(pa.field("element", pa.int32(), nullable=False))
TEXTS = pa.list_(pa.field("element", pa.string(), nullable=False))
NUMBERS = pa.list_(pa.field("element", pa.float32(), nullable=False))
SPANS = pa.list_(
    pa.field(
        "element",
        pa.struct([pa.field("start", pa.int32(), nullable=False), pa.field("end", pa.int32(), nullable=False)]),
        nullable=False,
    )
)


def row_schema(with_labels: bool = True) -> pa.Schema:
    """One packed row: `input_ids`, unshifted `labels` (-100 off the loss), `position_ids`, `seq_lengths`."""
    names = ["input_ids", "labels", "position_ids", "seq_lengths"]
    if not with_labels:
        names.remove("labels")
    return pa.schema([pa.field(name, LIST, nullable=False) for name in names])


def _required(name: str, kind: pa.DataType) -> pa.Field:
    return pa.field(name, kind, nullable=False)


DOCUMENT_SCHEMA = pa.schema(
    [
        _required("shard", pa.int32()),
        _required("row", pa.int32()),
        _required("doc", pa.int32()),
        _required("source", pa.string()),
        pa.field("sample", pa.int64()),
        _required("start", pa.int32()),
        _required("length", pa.int32()),
        _required("prompt_length", pa.int32()),
        _required("answers", TEXTS),
        _required("answer_spans", SPANS),
        _required("evidence_spans", SPANS),
        _required("depth", NUMBERS),
        pa.field("template", pa.string()),
        _required("facts", pa.string()),
        pa.field("source_id", pa.string()),
        pa.field("source_offset", pa.int64()),
        _required("repeat", pa.int32()),
        _required("continued", pa.bool_()),
        _required("sha256", pa.string()),
    ]
)
"""One document a record, in row order."""
