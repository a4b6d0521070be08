"""What commands tell programs: one JSON object a line, of which `event` says the kind and the rest what happened.

A command's last line is its result or an `error`. The same objects are what the Python functions return or report.
"""

from collections.abc import Callable
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, computed_field
from pydantic.json_schema import models_json_schema


class Event(BaseModel):
    """Something that happened, or was found; every kind has a field `event` that says which it is."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)


Tell = Callable[[Event], None]
"""What is called with each event that happens."""


def nobody(event: Event) -> None:
    """Tell nobody: a `Tell` for whoever does not listen."""


class Warned(Event):
    """Something that the user should know, and that stops nothing."""

    event: Literal["warning"] = "warning"
    message: str
    """What the user should know, in one line."""


class Failed(Event):
    """The command failed, or was interrupted; what was finished is safe."""

    event: Literal["error"] = "error"
    message: str
    """What failed and how to cure it, in one line."""
    exit_code: int
    """Exit code of the command."""


# A build.


class Planning(Event):
    """A plan of the dataset is being made."""

    event: Literal["planning"] = "planning"
    name: str
    """Name of the dataset."""


class StageFacts(BaseModel):
    """A stage as it is planned."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    name: str
    """Name of the stage and of its config in the dataset."""
    components: dict[str, float]
    """The share of each task and corpus of the stage's tokens."""
    samples: int
    """Samples of all tasks of the stage."""
    rows: int
    """Packed sequences of the stage."""
    shards: int
    """Data files of the stage, each with its document table."""
    tokens: int
    """Tokens of the stage, BOS and EOS included; of samples, the lengths asked for."""
    notes: list[str]
    """What is changed or odd in what the recipe asks for."""
    summary: str
    """What will be made of the stage, in words."""


class Planned(Event):
    """The plan of a build is made."""

    event: Literal["plan"] = "plan"
    name: str
    """Name of the dataset."""
    stages: list[StageFacts]
    """Every stage, in the order of training."""
    shards: int
    """Data files of all stages."""
    finished_shards: int
    """Data files that an earlier run finished."""
    tokens: int
    """Tokens of all stages, by the lengths asked for."""
    finished_tokens: int
    """Tokens that an earlier run finished, by the lengths asked for."""
    workers: int | None
    """Processes on this machine, 0 for the command's own; None on a cluster."""
    address: str | None
    """Address of the cluster."""


class Progress(Event):
    """So much of the work is done, in this run."""

    event: Literal["progress"] = "progress"
    unit: Literal["tokens", "bytes"]
    """Tokens of a build; bytes of text that an ingest encodes."""
    done: int
    """Tokens or bytes that this run has done."""
    per_second: int
    """Tokens or bytes a second of this run."""


class ShardFinished(Event):
    """A shard is safe on disk."""

    event: Literal["shard"] = "shard"
    stage: str
    """Name of the stage."""
    shard: int
    """Number of the shard in the stage, from 0."""
    documents: int
    """Samples, and documents and pieces of longer ones."""
    tokens: int
    """Tokens, BOS and EOS included."""
    path: str
    """Path of the shard's rows in the dataset's folder."""


class StageBuilt(BaseModel):
    """What a stage came to."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    name: str
    """Name of the stage and of its config in the dataset."""
    rows: int
    """Packed sequences."""
    documents: int
    """Samples, and documents and pieces of longer ones."""
    tokens: int
    """Tokens, BOS and EOS included."""
    loss_tokens: int
    """Tokens that are trained on."""
    encodings: int
    """How often a text was tokenized to fit the samples."""
    audited: int
    """Documents whose ids were compared with those of `tokenizers`."""
    fill: float
    """Tokens over the lengths that were asked for."""
    row_fill: float
    """Tokens over the room of the rows."""
    notes: list[str]
    """What was changed or is odd in what the recipe asks for."""
    shares: dict[str, float]
    """The share of the stage's tokens that each task and corpus has."""


