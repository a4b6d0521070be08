"""An invented world: documents about people, firms and towns, and questions that exactly one of them answers.

Every fact is stated once, in the document of what it is about, so nothing contradicts and nothing is answered twice.
Names are drawn from a small grid of parts: each document has namesakes, and each name, town and firm is mentioned in
several documents, the asked ones no more than any other. Documents are rows of places in one array of strings, which
Arrow gathers into a single text.
"""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import pairwise
from string import Formatter
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ...schemas.errors import UsageError
from ...schemas.sample import Span
from ...schemas.split import Split, of_split
from .relations import (
    CHARACTERS,
    INDUSTRIES,
    LOOKS,
    MANNERS,
    MONTHS,
    QUALITIES,
    RELATIONS,
    SHORT_NAMES,
    TOWN_ENDS,
    WARES,
    YEARS,
    Kind,
)
from .wording import fill

if TYPE_CHECKING:
    import pyarrow as pa

Ints = NDArray[np.int64]
Places = NDArray[np.int32]
"""Places of strings in an array."""

_NAMESAKES = 4
"""Names of one kind that have a part in common, about, where the sample is large enough."""


@dataclass(frozen=True)
class Page:
    """A document with the spans of its text that the answer follows from."""

    title: str
    text: str
    evidence: tuple[Span, ...]


@dataclass(frozen=True)
class Frame:
    """How a document is written: its title, what follows it, its text, and what follows that."""

    after_title: str
    after_text: str

    def written(self, title: str, text: str) -> str:
        """The document of this title and text as it stands in the frame."""
        return f"{title}{self.after_title}{text}{self.after_text}"


@dataclass(frozen=True)
class Problem:
    """A question, its answer, the documents that it follows from, one for each hop, and others that tell nothing."""

    question: str
    answer: str
    support: Sequence[Page]
    others: Sequence[str]
    """The other documents, in the frame that they are written in."""
    cuts: Ints
    """Characters of each other document up to the end of each of its sentences, the last one's those of the whole,
    what the frame puts after the text included, shape (num_others, sentences)."""
    rivals: Ints | None = None
    """The sentences of other documents, counted through them, in which each value first stands that is like the
    answer; None where that is not known."""
    facts: Mapping[str, object] = field(default_factory=dict[str, object])


_NUM_TITLED = 3


_NUM_RELATIONS = len(RELATIONS[Kind.PERSON])
NUM_SENTENCES = _NUM_RELATIONS
"""Sentences of an invented document, one for each relation."""
_SHARED = (Kind.PERSON, Kind.FIRM, Kind.TOWN, Kind.DATE)
"""Kinds of values that are asked for."""
_NUM_STATEMENTS = len(RELATIONS[Kind.PERSON][0].statements)
_FORMS = ("name", "It", "it")

# A row is the title, what follows it, a literal before, between and after the two slots of each sentence, and the end.
_SENTENCE_WIDTH = 5
_ROW_WIDTH = 2 + _NUM_RELATIONS * _SENTENCE_WIDTH + 1


def invent(
    rng: np.random.Generator,
    hops: int,
    num_others: int,
    frame: Frame,
    split: Split = "train",
    *,
    is_absent: bool | None = None,
) -> Problem:
    """A question of one or two hops, its documents and `num_others` more, of which the first few would do as well.

    The one that it is about and its answer are of the split. Where `is_absent` is given, all documents lack a sentence,
    and if it is true, the last one that answers lacks just that which says so.
    """
    path = _draw_path(rng, hops)
    num_rows = hops + num_others
    kinds = rng.integers(0, _NUM_TITLED, num_rows)
    kinds[:hops] = [kind for kind, _ in path]
    ranks = np.empty(num_rows, np.int64)
    for kind in range(_NUM_TITLED):
        rows = np.flatnonzero(kinds == kind)
        ranks[rows] = np.arange(len(rows))
    num_names = 3 * (int(ranks.max()) + 1) // 2 + 8
    asked_kind, (last_kind, last_relation) = path[0][0], path[-1]
    answer_kind = RELATIONS[last_kind][last_relation].value
    names, answers = _draw_names_of(rng, num_names, split, asked_kind, answer_kind, hops)

    # The introduction comes first, then the other relations in any order.
    relations = np.zeros((num_rows, _NUM_RELATIONS), np.int64)
    relations[:, 1:] = 1 + np.argsort(rng.random((num_rows, _NUM_RELATIONS - 1)), axis=1)
    facts = kinds[:, None] * _NUM_RELATIONS + relations
    value_kinds = _table().value_kinds.take(facts)
    asked = [int(np.flatnonzero(relations[hop] == relation)[0]) for hop, (_, relation) in enumerate(path)]
    lacking = np.zeros(facts.shape, np.bool_) if is_absent is None else _lacking(rng, num_rows, asked, is_absent)
    stated_kinds = np.where(lacking, -1, value_kinds)
    chosen = _evenly(rng, stated_kinds, num_names)
    chosen += (value_kinds == kinds[:, None]) & (chosen == ranks[:, None])  # nothing refers to itself
    chosen %= num_names
    _swap_out(chosen, hops, value_kinds, ranks)  # nor is an answer part of the question
    if hops == 2:
        chosen[0, asked[0]] = ranks[1]
    _exchange(names[answer_kind], int(chosen[hops - 1, asked[-1]]), answers[int(rng.integers(len(answers)))])

    strings = _strings(frame, names)
    first_name = len(strings) - len(Kind) * num_names
    titles, values = first_name + kinds * num_names + ranks, first_name + value_kinds * num_names + chosen
    rows = _lay_out(rng, facts, titles, _short_names(kinds, names[kinds, ranks, 1]), values)
    _sentences(rows)[lacking] = _table().short_names[Kind.PERSON, 0]  # an empty string
    pages, others, cuts = _written(strings, rows, asked, frame)
    return Problem(
        question=_question(rng, path, pages[0].title),
        answer=strings[int(values[hops - 1, asked[-1]])].as_py(),
        support=pages,
        others=others,
        cuts=cuts,
        rivals=_rivals(chosen, stated_kinds, hops, value_kinds[hops - 1, asked[-1]], asked[-1]),
        facts={"relations": [RELATIONS[kind][relation].id for kind, relation in path]},
    )


