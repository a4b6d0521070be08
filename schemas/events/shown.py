"""What is shown and changes nothing: plans, recipes, tasks, samples."""

from typing import Any, Literal

from .building import StageFacts
from .event import Event


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
    text: str
    """Prompt and answer as the document has them, with all that a chat template writes around them."""
    tokens: int
    """Tokens of the document."""
    prompt_tokens: int
    """Tokens before the answer."""
    answer_spans: list[tuple[int, int]]
    """Where each of the answers stands, start and end."""
    evidence_spans: list[tuple[int, int]]
    """What the answers rest on, start and end."""
    answer_chars: list[tuple[int, int]]
    """Where each of the answers stands in `text`, start and end in characters."""
    evidence_chars: list[tuple[int, int]]
    """Where in `text` stands what the answers rest on, start and end in characters."""
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
