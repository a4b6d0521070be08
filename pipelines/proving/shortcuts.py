"""How often answers can be told from the context alone, without the question: by how they look or where they stand.

A guess is told of what kind an answer is, such as seven digits or two words and a hyphen, and names as many strings of
this kind as there are answers. It goes by one rule: the most or the least frequent, the first, the last, the longest,
those in the sentence with the rarest words, or another of `RULES`; or by all rules together, weighed on samples
whose answers are known. What a model can find that way it is not taught to look up.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import NDArray

from ...schemas.sample import Sample
from ...schemas.stream import stream
from .strings_of_kind import kind_of, strings_of_kind

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_WORD = re.compile(r"[\w-]+")
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+|\n+")
_NEAR = 4
"""Words before and after a string that count as its neighbours."""

_FEATURES = (
    "occurrences", "first place", "last place", "distance from the middle", "length", "order of sorting",
    "occurrences of the word before", "rarest of 2 words before", "rarest of 3 words before", "mean of 4 words before",
    "occurrences of the word after", "rarest of 2 words after", "rarest of 3 words after", "mean of 4 words after",
    "words of its sentence", "occurrences of its sentence's words", "rarest word of its sentence",
    "digits of its sentence", "hyphens of its sentence", "capitals of its sentence", "points of its sentence",
)  # fmt: skip
RULES = (*(f"{side} {feature}" for feature in _FEATURES for side in ("most", "least")), "all together")
"""What guesses go by."""


@dataclass(frozen=True)
class Shortcut:
    """The best that can be done without the question."""

    rule: str
    """Which of `RULES` it is."""
    rate: float
    """Mean over the samples of the share of their answers that are named."""
    chance: float
    """The same for strings that are drawn from those of the answers' kind, or, where that is more, for as many
    sentences or values as were asked for, drawn from the sample's `num_rivals` that could have been."""
    num_samples: int
    """Samples that were tried: those whose answers stand in the context."""


def best_shortcut(samples: Iterable[Sample]) -> Shortcut | None:
    """What the rule names that does best, None where no answer follows from a place in the context.

    The rule is chosen on one half of the samples and tried on the other, so that luck does not count.
    """
    exams = [_exam(sample) for sample in samples if sample.evidence_spans]
    if not exams:
        return None
    named = np.column_stack([[_named(exam, number) for number, exam in enumerate(exams)], _named_by_all(exams)])
    tried = [named[1 - half :: 2, _best(named[half::2])] for half in (0, 1)]
    chance = float(np.mean([exam.chance for exam in exams]))
    return Shortcut(RULES[_best(named)], float(np.concatenate(tried).mean()), chance, len(exams))


def _best(named: Floats) -> int:
    """The rule with the greatest share of answers named, shape (samples, rules); the first of those that do alike."""
    return int(np.argmax(np.round(named.mean(axis=0), 12)))


@dataclass(frozen=True)
class _Pool:
    """All strings of one kind in a context, of which `num_answers` are to be named."""

    features: Floats
    """Shape (strings, features), each with mean 0 and variance 1 but where it is the same for all."""
    is_answer: NDArray[np.bool_]
    num_answers: int

    def hits(self, scores: Floats, rng: np.random.Generator) -> int:
        """Answers among the strings with the highest scores; of like ones some are drawn."""
        if len(scores) <= self.num_answers:
            return int(self.is_answer.sum())
        tried = np.argpartition(scores + 1e-7 * rng.random(len(scores)), -self.num_answers)[-self.num_answers :]
        return int(self.is_answer[tried].sum())


@dataclass(frozen=True)
class _Exam:
    """A sample as a guess sees it."""

    pools: Sequence[_Pool]
    num_answers: int
    among_rivals: float
    """The share of the sentences that could have been asked for which were; 0 where the sample does not tell."""

    @property
    def chance(self) -> float:
        """The share of answers that is named by drawing."""
        hits = sum(pool.num_answers * pool.is_answer.mean() for pool in self.pools if len(pool.is_answer))
        return float(min(max(hits / self.num_answers, self.among_rivals), 1.0))


def _exam(sample: Sample) -> _Exam:
    context = _Context.of(sample.context)
    by_kind: dict[str, list[str]] = {}
    for answer in sample.answers:
        by_kind.setdefault(kind_of(answer), []).append(answer)
    pools = [_pool(context, kind, answers) for kind, answers in by_kind.items()]
    num_rivals = cast(int, sample.facts.get("num_rivals", 0))
    num_asked = min(len(sample.evidence_spans), len(sample.answers))  # an answer may take two sentences
    among_rivals = num_asked / num_rivals if num_rivals else 0.0
    return _Exam(pools, len(sample.answers), among_rivals)


def _named(exam: _Exam, number: int) -> list[float]:
    """The share of the answers that each rule names but the one of all together; draws are of the exam's number."""
    rng = stream("shortcuts", 0, number)
    shares: list[float] = []
    for feature in range(len(_FEATURES)):
        for sign in (1, -1):
            hits = sum(pool.hits(sign * pool.features[:, feature], rng) for pool in exam.pools)
            shares.append(hits / exam.num_answers)
    return shares


