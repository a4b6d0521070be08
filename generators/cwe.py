"""`cwe`: name the words that occur most often in a long numbered list.

Teaches counting over the whole context: every entry matters, and no single place holds the answer. Source: common
words extraction of RULER (Hsieh et al. 2024); order and words are fresh in every sample, where RULER shuffles all of
them alike. Left out: RULER's worked example before the list, and evidence spans, since the evidence is everywhere.
"""

from collections.abc import Sequence
from functools import cache, lru_cache
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, ValidationInfo, field_validator
from pydantic.dataclasses import dataclass

from ..schemas.errors import UsageError
from ..schemas.sample import Sample, Span
from .task import SETTINGS, Task, Template
from .text import Words, number_table, squeeze
from .wording import fill, shift

Ints = NDArray[np.int64]

_SYLLABLES = [consonant + vowel for consonant in "bcdfghjklmnprstvwz" for vowel in "aeiou"]
_NUM_SYLLABLES = 3
_NUM_COINED = len(_SYLLABLES) ** _NUM_SYLLABLES


@dataclass(frozen=True, kw_only=True)
class Wording:
    """One way to put the task. Slots: {n} in the label; {most} ("10 most" or "most"), {words}, {are} elsewhere."""

    id: str
    head: str
    label: str
    between: str
    """What parts the entries."""
    question: str
    answer: str
    """What leads to the list of words, {list}."""


WORDINGS = (
    Wording(
        id="seed",
        head="Below is a list of words with numbers. Some of them appear more often than others.\n\n",
        label="{n}. ",
        between=" ",
        question="What {are} the {most} common {words} in the above list?",
        answer="The {most} common {words} {are}: {list}.",
    ),
    Wording(
        id="tally",
        head="Tally the entries of this numbered list.\n\n",
        label="{n}. ",
        between=" ",
        question="By your tally, which {words} {have} the highest count? Name the {most} frequent.",
        answer="By count, {list} {come} first.",
    ),
    Wording(
        id="votes",
        head="Each line is one vote for a word.\n\n",
        label="{n}. ",
        between="\n",
        question="Count the votes. Which {words} won? Give the {most} often chosen.",
        answer="Votes went most often to {list}.",
    ),
    Wording(
        id="stream",
        head="A stream of numbered items follows; most items show up only now and then, a few keep coming back.\n\n",
        label="{n}) ",
        between=" ",
        question="Write down the {most} repeated {words} of the stream.",
        answer="What keeps coming back: {list}.",
    ),
    Wording(
        id="log",
        head="The log below recorded one word at every step.\n\n",
        label="{n}: ",
        between="\n",
        question="List the {most} frequently recorded {words} of the log.",
        answer="Recorded most frequently: {list}.",
    ),
    Wording(
        id="survey",
        head="People were asked for a word. Their replies, in the order in which they came in:\n\n",
        label="{n}) ",
        between="; ",
        question="Which {words} did people give most? Report the {most} popular {words}.",
        answer="Most popular with people: {list}.",
    ),
    Wording(
        id="shelf",
        head="Labels on a shelf, numbered from left to right:\n\n",
        label="{n}: ",
        between=", ",
        question="Some labels are on the shelf far more often than the rest. State the {most} numerous.",
        answer="On the shelf most often: {list}.",
    ),
    Wording(
        id="cards",
        head="Cards were turned over one after another, and the word on each was noted.\n\n",
        label="{n}. ",
        between=", ",
        question="Find the {most} frequent {words} on the cards.",
        answer="Found on the most cards: {list}.",
    ),
    Wording(
        id="parrot",
        head="A parrot said these words today, numbered as they were heard.\n\n",
        label="{n}. ",
        between=" ",
        question="The parrot has favourites. What {are} its {most} used {words}?",
        answer="Its favourites: {list}.",
    ),
)


