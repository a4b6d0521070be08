"""An organic corpus: what an ingest was asked for, and `corpus.json`, the truth about what it stored."""

from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import Field, PlainSerializer, field_validator, model_validator

from .names import FolderName
from .problems import ClashError
from .provenance import License, Source
from .quantity import Count, Length
from .records import FileRecord, JsonRecord, WorkRecord
from .sealed import Sealed
from .secrets import without_secrets
from .tokens import TokenizerChoice, TokenizerIdentity
from .written import Written

CORPUS_MANIFEST = "corpus.json"
CORPUS_FORMAT = 2
"""Number of the format of the token store's files; a change of any byte for the same ingest raises it."""

DEFAULT_BUCKETS = tuple(2**exponent for exponent in range(10, 21))
"""1k, 2k, 4k, … 1M."""


Address = Annotated[str, PlainSerializer(without_secrets)]
"""A path or URL, of which no secret is ever written down."""


@dataclass(frozen=True)
class Gates:
    """How much of its inputs an ingest may lose; more stops it."""

    max_bad: float = 0.001
    """Share of the records that cannot be used."""
    damaged_files: int | float = 0
    """Inputs that cannot be read to their end: a number of them, or as a float a share."""
    max_unwritten: float = 0.001
    """Share of the tokens that are unknown or stand for characters which are in none."""


DEFAULT_GATES = Gates()


class Fields(Written):
    """Where a record holds what is wanted of it."""

    text: str = "text"
    """The document's text, or the part's where records are grouped; `a.b` is the field b of the field a."""

    id: str | None = None
    """What the document is called; by default its file and line, or its group."""

    group: str | None = None
    """Records of the same value are one document: the files of a repository, the chapters of a book."""

    order: str | None = None
    """What the parts of a group are sorted by, and what stands in their headers: a path, a chapter's number."""


class IngestRecipe(Written):
    """Everything that decides a stored corpus, besides the input files themselves."""

    name: FolderName
    """The corpus's name, a folder in the store."""

    inputs: tuple[Address, ...] = Field(min_length=1)
    """Files, folders, globs, fsspec URLs, or the id of a `datasets` dataset; written down without passwords."""

    config: str | None = None
    """Which config of a `datasets` dataset."""

    split: str = "train"
    """Which split of a `datasets` dataset."""

    fields: Fields = Fields()
    """Where a record holds what is wanted of it."""

    format: Literal["plain", "chat"] = "plain"
    """Texts as they are, or lists of messages that the tokenizer's chat template writes."""

    group_order: Literal["order", "given", "random"] = "order"
    """How the parts of a group follow each other: by the order field, as they were read, or shuffled."""

    header: str = "=== {order} ===\n"
    """What stands before each part of a group, where there is an order field; empty for nothing."""

    tokenizer: TokenizerChoice = TokenizerChoice()
    """What makes token ids of the texts; in a recipe, the recipe's."""

    buckets: tuple[Length, ...] = DEFAULT_BUCKETS
    """Where one bucket of lengths ends and the next begins, in tokens."""

    max_doc_bytes: Count = 128 * 10**6
    """Bytes of UTF-8 above which a document is left out."""

    license: License = None
    """The licence of the texts, for the cards of datasets; no part of the corpus's fingerprint."""

    source_url: Source = None
    """A page about where the texts come from, for the cards of datasets; no part of the corpus's fingerprint."""

    @property
    def content(self) -> dict[str, Any]:
        """All of it that decides the stored bytes, as JSON holds it."""
        return self.model_dump(mode="json", exclude={"license", "source_url"})

    @field_validator("buckets")
    @classmethod
    def _rising(cls, buckets: tuple[int, ...]) -> tuple[int, ...]:
        if list(buckets) != sorted(set(buckets)):
            raise ValueError(f"must rise, got {', '.join(map(str, buckets))}")
        return buckets

    @model_validator(mode="after")
    def _conversations_are_whole(self) -> "IngestRecipe":
        if self.format == "chat" and self.fields.group is not None:
            message = "conversations are documents of their own: leave --group-by out, or --format chat"
            raise ClashError(message, "fields", "group")
        return self


class InputRecord(JsonRecord):
    """One input as it was read."""

    url: str
    """Path or URL, without user, password and query."""
    bytes: int
    """Its size as it is stored, 0 where nobody knows it."""
    version: str
    """Its time of change or ETag: the same size and version is taken for the same content."""
    sha256: str
    """Of its bytes as they are stored, or the version of what has none, such as a `datasets` dataset."""
    records: int
    """Lines or rows in it, the unreadable ones too."""


class BadRecord(JsonRecord):
    """One of the first records that could not be used."""

    url: str
    """The input that it stands in."""
    line: int
    """Of the file, or row of the table, from 1."""
    reason: str
    """Why it could not be used."""