def _draw_path(rng: np.random.Generator, hops: int) -> list[tuple[Kind, int]]:
    """The relation of each hop with the kind of what it is about; a hop's value is what the next is about."""
    kind = Kind(int(rng.integers(_NUM_TITLED)))
    path: list[tuple[Kind, int]] = []
    for hop in range(hops):
        is_last = hop == hops - 1
        choices = [
            place for place, relation in enumerate(RELATIONS[kind]) if (relation.asks if is_last else relation.phrase)
        ]
        relation = choices[int(rng.integers(len(choices)))]
        path.append((kind, relation))
        kind = RELATIONS[kind][relation].value
    return path


def _lacking(rng: np.random.Generator, num_rows: int, asked: Sequence[int], is_absent: bool) -> NDArray[np.bool_]:
    """Which sentence each document lacks, shape (rows, relations): never the first, and where it answers another."""
    places = 1 + rng.integers(0, _NUM_RELATIONS - 1, num_rows)
    for row, place in enumerate(asked):
        other = 1 + int(rng.integers(_NUM_RELATIONS - 2))
        places[row] = other + (other >= place)
    if is_absent:
        places[len(asked) - 1] = asked[-1]
    return np.arange(_NUM_RELATIONS) == places[:, None]


def _evenly(rng: np.random.Generator, kinds: Ints, num_names: int) -> Ints:
    """A name of each of these kinds, those that can be asked for all as often, so that none is a better guess."""
    flat = kinds.ravel()
    chosen = rng.integers(0, num_names, flat.shape)
    for kind in _SHARED:
        places = np.flatnonzero(flat == kind)
        chosen[places] = rng.permutation(num_names)[rng.permutation(len(places)) % num_names]
    return chosen.reshape(kinds.shape)


def _swap_out(chosen: Ints, hops: int, kinds: Ints, ranks: Ints) -> None:
    """Exchange the first names of a kind, where the first documents have them, for others that later documents have."""
    for row, place in np.argwhere(chosen[:hops] < hops).tolist():
        is_free = (kinds == kinds[row, place]) & (chosen >= hops) & (ranks >= hops)[:, None]
        other = np.unravel_index(int(np.argmax(is_free)), is_free.shape)
        if is_free[other]:
            chosen[row, place], chosen[other] = chosen[other], chosen[row, place]
        else:  # a text of a few documents
            chosen[row, place] += hops


def _rivals(chosen: Ints, kinds: Ints, hops: int, kind: int, asked: int) -> Ints:
    """The sentences of other documents in which each value first stands that is of the answer's kind."""
    others = chosen[hops:].ravel()
    sentences = np.flatnonzero(kinds[hops:].ravel() == kind)[::-1]
    firsts = np.full(int(chosen.max()) + 1, -1)
    firsts[others[sentences]] = sentences  # of several sentences with a value the first is set last
    firsts[chosen[hops - 1, asked]] = -1
    return np.sort(firsts[firsts >= 0])


def _question(rng: np.random.Generator, path: Sequence[tuple[Kind, int]], title: str) -> str:
    about = title
    for kind, relation in path[:-1]:
        about = fill(RELATIONS[kind][relation].phrase, x=about)[0]
    kind, relation = path[-1]
    asks = RELATIONS[kind][relation].asks
    return fill(asks[int(rng.integers(len(asks)))], x=about)[0]