def _named_by_all(exams: Sequence[_Exam]) -> Floats:
    """The share of each exam's answers that a sum of all features names, weighed to suit the other half of them."""
    shares = np.zeros(len(exams))
    for half in (0, 1):
        weights = _weights([pool for exam in exams[1 - half :: 2] for pool in exam.pools])
        for number in range(half, len(exams), 2):
            rng = stream("shortcuts", 0, number, "all")
            hits = sum(pool.hits(pool.features @ weights, rng) for pool in exams[number].pools)
            shares[number] = hits / exams[number].num_answers
    return shares


def _weights(pools: Sequence[_Pool]) -> Floats:
    """What each feature adds to a string's likeliness of being an answer, by least squares."""
    gram, target = 1e-3 * np.eye(len(_FEATURES)), np.zeros(len(_FEATURES))
    for pool in pools:
        if len(pool.is_answer):
            gram += pool.features.T @ pool.features / len(pool.is_answer)
            target += pool.features.T @ (pool.is_answer - pool.is_answer.mean())
    return cast(Floats, np.linalg.solve(gram, target))


@dataclass(frozen=True)
class _Context:
    """A text with what the features of its strings are made of."""

    text: str
    word_starts: Ints
    occurrences: Floats
    """How often each word occurs, as a logarithm, shape (words,)."""
    sentence_starts: Ints
    of_sentences: Floats
    """Features of each sentence, shape (sentences, 7)."""

    @classmethod
    def of(cls, text: str) -> "_Context":
        found = [(match.start(), match[0]) for match in _WORD.finditer(text)]
        counts = Counter(word for _, word in found)
        word_starts = np.array([start for start, _ in found], np.int64)
        occurrences = np.log(np.array([counts[word] for _, word in found], np.float64))
        starts = np.array([0, *(match.end() for match in _SENTENCE_END.finditer(text))], np.int64)
        first_words = np.searchsorted(word_starts, np.append(starts, len(text)))
        of_sentences = np.column_stack([_of_words(occurrences, first_words), _of_characters(text, starts)])
        return cls(text, word_starts, occurrences, starts, of_sentences)


def _of_words(occurrences: Floats, firsts: Ints) -> Floats:
    """Words of each sentence, how often they occur on average, and how often the rarest does, shape (sentences, 3)."""
    num_words = np.diff(firsts)
    sums = np.diff(np.concatenate(([0.0], np.cumsum(occurrences)))[firsts])
    # `reduceat` takes the next word where a sentence has none.
    rarest = np.minimum.reduceat(np.append(occurrences, 0.0), firsts[:-1])
    return np.column_stack([num_words, sums / np.maximum(num_words, 1), np.where(num_words > 0, rarest, 0.0)])


def _of_characters(text: str, starts: Ints) -> Floats:
    """Digits, hyphens, capitals and marks of each sentence, shape (sentences, 4)."""
    codes = np.frombuffer(text.encode("utf-32-le"), np.uint32)
    classes = _CLASSES.take(np.minimum(codes, len(_CLASSES) - 1), axis=0)
    return np.add.reduceat(classes, np.minimum(starts, max(len(text) - 1, 0)), axis=0, dtype=np.float64)


def _class_of(char: str) -> tuple[bool, bool, bool, bool]:
    return char.isdigit(), char == "-", char.isupper(), not char.isalnum() and not char.isspace()


_CLASSES = np.array([_class_of(chr(code)) for code in range(128)] + [(False,) * 4])


def _pool(context: _Context, kind: str, answers: Sequence[str]) -> _Pool:
    """The strings of a kind in a context, each with its features at its first place."""
    places = strings_of_kind(kind, context.text)
    strings = list(places)
    firsts = np.array([found[0] for found in places.values()], np.int64)
    lasts = np.array([found[-1] for found in places.values()], np.int64)
    columns = [
        [len(found) for found in places.values()],
        firsts,
        lasts,
        np.abs(firsts - len(context.text) / 2),
        list(map(len, strings)),
        np.argsort(np.argsort(np.array(strings, dtype=str))),
    ]
    features = np.column_stack(
        [*columns, _of_neighbours(context, firsts, strings), context.of_sentences[_sentences(context, firsts)]]
    )
    if strings:
        spread = features.std(axis=0)
        features = (features - features.mean(axis=0)) / np.where(spread > 0, spread, 1)
    return _Pool(features, np.array([string in set(answers) for string in strings], np.bool_), len(answers))


def _sentences(context: _Context, places: Ints) -> Ints:
    """The sentence of each place in the text."""
    return np.searchsorted(context.sentence_starts, places, side="right") - 1


def _of_neighbours(context: _Context, firsts: Ints, strings: Sequence[str]) -> Floats:
    """Occurrences of the rarest of one to three words before and after each string, and the mean of all near ones."""
    ends = firsts + np.array(list(map(len, strings)), np.int64)
    before, after = np.searchsorted(context.word_starts, firsts), np.searchsorted(context.word_starts, ends)
    padded = np.concatenate([np.zeros(_NEAR), context.occurrences, np.zeros(_NEAR)])
    columns: list[Floats] = []
    for nearest, step in ((before + _NEAR - 1, -1), (after + _NEAR, 1)):
        near = padded[nearest[:, None] + step * np.arange(_NEAR)]
        columns += [near[:, :count].min(axis=1) for count in range(1, _NEAR)]
        columns.append(near.mean(axis=1))
    return np.column_stack(columns)
