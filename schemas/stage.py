"""A stage: one config of a dataset, with its own length of rows, mixture and budget."""

from typing import Literal

from pydantic import Field, model_validator

from .lengths import Lengths
from .mix import Component, CorpusComponent, TaskComponent, check_distinct
from .names import FolderName
from .problems import ClashError
from .quantity import Count, Length, Seed, format_length
from .split import Split
from .upsample import Upsample
from .written import Written

_ROUNDING = 0.005
"""By how much shares may miss a whole: papers print them rounded."""


class Stage(Written):
    """Rows of one length, mixed of tasks and corpora."""

    name: FolderName
    """The config's name in the dataset, for example `kv-128k`."""

    seq_length: Length
    """Tokens a row holds at most; shorter documents share rows."""

    tokens: Count | None = None
    """The budget that components have shares of; by default each task makes its `n` samples."""

    mix: tuple[Component, ...] = Field(min_length=1)
    """Tasks and corpora, each with its share of the tokens."""

    upsample: Upsample = Upsample()
    """Which documents of the corpora are preferred."""

    max_repeats: int | None = Field(default=None, ge=1)
    """How often a document of a corpus may be drawn; by default as often as the tokens need."""

    best_effort: bool = False
    """Whether to take the nearest mixture where the one asked for cannot be had."""

    long_documents: Literal["split", "truncate", "drop"] = "split"
    """What becomes of corpora's documents that are longer than a row."""

    packing: Literal["best-fit", "concat"] = "best-fit"
    """Whole documents, each where it leaves the least room; or one after another, cut where a row is full."""

    labels: Literal["auto", "always", "never"] = "auto"
    """Whether rows carry `labels`; `auto` leaves them out where every token is in the loss."""

    shard_rows: Count | None = None
    """Rows of a data file; by default what makes files of 200 to 500 MB, and smaller ones for small datasets."""

    cdc: bool = False
    """Content-defined chunks of the data files, for datasets that are edited and pushed again."""

    seed: Seed = Field(default=0, exclude=True)
    """The recipe's, of which the randomness of samples and rows is made."""

    number: int = Field(default=0, exclude=True)
    """Which stage of the recipe it is, from 0: no two stages share randomness."""

    @property
    def tasks(self) -> tuple[TaskComponent, ...]:
        """Components of the mixture that are tasks, in the mixture's order."""
        return tuple(component for component in self.mix if isinstance(component, TaskComponent))

    @property
    def corpora(self) -> tuple[CorpusComponent, ...]:
        """Components of the mixture that are corpora, in the mixture's order."""
        return tuple(component for component in self.mix if isinstance(component, CorpusComponent))

    @property
    def split(self) -> Split:
        """The set that its rows are of, by which their files are named: that of its tasks."""
        return self.tasks[0].split if self.tasks else "train"

    @property
    def with_labels(self) -> bool:
        """Whether the rows carry labels."""
        return self.labels == "always" or (self.labels == "auto" and not self._all_in_loss)

    @property
    def _all_in_loss(self) -> bool:
        return all(component.loss == "all" for component in self.mix)

    @model_validator(mode="after")
    def _rows_hold_whole_samples(self) -> "Stage":
        longest = max((component.length.longest for component in self.tasks), default=0)
        if self.seq_length < longest:
            message = f"seq_length {self.seq_length} is below the longest document, {longest} tokens"
            raise ClashError(message, "seq_length")
        if self.labels == "never" and not self._all_in_loss:
            raise ClashError("labels can only be left out where the loss is on all tokens: add --loss all", "labels")
        return self

    @model_validator(mode="after")
    def _of_one_split(self) -> "Stage":
        for index, component in enumerate(self.mix):
            split = component.split if isinstance(component, TaskComponent) else "train"
            if split != self.split:
                raise ClashError(
                    f"{component.name} is of split {split}, {self.tasks[0].name} of {self.split}: give them stages of "
                    "their own",
                    "mix",
                    index,
                )
        return self

    @model_validator(mode="after")
    def _every_component_has_a_size(self) -> "Stage":
        check_distinct(self.mix)
        for index, component in enumerate(self.mix):
            name, n = component.name, component.n if isinstance(component, TaskComponent) else None
            if self.tokens is None:
                if n is None:
                    raise ClashError(f"{name}: give the stage tokens to share out, or every task its n", "mix", index)
                if component.share is not None:
                    raise ClashError(f"{name} has n and a share: leave one of them out", "mix", index, "share")
            elif n is not None:
                raise ClashError(f"{name}: n is for stages without tokens: give it a share", "mix", index, "n")
            elif isinstance(component, TaskComponent) and component.share is None and len(self.mix) > 1:
                raise ClashError(f"{name} needs a share of the stage's tokens, such as 1%", "mix", index)
        return self

    @model_validator(mode="after")
    def _shares_add_up(self) -> "Stage":
        shares = [component.share for component in self.mix]
        given = [share for share in shares if share is not None]
        if self.tokens is None or not given:
            return self
        total, is_whole = sum(given), len(given) == len(shares)
        if is_whole and abs(total - 1) > _ROUNDING:
            cure = f"make them 100 %{_leave_one_out(self.corpora)}"
            raise ClashError(f"the shares add up to {_percent(total)}: {cure}", "mix")
        if not is_whole and total >= 1:
            rest = ", ".join(component.name for component in self.mix if component.share is None)
            raise ClashError(
                f"the shares add up to {_percent(total)} and leave nothing to {rest}: make them less than 100 %", "mix"
            )
        return self

    @model_validator(mode="after")
    def _only_corpora_are_cut(self) -> "Stage":
        if self.packing == "concat" and self.tasks:
            raise ClashError(
                f"packing concat would cut samples of {self.tasks[0].name} in two: use best-fit, "
                "or give the tasks a stage of their own",
                "packing",
            )
        if self.packing == "concat" and self.long_documents != "split":
            message = f"packing concat cuts every document: leave long_documents {self.long_documents} out"
            raise ClashError(message, "long_documents")
        return self


def _percent(share: float) -> str:
    return f"{100 * share:.4g} %"


def _leave_one_out(corpora: tuple[CorpusComponent, ...]) -> str:
    return f", or leave that of {corpora[-1].name} out, which gets what is left" if corpora else ""


def default_name(task: str, lengths: Lengths, split: Split) -> str:
    """The name of a dataset of one task: `kv-128k`, `kv-4k-32k`, `kv-4k-to-128k`, `kv-128k-test`."""
    joint = "-to-" if lengths.is_range else "-"
    of_split = "" if split == "train" else f"-{split}"
    return f"{task}-{joint.join(map(format_length, lengths.values))}{of_split}"


FIELDS: frozenset[str] = frozenset(Stage.model_fields) - {"name", "seed", "number"}
"""What a recipe of one stage may say without naming the stage."""


def in_recipe(stage: object, *, seed: object, number: int) -> object:
    """The content of a stage with what it has from its recipe; ClashError where it says that itself."""
    if isinstance(stage, Stage):
        return stage.model_copy(update={"seed": seed, "number": number})
    if not isinstance(stage, dict):
        return stage
    for name in ("seed", "tokenizer", "number"):
        if name in stage:
            raise ClashError(f"{name} is the whole recipe's: take it out of the stage", "stages", number, name)
    return {**stage, "seed": seed, "number": number}