def _draw_names_of(
    rng: np.random.Generator, count: int, split: Split, asked: Kind, answer: Kind, hops: int
) -> tuple[Places, Ints]:
    """Names as `_draw_names` has them, the first of the asked kind of the split; and places of possible answers.

    These are names and values of the answer's kind which are of the split and no title of a document that answers.
    """
    while True:
        names = _draw_names(rng, count)
        own = np.flatnonzero(of_split(names[asked], split))
        if not len(own):
            continue
        _exchange(names[asked], 0, own[0])
        answers = hops + np.flatnonzero(of_split(names[answer, hops:], split))
        if len(answers):
            return names, answers


def _exchange(names: Places, one: int, other: int) -> None:
    """Let two names change places, so that which is which is all that changes."""
    names[[one, other]] = names[[other, one]]


def _draw_names(rng: np.random.Generator, count: int) -> Places:
    """Names and other values of each kind, shape (kinds, count, 2); people, firms and towns are all different."""
    parts = _table().parts
    surnames = parts[Kind.PERSON][1]
    order = rng.permutation(len(surnames))
    side = max(count // _NAMESAKES, math.isqrt(4 * count) + 1)

    def some(part: Places) -> Places:
        """So few that names share them; of surnames the same for people, firms and towns."""
        return part[order[:side] if part is surnames else rng.permutation(len(part))[:side]]

    names = np.empty((len(Kind), count, 2), np.int32)
    for kind in Kind:
        first, second = parts[kind]
        if kind < _NUM_TITLED:
            first, second = some(first), some(second)
            if len(first) * len(second) < count:
                raise UsageError(
                    f"mdqa: {count:,} different names of a {kind.name.lower()} are needed, but there are only "
                    f"{len(first) * len(second):,}: use a shorter length"
                )
            cells = rng.choice(len(first) * len(second), count, replace=False)
        else:
            cells = rng.integers(0, len(first) * len(second), count)
        names[kind, :, 0] = first[cells // len(second)]
        names[kind, :, 1] = second[cells % len(second)]
    return names


def _strings(frame: Frame, names: Places) -> "pa.StringArray":
    """An Arrow array of the table's strings, the two of the frame, and the names of each kind."""
    import pyarrow as pa

    strings = _table().strings
    _, offsets, data = strings.take(pa.array(names.ravel())).buffers()
    ends = np.frombuffer(offsets, np.int32)[: names.size + 1 : 2].copy()
    joined = pa.StringArray.from_buffers(len(ends) - 1, pa.py_buffer(ends), data)
    return pa.concat_arrays([strings, pa.array([frame.after_title, frame.after_text]), joined])


def _short_names(kinds: Ints, surnames: Places) -> Places:
    """What documents call their subject at the beginning of a sentence and inside, shape (rows, 2)."""
    return np.where((kinds == Kind.PERSON)[:, None], surnames[:, None], _table().short_names[kinds])


def _lay_out(rng: np.random.Generator, facts: Ints, titles: Ints, short_names: Places, values: Ints) -> Places:
    """Each document as places of its strings, shape (rows, _ROW_WIDTH)."""
    table = _table()
    num_rows = len(facts)
    patterns = facts * _NUM_STATEMENTS + rng.integers(0, _NUM_STATEMENTS, facts.shape)
    forms = np.column_stack([titles, short_names])
    subjects = forms.take(np.arange(num_rows)[:, None] * len(_FORMS) + table.forms.take(patterns))

    rows = np.empty((num_rows, _ROW_WIDTH), np.int32)
    rows[:, 0] = titles
    rows[:, 1] = len(table.strings)
    rows[:, -1] = len(table.strings) + 1
    sentences = _sentences(rows)
    value_first = table.value_first.take(patterns)
    sentences[..., ::2] = table.literals.take(patterns, axis=0)
    sentences[..., 1] = np.where(value_first, values, subjects)
    sentences[..., 3] = np.where(value_first, subjects, values)
    return rows


def _sentences(rows: Places) -> Places:
    """A view of the sentences of documents, shape (rows, relations, _SENTENCE_WIDTH)."""
    return rows[:, 2:-1].reshape(len(rows), _NUM_RELATIONS, _SENTENCE_WIDTH, copy=False)


def _written(
    strings: "pa.StringArray", rows: Places, asked: Sequence[int], frame: Frame
) -> tuple[list[Page], list[str], Ints]:
    """The first documents, the sentences at the places in `asked` as evidence; all others as written, their cuts."""
    import pyarrow as pa

    _, offsets, data = strings.take(pa.array(rows.ravel())).buffers()
    ends = np.frombuffer(offsets, np.int32)
    text = str(memoryview(data)[: int(ends[rows.size])], "utf-8")
    # All is ASCII but what a user's wording may have put around.
    more_bytes = len(frame.written("", "").encode()) - len(frame.written("", ""))
    starts = ends[: rows.size + 1 : _ROW_WIDTH] - more_bytes * np.arange(len(rows) + 1)
    written = [text[start:end] for start, end in pairwise(starts.tolist())]
    pages: list[Page] = []
    for row, place in enumerate(asked):
        title: str = strings[int(rows[row, 0])].as_py()
        content = written[row][len(title) + len(frame.after_title) : len(written[row]) - len(frame.after_text)]
        at = row * _ROW_WIDTH + 2
        sentence = at + place * _SENTENCE_WIDTH
        start, end = int(ends[sentence] - ends[at]) + 1, int(ends[sentence + _SENTENCE_WIDTH] - ends[at])
        pages.append(Page(title, content, ((start, end),)))
    sentence_ends = ends[: rows.size].reshape(rows.shape)[:, 2 + _SENTENCE_WIDTH :: _SENTENCE_WIDTH].astype(np.int64)
    cuts = sentence_ends - ends[: rows.size : _ROW_WIDTH, None]
    cuts += len(frame.written("", "")) - len(frame.after_title.encode())
    return pages, written[len(asked) :], cuts[len(asked) :]


@dataclass(frozen=True)
class _Table:
    """The strings that documents and names are made of, and where they are among them."""

    strings: "pa.StringArray"
    """What the other fields hold the places of."""
    parts: Sequence[tuple[Places, Places]]
    """First and second halves of the values of each kind."""
    value_kinds: Ints
    """The kind of value that each relation of each titled kind has, shape (facts,)."""
    short_names: Places
    """At the beginning of a sentence and inside, shape (titled kinds, 2); people have their surname."""
    literals: Places
    """What stands before, between and after the two slots of each statement, shape (statements, 3).

    A blank comes before all but those that begin a text.
    """
    forms: Ints
    """Which of its names the document goes by, shape (statements,)."""
    value_first: NDArray[np.bool_]
    """Whether the value comes before what it is said about, shape (statements,)."""


@cache
def _table() -> _Table:
    import pyarrow as pa

    strings: list[str] = []

    def place(string: str) -> int:
        strings.append(string)
        return len(strings) - 1

    def places(some: Sequence[str]) -> Places:
        return np.array([place(string) for string in some], np.int32)

    firsts, surnames, jobs = _people()
    surname_places = places(surnames)
    statements = [
        _split(statement if number == 0 else f" {statement}")
        for kind in RELATIONS
        for number, relation in enumerate(RELATIONS[kind])
        for statement in relation.statements
    ]
    return _Table(
        parts=[
            (places([f"{first} " for first in firsts]), surname_places),
            (surname_places, places([f" {industry}" for industry in INDUSTRIES])),
            (surname_places, places(TOWN_ENDS)),
            (places([f"{month} {day}, " for month in MONTHS for day in range(1, 29)]), places(YEARS)),
            (places(list(map(_a, MANNERS))), places(jobs)),
            (places([f"{quality} " for quality in QUALITIES]), places(WARES)),
            (places(list(map(_a, CHARACTERS))), places(LOOKS)),
        ],
        value_kinds=np.array([relation.value for kind in RELATIONS for relation in RELATIONS[kind]]),
        short_names=np.array([places(SHORT_NAMES.get(kind, ("", ""))) for kind in RELATIONS]),
        literals=np.array([places(literals) for literals, _ in statements]),
        forms=np.array([_FORMS.index(next(slot for slot in slots if slot != "x")) for _, slots in statements]),
        value_first=np.array([slots[0] == "x" for _, slots in statements]),
        strings=pa.array(strings),
    )


def _split(statement: str) -> tuple[list[str], list[str]]:
    """The three literals of a statement and its two slots."""
    parsed = list(Formatter().parse(statement))
    return [literal for literal, *_ in parsed], [slot for _, slot, *_ in parsed if slot is not None]


def _people() -> tuple[list[str], list[str], list[str]]:
    """First names, surnames that a town can be named after, and trades."""
    from faker.providers.job import Provider as Jobs
    from faker.providers.person.en_US import Provider as People

    firsts = [name for name in People.first_names if name.isascii()]
    surnames = [name for name in People.last_names if name.isascii() and not re.search("^Mc|s$", name)]
    jobs = [job.lower() for job in Jobs.jobs if job.replace(" ", "").isalpha() and len(job) < 22]
    return firsts, surnames, jobs


def _a(word: str) -> str:
    return f"{'an' if word[0] in 'aeiou' else 'a'} {word} "
