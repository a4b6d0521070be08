"""`vt`: find every variable that holds a value, along a chain of assignments hidden in a haystack.

Teaches following references over the whole context: only the first variable of a chain stands beside the value. Source:
the variable tracking of RULER (Hsieh et al. 2024). Unlike there, several chains run through the text by default, since
with a single one it is enough to list all variables; names and values never collide, and the prompt does not tell how
many variables there are. Left out: variables that are assigned twice, and arithmetic.
"""

import math
from collections.abc import Collection, Mapping, Sequence, Set
from pathlib import Path
from typing import Annotated, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, ValidationInfo, field_validator
from pydantic.dataclasses import dataclass

from ..schemas.errors import UsageError
from ..schemas.quantity import IntRange, Within
from ..schemas.sample import CountTokens, Draft, Sample
from ..schemas.split import Split, is_of_split
from .material.coined import Strings, coined, num_words
from .material.essay import CorpusPath, codes_in_corpus, corpus_files, excerpt
from .material.haystack import passage
from .material.phrases import Passage
from .material.prose_names import codes_in_haystack
from .material.wording import Wording, fill, fill_list, shift
from .task import SETTINGS, Task, Template

Ints = NDArray[np.int64]

_LETTERS = np.frombuffer(b"BCDFGHJKLMNPQRSTVWXZ", "S1")
"""Letters of variables' names: no vowels, so that no name is a word, `VAR` least of all."""

_DIGITS = np.frombuffer(b"0123456789", "S1")

_FORMS = ("VAR {name} = {source}.", "VAR {name} is set to {source}.", "VAR {name} takes the value of {source}.")
_STRAY_NAMES = (
    "Someone carved {name} into a bench.",
    "The letters {name} can be read on an old crate.",
    "Nobody knows what {name} stood for.",
)
_STRAY_VALUES = (
    "The number {value} is painted on a gate.",
    "A clock that nobody wound has counted to {value}.",
    "The fair sold {value} tickets.",
)

_MIN_DIGITS_IN_PROSE = 5
_MOST_TRIES = 100
"""How often like names and values are drawn before others are taken."""

_ANY_ORDER = "A variable may be copied before the sentence that sets it."
"""Last sentence of the head where assignments stand in any order."""

WORDINGS = (
    Wording(
        id="seed",
        head="Assignments to variables are scattered over the text below. Some copy the value of another variable.",
        question="Question: Find all variables that are assigned the value {value}.",
        answer="The variables {list} are assigned the value {value}.",
    ),
    Wording(
        id="hold",
        head="In this text some sentences set a variable, either to a number or to what another variable holds.",
        question="Name every variable that holds {value}, whether it was set to the number or to another variable.",
        answer="The variables {list} hold {value}.",
    ),
    Wording(
        id="trace",
        head="The sentences that start with VAR are a program; all others have nothing to do with it.",
        question="Trace the program: which variables end up equal to {value}?",
        answer="Equal to {value} are {list}.",
    ),
    Wording(
        id="debugger",
        head="Someone pasted lines of code into a text. Read all of it, then answer as a debugger would.",
        question="The debugger stops on variables whose value is {value}. List them.",
        answer="It stops on {list}.",
    ),
    Wording(
        id="copies",
        head="Here and there the following text gives a variable its value, or copies one variable into another.",
        question="The number {value} was stored once and then copied on. Where is it to be found? Give all variables.",
        answer="It is found in {list}.",
    ),
    Wording(
        id="spread",
        head="Pay attention to the variables in the text that follows.",
        question="How far did the value {value} spread? Write down each variable that took it, directly or not.",
        answer="The value {value} spread to {list}.",
    ),
    Wording(
        id="lookup",
        head="A listing of variables was torn apart, and its lines ended up between other sentences.",
        question="Put the listing together again and give the names of the variables with the value {value}.",
        answer="Variables with the value {value}: {list}.",
    ),
    Wording(
        id="print",
        head="Suppose a computer ran the assignments in this text and skipped everything else.",
        question="Printing which variables would then show {value}?",
        answer="Printing {list} would show {value}.",
    ),
    Wording(
        id="resolve",
        head="You will resolve variables. Each stands for a number or another variable, as the text says somewhere.",
        question="Which of them resolve to {value}? Leave none out.",
        answer="These resolve to {value}: {list}.",
    ),
)


