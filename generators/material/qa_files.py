"""Questions with their paragraphs from local files, see `qa_formats.py` for what they may be like.

A question is put among paragraphs that cannot answer it: neither is any of its answers in them, nor do they, with the
questions that are asked on them, have all the words that tell what it is about. Those of a file are asked in an order
of each seed's own, and all before one comes again.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import chain
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from ...schemas.errors import UsageError
from ...schemas.split import Split, is_of_split
from ...schemas.stream import stream
from .files import MaterialFile, check_planned
from .plain_words import telling_words, words
from .qa_formats import KINDS, Asked, Paragraphs, questions_in
from .world import Frame, Page, Problem

_MOST_BYTES = 2**30
_PARAGRAPHS = {1: "one paragraph", 2: "two paragraphs"}

Turn = tuple[int, int]
"""The seed of a set of samples, and the number of a sample among them."""


@dataclass(frozen=True)
class QAFile:
    """A file of questions and its paragraphs, none of which is held twice."""

    path: Path
    sha256: str
    titles: Sequence[str]
    texts: Sequence[str]
    by_hops: Mapping[int, Sequence[Asked]]
    """Questions by the number of paragraphs that their answer takes."""
    _own: dict[tuple[int, Split], Sequence[Asked]] = field(default_factory=dict[tuple[int, Split], Sequence[Asked]])
    _words: dict[int, frozenset[str]] = field(default_factory=dict[int, frozenset[str]])
    _asked_on: dict[int, list[str]] = field(default_factory=dict[int, list[str]])

    def with_hops(self, hops: int) -> Sequence[Asked]:
        """Questions whose answer takes `hops` paragraphs; UsageError where there are none."""
        if hops not in self.by_hops:
            cure = f"use hops={min(self.by_hops)}" if {1, 2} & self.by_hops.keys() else "use another file"
            raise UsageError(f"mdqa: {self.path} has no question with an answer that takes {_PARAGRAPHS[hops]}: {cure}")
        return self.by_hops[hops]

    def of_split(self, hops: int, split: Split) -> Sequence[Asked]:
        """Those of them that samples of a split may ask; UsageError where there are none."""
        questions = self.with_hops(hops)
        if (hops, split) not in self._own:
            self._own[hops, split] = [asked for asked in questions if is_of_split(asked.question, split)]
        if not self._own[hops, split]:
            raise UsageError(f"mdqa: {self.path} has no question of split {split}: use a file with more of them")
        return self._own[hops, split]

    def words(self, place: int) -> frozenset[str]:
        """The words of a paragraph, of its title, and of the questions that it answers."""
        if place not in self._words:
            if not self._asked_on:
                for asked in chain.from_iterable(self.by_hops.values()):
                    for support, _ in asked.support:
                        self._asked_on.setdefault(support, []).append(asked.question)
            asked_on = " ".join(self._asked_on.get(place, ()))
            self._words[place] = words(f"{self.titles[place]} {self.texts[place]} {asked_on}")
        return self._words[place]


def read_questions(path: Path) -> QAFile:
    """The questions of a file and its paragraphs, kept for the next call; UsageError where it cannot be read.

    The file may be compressed. ChangedError where a build was planned with another one.
    """
    try:
        questions = _read(path, path.stat().st_ctime_ns)
        check_planned({str(path): questions.sha256})
        return questions
    except OSError as error:
        raise UsageError(f"mdqa: cannot read {path} ({error.strerror}): give the path of a local file") from None
    except ValidationError as error:
        problem = error.errors()[0]
        place = ".".join(str(part) for part in problem["loc"] if part not in KINDS) or "the beginning"
        raise UsageError(
            f"mdqa: {path} is neither like SQuAD nor like HotpotQA (at {place}: {problem['msg']}): "
            "give a JSON file in one of these formats, or rows of one as `datasets` writes them"
        ) from None


def choose_problem(
    rng: np.random.Generator, file: QAFile, hops: int, num_others: int, frame: Frame, split: Split, turn: Turn | None
) -> Problem:
    """A question of the file, and other paragraphs, none of which can answer it: related ones, then any.

    `turn` says which question it is, so that all are asked before one comes again; without it any is drawn.
    """
    questions = file.of_split(hops, split)
    asked = questions[int(rng.integers(len(questions)) if turn is None else _place(len(questions), *turn))]
    stated = "|".join(map(re.escape, asked.answers))
    answer = re.compile(rf"(?<!\w)(?:{stated})(?!\w)", re.IGNORECASE)
    about = telling_words(asked.question)

    def says_nothing(place: int) -> bool:
        return not about <= file.words(place) and answer.search(f"{file.titles[place]}\n{file.texts[place]}") is None

    used = {place for place, _ in asked.support}
    others: list[int] = []
    for place in map(int, chain(rng.permutation(asked.related), rng.permutation(len(file.texts)))):
        if len(others) == num_others:
            break
        if place not in used and says_nothing(place):
            others.append(place)
            used.add(place)
    if len(others) < num_others:
        raise UsageError(
            f"mdqa: {num_others:,} paragraphs that cannot answer {asked.question!r} are needed, but {file.path} has "
            f"only {len(others):,}: use a shorter length, or a file of more paragraphs and of questions that say what "
            "they are about"
        )
    mixed: list[int] = rng.permutation(others).tolist()
    written = [frame.written(file.titles[place], file.texts[place]) for place in mixed]
    return Problem(
        question=asked.question,
        answer=asked.answers[0],
        support=[Page(file.titles[place], file.texts[place], spans) for place, spans in asked.support],
        others=written,
        cuts=np.array([[len(document)] for document in written]),
        facts={"aliases": [list(asked.answers[1:])]} if len(asked.answers) > 1 else {},
    )


def _place(num_questions: int, seed: int, number: int) -> int:
    """Which question a sample asks: each seed has an order of its own, which is another one each time round."""
    times, place = divmod(number, num_questions)
    return int(_order(num_questions, seed, times)[place])


@lru_cache(maxsize=8)
def _order(num_questions: int, seed: int, times: int) -> NDArray[np.int64]:
    return stream("mdqa", seed, times, "questions").permutation(num_questions)


@lru_cache(maxsize=2)
def _read(path: Path, changed_ns: int) -> QAFile:
    file = MaterialFile(path, "mdqa", _MOST_BYTES)
    paragraphs: Paragraphs = {}
    by_hops: dict[int, list[Asked]] = {}
    for asked in questions_in(file.content(), paragraphs):
        by_hops.setdefault(len(asked.support), []).append(asked)
    titles = [title for title, _ in paragraphs]
    texts = [text for _, text in paragraphs]
    return QAFile(path, file.sha256, titles, texts, by_hops)
