"""`vt`: find every variable that holds a value, along a chain of assignments hidden in a haystack.

Teaches following references over the whole context: only the first variable of a chain stands beside the value. Source:
the variable tracking of RULER (Hsieh et al. 2024). Unlike there, the asked chain is drawn, names and values never
collide, and the prompt does not tell how many variables there are. Left out: variables that are assigned twice, and
arithmetic.
"""

from collections.abc import Sequence
from typing import Annotated, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, ValidationInfo, field_validator
from pydantic.dataclasses import dataclass

from ..schemas.quantity import IntRange, Within
from ..schemas.sample import Sample, Span
from .haystack import Kind, passage
from .task import SETTINGS, Task, Template
from .wording import fill, shift

Ints = NDArray[np.int64]

_LETTERS = np.frombuffer(b"BCDFGHJKLMNPQRSTVWXZ", np.uint8)
"""Without vowels, so that no name is a word, `VAR` least of all."""

_MIN_DIGITS_IN_PROSE = 5


@dataclass(frozen=True, kw_only=True)
class Wording:
    """One way to put the task. Slots: {value} in `question`, {names} and {value} in `answer`.

    The answer begins with a letter, so that its tokens are apart from those of the prompt, which ends a line. Head and
    question do not tell how many variables there are, and hold no number but {value}.
    """

    id: str
    head: str
    question: str
    answer: str


WORDINGS = (
    Wording(
        id="seed",
        head="Assignments to variables are scattered over the text below. Some copy the value of another variable.",
        question="Question: Find all variables that are assigned the value {value}.",
        answer="The variables {names} are assigned the value {value}.",
    ),
    Wording(
        id="hold",
        head="In this text some sentences set a variable, either to a number or to what another variable holds.",
        question="Name every variable that holds {value}, whether it was set to the number or to another variable.",
        answer="The variables {names} hold {value}.",
    ),
    Wording(
        id="trace",
        head="The sentences that start with VAR are a program; all others have nothing to do with it.",
        question="Trace the program: which variables end up equal to {value}?",
        answer="Equal to {value} are {names}.",
    ),
    Wording(
        id="debugger",
        head="Someone pasted lines of code into a text. Read all of it, then answer as a debugger would.",
        question="The debugger stops on variables whose value is {value}. List them.",
        answer="It stops on {names}.",
    ),
    Wording(
        id="copies",
        head="Here and there the following text gives a variable its value, or copies one variable into another.",
        question="The number {value} was stored once and then copied on. Where is it to be found? Give all variables.",
        answer="It is found in {names}.",
    ),
    Wording(
        id="spread",
        head="Pay attention to the variables in the text that follows.",
        question="How far did the value {value} spread? Write down each variable that took it, directly or not.",
        answer="The value {value} spread to {names}.",
    ),
    Wording(
        id="lookup",
        head="A listing of variables was torn apart, and its lines ended up between other sentences.",
        question="Put the listing together again and give the names of the variables with the value {value}.",
        answer="Variables with the value {value}: {names}.",
    ),
    Wording(
        id="print",
        head="Suppose a computer ran the assignments in this text and skipped everything else.",
        question="Printing which variables would then show {value}?",
        answer="Printing {names} would show {value}.",
    ),
    Wording(
        id="resolve",
        head="You will resolve variables. Each stands for a number or another variable, as the text says somewhere.",
        question="Which of them resolve to {value}? Leave none out.",
        answer="These resolve to {value}: {names}.",
    ),
)


@dataclass(frozen=True, kw_only=True, config=SETTINGS)
class VT(Task):
    """Find every variable that holds a value, directly or through a chain of assignments."""

    name: ClassVar[str] = "vt"
    templates: ClassVar[Sequence[Template]] = WORDINGS

    num_chains: Annotated[int, Field(ge=1, le=64)] = 1
    """Chains of assignments, each with a value of its own; one of them is asked for."""

    num_hops: Annotated[int, Field(ge=1, le=64)] = 4
    """Assignments of a chain that copy a variable; a chain has one variable more."""

    in_order: bool = True
    """Whether the assignments of a chain stand in the text in the order of the chain, or in any order."""

    haystack: Kind = "noise"
    """What the assignments are hidden in: repeated plain sentences, or prose about invented people."""

    name_length: Annotated[int, Field(ge=3, le=8)] = 5
    """Capital letters of a variable's name."""

    value_digits: Annotated[IntRange, Within(2, 9)] = IntRange(5, 5)
    """Digits of the values, the same for all chains of a sample; at least 5 in prose, which has years in it."""

    @field_validator("value_digits")
    @classmethod
    def _longer_than_years(cls, digits: IntRange, info: ValidationInfo) -> IntRange:
        if info.data.get("haystack") == "prose" and digits.low < _MIN_DIGITS_IN_PROSE:
            raise ValueError(
                f"must be at least {_MIN_DIGITS_IN_PROSE} where haystack is prose, which has years in it, got {digits}"
            )
        return digits

    def draft(self, rng: np.random.Generator, template: Template, num_units: int) -> "VTDraft":
        """Sentences of the haystack as units; all assignments are put between those that are rendered."""
        assert isinstance(template, Wording)
        return VTDraft(self, rng, template, num_units)