class Built(Event):
    """The dataset is finished."""

    event: Literal["done"] = "done"
    out: str
    """Folder of the dataset."""
    built: bool
    """Whether anything had to be done."""
    tokens_per_second: int | None
    """Tokens a second of this run; None where nothing had to be done."""
    fingerprint: str
    """Fingerprint of the dataset: the same fingerprint is the same data."""
    rows: int
    """Packed sequences of all stages."""
    documents: int
    """Samples, and documents and pieces of longer ones."""
    tokens: int
    """Tokens, BOS and EOS included."""
    loss_tokens: int
    """Tokens that are trained on."""
    encodings: int
    """How often a text was tokenized to fit the samples."""
    audited: int
    """Documents whose ids were compared with those of `tokenizers`."""
    stages: list[StageBuilt]
    """What each stage came to."""


# An ingest.


class IngestStarted(Event):
    """Inputs will be read."""

    event: Literal["ingest"] = "ingest"
    name: str
    """Name of the corpus."""
    inputs: int
    """Inputs that were found."""
    bytes: int
    """Bytes of the inputs as they are stored; 0 for those whose size nobody knows."""
    workers: int | None
    """Processes on this machine, 0 for the command's own; None on a cluster."""
    address: str | None
    """Address of the cluster."""


class PartRead(Event):
    """A part of the texts is safe."""

    event: Literal["read"] = "read"
    texts: int
    """Records that could be used."""
    bytes: int
    """Bytes of text."""
    bad: int
    """Records that could not be used."""
    resumed: bool
    """Whether an earlier run read the part."""


class Arranged(Event):
    """Everything is read, and it is known which documents will be encoded."""

    event: Literal["arranged"] = "arranged"
    documents: int
    """Documents to be encoded."""
    bytes: int
    """Bytes of the documents' text, about."""
    units: int
    """Pieces of work that the documents are encoded in."""
    dropped: dict[str, int]
    """Documents left out, by reason."""


class UnitStored(Event):
    """A unit of documents is safe in the store."""

    event: Literal["unit"] = "unit"
    unit: int
    """Number of the unit, from 0."""
    documents: int
    """Documents of the unit."""
    tokens: int
    """Tokens, BOS and EOS not counted."""
    bytes: int
    """Bytes of text."""
    resumed: bool
    """Whether an earlier run stored the unit."""


class Ingested(Event):
    """The corpus is stored."""

    event: Literal["ingested"] = "ingested"
    out: str
    """Folder of the corpus."""
    ingested: bool
    """Whether anything had to be done."""
    manifest: dict[str, Any]
    """What `corpus.json` says but for inputs and files."""


# Results.


class Verdict(Event):
    """What was checked of a dataset, and every promise found broken."""

    event: Literal["verdict"] = "verdict"
    path: str
    """The dataset's folder."""
    rows: int = 0
    """Rows that were checked."""
    documents: int = 0
    """Documents that were checked."""
    tokens: int = 0
    """Tokens that were checked."""
    regenerated: int = 0
    """Random documents that were made again and compared."""
    problems: list[str] = Field(default_factory=list)
    """What does not hold, in one line each."""

    @computed_field
    @property
    def holds(self) -> bool:
        """Whether nothing was found broken."""
        return not self.problems


class CorpusVerdict(Event):
    """What was checked of a stored corpus, and every promise found broken."""

    event: Literal["corpus_verdict"] = "corpus_verdict"
    path: str
    """The corpus's folder."""
    files: int = 0
    """Files that were checked."""
    documents: int = 0
    """Documents that were checked."""
    tokens: int = 0
    """Tokens that were checked."""
    problems: list[str] = Field(default_factory=list)
    """What does not hold, in one line each."""

    @computed_field
    @property
    def holds(self) -> bool:
        """Whether nothing was found broken."""
        return not self.problems