@dataclass(frozen=True, kw_only=True, config=SETTINGS)
class VT(Task):
    """Find every variable that holds a value, directly or through a chain of assignments."""

    name: ClassVar[str] = "vt"
    templates: ClassVar[Sequence[Template]] = WORDINGS

    presets: ClassVar[Mapping[str, Mapping[str, object]]] = {
        "vt": {
            "num_chains": 1,
            "num_hops": 4,
            "in_order": True,
            "haystack": "noise",
            "name_length": 5,
            "value_digits": 5,
        },
        "vt_hard": {"num_chains": 16, "num_hops": 4, "in_order": False, "haystack": "prose", "distractors": "near"},
    }
    """The setting of RULER, under its name there, and one in which many chains of like names run side by side."""
    files: ClassVar[Collection[str]] = ("corpus",)
    guessable: ClassVar[Collection[str]] = ("defaults", "vt")

    num_chains: Annotated[int, Field(ge=1, le=64)] = 4
    """Chains of assignments, each with a value of its own; one of them is asked for. They run through one another."""

    num_hops: Annotated[int, Field(ge=1, le=64)] = 4
    """Assignments of a chain that copy a variable; a chain has one variable more."""

    distractors: Literal["same", "near"] = "same"
    """What other chains are like: drawn as the asked one, or so that all names are of the same few letters, and all
    values of the same few digits; then assignments are worded in several ways, and other sentences have names and
    values too."""

    in_order: bool = True
    """Whether the assignments of a chain stand in the text in the order of the chain, or in any order."""

    haystack: Literal["noise", "prose", "code", "logs", "table", "json", "chat", "essay"] = "noise"
    """What the assignments are hidden in: plain sentences, invented prose, functions of Python, lines of a log, rows of
    a Markdown table, JSON objects one a line, turns of a chat, or text from the corpus."""

    corpus: CorpusPath = None
    """For haystack=essay: a .txt, .jsonl or .parquet file (field `text`), or a folder of .txt files."""

    name_length: Annotated[int, Field(ge=3, le=8)] = 5
    """Capital letters of a variable's name."""

    value_digits: Annotated[IntRange, Within(2, 9)] = IntRange(5, 5)
    """Digits of the values, the same for all chains of a sample; at least 5 but in noise, which has no years in it."""

    @field_validator("value_digits")
    @classmethod
    def _longer_than_years(cls, digits: IntRange, info: ValidationInfo) -> IntRange:
        haystack = info.data.get("haystack", "noise")
        if haystack != "noise" and digits.low < _MIN_DIGITS_IN_PROSE:
            raise ValueError(
                f"must be at least {_MIN_DIGITS_IN_PROSE} where haystack is {haystack}, which has years in it, "
                f"got {digits}"
            )
        return digits

    def input_files(self) -> Sequence[Path]:
        """The files of the corpus, where the settings name one."""
        return corpus_files(self.corpus) if self.corpus else ()

    def of_sample(self, seed: int, number: int) -> "VT":
        """The task with the haystacks of a seed."""
        return self.of_seed(seed)

    def draft(self, rng: np.random.Generator, template: Template, num_units: int) -> "VTDraft":
        """A draft whose units are sentences of the haystack; all assignments go between those that are rendered."""
        assert isinstance(template, Wording)
        return VTDraft(self, rng, template, num_units)


class VTDraft(Draft):
    """A haystack, the assignments of all chains, and how deep in the haystack each goes.

    Depths are independent and uniform, then sorted within a chain that stands in order. The first chain is asked for;
    no other differs from it but by chance. Evidence is in the order of the answers, which is that of the chain.
    """

    def __init__(self, task: VT, rng: np.random.Generator, wording: Wording, num_units: int) -> None:
        self.task, self.wording = task, wording
        length = task.num_hops + 1
        digits = int(rng.integers(task.value_digits.low, task.value_digits.high, endpoint=True))
        is_near = task.distractors == "near"
        taken = _taken(task)
        draw = _near_words if is_near else _words
        values = draw(rng, [_DIGITS[1:], *[_DIGITS] * (digits - 1)], task.num_chains, taken, task.split, 1)
        names = draw(rng, [_LETTERS] * task.name_length, task.num_chains * length, taken, task.split, length)
        depths = rng.random((task.num_chains, length))
        if task.in_order:
            depths.sort(axis=1)
        self._haystack = _haystack(task, rng, num_units)

        chains = [names[start : start + length] for start in range(0, len(names), length)]
        forms = rng.integers(0, len(_FORMS), (len(chains), length)) if is_near else np.zeros((len(chains), length), int)
        assignments = [
            text
            for chain, value, forms_of_chain in zip(chains, values, forms.tolist(), strict=True)
            for text in _written(chain, value, forms_of_chain)
        ]
        # Assignments between the same two sentences keep this order, so it has to be that of their depths.
        order = np.argsort(depths, axis=None)
        self._num_rivals = len(assignments)
        if is_near:
            strays = _strays(rng, names, values)
            assignments += strays
            depths = np.concatenate([depths.ravel(), rng.random(len(strays))])
            order = np.argsort(depths)
        self._depths = depths.ravel()[order]
        self._sentences = [assignments[place] for place in order]
        self._evidence = np.argsort(order)[:length]
        self._value, self._chain = values[0], tuple(chains[0])
        self._head = wording.head if task.in_order else f"{wording.head} {_ANY_ORDER}"
        self._question = fill(wording.question, value=self._value)[0]
        self._answer, self._answer_spans = fill_list(wording.answer, self._chain, value=self._value)
        self.chars: Ints = self._haystack.ends + (len(self.render(1).text) - int(self._haystack.ends[1]))

    def tokens(self, count: CountTokens) -> Ints | None:
        """Tokens of the fragments of the first 0..capacity sentences; None where the haystack is not made of any."""
        return self._haystack.tokens(count)

    def render(self, num_units: int) -> Sample:
        """The sample of the first sentences, with all assignments between them."""
        places = (self._depths * (num_units + 1)).astype(np.int64)
        needles = list(zip(places.tolist(), self._sentences, strict=True))
        body, needle_spans = self._haystack.with_needles(num_units, needles)
        evidence = [needle_spans[place] for place in self._evidence]
        prompt = "".join((self._head, "\n\n", *body, "\n\n", self._question, "\n"))
        before, num_chars = len(self._head) + 2, sum(map(len, body))
        return Sample(
            prompt=prompt,
            answer=self._answer,
            answers=self._chain,
            answer_spans=tuple(shift(span, len(prompt)) for span in self._answer_spans),
            evidence_spans=tuple(shift(span, before) for span in evidence),
            context_span=(before, before + num_chars),
            depth=tuple(start / (num_chars - (end - start)) for start, end in evidence),
            template=self.wording.id,
            facts={
                "value": int(self._value),
                "sentences_before": places[self._evidence].tolist(),
                "num_chains": self.task.num_chains,
                "num_hops": self.task.num_hops,
                "num_rivals": self._num_rivals,
                "num_sentences": num_units,
                **self._haystack.facts(num_units),
            },
        )