class DamagedInput(JsonRecord):
    """An input that cannot be read to its end, or not all of it."""

    url: str
    """Path or URL."""
    records: int
    """Records of it that could still be used."""
    reason: str
    """What of it is lost, and why."""


class PassedOverInput(JsonRecord):
    """Something that lies where inputs were looked for, and is not read."""

    url: str
    """Path or URL."""
    reason: str
    """Why it is not read."""


class PartRecord(WorkRecord):
    """One part of the texts that are read: a file that holds some of a bundle's records, and how far it came."""

    bundle: int
    part: int
    file: FileRecord
    documents: int
    bytes: int
    """Bytes of text in it."""
    input: int
    """The input that the part ends in."""
    line: int
    """Records of that input that this part and those before it have passed."""
    stored_bytes: int
    """Bytes of that input, as it is stored, that were read until then."""
    stored_sha256: str
    """sha256 of these bytes, which must be the same when the rest is read."""
    usable: int
    """Records of that input that could be used until then."""
    damage: list[str]
    """What of that input was lost until then."""
    finished: list[InputRecord]
    """The inputs that ended in this part."""
    damaged: list[DamagedInput]
    """Those of them that are damaged."""
    records: int
    bad: dict[str, int]
    first_bad: list[BadRecord]
    is_last: bool
    """Whether no part of its bundle follows."""


class UnitRecord(WorkRecord):
    """One unit of documents that is encoded: a file for each bucket and its part of the index."""

    unit: int
    files: list[FileRecord]
    index: FileRecord
    documents: int
    tokens: int
    bytes: int
    audited: int
    unwritten: int
    documents_unwritten: int
    first_unwritten: str | None
    without_tokens: int
    """Documents that the tokenizer makes nothing of, which are left out."""
    bytes_without_tokens: int


class BucketRecord(JsonRecord):
    """What a corpus has of documents of low..high-1 tokens."""

    low: int
    """Tokens of its shortest documents."""
    high: int | None
    """Its documents have fewer tokens than this; None for no limit."""
    documents: int
    """Documents in it."""
    tokens: int
    """Tokens in it, BOS and EOS not counted."""
    bytes: int
    """Bytes of text in it."""


class CorpusManifest(Sealed):
    """Everything that says what a stored corpus is and lets it be checked and made again."""

    lcdata: str
    """Version of lcdata that made it."""
    fingerprint: str
    """Of recipe, inputs and tokenizer: the same fingerprint is the same store."""
    recipe: IngestRecipe
    """What was asked for, defaults filled in."""
    tokenizer: TokenizerIdentity
    """What made the token ids."""
    chat_template: str | None
    """What laid out the conversations, None where texts are as they were."""
    engine: str
    """What encoded the texts: `fastokens` or `tokenizers`, which give the same ids."""
    versions: dict[str, str]
    """Of the libraries that can change a byte."""
    inputs: list[InputRecord]
    """Every input as it was read."""
    records: int
    """Lines or rows read."""
    bad: dict[str, int]
    """Records that could not be used, by reason."""
    first_bad: list[BadRecord]
    """The first of them."""
    damaged: list[DamagedInput]
    """Inputs that could not be read to their end, which the ingest was allowed to lose."""
    passed_over: dict[str, int]
    """What lies among the inputs and was not read, by reason."""
    first_passed_over: list[PassedOverInput]
    """The first of it."""
    documents_read: int
    """Documents that the usable records make: the stored ones and the dropped ones."""
    dropped: dict[str, int]
    """Documents left out, by reason."""
    dropped_bytes: dict[str, int]
    """Bytes of text of the documents left out, by reason."""
    documents: int
    """Documents stored."""
    tokens: int
    """Tokens stored, BOS and EOS not counted."""
    bytes: int
    """Bytes of text that was stored."""
    audited: int
    """Documents whose ids were compared with those of `tokenizers`; of most long ones, a part."""
    unwritten: int
    """Places of the texts that the vocabulary cannot write: unknown tokens, or characters that are in no token."""
    documents_unwritten: int
    """Documents with such places, those left out among them."""
    buckets: list[BucketRecord]
    """Documents and tokens by length."""
    index: FileRecord
    """The file that says of every document how long it is, where it came from and where its tokens are."""
    files: list[FileRecord]
    """The files of tokens, one for each bucket of a unit."""

    @property
    def content(self) -> dict[str, object]:
        """All that decides the corpus's bytes, as JSON holds it; the corpus's fingerprint is this one's."""
        return {
            "format": self.format,
            "recipe": self.recipe.content,
            "tokenizer": self.tokenizer.model_dump(mode="json"),
            "engine": self.engine,
            "inputs": {record.url: record.sha256 for record in self.inputs},
            "versions": {**self.versions, "lcdata": self.lcdata},
        }

    @property
    def listed(self) -> list[FileRecord]:
        """Every file of the corpus but this one."""
        return [self.index, *self.files]
