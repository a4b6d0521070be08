"""`lcdata.json`, the truth about a finished dataset, and the records that shards leave while it is built."""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from .errors import LcdataError, UsageError
from .mix import TaskComponent
from .recipe import FORMAT, Recipe
from .records import FileRecord, JsonRecord, WorkRecord
from .stage import Stage
from .tokens import TokenizerIdentity

MANIFEST = "lcdata.json"


class SourceTotals(JsonRecord):
    """What a shard holds of one component."""

    documents: int = 0
    tokens: int = 0
    loss_tokens: int = 0


class ShardRecord(WorkRecord):
    """One finished shard: its two files and what is in them."""

    stage: str
    shard: int
    data: FileRecord
    docs: FileRecord
    documents: int
    tokens: int
    loss_tokens: int
    sources: dict[str, SourceTotals]
    """The same of each component, by name."""
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
    packed: int
    dropped: dict[str, int]


class BucketAccount(JsonRecord):
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


class ComponentAccount(JsonRecord):
    """What became of a corpus's tokens."""

    name: str
    corpus: str
    """Its folder."""
    fingerprint: str
    """Of its ingest."""
    wanted_share: float
    """Of all tokens, see `share`."""
    share: float
    """Of all tokens drawn or made, BOS and EOS of corpora's documents not counted."""
    buckets: list[BucketAccount]

    @property
    def drawn(self) -> int:
        """Tokens in the rows, repeats included and BOS and EOS not."""
        return sum(bucket.drawn for bucket in self.buckets)


class TaskAccount(JsonRecord):
    """What was made of a task."""

    name: str
    task: str
    settings: dict[str, Any]
    """All of them."""
    rates: dict[str, dict[str, Any]]
    """What the length fitter learned for each wording."""
    first: int
    """Index of its first sample; tasks of one name go on counting through a recipe, so that none is made twice."""
    samples: int
    planned_tokens: int
    """The lengths that were asked for, added up."""
    tokens: int
    wanted_share: float
    """Of all tokens, see `share`."""
    share: float
    """Of all tokens drawn or made, BOS and EOS of corpora's documents not counted."""


class StageRecord(JsonRecord):
    """What a stage came to."""

    name: str
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
    tasks: list[TaskAccount]
    corpora: list[ComponentAccount]
    notes: list[str]
    """What was changed or is odd in what the recipe asks for."""
    shards: list[ShardRecord]


class Manifest(JsonRecord):
    """Everything that says what a dataset is and lets it be checked and made again."""

    lcdata: str
    format: int
    fingerprint: str
    """Of recipe, tokenizer and corpora: the same fingerprint is the same data."""
    recipe: Recipe
    tokenizer: TokenizerIdentity
    chat_template: str | None
    """What samples were laid out with, where they are conversations."""
    engine: str
    inputs: dict[str, str]
    """sha256 of every file that documents were made from, by path."""
    versions: dict[str, str]
    stages: list[StageRecord]
    files: list[FileRecord]
    """Everything else in the folder but this file."""

    @property
    def shards(self) -> list[ShardRecord]:
        """Of all stages."""
        return [shard for stage in self.stages for shard in stage.shards]

    def total(self, name: str) -> int:
        """A count of all stages: rows, documents, tokens, loss_tokens, encodings, audited or repeated_chars."""
        return sum(getattr(stage, name) for stage in self.stages)

    def pairs(self) -> Iterator[tuple[Stage, StageRecord]]:
        """Every stage as it was asked for and as it came out."""
        return zip(self.recipe.stages, self.stages, strict=True)

    def stage_of(self, shard: ShardRecord) -> Stage:
        """The stage that a shard belongs to."""
        return next(stage for stage in self.recipe.stages if stage.name == shard.stage)

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


def summed(shards: list[ShardRecord]) -> dict[str, SourceTotals]:
    """What shards hold of each component, by name."""
    sums: dict[str, Counter[str]] = {}
    for shard in shards:
        for name, totals in shard.sources.items():
            sums.setdefault(name, Counter()).update(totals.model_dump())
    return {name: SourceTotals(**counts) for name, counts in sorted(sums.items())}


def read_manifest(folder: Path) -> Manifest:
    """The manifest of a dataset; UsageError where the folder has none that can be read."""
    path = folder / MANIFEST
    try:
        content = json.loads(path.read_bytes())
        if isinstance(content, dict) and content.get("format", FORMAT) != FORMAT:
            raise LcdataError(
                f"{path} is of format {content['format']}, this lcdata reads {FORMAT}: make the dataset again from its "
                f"recipe, or use lcdata {content.get('lcdata')}"
            )
        return Manifest.model_validate(content)
    except FileNotFoundError:
        raise UsageError(f"{folder} is no finished dataset: it has no {MANIFEST}") from None
    except OSError as error:
        raise LcdataError(f"{path} cannot be read: {error.strerror}") from None
    except json.JSONDecodeError as error:
        raise LcdataError(f"{path} is damaged ({error})") from None
    except ValidationError as error:
        problem = error.errors()[0]
        where = ".".join(map(str, problem["loc"])) or "the file"
        raise LcdataError(f"{path} is damaged or of another version ({where}: {problem['msg']})") from None