class VTDraft:
    """A haystack, the assignments of all chains, and how deep in the haystack each goes.

    Depths are independent and uniform, then sorted within a chain that stands in order. Evidence is listed in an order
    drawn at random, so that depth at each place of the list is uniform; `hops` among the facts says which assignment
    of the chain each evidence is, 0 being the one with the number. Answers are in the order of the chain.
    """

    def __init__(self, task: VT, rng: np.random.Generator, wording: Wording, num_units: int) -> None:
        self.task, self.wording = task, wording
        length = task.num_hops + 1
        digits = int(rng.integers(task.value_digits.low, task.value_digits.high, endpoint=True))
        self._values = _distinct_values(rng, digits, task.num_chains)
        names = _distinct_names(rng, task.name_length, task.num_chains * length)
        self._asked = int(rng.integers(task.num_chains))
        depths = rng.random((task.num_chains, length))
        if task.in_order:
            depths.sort(axis=1)
        self._hops = rng.permutation(length)
        self._haystack = passage(task.haystack, rng, num_units)

        chains = [names[start : start + length] for start in range(0, len(names), length)]
        self._chain = chains[self._asked]
        assignments = [
            text for chain, value in zip(chains, self._values, strict=True) for text in _written(chain, value)
        ]
        # Assignments between the same two sentences keep this order, so it has to be that of their depths.
        order = np.argsort(depths, axis=None)
        self._depths = depths.ravel()[order]
        self._assignments = [assignments[place] for place in order]
        self._evidence = np.argsort(order)[self._asked * length + self._hops]
        self.chars: Ints = self._haystack.ends + (len(self.render(1).text) - int(self._haystack.ends[1]))

    def render(self, num_units: int) -> Sample:
        """The sample of the first sentences, with all assignments between them."""
        places = (self._depths * (num_units + 1)).astype(np.int64)
        needles = list(zip(places.tolist(), self._assignments, strict=True))
        body, needle_spans = self._haystack.with_needles(num_units, needles)
        evidence = [needle_spans[place] for place in self._evidence]
        head = f"{self.wording.head}\n\n"
        value = self._values[self._asked]
        question, _ = fill(self.wording.question, value=value)
        prompt = f"{head}{body}\n\n{question}\n"
        answer, answer_spans = self._answer(value)
        return Sample(
            prompt=prompt,
            answer=answer,
            answers=tuple(self._chain),
            answer_spans=tuple(shift(span, len(prompt)) for span in answer_spans),
            evidence_spans=tuple(shift(span, len(head)) for span in evidence),
            depth=tuple(start / (len(body) - (end - start)) for start, end in evidence),
            template=self.wording.id,
            facts={
                "value": value,
                "chain": self._asked + 1,
                "hops": self._hops.tolist(),
                "sentences_before": places[self._evidence].tolist(),
                "num_chains": self.task.num_chains,
                "num_hops": self.task.num_hops,
                "num_sentences": num_units,
            },
        )

    def _answer(self, value: int) -> tuple[str, list[Span]]:
        """The answer, and where each variable of the asked chain stands in it."""
        first = ", ".join(self._chain[:-1])
        answer, slots = fill(self.wording.answer, names=f"{first} and {self._chain[-1]}", value=value)
        start, end = slots["names"]
        width = self.task.name_length
        starts = [start + hop * (width + len(", ")) for hop in range(self.task.num_hops)]
        return answer, [(at, at + width) for at in (*starts, end - width)]


def _distinct_values(rng: np.random.Generator, digits: int, count: int) -> list[int]:
    """Different numbers of so many digits: of one length, none is a part of another."""
    low = 10 ** (digits - 1)
    return (rng.choice(9 * low, count, replace=False) + low).tolist()


def _distinct_names(rng: np.random.Generator, length: int, count: int) -> list[str]:
    """Different names of so many letters."""
    base = len(_LETTERS)
    codes = rng.choice(base**length, count, replace=False)
    text = _LETTERS[codes[:, None] // base ** np.arange(length) % base].tobytes().decode()
    return [text[start : start + length] for start in range(0, len(text), length)]


def _written(chain: Sequence[str], value: int) -> list[str]:
    """The assignments of a chain as sentences."""
    sources = [str(value), *(f"VAR {name}" for name in chain[:-1])]
    return [f"VAR {name} = {source}." for name, source in zip(chain, sources, strict=True)]
