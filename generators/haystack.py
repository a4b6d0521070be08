"""Haystacks: sentences that answer nothing, in which needles are hidden.

`noise` repeats a few hundred plain sentences. `prose` composes sentences from phrases about invented people and places,
so that two samples share no long stretch. Both are drawn for each sample alone and start anywhere. Text of a corpus
comes from `essay.py`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import product
from typing import Any, Literal

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ..schemas.sample import CountTokens, Pieces, Span
from ..schemas.stream import stream

Ints = NDArray[np.int64]

Kind = Literal["noise", "prose"]

_PHRASES = 1 << 12
"""Phrases of each part of a sentence of prose, which is one of 2**36; all of them together stay in a core's cache."""


@dataclass(frozen=True)
class Passage:
    """Sentences one after another, each with the blank or line's end that follows it."""

    text: str
    ends: Ints
    """Characters of the first k sentences, k = 0..num_sentences."""

    def with_needles(self, num_sentences: int, needles: Sequence[tuple[int, str]]) -> tuple[str, list[Span]]:
        """The first sentences with needles between them, and the characters where each needle stands.

        A needle is the number of sentences before it, 0..num_sentences, and its own sentence. Needles at the same
        place keep their order.
        """
        parts: list[str] = []
        spans: list[Span] = [(0, 0)] * len(needles)
        length = taken = 0
        for order in sorted(range(len(needles)), key=lambda place: needles[place][0]):
            before, sentence = needles[order]
            piece = self.text[int(self.ends[taken]) : int(self.ends[before])]
            length += len(piece)
            spans[order] = (length, length + len(sentence))
            parts += (piece, sentence, " ")
            length += len(sentence) + 1
            taken = before
        parts.append(self.text[int(self.ends[taken]) : int(self.ends[num_sentences])])
        while len(parts) > 1 and not parts[-1].strip():
            parts.pop()
        parts[-1] = parts[-1].rstrip()  # here, since the whole is long to copy
        return "".join(parts), spans

    def tokens(self, count: CountTokens) -> Ints | None:
        """Tokens that the pieces of the first 0..num_sentences sentences have; None where it is not made of pieces."""
        return None

    def facts(self, num_sentences: int) -> Mapping[str, Any]:
        """What a sample records about where the first sentences come from."""
        return {}


@dataclass(frozen=True)
class Composed(Passage):
    """Sentences put together from phrases."""

    pieces: Pieces
    chosen: NDArray[np.int32]
    """The pieces of each sentence, shape (num_sentences, parts)."""

    def tokens(self, count: CountTokens) -> Ints:
        """Tokens that the phrases have."""
        tokens = count(self.pieces).take(self.chosen)
        return np.concatenate(([0], np.cumsum(np.einsum("ij->i", tokens))))


@dataclass(frozen=True)
class Phrases:
    """What sentences are composed of: equally many phrases for each part of a sentence, in one table."""

    table: pa.StringArray
    per_part: int
    pieces: Pieces
    """The phrases, each with the blank before it rather than the one after it, as most tokenizers cut texts."""

    @classmethod
    def of(cls, *parts: Sequence[str]) -> "Phrases":
        """The first part's phrases begin a sentence, the last part's end it with what follows it."""
        assert len(set(map(len, parts))) == 1
        phrases = [phrase for part in parts for phrase in part]
        firsts = [f" {phrase}" for phrase in parts[0]]
        pieces = Pieces(tuple(phrase.removesuffix(" ") for phrase in [*firsts, *phrases[len(firsts) :]]))
        return cls(pa.array(phrases, pa.string()), len(firsts), pieces)

    def compose(self, rng: np.random.Generator, num_sentences: int) -> Composed:
        """Sentences that take a phrase for each part at random."""
        first = np.arange(0, len(self.table), self.per_part, dtype=np.int32)
        chosen = first + rng.integers(0, self.per_part, (num_sentences, len(first)), np.uint16)
        # Gathered strings lie one after another in a single buffer, beside a buffer of where each begins and ends.
        _, ends, text = self.table.take(pa.array(chosen.ravel())).buffers()
        ends = np.frombuffer(ends, np.int32)[: chosen.size + 1 : len(first)].astype(np.int64)
        return Composed(str(memoryview(text)[: ends[-1]], "ascii"), ends, self.pieces, chosen)


def passage(kind: Kind, rng: np.random.Generator, num_sentences: int) -> Passage:
    """A haystack of so many sentences."""
    return (_noise() if kind == "noise" else _prose()).compose(rng, num_sentences)


