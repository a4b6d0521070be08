"""`fwe`: name the most frequent words of a text in code, whose frequencies fall off by a zeta law.

Teaches to weigh frequencies that lie close together over the whole context. Source: frequent words extraction of RULER
(Hsieh et al. 2024); here the words and their order are fresh in every sample and the answer is unique by construction.
Left out: evidence spans, since the evidence is everywhere, and the law's tail of words that would occur less than once.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Annotated, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from pydantic.dataclasses import dataclass

from ..schemas.errors import UsageError
from ..schemas.sample import Sample, Span
from .cwe import fill_list, plural_slots
from .task import SETTINGS, Task, Template
from .text import Words, squeeze
from .wording import fill, shift

Ints = NDArray[np.int64]
Ranks = NDArray[np.int32]

DOTS = "..."
"""What stands for the most frequent word and is to be ignored."""

NUMBERS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
"""How a question writes its number."""

_UNIT = 16
"""Occurrences in a unit: few enough to fill a document, many enough to cost about the same each time."""


@dataclass(frozen=True, kw_only=True)
class Wording:
    """One way to put the task. Slots: {most} ("three most" or "most"), {words}, {are}; in the answer also {list}."""

    id: str
    head: str
    question: str
    answer: str


WORDINGS = (
    Wording(
        id="seed",
        head="Read the coded text below and keep track of how often each coded word appears.",
        question="Please ignore the dots. What {are} the {most} frequently appeared {words} in the above coded text?",
        answer="The {most} frequently appeared {words} {are}: {list}.",
    ),
    Wording(
        id="cipher",
        head="This message was enciphered word by word; dots mark what was lost.",
        question="Name the {most} frequent {words} of the cipher, most frequent first. Dots do not count.",
        answer="The cipher uses most often: {list}.",
    ),
    Wording(
        id="radio",
        head="A radio station sends code words, with dots where there was only noise.",
        question="Which code {words} did it send most? Report the {most} frequent, leaving out the noise.",
        answer="Sent most often: {list}.",
    ),
    Wording(
        id="tokens",
        head="Here is a sequence of tokens; dots are padding.",
        question="Rank the tokens by how often they occur, padding aside, and give the top of the ranking: "
        "the {most} frequent.",
        answer="Ranked by frequency: {list}.",
    ),
    Wording(
        id="tongue",
        head="Someone wrote these words in an unknown tongue and put dots for pauses.",
        question="Setting the pauses aside, what {are} the {most} used {words} of the tongue?",
        answer="Used most: {list}.",
    ),
    Wording(
        id="sensor",
        head="A sensor reports a state in code at every tick, or dots when it has nothing to report.",
        question="Work out the {most} common {words} among the reports, from the most common down.",
        answer="Among the reports, most common: {list}.",
    ),
    Wording(
        id="beads",
        head="Beads with words on them hang on a string; blank ones are shown as dots.",
        question="Count the beads. Write the {most} numerous {words}, blank beads not included.",
        answer="By count of beads: {list}.",
    ),
    Wording(
        id="traffic",
        head="Names of stations that passed messages on were noted down in code, unknown ones as dots.",
        question="Which names turn up more than all others? State the {most} active, unknown ones excepted.",
        answer="Most active: {list}.",
    ),
    Wording(
        id="babble",
        head="Below is the babble of a machine. It has words it likes, and dots when it rests.",
        question="List the {most} favoured {words} of the machine in order of their count; skip the dots.",
        answer="Favoured in this order: {list}.",
    ),
)


@dataclass(frozen=True, kw_only=True, config=SETTINGS)
class FWE(Task):
    """Name the most frequent words of a coded text, most frequent first."""

    name: ClassVar[str] = "fwe"
    templates: ClassVar[Sequence[Template]] = WORDINGS

    alpha: Annotated[float, Field(ge=1.1, le=6)] = 2.0
    """How fast frequencies fall: the word of rank r occurs as often as r ** -alpha, dots having rank 1."""

    num_top: Annotated[int, Field(ge=1, le=10)] = 3
    """Words that are asked for: ranks 2 to num_top + 1."""

    word_length: Annotated[int, Field(ge=4, le=12)] = 6
    """Letters of a coded word."""

    def draft(self, rng: np.random.Generator, template: Template, num_units: int) -> "FWEDraft":
        """Sixteen occurrences as a unit, besides a few that make the asked words' counts differ."""
        assert isinstance(template, Wording)
        return FWEDraft(self, rng, template, num_units)