@dataclass(frozen=True, kw_only=True, config=SETTINGS)
class CWE(Task):
    """Name the most common words of a numbered list; they are answered in the order in which they first appear."""

    name: ClassVar[str] = "cwe"
    templates: ClassVar[Sequence[Template]] = WORDINGS

    num_common: Annotated[int, Field(ge=1, le=64)] = 10
    """Common words, all of which are asked for."""

    freq_common: Annotated[int, Field(ge=2, le=10000)] = 30
    """Occurrences of a common word. The common words alone take num_common * freq_common entries of about ten tokens,
    so lengths below 4k need fewer."""

    freq_other: Annotated[int, Field(ge=1, le=10000, validate_default=True)] = 3
    """Occurrences of every other word, below freq_common."""

    words: Literal["coined", "english"] = "coined"
    """Coined: six letters, pronounceable, new in each sample. English: some 700 common words, for short lists."""

    @field_validator("freq_other")
    @classmethod
    def _below_freq_common(cls, value: int, info: ValidationInfo) -> int:
        freq_common = info.data.get("freq_common", value + 1)
        if value >= freq_common:
            raise ValueError(f"must be below freq_common, got {value} with freq_common={freq_common}")
        return value

    def draft(self, rng: np.random.Generator, template: Template, num_units: int) -> "CWEDraft":
        """Words that are not common as units, each with all of its entries."""
        assert isinstance(template, Wording)
        return CWEDraft(self, rng, template, num_units)


class CWEDraft:
    """Words, common ones first, and a random order of all their entries, of which fewer units keep a part."""

    def __init__(self, task: CWE, rng: np.random.Generator, wording: Wording, num_units: int) -> None:
        self.task, self.wording = task, wording
        num_words = task.num_common + num_units
        self._table, lengths = _draw_words(rng, task.words, num_words, wording.between)
        self._num_common_entries = task.num_common * task.freq_common
        num_entries = self._num_common_entries + task.freq_other * np.arange(num_units + 1)
        self._order = rng.permutation(np.arange(num_entries[-1], dtype=np.int32))
        self._word_of = np.arange(num_words, dtype=np.int32).repeat(
            np.array([task.freq_common, task.freq_other]).repeat([task.num_common, num_units])
        )
        self.chars: Ints = self._num_chars(num_entries, lengths)

    def render(self, num_units: int) -> Sample:
        """The sample of the first words that are not common, with every entry in its place in the order."""
        num_entries = self._num_common_entries + num_units * self.task.freq_other
        entries = self._order[self._order < num_entries]
        body = self._body(entries)
        question, answer, slots = self._tail(self._common_words(entries))
        prompt = self.wording.head + body + question
        return Sample(
            prompt=prompt,
            answer=answer,
            answers=tuple(answer[start:end] for start, end in slots),
            answer_spans=tuple(shift(span, len(prompt)) for span in slots),
            evidence_spans=(),
            depth=(),
            template=self.wording.id,
            facts={
                "common": [answer[start:end] for start, end in slots],
                "freq_common": self.task.freq_common,
                "freq_other": self.task.freq_other,
                "num_words": self.task.num_common + num_units,
                "num_entries": num_entries,
            },
        )

    def _body(self, entries: NDArray[np.int32]) -> str:
        before, _, after = self.wording.label.partition("{n}")
        labels = number_table(len(str(len(self._order))), before, after)
        width = labels.shape[1]
        block = np.empty((len(entries), width + self._table.shape[1]), np.uint64)
        block[:, :width] = labels[1 : len(entries) + 1]
        block[:, width:] = self._table.take(self._word_of.take(entries), axis=0)
        return squeeze(block).removesuffix(self.wording.between)

    def _common_words(self, entries: NDArray[np.int32]) -> list[str]:
        """The common words in the order in which they first appear."""
        seen = self._word_of[entries[entries < self._num_common_entries]]
        words, first_place = np.unique(seen, return_index=True)
        return [self._word(word) for word in words[np.argsort(first_place)]]

    def _word(self, word: int) -> str:
        return squeeze(self._table[word]).removesuffix(self.wording.between)

    def _tail(self, common: Sequence[str]) -> tuple[str, str, list[Span]]:
        """The question, the answer, and the spans of its words."""
        slots = plural_slots(str(len(common)), len(common))
        answer, spans = fill_list(self.wording.answer, common, **slots)
        return f"\n\n{fill(self.wording.question, **slots)[0]}\n", answer, spans

    def _num_chars(self, num_entries: Ints, lengths: Ints) -> Ints:
        """Characters of the text for 0..capacity units, shape (capacity + 1,)."""
        num_common, between = self.task.num_common, self.wording.between
        question, answer, _ = self._tail([self._word(word) for word in range(num_common)])
        fixed = len(self.wording.head) + len(question) + len(answer) - len(between)
        fixed += int(lengths[:num_common].sum()) * self.task.freq_common
        others = np.concatenate(([0], np.cumsum(lengths[num_common:]))) * self.task.freq_other
        digits = sum(np.maximum(num_entries + 1 - 10**place, 0) for place in range(len(str(num_entries[-1]))))
        return fixed + others + num_entries * (len(self.wording.label) - len("{n}") + len(between)) + digits


