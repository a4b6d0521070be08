"""Haystacks: sentences that answer nothing, in which needles are hidden.

`noise` repeats a few hundred plain sentences. `prose` composes sentences from phrases about invented people and places,
so that two samples share no long stretch. Both are drawn for each sample alone and start anywhere. Text of a corpus
comes from `essay.py`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import product
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ...schemas.sample import CountTokens, Fragments, Span
from ...schemas.stream import stream

Ints = NDArray[np.int64]
Places = NDArray[np.int32]
"""Places of strings in a table."""

HaystackKind = Literal["noise", "prose"]
"""Haystacks that are made from nothing; see the top of this file."""

_PHRASES = 1 << 12
"""Phrases of each part of a sentence of prose, which is one of 2**36; all of them together stay in a core's cache."""


@dataclass(frozen=True)
class Passage:
    """Sentences one after another, each with the blank or line's end that follows it."""

    text: str
    ends: Ints
    """Characters of the first k sentences, k = 0..num_sentences."""

    def with_needles(self, num_sentences: int, needles: Sequence[tuple[int, str]]) -> tuple[list[str], list[Span]]:
        """The first sentences with needles between them, as parts to be joined, and where each needle stands in them.

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
        start, end = int(self.ends[taken]), int(self.ends[num_sentences])
        while end > start and self.text[end - 1].isspace():
            end -= 1
        parts.append(self.text[start:end])
        while len(parts) > 1 and not parts[-1].strip():
            parts.pop()
        parts[-1] = parts[-1].rstrip()
        return parts, spans

    def tokens(self, count: CountTokens) -> Ints | None:
        """Tokens of the fragments of the first 0..num_sentences sentences; None where they are not made of any."""
        return None

    def facts(self, num_sentences: int) -> Mapping[str, object]:
        """What a sample of the first sentences records about where they come from."""
        return {}


@dataclass(frozen=True)
class Composed(Passage):
    """Sentences put together from phrases."""

    fragments: Fragments | None
    """The phrases as fragments; None where they are of this passage alone, so that counting them would not pay."""
    places: Places
    """Which phrases each sentence takes, shape (num_sentences, parts)."""

    def tokens(self, count: CountTokens) -> Ints | None:
        """Tokens of the phrases of the first 0..num_sentences sentences; None where they are of this passage alone."""
        if self.fragments is None:
            return None
        tokens = count(self.fragments).take(self.places)
        return np.concatenate(([0], np.cumsum(np.einsum("ij->i", tokens))))


@dataclass(frozen=True)
class Phrases:
    """What sentences are composed of: phrases for each of their parts, in one table."""

    table: pa.StringArray
    """All phrases, the first part's first; what a passage takes of them must be below 2 GB."""
    starts: Sequence[int]
    """Where each part's phrases begin in the table, and the end, shape (parts + 1,)."""
    fragments: Fragments | None = None
    """The phrases as fragments, each with the blank before it, not the one after it, as most tokenizers cut texts."""

    @classmethod
    def of(cls, *parts: Sequence[str]) -> "Phrases":
        """Phrases of parts for many passages, whose tokens are worth counting; the last part's end with a blank."""
        strings = [f" {phrase}" for phrase in parts[0]]
        strings += [phrase for part in parts[1:] for phrase in part]
        fragments = Fragments(tuple(string.removesuffix(" ") for string in strings))
        return replace(cls.once(*(pa.array(part, pa.string()) for part in parts)), fragments=fragments)

    @classmethod
    def once(cls, *parts: pa.StringArray) -> "Phrases":
        """Phrases of parts for a single passage, whose tokens are not worth counting."""
        return cls(pa.concat_arrays(parts), np.cumsum([0, *map(len, parts)]).tolist())

    def draw(self, rng: np.random.Generator, num_sentences: int) -> Composed:
        """A passage of sentences that take a phrase for each part at random."""
        sizes = np.diff(self.starts).tolist()
        return self.compose(*(rng.integers(0, size, num_sentences, np.int32) for size in sizes))

    def compose(self, *chosen: NDArray[np.integer]) -> Composed:
        """A passage of the phrases chosen for each part of its sentences, an array of shape (num_sentences,) each."""
        places = np.empty((len(chosen[0]), len(chosen)), np.int32)
        for part, column in enumerate(chosen):
            np.add(column, self.starts[part], out=places[:, part], casting="same_kind")
        # Gathered strings lie one after another in a single buffer, beside a buffer of where each begins and ends.
        _, ends, text = pc.take(self.table, pa.array(places.ravel()), boundscheck=False).buffers()
        ends = np.frombuffer(ends, np.int32)[: places.size + 1 : len(chosen)].astype(np.int64)
        passage = str(memoryview(text)[: ends[-1]], "utf-8")
        if len(passage) < ends[-1]:
            chars = pc.call_function("utf8_length", [self.table]).to_numpy().take(places)
            ends = np.concatenate(([0], np.cumsum(chars.sum(axis=1), dtype=np.int64)))
        return Composed(passage, ends, self.fragments, places)


def passage(kind: HaystackKind, rng: np.random.Generator, num_sentences: int) -> Passage:
    """A haystack of `num_sentences` sentences, drawn from the stream `rng`."""
    return (_noise() if kind == "noise" else _prose()).draw(rng, num_sentences)


def prose_phrases() -> Sequence[str]:
    """All phrases that sentences of prose are put together from."""
    return _prose().table.to_pylist()


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

    def thing() -> str:
        described = f"{pick(_ADJECTIVES)} {pick(_NOUNS)}"
        return pick([a(described), *(f"{word} {described}" for word in _DETERMINERS)])

    def number() -> str:
        return str(int(10 ** (4 + int(rng.random() * 3)) * (1 + 9 * rng.random())))

    def sign() -> str:
        code = "".join(pick("BCDFGHJKLMNPQRSTVWXZ") for _ in range(3 + int(rng.random() * 4)))
        return pick([code, f"{pick(_NOUNS)}-{pick(_NOUNS)}", f"{code}-{1 + int(rng.random() * 99)}"])

    def did() -> str:
        more = f" and {pick(_VERBS)} {pick(_DETERMINERS)} {pick(_NOUNS)}"
        return f" {pick(_VERBS)} {thing()}{pick(['', more])}"

    def where() -> str:
        place = pick(
            [
                f" in {pick(towns)}",
                f" near the {pick(_NOUNS)} of {pick(towns)}",
                f" with {pick(firsts)} {pick(lasts)}",
                f" beside {thing()}",
            ]
        )
        when = pick(
            [
                f" in the {pick(_SEASONS)} of {1850 + int(rng.random() * 170)}",
                f" because of the {pick(_ADJECTIVES)} {pick(_NOUNS)}",
                f" on {a(pick(_ADJECTIVES))} {pick(_DAYS)}",
                f" after {pick(firsts)} {pick(lasts)} had left",
                pick([f" for {number()} coins", f" under the number {number()}", f" at the sign {sign()}"]),
            ]
        )
        return place + when + pick([*[". "] * 5, ".\n\n"])

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
    "wooden", "half-empty", "ill-fitting", "long-lost", "much-travelled", "over-ripe", "second-hand", "well-worn",
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