class Exported(Event):
    """Samples of a dataset were written as JSON lines."""

    event: Literal["exported"] = "exported"
    path: str
    """The file that was written, `-` for stdout."""
    to: str
    """What a line holds: `eval`, `chat` or `text`."""
    samples: int
    """Lines written."""
    tokens: int
    """Tokens of these samples, BOS and EOS included."""
    bytes: int
    """Bytes written."""


class RowCounts(BaseModel):
    """What was written of a config."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    rows: int = 0
    """Packed sequences."""
    documents: int = 0
    """Samples, and documents and pieces of longer ones."""
    tokens: int = 0
    """Tokens, BOS and EOS included."""
    loss_tokens: int = 0
    """Tokens that are trained on."""


class ExportedRows(Event):
    """Rows of a dataset were written as another project reads them."""

    event: Literal["exported"] = "exported"
    path: str
    """The folder that was written."""
    to: str
    """Name of the project that reads the rows."""
    configs: dict[str, RowCounts]
    """What was written of each config, by name."""
    bytes: int
    """Bytes written."""
    notes: list[str] = Field(default_factory=list)
    """What the reader leaves unread."""


class StagePlanned(StageFacts):
    """A stage as it is planned, with what is made and drawn for it."""

    tasks: list[dict[str, Any]]
    """The account of each task, as `lcdata.json` has it."""
    corpora: list[dict[str, Any]]
    """The account of each corpus, as `lcdata.json` has it."""


class PlanShown(Event):
    """What a build would make, and how long it would take where that is known."""

    event: Literal["plan"] = "plan"
    name: str
    """The recipe's name."""
    stages: list[StagePlanned]
    """Each stage with what is made and drawn for it."""
    shards: int
    """Data files of all stages."""
    tokens: int
    """Tokens of all stages, BOS and EOS included."""
    bytes: int | None
    """Bytes of all files, about; None where documents of corpora would have to be read for it."""
    seconds: float | None
    """Seconds that the build would take, about; None where `bytes` is."""
    workers: int | None
    """Processes that these seconds are for; None where `bytes` is."""


class RecipeShown(Event):
    """A recipe: one that comes with lcdata, or one with all its defaults."""

    event: Literal["recipe"] = "recipe"
    name: str
    """The recipe's name."""
    about: str = ""
    """What the recipe makes, in a sentence."""
    path: str | None = None
    """File of the recipe; None where the recipe itself is printed."""
    recipe: dict[str, Any] | None = None
    """All that the recipe says, defaults included; None where recipes are listed."""


class TaskShown(Event):
    """A task that samples can be made of."""

    event: Literal["task"] = "task"
    name: str
    """Name of the task, which `--task` takes."""
    summary: str
    """What is asked, in a sentence."""
    about: str
    """What the task teaches, its source, and what it leaves out."""
    wordings: list[str]
    """Ids of the wordings, which `--template` takes."""
    presets: dict[str, dict[str, Any]]
    """The settings of each preset, by name."""
    settings: dict[str, Any]
    """JSON Schema of the task's settings."""


class TemplatesShown(Event):
    """The wordings of a task."""

    event: Literal["templates"] = "templates"
    task: str
    """The task's name."""
    templates: list[dict[str, Any]]
    """Each wording as `--templates` takes it."""


class SampleShown(Event):
    """One sample as a dataset holds it; spans count tokens of the document."""

    event: Literal["sample"] = "sample"
    task: str
    """The task's name."""
    sample: int
    """Index of the sample in its task."""
    prompt: str
    """What a model is given."""
    answer: str
    """What a model should write after the prompt."""
    answers: list[str]
    """The reference answers, all of which are wanted."""
    tokens: int
    """Tokens of the document."""
    prompt_tokens: int
    """Tokens before the answer."""
    answer_spans: list[tuple[int, int]]
    """Where each of the answers stands, start and end."""
    evidence_spans: list[tuple[int, int]]
    """What the answers rest on, start and end."""
    depth: list[float]
    """Where each evidence starts in the context: 0 at its beginning, 1 as late as it can be."""
    template: str
    """Id of the wording."""
    facts: dict[str, Any]
    """All that was decided about the sample."""
    sha256: str
    """sha256 of the token ids as little-endian int32."""
    input_ids: list[int]
    """Token ids of the document."""


