"""The columns of the two kinds of Parquet files: rows that trainers read, and the document table that explains them."""

from dataclasses import dataclass

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


@dataclass(frozen=True)
class Column:
    """A column of a Parquet file; what it means stands in the documentation, not in the files."""

    name: str
    type: pa.DataType
    meaning: str
    nullable: bool = False

    @property
    def field(self) -> pa.Field:
        """The column as Arrow knows it."""
        return pa.field(self.name, self.type, nullable=self.nullable)


ROW_COLUMNS = (
    Column("input_ids", LIST, "Token ids of the documents, one after another, without padding."),
    Column(
        "labels",
        LIST,
        "The ids of tokens that are trained on, unshifted; -100 elsewhere and on every document's first token. "
        "Left out where all others are trained on, unless a recipe says `labels: always`.",
    ),
    Column("position_ids", LIST, "0, 1, 2, …, from 0 again at every document."),
    Column("seq_lengths", LIST, "Tokens of each document; they add up to the length of `input_ids`."),
)
"""A record is a row: a packed sequence."""

DOCUMENT_COLUMNS = (
    Column("shard", pa.int32(), "Number of the data file, from 0."),
    Column("row", pa.int32(), "Number of the row in the file, from 0."),
    Column("doc", pa.int32(), "Number of the document in the row, from 0."),
    Column("source", pa.string(), "The task or corpus, by its name in the mixture."),
    Column(
        "sample",
        pa.int64(),
        "Of a task: index of the sample; a task counts its samples through all stages of a recipe.",
        nullable=True,
    ),
    Column("start", pa.int32(), "Where in the row the document begins, in tokens."),
    Column("length", pa.int32(), "Tokens of the document, BOS and EOS included."),
    Column("prompt_length", pa.int32(), "Tokens before the answer, BOS included; 0 of organic documents."),
    Column("answers", TEXTS, "Reference answers."),
    Column("answer_spans", SPANS, "Where each answer stands, in tokens of the document; `end` is past the last."),
    Column("evidence_spans", SPANS, "Where in the prompt the answers can be read, in tokens of the document."),
    Column(
        "depth", NUMBERS, "Where each evidence begins in the context: 0 at its beginning, 1 as late as it can stand."
    ),
    Column("template", pa.string(), "Id of the wording.", nullable=True),
    Column("facts", pa.string(), "All that was decided about the sample, as a JSON object."),
    Column(
        "source_id", pa.string(), "Of a corpus: what the document is called, often its file and line.", nullable=True
    ),
    Column("source_offset", pa.int64(), "Of a corpus: tokens of the document before this piece of it.", nullable=True),
    Column("repeat", pa.int32(), "How often the piece was drawn before."),
    Column("continued", pa.bool_(), "Whether the document goes on here from an earlier piece."),
    Column("sha256", pa.string(), "Of the token ids as little-endian int32."),
)
"""A record is a document of a row; records stand in the order of rows and of documents in them."""

DOCUMENT_SCHEMA = pa.schema([column.field for column in DOCUMENT_COLUMNS])


def row_schema(with_labels: bool = True) -> pa.Schema:
    """The columns of rows, with or without `labels`."""
    return pa.schema([column.field for column in ROW_COLUMNS if with_labels or column.name != "labels"])
