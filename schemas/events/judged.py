"""What was found of datasets, corpora, trainers, replies and this machine."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, computed_field

from .event import Event


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
    beside: list[str] = Field(default_factory=list)
    """What the Hub or Git has put into the folder, which was not checked."""
    left_out: list[str] = Field(default_factory=list)
    """What could not be made again or compared, and why, in one line each; it is not held against the dataset."""
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


class GateJudged(BaseModel):
    """What one gate of a recipe found."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    gate: str
    """Name of the gate."""
    holds: bool
    """Whether the dataset may pass."""
    bound: float
    """What the gate asks for."""
    value: float
    """What was found."""
    of: str
    """What the value counts, in words."""

    @property
    def sentence(self) -> str:
        """What was found, in a line."""
        return f"{self.gate} {self.bound:g}: {self.value:.6g} {self.of}"


class GatesJudged(Event):
    """A finished dataset was judged by the gates of its recipe."""

    event: Literal["gates"] = "gates"
    path: str
    """The dataset's folder."""
    gates: list[GateJudged]
    """Each gate that was judged."""

    @computed_field
    @property
    def holds(self) -> bool:
        """Whether no gate stops the dataset."""
        return all(gate.holds for gate in self.gates)


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
    """How replies were compared: `exact`, `last-answer`, `substring`, `two-way` or `task`."""
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


class Found(Event):
    """One thing that was looked at on this machine."""

    event: Literal["finding"] = "finding"
    subject: str
    """What was looked at, in a word."""
    holds: bool
    """Whether it is as it should be."""
    detail: str
    """What was found, in words."""
    tokens: list[str] = Field(default_factory=list)
    """All tokens of which `detail` names the first."""
