"""`fwe`: name the most frequent words of a text in code, whose frequencies fall off by a zeta law.

Teaches to weigh frequencies. By the law they lie so far apart that a small part of a long text gives the answer, 1 to
3 % of 128k tokens; a lesser alpha takes more, and at 1.1 half of a text often still does. In `fwe_even` counts lie as
close together as they can: the answer and its order take the whole text. Source: frequent words extraction of RULER
(Hsieh et al. 2024); here the words and their order are fresh in every sample and the answer is unique by construction.
Left out: evidence spans, since the evidence is everywhere, and the law's tail of words that would occur less than once.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import cycle, islice
from typing import Annotated, ClassVar, Literal

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pydantic import Field
from pydantic.dataclasses import dataclass

from ..schemas.errors import UsageError
from ..schemas.sample import CountTokens, Draft, Fragments, Sample
from ..schemas.split import is_of_split
from .material.coined import coined, num_words
from .material.wording import Wording, fill, fill_list, layout, shift, superlative
from .task import SETTINGS, Task, Template

Ints = NDArray[np.int64]
Ranks = NDArray[np.int32]

DOTS = "..."
"""What the text has in place of its most frequent word, which is to be ignored."""

NUMBER_WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
"""How a question writes the number of words that it asks for."""

_LETTERS = np.frombuffer(b"abcdefghijklmnopqrstuvwxyz", "S1")
_DIGITS = np.frombuffer(b"0123456789", "S1")

_IN_ORDER = " Put the most frequent first."
_ASK_IN_ORDER = ("tokens",)
"""Wordings whose question asks for a ranking by itself."""

_FEWEST_DRAWN = 256
"""Words that are drawn at least, so that enough of them are of any split."""

_UNIT = 16
"""Occurrences in a unit: few enough to fill a document, many enough to cost about the same each time."""


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
        question="Dots do not count. Name the {most} frequent {words} of the cipher.",
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
        id="notes",
        head="Someone took these notes in a code of their own, with dots for pauses.",
        question="Setting the pauses aside, what {are} the {most} used {words} of the code?",
        answer="Used most: {list}.",
    ),
    Wording(
        id="sensor",
        head="A sensor reports a state in code at every tick, or dots when it has nothing to report.",
        question="Work out the {most} common code {words} among the reports.",
        answer="Among the reports, most common: {list}.",
    ),
    Wording(
        id="beads",
        head="Beads with code words on them hang on a string; blank ones are shown as dots.",
        question="Count the beads. Write down the {most} numerous {words}, blank beads not included.",
        answer="By count of beads: {list}.",
    ),
    Wording(
        id="traffic",
        head="Stations that passed a message on were noted down in code, unknown ones as dots.",
        question="Leave out the unknown ones and state the {most} active.",
        answer="Most active: {list}.",
    ),
    Wording(
        id="babble",
        head="Below is the babble of a machine. It has words it likes, and dots when it rests.",
        question="Skip the dots and list the {most} favoured {words} of the machine by count.",
        answer="Favoured in this order: {list}.",
    ),
)


@dataclass(frozen=True, kw_only=True, config=SETTINGS)
class FWE(Task):
    """Name the most frequent words of a coded text, most frequent first."""

    name: ClassVar[str] = "fwe"
    templates: ClassVar[Sequence[Template]] = WORDINGS
    presets: ClassVar[Mapping[str, Mapping[str, object]]] = {
        "fwe": {"alpha": 2.0, "num_top": 3, "words": "letters", "word_length": 6},
        "fwe_even": {"even": True, "ordered": True},
    }
    """The setting of RULER, under its name there, and one that takes the whole text."""

    alpha: Annotated[float, Field(ge=1.1, le=6)] = 2.0
    """How fast frequencies fall: the word of rank r occurs as often as r ** -alpha, dots having rank 1."""

    num_top: Annotated[int, Field(ge=1, le=10)] = 3
    """Words that are asked for: ranks 2 to num_top + 1."""

    words: Literal["codes", "letters"] = "codes"
    """Codes: letter and digit in turn, which most vocabularies take one by one, so that all words have as many tokens.
    Letters: as in RULER, about half as fast to make."""

    word_length: Annotated[int, Field(ge=4, le=12)] = 6
    """Letters and digits of a coded word."""

    even: bool = False
    """Whether all words occur sixteen times, dots too, whatever alpha, but for a few more occurrences of those that are
    asked for: one of the last, two of the one before it, and so on."""

    ordered: bool = False
    """Whether the question asks for the most frequent first, so that replies in another order are wrong."""

    def draft(self, rng: np.random.Generator, template: Template, num_units: int) -> "FWEDraft":
        """A draft whose units are sixteen occurrences of words; a few more make the asked words' counts differ."""
        assert isinstance(template, Wording)
        return FWEDraft(self, rng, template, num_units)


