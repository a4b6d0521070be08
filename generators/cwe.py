"""`cwe`: name the words that occur most often in a long numbered list.

Teaches counting over the context, where no single place holds the answer. As benchmarks have it, common words stand out
long before its end: the answer of `cwe` follows from about a fifth of a text of 3k tokens, that of `cwe_hard` from two
thirds. In `cwe_even` almost every entry matters, and neither half of a text gives the answer. Source: common words
extraction of RULER (Hsieh et al. 2024); here each sample has an order of its own, where RULER shuffles all alike. Left
out: RULER's worked example before the list, and evidence spans, since the evidence is everywhere.
"""

from collections.abc import Mapping, Sequence
from functools import cache, lru_cache
from typing import Annotated, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, ValidationInfo, field_validator
from pydantic.dataclasses import dataclass

from ..schemas.errors import UsageError
from ..schemas.sample import Draft, Sample
from ..schemas.split import Split, of_split
from ..schemas.stream import stream
from .material.coined import coined
from .material.text import Words, number_table, running_chars, squeeze
from .material.wording import Wording, fill, fill_list, layout, shift, superlative
from .task import SETTINGS, Task, Template

Ints = NDArray[np.int64]
WordKind = Literal["coined", "english"]

_MIN_COINED = 16_000
"""Coined words to draw from at least. Samples share them as they would share English ones: a tokenizer's engine
remembers words, and new ones for each sample would take twice as long."""

_SYLLABLES = [consonant + vowel for consonant in "bcdfghjklmnprstvwz" for vowel in "aeiou"]
_SYLLABLE_PAIRS = np.array([first + second for first in _SYLLABLES for second in _SYLLABLES], "S4")


@dataclass(frozen=True, kw_only=True)
class ListWording(Wording):
    """One way to number a list of words and to ask for the most common ones.

    Slots: those of `superlative` in the question, and also {list} in the answer.
    """

    label: str
    """What numbers an entry, with slot {n}."""
    between: str
    """What parts the entries."""


WORDINGS = (
    ListWording(
        id="seed",
        head="Below is a list of words with numbers. Some of them appear more often than others.",
        label="{n}. ",
        between=" ",
        question="What {are} the {most} common {words} in the above list?",
        answer="The {most} common {words} {are}: {list}.",
    ),
    ListWording(
        id="tally",
        head="Tally the entries of this numbered list.",
        label="{n}. ",
        between=" ",
        question="By your tally, which {words} {have} the highest count? Name the {most} frequent.",
        answer="By count, {list} {come} first.",
    ),
    ListWording(
        id="votes",
        head="Each line is one vote for a word.",
        label="{n}. ",
        between="\n",
        question="Count the votes. Which {words} won? Give the {most} often chosen.",
        answer="Votes went most often to {list}.",
    ),
    ListWording(
        id="stream",
        head="A stream of numbered items follows; most show up only now and then, others keep coming back.",
        label="{n}) ",
        between=" ",
        question="Write down the {most} repeated {words} of the stream.",
        answer="What keeps coming back: {list}.",
    ),
    ListWording(
        id="log",
        head="The log below recorded one word at every step.",
        label="{n}: ",
        between="\n",
        question="List the {most} frequently recorded {words} of the log.",
        answer="Recorded most frequently: {list}.",
    ),
    ListWording(
        id="survey",
        head="People were asked for a word. Their replies, in the order in which they came in:",
        label="{n}) ",
        between="; ",
        question="Which {words} did people give most? Report the {most} popular {words}.",
        answer="Most popular with people: {list}.",
    ),
    ListWording(
        id="shelf",
        head="Labels on a shelf, numbered from left to right:",
        label="{n}: ",
        between=", ",
        question="Not every label is on the shelf equally often. State the {most} numerous.",
        answer="On the shelf most often: {list}.",
    ),
    ListWording(
        id="cards",
        head="Cards were turned over one after another, and the word on each was noted.",
        label="{n}. ",
        between=", ",
        question="Find the {most} frequent {words} on the cards.",
        answer="Found on the most cards: {list}.",
    ),
    ListWording(
        id="parrot",
        head="A parrot said these words today, numbered as they were heard.",
        label="{n}. ",
        between=" ",
        question="The parrot has favourites. What {are} its {most} used {words}?",
        answer="The parrot said most often {list}.",
    ),
)


@dataclass(frozen=True, kw_only=True, config=SETTINGS)
class CWE(Task):
    """Name the most common words of a numbered list; they are answered in the order in which they first appear."""

    name: ClassVar[str] = "cwe"
    templates: ClassVar[Sequence[Template]] = WORDINGS
    presets: ClassVar[Mapping[str, Mapping[str, object]]] = {
        "cwe": {"num_common": 10, "freq_common": 30, "freq_other": 3},
        "cwe_short": {"num_common": 10, "freq_common": 6, "freq_other": 1},
        "cwe_hard": {"num_common": 10, "freq_common": 20, "freq_other": 10},
        "cwe_even": {"num_common": 10, "freq_common": 4, "freq_other": 3},
    }
    """`cwe` and, below 4k tokens, `cwe_short` count as RULER does, `cwe_hard` as OneRuler (Kim et al. 2025), and in
    `cwe_even` one occurrence tells a common word; all with coined words, since no list of English ones would last for
    long samples."""

    num_common: Annotated[int, Field(ge=1, le=64)] = 10
    """Common words, all of which are asked for."""

    freq_common: Annotated[int, Field(ge=2, le=10000)] = 30
    """Occurrences of a common word. The common words alone take num_common * freq_common entries of about ten tokens,
    so lengths below 4k need fewer."""

    freq_other: Annotated[int, Field(ge=1, le=10000, validate_default=True)] = 3
    """Occurrences of every other word, below freq_common."""

    words: WordKind = "coined"
    """Coined: eight letters, pronounceable, 16,384 of them or what a length takes. English: some 700 common words, for
    short lists."""

    @field_validator("freq_other")
    @classmethod
    def _below_freq_common(cls, value: int, info: ValidationInfo) -> int:
        freq_common = info.data.get("freq_common", value + 1)
        if value >= freq_common:
            raise ValueError(f"must be below freq_common, got {value} with freq_common={freq_common}")
        return value

    def draft(self, rng: np.random.Generator, template: Template, num_units: int) -> "CWEDraft":
        """A draft whose units are words that are not common, each with all of its entries."""
        assert isinstance(template, ListWording)
        return CWEDraft(self, rng, template, num_units)