class FWEDraft:
    """Occurrences in the order in which the law adds them, and a random order of the text, kept in part by `render`."""

    def __init__(self, task: FWE, rng: np.random.Generator, wording: Wording, num_units: int) -> None:
        self.task, self.wording = task, wording
        lead = _lead(task.num_top)
        self._num_lead = len(lead)
        self._ranks = np.concatenate([lead, _growth(task.alpha, num_units * _UNIT)])
        self._table = _draw_words(rng, int(self._ranks.max()), task.word_length)
        self._order = rng.permutation(np.arange(len(self._ranks), dtype=np.int32))
        question, answer, _ = self._tail()
        is_dots = np.concatenate(([0], np.cumsum(self._ranks == 0)))[self._num_lead :: _UNIT]
        num_occurrences = self._num_lead + _UNIT * np.arange(num_units + 1)
        fixed = len(wording.head) + len(question) + len(answer) + len("\n\n") - 1
        self.chars: Ints = fixed + num_occurrences * (task.word_length + 1) - is_dots * (task.word_length - len(DOTS))

    def render(self, num_units: int) -> Sample:
        """The sample of the first occurrences, each in its place in the order."""
        num_occurrences = self._num_lead + num_units * _UNIT
        shown = self._ranks.take(self._order[self._order < num_occurrences])
        body = squeeze(self._table.take(shown, axis=0))[:-1]
        question, answer, slots = self._tail()
        prompt = f"{self.wording.head}\n\n{body}{question}"
        counts = np.bincount(shown, minlength=self.task.num_top + 2)
        return Sample(
            prompt=prompt,
            answer=answer,
            answers=tuple(answer[start:end] for start, end in slots),
            answer_spans=tuple(shift(span, len(prompt)) for span in slots),
            evidence_spans=(),
            depth=(),
            template=self.wording.id,
            facts={
                "top": [answer[start:end] for start, end in slots],
                "counts": counts[1 : self.task.num_top + 1].tolist(),
                "next_count": int(counts[self.task.num_top + 1]),
                "num_dots": int(counts[0]),
                "num_words": int(np.count_nonzero(counts[1:])),
                "num_occurrences": num_occurrences,
            },
        )

    def _tail(self) -> tuple[str, str, list[Span]]:
        """The question, the answer, and the spans of its words."""
        num_top = self.task.num_top
        slots = plural_slots(NUMBERS[num_top], num_top)
        top = [squeeze(self._table[rank])[:-1] for rank in range(1, num_top + 1)]
        answer, spans = fill_list(self.wording.answer, top, **slots)
        return f"\n\n{fill(self.wording.question, **slots)[0]}\n", answer, spans


def _lead(num_top: int) -> Ranks:
    """Occurrences besides the law's that keep counts apart: one for the last asked word, two for the one before, ...

    The law's counts never rise with the rank, so with these the asked words' counts strictly fall, whatever the length.
    """
    return np.arange(1, num_top + 1, dtype=np.int32).repeat(np.arange(num_top, 0, -1))


def _growth(alpha: float, count: int) -> Ranks:
    """The first occurrences of the zeta law, as ranks from 0: after any of them each count is as the law has it."""
    clock = 64
    while int(_law(alpha, clock).sum()) < count:
        clock *= 2
    return _growth_until(alpha, clock)[:count]


def _law(alpha: float, clock: int) -> Ints:
    """How often each rank has occurred when the first has `clock` times."""
    ranks = np.arange(1, int(clock ** (1 / alpha)) + 1, dtype=np.float64)
    return np.floor(clock / ranks**alpha).astype(np.int64)


@lru_cache(maxsize=8)
def _growth_until(alpha: float, clock: int) -> Ranks:
    """Ranks by the time at which they occur: the word of rank r for the j-th time at j * r ** alpha."""
    counts = _law(alpha, clock)
    ranks = np.arange(len(counts)).repeat(counts)
    nth = np.arange(len(ranks)) - (np.cumsum(counts) - counts).repeat(counts) + 1
    # Rounded, so that the last bit of a machine's power function cannot change the order.
    time = np.round(nth * (ranks + 1.0) ** alpha, 6)
    return ranks[np.argsort(time, kind="stable")].astype(np.int32)


def _draw_words(rng: np.random.Generator, count: int, length: int) -> Words:
    """The dots and `count` different words, each followed by a space, as NUL-filled words."""
    if count > 26**length:
        raise UsageError(
            f"fwe: {count:,} different words are needed, but {length} letters give only {26**length:,}: "
            "use a greater word_length or a shorter length"
        )
    drawn = rng.choice(26**length, count, replace=False)
    table = np.zeros((count + 1, -(-(length + 1) // 8) * 8), np.uint8)
    table[0, : len(DOTS) + 1] = np.frombuffer(f"{DOTS} ".encode(), np.uint8)
    for place in range(length):
        table[1:, place] = drawn // 26**place % 26 + ord("a")
    table[1:, length] = ord(" ")
    return table.view(np.uint64)