def plural_slots(number: str, count: int) -> dict[str, str]:
    """The slots of a question for `count` words: `number` is left out where it asks for one."""
    one = count == 1
    return {
        "most": "most" if one else f"{number} most",
        "words": "word" if one else "words",
        "are": "is" if one else "are",
        "have": "has" if one else "have",
        "come": "comes" if one else "come",
    }


def fill_list(pattern: str, listed: Sequence[str], **slots: str) -> tuple[str, list[Span]]:
    """The pattern with the words at `{list}`, parted by commas, and the character span of each word."""
    text, spans = fill(pattern, list=", ".join(listed), **slots)
    start, found = spans["list"][0], list[Span]()
    for word in listed:
        found.append((start, start + len(word)))
        start += len(word) + len(", ")
    return text, found


def _draw_words(
    rng: np.random.Generator, kind: Literal["coined", "english"], count: int, between: str
) -> tuple[Words, Ints]:
    """Different words, none a part of another, each followed by `between`; and the letters that each has."""
    pool_size = _NUM_COINED if kind == "coined" else len(_english())
    if count > pool_size:
        cure = "use a greater freq_other" if kind == "coined" else "use words=coined"
        raise UsageError(
            f"cwe: {count:,} different words are needed, but there are only {pool_size:,} {kind} ones: {cure} "
            "or a shorter length"
        )
    drawn = rng.choice(pool_size, count, replace=False)
    if kind == "coined":
        return _coined(drawn, between), np.full(count, 2 * _NUM_SYLLABLES)
    pool = np.array(_english())
    return _byte_table(tuple(_english()), between).take(drawn, axis=0), np.strings.str_len(pool[drawn])


def _coined(drawn: NDArray[np.integer[Any]], between: str) -> Words:
    """Words of three syllables, so of one length: none can be a part of another."""
    syllables = np.frombuffer("".join(_SYLLABLES).encode(), np.uint16)
    table = np.zeros((len(drawn), 4), np.uint16)
    for place in range(_NUM_SYLLABLES):
        table[:, place] = syllables[drawn // len(_SYLLABLES) ** place % len(_SYLLABLES)]
    table[:, _NUM_SYLLABLES] = np.frombuffer(between.encode().ljust(2, b"\0"), np.uint16)
    return table.view(np.uint64)


@cache
def _english() -> list[str]:
    """Common English words of 4 to 10 letters without those that are a part of another."""
    from faker.providers.lorem.en_US import Provider

    words = {word for word in Provider.word_list if word.isascii() and word.isalpha() and word.islower()}
    words = sorted(word for word in words if 4 <= len(word) <= 10)
    return [word for word in words if not any(word != other and word in other for other in words)]


@lru_cache(maxsize=16)
def _byte_table(words: tuple[str, ...], between: str) -> Words:
    """Every word and what follows it as NUL-filled words, shape (num_words, 2)."""
    data = b"".join((word + between).encode().ljust(16, b"\0") for word in words)
    return np.frombuffer(data, np.uint64).reshape(-1, 2)