class LengthsShown(BaseModel):
    """Documents of low..high-1 tokens."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    low: int
    """Tokens of the shortest document that counts here."""
    high: int
    """Tokens of the shortest document above."""
    documents: int
    """How many documents are of these lengths."""
    tokens: int
    """Tokens of the documents of these lengths."""


class StageShown(BaseModel):
    """A stage of a finished dataset."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    name: str
    """The config's name."""
    lengths: list[LengthsShown]
    """Numbers of documents by their lengths, in powers of two."""
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


class Found(Event):
    """One thing that was looked at on this machine."""

    event: Literal["finding"] = "finding"
    subject: str
    """What was looked at, in a word."""
    holds: bool
    """Whether it is as it should be."""
    detail: str
    """What was found, in words."""


class GroupScored(Event):
    """Samples that have something in common, and the means of their measures."""

    event: Literal["group"] = "group"
    by: str
    """`task`, `length` or `depth`."""
    name: str
    """Which task, length or depth."""
    n: int
    """Samples in the group."""
    measures: dict[str, float]
    """Means of the measures, each from 0 to 1."""
    intervals: dict[str, tuple[float, float]]
    """95 % confidence intervals of the measures that are yes or no for each sample."""


class Scored(Event):
    """How far a model's replies give the answers, over all samples."""

    event: Literal["score"] = "score"
    match: str
    """How replies were compared: `exact` or `substring`."""
    n: int
    """Number of samples that were scored."""
    measures: dict[str, float]
    """Means of the measures, each from 0 to 1."""
    intervals: dict[str, tuple[float, float]]
    """95 % confidence intervals of the measures that are yes or no for each sample."""
    missing: list[int]
    """Samples without a prediction, which count as wrong."""
    plot: str | None
    """The picture that was drawn."""


class Comparison(BaseModel):
    """One thing that was compared on some rows of a config."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    subject: str
    """What was compared, in a word."""
    detail: str
    """What holds where nothing differs."""
    rows: int = 0
    """Rows on which the subject was compared."""
    documents: int = 0
    """Documents of these rows."""
    differing: int = 0
    """Rows that differ."""
    differences: list[str] = Field(default_factory=list)
    """How the first of the rows that differ do so, in one line each."""

    @property
    def holds(self) -> bool:
        """Whether nothing differs."""
        return self.differing == 0


class CheckedConfig(BaseModel):
    """What a trainer makes of some rows of a config."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    name: str
    """Name of the config."""
    rows: int
    """Rows that were run."""
    documents: int
    """Documents of these rows."""
    findings: list[Comparison]
    """Each thing that could be compared."""


class Checked(Event):
    """Rows of a dataset were run through a trainer as it is installed."""

    event: Literal["checked"] = "checked"
    trainer: str
    """The trainer with its version."""
    configs: list[CheckedConfig]
    """Each config of the dataset."""

    @computed_field
    @property
    def holds(self) -> bool:
        """Whether every config is read as it is meant."""
        return all(comparison.holds for config in self.configs for comparison in config.findings)


def event_kinds() -> list[type[Event]]:
    """Every kind of event, in the order of this file."""
    return Event.__subclasses__()


def events_schema() -> dict[str, Any]:
    """JSON Schema of a line that `--json` prints: any of the events."""
    _, schema = models_json_schema([(kind, "serialization") for kind in event_kinds()])
    anyone = [{"$ref": f"#/$defs/{kind.__name__}"} for kind in event_kinds()]
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "anyOf": anyone}
