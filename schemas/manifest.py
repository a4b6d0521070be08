"""`lcdata.json`, the truth about a finished dataset, and the records that shards leave while it is built."""

from typing import Any

from pydantic import BaseModel, ConfigDict

from .recipe import Recipe
from .tokens import TokenizerIdentity

MANIFEST = "lcdata.json"


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class FileRecord(_Record):
    """One Parquet file as it was written."""

    path: str
    """Relative to the dataset's folder."""
    sha256: str
    bytes: int
    rows: int


class WorkRecord(_Record):
    """What a finished piece of work leaves behind, so that it is not done again."""

    plan: str
    """Fingerprint of the plan that it belongs to."""


class ShardRecord(WorkRecord):
    """One finished shard: its two files and what is in them."""

    shard: int
    data: FileRecord
    docs: FileRecord
    documents: int
    tokens: int
    loss_tokens: int
    planned_tokens: int
    """The lengths that were asked for, added up."""
    encodings: int
    """How often a text was tokenized to fit the documents."""
    audited: int
    """Documents whose ids were compared with those of `tokenizers`."""
    repeated_chars: int
    """Characters of haystacks that stand a second time in their document, where a corpus was shorter than it."""
    content: str
    """sha256 over the documents' hashes in row order: the same for any version of the Parquet writer."""


class Ledger(_Record):
    """The token account: what was made is either in the rows or dropped for a reason."""

    made: int
    packed: int
    dropped: dict[str, int]


class BucketAccount(_Record):
    """The tokens of one bucket of a component: tokens = used + unused + dropped."""

    low: int
    high: int | None
    """Documents of low..high-1 tokens."""
    documents: int
    tokens: int
    """In the corpus."""
    wanted: int
    """What the recipe asks for, repeats included."""
    drawn: int
    """What is in the rows, repeats included and BOS and EOS not."""
    used: int
    """Of `tokens`, what is in the rows at least once."""
    unused: int
    dropped: dict[str, int]
    """What could not be drawn, by reason."""


class ComponentAccount(_Record):
    """What became of a corpus's tokens."""

    name: str
    corpus: str
    """Its folder."""
    fingerprint: str
    """Of its ingest."""
    wanted_share: float
    share: float
    """Of all tokens drawn."""
    buckets: list[BucketAccount]


class Manifest(_Record):
    """Everything that says what a dataset is and lets it be checked and made again."""

    lcdata: str
    format: int
    fingerprint: str
    """Of recipe and tokenizer: the same fingerprint is the same data."""
    recipe: Recipe
    tokenizer: TokenizerIdentity
    chat_template: str | None
    """What documents were laid out with, where they are conversations."""
    engine: str
    inputs: dict[str, str]
    """sha256 of every file that samples were made from, by path."""
    versions: dict[str, str]
    rates: dict[str, dict[str, Any]]
    """What the length fitter learned for each wording."""
    rows: int
    documents: int
    tokens: int
    loss_tokens: int
    fill: float
    """Tokens over the lengths that were asked for."""
    row_fill: float
    """Tokens over the room of the rows."""
    encodings: int
    audited: int
    repeated_chars: int
    ledger: Ledger
    accounts: list[ComponentAccount]
    """Of the corpora, where documents were drawn from some."""
    notes: list[str]
    """What was changed or is odd in what the recipe asks for."""
    shards: list[ShardRecord]
    files: list[FileRecord]
    """Everything else in the folder but this file."""