def _haystack(task: VT, rng: np.random.Generator, num_sentences: int) -> Passage:
    if task.haystack == "essay":
        assert task.corpus is not None, "the settings were checked"
        return excerpt(task.corpus, rng, num_sentences, task.split)
    return passage(task.haystack, rng, num_sentences, task.material)


def _near_words(
    rng: np.random.Generator, places: Sequence[Strings], count: int, taken: Set[str], split: Split, num_asked: int
) -> list[str]:
    """Words as `_words` draws them, of so few strings of each place that they are like each other."""
    each = math.ceil((2 * count + 2) ** (1 / len(places)))
    for _ in range(_MOST_TRIES):
        few = [rng.choice(strings, min(each, len(strings)), replace=False) for strings in places]
        if words := _of_all(coined(rng, few, num_words(few)), count, taken, split, num_asked):
            return words
    return _words(rng, places, count, taken, split, num_asked)


def _words(
    rng: np.random.Generator, places: Sequence[Strings], count: int, taken: Set[str], split: Split, num_asked: int
) -> list[str]:
    """Different words of one length, none of which is taken and the first `num_asked` of which are of the split.

    Raises UsageError where there are not so many.
    """
    num_drawn = 2 * count
    while True:
        num_drawn = min(num_drawn, num_words(places))
        if words := _of_all(coined(rng, places, num_drawn), count, taken, split, num_asked):
            return words
        if num_drawn == num_words(places):
            break
        num_drawn *= 4
    raise UsageError(
        f"vt: {count:,} different names or values of {len(places)} characters are more than there are: use a greater "
        "name_length or value_digits, or fewer chains and hops"
    )


def _of_all(words: Strings, count: int, taken: Set[str], split: Split, num_asked: int) -> list[str]:
    """So many of the words, in their order but for those that are asked for; nothing where there are too few."""
    free = [word for word in words.astype(str).tolist() if word not in taken]
    if len(free) < count:
        return []
    asked: list[str] = []
    for word in free:
        if len(asked) == num_asked:
            break
        if is_of_split(word, split):
            asked.append(word)
    others = [word for word in free if word not in asked]
    return [*asked, *others][:count] if len(asked) == num_asked else []


def _taken(task: VT) -> frozenset[str]:
    """Words of capitals and numbers that the haystack may hold."""
    if task.haystack == "essay":
        assert task.corpus is not None, "the settings were checked"
        return codes_in_corpus(task.corpus)
    return codes_in_haystack(task.haystack, task.material)


def _strays(rng: np.random.Generator, names: Sequence[str], values: Sequence[str]) -> list[str]:
    """Sentences that have a variable's name or a value in them and assign nothing; each is drawn from all."""
    strays = [
        _pick(rng, _STRAY_NAMES).format(name=names[int(rng.integers(len(names)))]) for _ in range(len(names) // 4)
    ]
    return strays + [_pick(rng, _STRAY_VALUES).format(value=_pick(rng, values)) for _ in range(len(values))]


def _pick(rng: np.random.Generator, choices: Sequence[str]) -> str:
    return choices[int(rng.integers(len(choices)))]


def _written(chain: Sequence[str], value: str, forms: Sequence[int]) -> list[str]:
    """The assignments of a chain as sentences, each in its form."""
    sources = [value, *(f"VAR {name}" for name in chain[:-1])]
    return [
        _FORMS[form].format(name=name, source=source) for name, source, form in zip(chain, sources, forms, strict=True)
    ]