class CWEDraft(Draft):
    """Words, common ones first, and a random order of all their entries, of which fewer units keep a part."""

    def __init__(self, task: CWE, rng: np.random.Generator, wording: ListWording, num_units: int) -> None:
        self.task, self.wording = task, wording
        words = _draw_words(rng, task, num_units)
        counts = np.array([task.freq_common, task.freq_other]).repeat([task.num_common, num_units])
        self._num_entries = np.cumsum(counts)[task.num_common - 1 :]
        self._order = rng.permutation(int(self._num_entries[-1]))
        listed = np.arange(len(words)).repeat(counts).take(self._order)
        self._entries = words.take(listed, axis=0)
        before, after = wording.label.split("{n}")
        self._labels = number_table(len(str(len(listed))), wording.between + before, after)[1:]
        common = dict.fromkeys(listed[listed < task.num_common].tolist())
        self._common = tuple(squeeze(words[word]) for word in common)
        slots = superlative(task.num_common, str(task.num_common))
        self._question = fill(wording.question, **slots)[0]
        self._answer, self._answer_spans = fill_list(wording.answer, self._common, **slots)
        self.chars: Ints = self._num_chars(np.diff(running_chars(words), prepend=0) * counts)

    def render(self, num_units: int) -> Sample:
        """The sample of the first words that are not common, with every entry in its place in the order."""
        num_entries = int(self._num_entries[num_units])
        entries = self._entries.compress(self._order < num_entries, axis=0)
        block = np.concatenate((self._labels[:num_entries], entries), axis=1)
        body = squeeze(block).removeprefix(self.wording.between)
        prompt, before = layout(self.wording.head, body, self._question)
        return Sample(
            prompt=prompt,
            answer=self._answer,
            answers=self._common,
            answer_spans=tuple(shift(span, len(prompt)) for span in self._answer_spans),
            evidence_spans=(),
            context_span=(before, before + len(body)),
            depth=(),
            template=self.wording.id,
            facts={
                "freq_common": self.task.freq_common,
                "freq_other": self.task.freq_other,
                "num_words": self.task.num_common + num_units,
                "num_entries": num_entries,
            },
        )

    def _num_chars(self, word_chars: Ints) -> Ints:
        """Characters of the text for 0..capacity units, from those of each word in all its entries."""
        prompt, _ = layout(self.wording.head, "", self._question)
        words = np.cumsum(word_chars)[self.task.num_common - 1 :]
        digits = sum(np.maximum(self._num_entries + 1 - 10**place, 0) for place in range(len(str(len(self._order)))))
        around = len(self.wording.label.format(n="")) + len(self.wording.between)
        return words + digits + around * self._num_entries - len(self.wording.between) + len(prompt + self._answer)


def _draw_words(rng: np.random.Generator, task: CWE, num_others: int) -> Words:
    """Different words, none a part of another, shape (count, 1 or 2); the common ones come first."""
    count = task.num_common + num_others
    is_english, num_bits = task.words == "english", max(count, _MIN_COINED).bit_length()
    pool = _english_words() if is_english else _coined_words(num_bits)
    if count > len(pool):
        raise UsageError(
            f"cwe: {count:,} different words are needed, but there are only {len(pool):,} english ones: "
            "use words=coined, a greater freq_other or a shorter length"
        )
    own = _places_of_split(0 if is_english else num_bits, task.split)
    common = rng.choice(own, task.num_common, replace=False)
    others = rng.choice(len(pool) - task.num_common, num_others, replace=False)
    for place in np.sort(common):
        others += others >= place
    return pool.take(np.concatenate([common, others]), axis=0)


@lru_cache(maxsize=8)
def _places_of_split(num_bits: int, split: Split) -> Ints:
    """The places of words that are common in samples of a split: of coined ones for so many bits, of English ones."""
    return np.flatnonzero(of_split(_coined_words(num_bits) if num_bits else _english_words(), split))


@lru_cache(maxsize=4)
def _coined_words(num_bits: int) -> Words:
    """Words of four syllables to draw from, shape (2 ** num_bits, 1); the same for all samples of about a length."""
    rng = stream("cwe", 0, num_bits, "words")
    return coined(rng, [_SYLLABLE_PAIRS] * 2, 2**num_bits).view(np.uint64).reshape(-1, 1)


@cache
def _english_words() -> Words:
    """Common English words of 4 to 10 letters without those that are a part of another, shape (num_words, 2)."""
    from faker.providers.lorem.en_US import Provider

    words = {word for word in Provider.word_list if word.isascii() and word.isalpha() and word.islower()}
    words = sorted(word for word in words if 4 <= len(word) <= 10)
    whole = [word.encode() for word in words if not any(word != other and word in other for other in words)]
    return np.array(whole, "S16").view(np.uint64).reshape(-1, 2)