@cache
def _noise() -> Phrases:
    subjects = ("The grass", "A cloud", "The old gate", "Every lamp", "The river", "Some bread", "A quiet street")
    verbs = ("is", "looks", "stays", "was", "seems")
    states = ("green", "warm", "still", "grey", "plain", "near", "clean", "wide")
    return Phrases.of([f"{subject} {verb} {state}. " for subject, verb, state in product(subjects, verbs, states)])


@cache
def _prose() -> Phrases:
    """Phrases for who, did what, and when or where, which also ends the sentence and every sixth time the paragraph."""
    from faker.providers.job import Provider as Jobs
    from faker.providers.person.en_US import Provider as People

    rng = stream("haystack", 0, 0, "phrases")
    firsts = [name for name in People.first_names if name.isascii()]
    lasts = [name for name in People.last_names if name.isascii()]
    jobs = [job.lower() for job in Jobs.jobs if job.replace(" ", "").isalpha() and job[:2] != "IT" and len(job) < 22]
    towns = [f"{last}{end}" for last in lasts if len(last) < 8 for end in ("ville", " Falls", "ton", "field", " Bay")]

    def pick(choices: Sequence[str]) -> str:
        return choices[int(rng.random() * len(choices))]

    def a(thing: str) -> str:
        return f"{'an' if thing[0] in 'aeiou' else 'a'} {thing}"

    def who() -> str:
        name, job = f"{pick(firsts)} {pick(lasts)}", pick(jobs)
        someone = a(job)
        return pick([name, f"{name}, {someone},", f"The {job}", f"{someone.capitalize()} from {pick(towns)}"])

    def did() -> str:
        thing = f"{pick(_ADJECTIVES)} {pick(_NOUNS)}"
        return f" {pick(_VERBS)} {pick([a(thing), *(f'{word} {thing}' for word in _DETERMINERS)])}"

    def where() -> str:
        place = pick(
            [
                f" in {pick(towns)}",
                f" near the {pick(_NOUNS)} of {pick(towns)}",
                f" in the {pick(_SEASONS)} of {1850 + int(rng.random() * 170)}",
                f" with {pick(firsts)} {pick(lasts)}",
                f" because of the {pick(_ADJECTIVES)} {pick(_NOUNS)}",
                f" on {a(pick(_ADJECTIVES))} {pick(_DAYS)}",
            ]
        )
        return place + pick([*[". "] * 5, ".\n\n"])

    def many(make: Callable[[], str]) -> list[str]:
        return list(dict.fromkeys(make() for _ in range(2 * _PHRASES)))[:_PHRASES]

    return Phrases.of(many(who), many(did), many(where))


_DETERMINERS = ("the", "another", "one", "that", "every")
_VERBS = (
    "admired", "bought", "carried", "described", "drew", "examined", "found", "hid", "ignored", "kept", "lost",
    "measured", "mended", "missed", "noticed", "opened", "painted", "photographed", "praised", "recalled",
    "repaired", "returned", "sketched", "sold", "studied", "traded", "visited", "wanted", "watched",
    "wrote about",
)  # fmt: skip
_ADJECTIVES = (
    "amber", "ancient", "bitter", "broken", "careful", "cheap", "crowded", "curious", "dusty", "early", "empty",
    "famous", "faded", "foreign", "gentle", "golden", "heavy", "hollow", "humble", "idle", "late", "lonely",
    "modest", "narrow", "noisy", "northern", "patient", "polite", "private", "quiet", "rainy", "remote",
    "rusty", "silent", "simple", "slow", "small", "southern", "strange", "sudden", "tidy", "usual", "useless",
    "wooden",
)  # fmt: skip
_NOUNS = (
    "account", "anchor", "archive", "barn", "basket", "bell", "boat", "bridge", "cabin", "calendar", "canal",
    "cellar", "chapel", "chart", "clock", "coat", "diary", "engine", "fence", "ferry", "garden", "harbour",
    "hammer", "kettle", "ladder", "lantern", "ledger", "letter", "library", "machine", "map", "market",
    "meadow", "mirror", "orchard", "oven", "parcel", "piano", "plough", "pond", "poster", "quarry", "railway",
    "saddle", "school", "shelter", "shop", "stable", "station", "statue", "stove", "tower", "trunk", "tunnel",
    "violin", "wagon", "wall", "well", "window", "workshop",
)  # fmt: skip
_SEASONS = ("spring", "summer", "autumn", "winter")
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
