"""What `inspect` finds: a dataset in numbers, a row, a document with what it is marked with."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from .event import Event


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class LengthsShown(_Part):
    """Documents of low..high-1 tokens."""

    low: int
    """Tokens of the shortest document that counts here."""
    high: int
    """Tokens of the shortest document above."""
    documents: int
    """How many documents are of these lengths."""
    tokens: int
    """Tokens of the documents of these lengths."""


class CountShown(_Part):
    """How many things have a number from low to high-1."""

    low: int
    """The smallest number that counts here."""
    high: int
    """The smallest number above."""
    count: int
    """How many there are."""


class StageShown(_Part):
    """A stage of a finished dataset."""

    name: str
    """The config's name."""
    lengths: list[LengthsShown]
    """Documents by their tokens, in powers of two."""
    documents_a_row: list[CountShown]
    """Rows by how many documents they hold, in powers of two."""
    loss_tokens: list[CountShown]
    """Documents by how many of their tokens are in the loss, in powers of two."""
    answers: list[CountShown]
    """Samples of tasks by how many answers they have, in powers of two; empty where there are none."""
    depths: list[int]
    """Evidence by where it begins in the context, in tenths from 0 on; empty where there is none."""
    first: dict[str, Any]
    """The first record of the document table."""


class DatasetShown(Event):
    """What a finished dataset holds."""

    event: Literal["dataset"] = "dataset"
    path: str
    """Folder of the dataset."""
    manifest: dict[str, Any]
    """What `lcdata.json` says but for shards and files."""
    stages: list[StageShown]
    """What was looked at in each config."""


class CorpusShown(Event):
    """What a stored corpus holds."""

    event: Literal["corpus"] = "corpus"
    path: str
    """Folder of the corpus."""
    manifest: dict[str, Any]
    """What `corpus.json` says but for inputs, files and buckets."""
    percentiles: dict[int, int]
    """Tokens of a document, by percent of the documents that have no more."""
    longest: int
    """Tokens of the longest document."""
    half_in: int
    """Half of all tokens lie in documents of so many tokens or more."""
    buckets: list[dict[str, Any]]
    """Documents, tokens and share of each bucket of lengths."""


class PassageShown(_Part):
    """Tokens of a document that are marked alike, as text; tokens between two passages are left out."""

    start: int
    """The first token, counted from the document's start."""
    end: int
    """The token after the last."""
    text: str
    """What they say; of a control token its name."""
    marks: list[str]
    """`loss`: trained on; `evidence`: what the answers rest on; `answer`: where they stand; `control`: made by rule."""


class RowShown(Event):
    """A packed row, of which the documents follow."""

    event: Literal["row"] = "row"
    config: str
    """Name of the config."""
    row: int
    """Number of the row in the config, from 0."""
    shard: int
    """Number of its data file."""
    tokens: int
    """Tokens of the row."""
    seq_length: int
    """Tokens that a row holds at most."""
    documents: int
    """Documents of the row."""
    loss_tokens: int
    """Tokens of the row that are in the loss."""


class DocumentShown(Event):
    """A document as it lies in a row; `start` counts tokens of the row, spans and passages tokens of the document."""

    event: Literal["document"] = "document"
    config: str
    """Name of the config."""
    row: int
    """Number of the row in the config, from 0."""
    doc: int
    """Number of the document in the row, from 0."""
    source: str
    """The task or corpus, by its name in the mixture."""
    sample: int | None
    """Of a task: index of the sample."""
    start: int
    """Where in the row it begins."""
    tokens: int
    """Tokens of the document."""
    prompt_tokens: int
    """Tokens before the answer; 0 of organic documents."""
    loss_tokens: int
    """Tokens that are in the loss."""
    answers: list[str]
    """The reference answers."""
    answer_spans: list[tuple[int, int]]
    """Where each of the answers stands, start and end."""
    evidence_spans: list[tuple[int, int]]
    """What the answers rest on, start and end."""
    depth: list[float]
    """Where each evidence starts in the context: 0 at its beginning, 1 as late as it can be."""
    template: str | None
    """Id of the wording."""
    facts: dict[str, Any]
    """All that was decided about the document."""
    source_id: str | None
    """Of a corpus: what the document is called."""
    source_offset: int | None
    """Of a corpus: tokens of the document before this piece of it."""
    repeat: int
    """How often the piece was drawn before."""
    continued: bool
    """Whether the document goes on here from an earlier piece."""
    sha256: str
    """Of the token ids as little-endian int32."""
    passages: list[PassageShown]
    """What can be read of it; empty where the dataset's tokenizer cannot be had."""
    no_text_because: str | None = None
    """Why nothing can be read."""
    input_ids: list[int] | None = None
    """Token ids of the document, where they were asked for."""
    labels: list[int] | None = None
    """Labels of the tokens, where ids were asked for."""


class StoredDocumentShown(Event):
    """A document of a stored corpus."""

    event: Literal["stored_document"] = "stored_document"
    corpus: str
    """Folder of the corpus."""
    id: str
    """What the document is called."""
    doc: int
    """Number of the document in the corpus, from 0."""
    tokens: int
    """Tokens of the document, without BOS and EOS."""
    bytes: int
    """Bytes of its text as UTF-8."""
    parts: int
    """Records that it was joined of."""
    bucket: str
    """Lengths of the bucket that it lies in."""
    passages: list[PassageShown]
    """What can be read of it; empty where the corpus's tokenizer cannot be had."""
    no_text_because: str | None = None
    """Why nothing can be read."""
    input_ids: list[int] | None = None
    """Token ids of the document, where they were asked for."""
