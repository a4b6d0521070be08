"""`lcdata.json`, the truth about a finished dataset, and the records that shards leave while it is built."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from .errors import LcdataError, UsageError
from .mix import TaskComponent
from .place import Place
from .recipe import FORMAT, Recipe
from .records import FileRecord, JsonRecord, WorkRecord
from .sealed import Sealed, read_sealed
from .stage import Stage
from .tokens import ChatFrame, TokenizerIdentity

MANIFEST = "lcdata.json"


class SourceTotals(JsonRecord):
    """What a shard holds of one component."""

    documents: int = 0
    """Samples, or documents and pieces of longer ones."""
    tokens: int = 0
    """BOS and EOS included."""
    loss_tokens: int = 0
    """Tokens that are trained on."""


class ShardRecord(WorkRecord):
    """One finished shard: its two files and what is in them."""

    stage: str
    """Name of the stage that it belongs to."""
    shard: int
    """Number in the stage, from 0."""
    data: FileRecord
    """The file of rows."""
    docs: FileRecord
    """The file of the document table, one record for each document of the rows."""
    documents: int
    """Samples, and documents and pieces of longer ones."""
    tokens: int
    """BOS and EOS included."""
    loss_tokens: int
    """Tokens that are trained on."""
    sources: dict[str, SourceTotals]
    """Documents and tokens of each component, by name."""
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


class Ledger(JsonRecord):
    """The token account: what was made is either in the rows or dropped for a reason."""

    made: int
    """Tokens of all samples and documents that were to go into rows: packed + dropped."""
    packed: int
    """Tokens in the rows."""
    dropped: dict[str, int]
    """Tokens left out, by reason."""


class BucketAccount(JsonRecord):
    """The tokens of one bucket of a component: tokens = used + unused + dropped."""

    low: int
    """Tokens of its shortest documents."""
    high: int | None
    """Its documents have fewer tokens than this; None for no limit."""
    documents: int
    """Documents of the corpus in it."""
    tokens: int
    """Tokens of the corpus in it, BOS and EOS not counted."""
    wanted: int
    """Tokens that the recipe asks for, repeats included."""
    drawn: int
    """Tokens in the rows, repeats included and BOS and EOS not."""
    used: int
    """Of `tokens`, what is in the rows at least once."""
    unused: int
    """Of `tokens`, what was not needed."""
    dropped: dict[str, int]
    """Of `tokens`, what could not be drawn, by reason."""


class ComponentAccount(JsonRecord):
    """What became of a corpus's tokens."""

    name: str
    """What its documents have as `source`."""
    corpus: str
    """Folder of the corpus in the store."""
    fingerprint: str
    """Of the corpus's ingest, see `corpus.json`."""
    wanted_share: float
    """Of all tokens of the stage, counted as `share` is."""
    share: float
    """Of all tokens drawn or made, BOS and EOS of corpora's documents not counted."""
    buckets: list[BucketAccount]
    """Its tokens by length of document."""

    @property
    def drawn(self) -> int:
        """Tokens in the rows, repeats included and BOS and EOS not."""
        return sum(bucket.drawn for bucket in self.buckets)


class TaskAccount(JsonRecord):
    """What was made of a task."""

    name: str
    """What its samples have as `source`."""
    task: str
    """Name of the task."""
    settings: dict[str, Any]
    """All settings of the task, defaults included."""
    rates: dict[str, dict[str, Any]]
    """What the length fitter learned for each wording."""
    first: int
    """Index of its first sample; tasks of one name go on counting through a recipe, so that none is made twice."""
    samples: int
    """Samples that were made."""
    planned_tokens: int
    """The lengths that were asked for, added up."""
    tokens: int
    """Tokens of its samples, BOS and EOS included."""
    wanted_share: float
    """Of all tokens of the stage, counted as `share` is."""
    share: float
    """Of all tokens drawn or made, BOS and EOS of corpora's documents not counted."""


class StageRecord(JsonRecord):
    """What a stage came to."""

    name: str
    """The stage's name, which is its config's in the dataset."""
    rows: int
    """Packed sequences."""
    documents: int
    """Samples, and documents and pieces of longer ones."""
    tokens: int
    """BOS and EOS included."""
    loss_tokens: int
    """Tokens that are trained on."""
    fill: float
    """Tokens over the lengths that were asked for."""
    row_fill: float
    """Tokens over the room of the rows."""
    encodings: int
    """How often a text was tokenized to fit the documents."""
    audited: int
    """Documents whose ids were compared with those of `tokenizers`."""
    repeated_chars: int
    """Characters of haystacks that stand a second time in their document, where a corpus was shorter than it."""
    ledger: Ledger
    """What became of all tokens."""
    tasks: list[TaskAccount]
    """What was made of each task, in the order of the mixture."""
    corpora: list[ComponentAccount]
    """What was drawn of each corpus, in the order of the mixture."""
    notes: list[str]
    """What was changed or is odd in what the recipe asks for."""
    shards: list[ShardRecord]
    """The finished shards, by number."""


