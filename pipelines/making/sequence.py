"""`lcdata.samples`: a task's samples as a sequence, each made when it is asked for, exactly as a dataset holds it."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from functools import cached_property
from operator import index as as_int
from pathlib import Path
from typing import Any, Literal, overload

import pydantic

from ...generators.registry import build_task, preset_settings
from ...generators.templates import choose_templates, read_templates
from ...packers.tokens.tokenizer import Tokenizer, load_tokenizer
from ...packers.tokens.vocabulary import Vocabulary, find_vocabulary
from ...schemas.errors import UsageError
from ...schemas.lengths import Lengths
from ...schemas.mix import TaskComponent
from ...schemas.quantity import MOST
from ...schemas.recipe import Recipe
from ...schemas.sample import Loss
from ...schemas.split import Split
from ...schemas.tokens import EMBEDDED, TokenizerChoice
from ..recipes.flags import first_problem
from .makers import makers_of
from .samples import Made, SampleMaker
from .task_sample import TaskSample


def samples(
    task: str,
    length: int | str | Sequence[int | str] = "4k",
    *,
    tokenizer: str | Path | None = None,
    seed: int = 0,
    preset: str | None = None,
    n: int | str | None = None,
    template: str | Sequence[str] = (),
    templates: str | Path | Sequence[Mapping[str, object]] | None = None,
    format: Literal["plain", "chat"] = "plain",
    chat_template: str | Path | None = None,
    chat_date: str | date | None = None,
    bos: str | None = None,
    eos: str | None = None,
    control_tokens: Sequence[str] = (),
    text_tokens: Sequence[str] = (),
    loss: Loss = "answer",
    split: Split = "train",
    engine: Literal["fastokens", "tokenizers"] = "fastokens",
    **settings: Any,
) -> "Samples":
    """Samples of a task; sample i is the one that `lcdata gen` with the same options writes.

    Nothing is made before it is asked for, and the tokenizer is loaded for the first sample.

    task: its name, see `lcdata.tasks()`.
    length: tokens of a document: `4096`, `"128k"`, `["4k", "32k"]` in turn, or `"4k..128k"` log-uniformly.
    tokenizer: a `tokenizer.json`, a folder that holds one or a Hub id; by default the embedded one.
    seed: different seeds share no randomness.
    preset: settings that a benchmark uses, see the task's `presets`; `settings` change them.
    n: how many there are, `1000` or `"1e5"`; by default they never end.
    template: ids of the wordings to use; by default all.
    templates: wordings of your own instead, in a YAML file or as mappings.
    format: prompt and answer as they are, or as two turns in the tokenizer's chat template.
    chat_template: a Jinja file instead of the tokenizer's own.
    chat_date: what a template that asks for today's date is told, such as `"2026-01-01"`, which it is by default.
    bos, eos: tokens before and after a document instead of the tokenizer's own, several as one text; bos `"none"` for
    nothing.
    control_tokens, text_tokens: added tokens that text is never to make, and control tokens that it is to make.
    loss: whether labels are on the answer and EOS, or on all tokens but the first.
    split: `"train"`, `"validation"` or `"test"`: sets that share no question and no answer, whatever their seeds.
    engine: what encodes; both give the same ids.
    settings: those of the task, see `lcdata.tasks()[task].settings`, such as `dict_size="2..6"`.

    Raises UsageError where an argument cannot be meant; for the tokenizer and for a length that is too short for the
    task, with the first sample.
    """
    lengths = _lengths(length)
    component = {
        "task": task,
        "settings": {**(preset_settings(task, preset) if preset else {}), **settings},
        "length": lengths,
        "n": MOST if n is None else n,
        "template": (template,) if isinstance(template, str) else template,
        "templates": read_templates(Path(templates)) if isinstance(templates, str | Path) else templates or (),
        "format": format,
        "loss": loss,
        "split": split,
    }
    choice = {
        "source": EMBEDDED if tokenizer is None else str(tokenizer),
        "bos": bos,
        "eos": eos,
        "control_tokens": control_tokens,
        "text_tokens": text_tokens,
        "chat_template": None if chat_template is None else str(chat_template),
        **({} if chat_date is None else {"chat_date": chat_date}),
    }
    content = {
        "name": "samples",
        "seq_length": lengths.longest,
        "seed": seed,
        "tokenizer": choice,
        "mix": [component],
    }
    try:
        recipe = Recipe.model_validate(content)
    except pydantic.ValidationError as error:
        name, reason = first_problem(error)
        raise UsageError(f"{name}: {reason}") from None
    if engine not in ("fastokens", "tokenizers"):
        raise UsageError(f"engine must be fastokens or tokenizers, got {engine!r}")
    source = SampleSource(recipe, engine)
    return Samples(source, range(source.component.n or 0), is_endless=n is None)


def _lengths(length: int | str | Sequence[int | str]) -> Lengths:
    try:
        return Lengths.parse(length)
    except ValueError as error:
        raise UsageError(f"length {error}") from None


_QUICK_TOKENS = 16_384


def quick_engine(recipe: Recipe) -> str:
    """The engine that makes a sample soonest: up to some length `tokenizers` is done before `fastokens` has loaded."""
    return "tokenizers" if recipe.stages[0].tasks[0].length.longest <= _QUICK_TOKENS else "fastokens"


class SampleSource:
    """Makes the samples of a recipe of one task; its tokenizer is loaded for the first, in each process."""

    def __init__(self, recipe: Recipe, engine: str = "fastokens") -> None:
        """Raises UsageError where the task, its settings or wordings cannot be meant."""
        self.recipe, self.engine = recipe, engine
        self.component: TaskComponent = recipe.stages[0].tasks[0]
        task = build_task(self.component.task, self.component.settings, self.component.split)
        choose_templates(task, self.component.templates, self.component.template)

    def make(self, index: int) -> Made:
        """Sample `index` alone; UsageError where its length is too short for it."""
        return self._maker.make(index, self._length(index))

    def make_one_of_many(self, index: int) -> Made:
        """Sample `index`; UsageError where the length of any sample may be too short.

        The first takes longer, because all wordings' rates are learned.
        """
        return self._tried_maker.make(index, self._length(index))

    def _length(self, index: int) -> int:
        return self.component.length.of_sample(self.component.task, self.recipe.seed, index)

    @cached_property
    def _maker(self) -> SampleMaker:
        choice = self.recipe.tokenizer
        vocabulary = find_vocabulary(choice.source)
        makers = makers_of(self.recipe, _open(choice, vocabulary, self.engine), vocabulary)
        return makers.of(self.recipe.stages[0], self.component)

    @cached_property
    def _tried_maker(self) -> SampleMaker:
        self._maker.check_length(self.component.length.shortest)
        return self._maker

    def __reduce__(self) -> tuple[type["SampleSource"], tuple[Recipe, str]]:
        """Pickle without the tokenizer, which the process that gets this loads itself."""
        return SampleSource, (self.recipe, self.engine)


_opened: dict[tuple[TokenizerChoice, str], tuple[Vocabulary, Tokenizer]] = {}


def _open(choice: TokenizerChoice, vocabulary: Vocabulary, engine: str) -> Tokenizer:
    """The tokenizer of a choice; the last one stays open, and serves again while its files are the same."""
    before, tokenizer = _opened.get((choice, engine), (None, None))
    if tokenizer is None or before != vocabulary:
        tokenizer = load_tokenizer(choice, engine, vocabulary)
        _opened.clear()
        _opened[choice, engine] = vocabulary, tokenizer
    return tokenizer


class Samples(Sequence[TaskSample]):
    """Samples of a task by index, made when they are asked for; slices are such sequences too.

    They may have no end: then they have no length, and indices do not count from it. They pickle small, so that the
    workers of a data loader each make their own.
    """

    def __init__(self, source: SampleSource, indices: range, is_endless: bool) -> None:
        """The samples of these indices; where they are endless, `indices` goes on to the greatest index there is."""
        self._source, self._indices, self._is_endless = source, indices, is_endless

    @overload
    def __getitem__(self, index: int) -> TaskSample: ...
    @overload
    def __getitem__(self, index: slice) -> "Samples": ...
    def __getitem__(self, index: int | slice) -> "TaskSample | Samples":
        if isinstance(index, slice):
            return self._slice(index)
        place = as_int(index)
        self._refuse_from_the_end(place)
        try:
            return self._at(self._indices[place])
        except IndexError:
            raise IndexError(f"there are {len(self):,} samples, and none has index {place}") from None

    def __iter__(self) -> Iterator[TaskSample]:
        return map(self._at, self._indices)

    def __len__(self) -> int:
        """How many samples there are; TypeError where they have no end."""
        if self._is_endless:
            raise TypeError("these samples have no end: give n, or take a slice such as samples[:1000]")
        return len(self._indices)

    def __contains__(self, sample: object) -> bool:
        """Whether a sample is among these, found by its own index, so that samples without an end can be asked too."""
        return isinstance(sample, TaskSample) and sample.index in self._indices and self._at(sample.index) == sample

    def __repr__(self) -> str:
        component, seed = self._source.component, self._source.recipe.seed
        count = "no end" if self._is_endless else f"{len(self):,} samples"
        return f"Samples({component.task}, length {component.length}, seed {seed}, {count})"

    def _at(self, index: int) -> TaskSample:
        return TaskSample(self._source.make_one_of_many(index))

    def _slice(self, wanted: slice) -> "Samples":
        for end in (wanted.start, wanted.stop, wanted.step):
            self._refuse_from_the_end(0 if end is None else as_int(end))
        return Samples(self._source, self._indices[wanted], self._is_endless and wanted.stop is None)

    def _refuse_from_the_end(self, index: int) -> None:
        if self._is_endless and index < 0:
            raise IndexError(f"{index} counts from the end, and these samples have none: give n")