class FWEDraft(Draft):
    """Occurrences in the order in which the law adds them, and a random order of the text, kept in part by `render`."""

    def __init__(self, task: FWE, rng: np.random.Generator, wording: Wording, num_units: int) -> None:
        self.task, self.wording = task, wording
        lead = _lead(task.num_top)
        self._num_lead = len(lead)
        growth = _even(num_units) if task.even else _growth(task.alpha, num_units * _UNIT)
        self._ranks = np.concatenate([lead, growth])
        words = [DOTS, *_draw_words(rng, int(self._ranks.max()), task)]
        self._spaced_words = pa.array([f"{word} " for word in words])
        self._fragments = Fragments(tuple(f" {word}" for word in words))
        self._rank_bits = np.uint64(int(self._ranks.max()).bit_length())
        self._keys = rng.integers(0, 1 << 64, len(self._ranks), np.uint64) >> self._rank_bits << self._rank_bits
        self._keys |= self._ranks.astype(np.uint64)
        self._top = tuple(words[1 : task.num_top + 1])
        slots = superlative(task.num_top, NUMBER_WORDS[task.num_top])
        self._question = fill(wording.question, **slots)[0] + (_IN_ORDER if task.ordered else "")
        self._answer, self._answer_spans = fill_list(wording.answer, self._top, **slots)
        self.chars: Ints = self._num_chars()

    def tokens(self, count: CountTokens) -> Ints:
        """Tokens of the words of 0..capacity units, each by itself, shape (capacity + 1,)."""
        tokens = count(self._fragments).take(self._ranks)
        of_units = np.einsum("ij->i", tokens[self._num_lead :].reshape(-1, _UNIT))
        return int(tokens[: self._num_lead].sum()) + np.concatenate(([0], np.cumsum(of_units)))

    def render(self, num_units: int) -> Sample:
        """The sample of the first occurrences, sorted by their keys."""
        num_occurrences = self._num_lead + num_units * _UNIT
        # A key is random but for its last bits, its word's rank: sorting numbers is faster than sorting places by them.
        keys = np.sort(self._keys[:num_occurrences])
        body = self._body((keys & ((np.uint64(1) << self._rank_bits) - np.uint64(1))).astype(np.int32))
        prompt, before = layout(self.wording.head, body, self._question)
        ranks = self._ranks[:num_occurrences]
        num_dots, *counts, next_count = (int(np.count_nonzero(ranks == rank)) for rank in range(self.task.num_top + 2))
        return Sample(
            prompt=prompt,
            answer=self._answer,
            answers=self._top,
            answer_spans=tuple(shift(span, len(prompt)) for span in self._answer_spans),
            evidence_spans=(),
            context_span=(before, before + len(body)),
            depth=(),
            template=self.wording.id,
            facts={
                "ordered": self.task.ordered or self.wording.id in _ASK_IN_ORDER,
                "counts": counts,
                "next_count": next_count,
                "num_dots": num_dots,
                "num_words": int(ranks.max()),  # no rank occurs before the one above it
                "num_occurrences": num_occurrences,
            },
        )

    def _body(self, ranks: Ranks) -> str:
        """The text of words of these ranks. Arrow gathers strings back to back, so that its data are the text."""
        _, ends, data = self._spaced_words.take(pa.array(ranks)).buffers()
        end = int(np.frombuffer(ends, np.int32)[len(ranks)])
        return str(memoryview(data)[: end - len(" ")], "ascii")

    def _num_chars(self) -> Ints:
        """Characters of the text for 0..capacity units, shape (capacity + 1,)."""
        is_dots = (self._ranks[self._num_lead :] == 0).view(np.uint8).reshape(-1, _UNIT)
        num_dots = np.concatenate(([0], np.cumsum(np.einsum("ij->i", is_dots), dtype=np.int64)))
        num_words = np.arange(self._num_lead, len(self._ranks) + 1, _UNIT) - num_dots
        prompt, _ = layout(self.wording.head, "", self._question)
        body = num_dots * len(f"{DOTS} ") + num_words * (self.task.word_length + 1) - 1
        return body + len(prompt) + len(self._answer)


def _lead(num_top: int) -> Ranks:
    """Occurrences besides the law's that keep counts apart: one for the last asked word, two for the one before, ...

    The law's counts never rise with the rank, so with these the asked words' counts strictly fall, whatever the length.
    """
    return np.arange(1, num_top + 1, dtype=np.int32).repeat(np.arange(num_top, 0, -1))


def _even(num_units: int) -> Ranks:
    """Ranks of which each unit has a further one, from 0."""
    return np.arange(num_units, dtype=np.int32).repeat(_UNIT)


def _growth(alpha: float, count: int) -> Ranks:
    """The first occurrences of the zeta law, as ranks from 0: after any of them each count is as the law has it."""
    clock = 64
    while len(ranks := _growth_until(alpha, clock)) < count:
        clock *= 2
    return ranks[:count]


@lru_cache(maxsize=32)
def _growth_until(alpha: float, clock: int) -> Ranks:
    """Ranks by the time at which they occur, as often as they do until `clock`: rank r at every (r + 1) ** alpha."""
    # Rounded, so that the last bit of a machine's power function cannot change the order.
    every = np.round(np.arange(1, int(clock ** (1 / alpha)) + 2) ** alpha, 6)
    counts = (clock // every).astype(np.int64)
    ranks = np.arange(len(counts), dtype=np.int32).repeat(counts)
    nth = np.arange(1, len(ranks) + 1) - (np.cumsum(counts) - counts).repeat(counts)
    return ranks.take(np.argsort(nth * every.take(ranks), kind="stable"))


def _draw_words(rng: np.random.Generator, count: int, task: FWE) -> list[str]:
    """`count` different coded words, as the settings have them; the first ones are of the task's split."""
    alphabets = (_LETTERS, _DIGITS) if task.words == "codes" else (_LETTERS,)
    places = list(islice(cycle(alphabets), task.word_length))
    if count > num_words(places):
        raise UsageError(
            f"fwe: {count:,} different words are needed, but {task.words} of {task.word_length} give only "
            f"{num_words(places):,}: use a greater word_length or a shorter length"
        )
    while True:
        words = coined(rng, places, max(count, _FEWEST_DRAWN)).astype(str).tolist()
        asked = list(islice((word for word in words if is_of_split(word, task.split)), task.num_top))
        if len(asked) == task.num_top:
            return [*asked, *(word for word in words if word not in asked)][:count]