class Manifest(Sealed):
    """Everything that says what a dataset is and lets it be checked and made again."""

    lcdata: str
    """Version of lcdata that made it."""
    fingerprint: str
    """Of recipe, tokenizer and corpora: the same fingerprint is the same data."""
    recipe: Recipe
    """What was asked for, defaults filled in."""
    tokenizer: TokenizerIdentity
    """What made the token ids."""
    chat: ChatFrame | None
    """What samples were laid out with, where they are conversations."""
    engine: str
    """What encoded the texts: `fastokens` or `tokenizers`, which give the same ids."""
    inputs: dict[str, str]
    """sha256 of every file that samples were made from and of the corpora's indexes, by path."""
    versions: dict[str, str]
    """Of the libraries that can change a byte."""
    stages: list[StageRecord]
    """What each stage of the recipe came to, in their order."""
    files: list[FileRecord]
    """The files beside the shards' and this one."""

    @property
    def shards(self) -> list[ShardRecord]:
        """Of all stages."""
        return [shard for stage in self.stages for shard in stage.shards]

    @property
    def listed(self) -> list[FileRecord]:
        """Every file of the dataset but this one."""
        return [*(file for shard in self.shards for file in (shard.data, shard.docs)), *self.files]

    @property
    def content(self) -> dict[str, object]:
        """All that decides the dataset's bytes, see `dataset_content`."""
        stages = {
            stage.name: stage_content(
                tasks={
                    task.name: task.model_dump(mode="json", include={"settings", "rates", "first"})
                    for task in stage.tasks
                },
                corpora={corpus.corpus: corpus.fingerprint for corpus in stage.corpora},
                shards=len(stage.shards),
            )
            for stage in self.stages
        }
        versions = {**self.versions, "lcdata": self.lcdata}
        return dataset_content(self.recipe, self.tokenizer, self.chat, self.inputs, stages, versions)

    def total(self, name: str) -> int:
        """A count of all stages: rows, documents, tokens, loss_tokens, encodings, audited or repeated_chars."""
        return sum(getattr(stage, name) for stage in self.stages)

    def pairs(self) -> Iterator[tuple[Stage, StageRecord]]:
        """Every stage as it was asked for and as it came out."""
        return zip(self.recipe.stages, self.stages, strict=True)

    @property
    def tasks(self) -> list["NumberedTask"]:
        """Every task of every stage, its samples numbered through the dataset."""
        tasks: list[NumberedTask] = []
        number = 0
        for stage, record in self.pairs():
            components = {component.name: component for component in stage.tasks}
            for account in record.tasks:
                tasks.append(NumberedTask(stage, components[account.name], account, number))
                number += account.samples
        return tasks


@dataclass(frozen=True)
class NumberedTask:
    """A task of a stage; sample i of it is number `number + i - account.first` of the dataset."""

    stage: Stage
    component: TaskComponent
    account: TaskAccount
    number: int


def dataset_content(
    recipe: Recipe,
    tokenizer: TokenizerIdentity,
    chat: ChatFrame | None,
    inputs: Mapping[str, str],
    stages: Mapping[str, object],
    versions: Mapping[str, str],
) -> dict[str, object]:
    """All that decides a dataset's bytes, as JSON holds it; a dataset's fingerprint is this one's."""
    return {
        "format": FORMAT,
        "recipe": recipe.content,
        "tokenizer": tokenizer.model_dump(mode="json"),
        "chat": None if chat is None else chat.model_dump(mode="json"),
        "inputs": dict(inputs),
        "stages": dict(stages),
        "versions": dict(versions),
    }


def stage_content(tasks: Mapping[str, object], corpora: Mapping[str, str], shards: int) -> dict[str, object]:
    """All that decides a stage's bytes besides the recipe: facts of its tasks, fingerprints of its corpora by path."""
    return {"tasks": dict(tasks), "corpora": dict(corpora), "shards": shards}


def summed(shards: list[ShardRecord]) -> dict[str, SourceTotals]:
    """What shards hold of each component, by name."""
    sums: dict[str, Counter[str]] = {}
    for shard in shards:
        for name, totals in shard.sources.items():
            sums.setdefault(name, Counter()).update(totals.model_dump())
    return {name: SourceTotals(**counts) for name, counts in sorted(sums.items())}


def read_manifest(folder: Place) -> Manifest:
    """The manifest of a dataset, which is as it was written.

    Raises UsageError where the folder has none, QualityError where it is damaged, LcdataError where it is of another
    version.
    """
    path = folder / MANIFEST
    try:
        return read_sealed(path, Manifest, FORMAT, "make the dataset again, with --overwrite")
    except (FileNotFoundError, NotADirectoryError):
        raise UsageError(f"{folder} is no finished dataset: it has no {MANIFEST}") from None
    except OSError as error:
        raise LcdataError(f"{path} cannot be read: {error.strerror or error}") from None
