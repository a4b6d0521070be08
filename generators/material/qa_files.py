"""Questions with their paragraphs from local files in the formats of SQuAD and HotpotQA.

A question counts when its answer is stated in a paragraph that supports it: those answered by yes or no, marked
impossible or with annotations that do not fit their text are left out.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import chain
from pathlib import Path

import numpy as np
from pydantic import BaseModel, TypeAdapter, ValidationError

from ...schemas.errors import UsageError
from ...schemas.sample import Span
from ...schemas.split import Split, is_of_split
from .files import MaterialFile, check_planned
from .world import Frame, Page, Problem

_MOST_BYTES = 2**30
_PARAGRAPHS = {1: "one paragraph", 2: "two paragraphs"}
_BETWEEN_SENTENCES = re.compile(r"(?<=[.!?])\s+")


@dataclass(frozen=True)
class Asked:
    """A question of a file with its answer; paragraphs are given by their number in the file."""

    question: str
    answer: str
    support: Sequence[tuple[int, tuple[Span, ...]]]
    """Paragraphs that the answer follows from, with the sentences that say so."""
    related: Sequence[int]
    """Paragraphs of the same article, or given along with the question."""


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
        place = ".".join(map(str, problem["loc"])) or "the beginning"
        raise UsageError(
            f"mdqa: {path} is neither like SQuAD nor like HotpotQA (at {place}: {problem['msg']}): "
            "give a JSON file in one of these formats"
        ) from None


def choose_problem(
    rng: np.random.Generator, file: QAFile, hops: int, num_others: int, frame: Frame, split: Split
) -> Problem:
    """A question of the file, and other paragraphs, none of which has the answer in it: related ones, then any."""
    questions = file.of_split(hops, split)
    asked = questions[int(rng.integers(len(questions)))]
    answer = re.compile(rf"(?<!\w){re.escape(asked.answer)}(?!\w)", re.IGNORECASE)
    needle = asked.answer.lower()

    def says_nothing(place: int) -> bool:
        text = f"{file.titles[place]}\n{file.texts[place]}"
        return needle not in text.lower() or answer.search(text) is None

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
            f"mdqa: {num_others:,} paragraphs without the answer {asked.answer!r} are needed, but {file.path} has only "
            f"{len(others):,}: use a shorter length or a file with more paragraphs"
        )
    mixed: list[int] = rng.permutation(others).tolist()
    written = [frame.written(file.titles[place], file.texts[place]) for place in mixed]
    return Problem(
        question=asked.question,
        answer=asked.answer,
        support=[Page(file.titles[place], file.texts[place], spans) for place, spans in asked.support],
        others=written,
        cuts=np.array([[len(document)] for document in written]),
    )


class _Answer(BaseModel):
    text: str
    answer_start: int


class _Question(BaseModel):
    question: str
    answers: list[_Answer]


class _Paragraph(BaseModel):
    context: str
    qas: list[_Question]


class _Article(BaseModel):
    title: str
    paragraphs: list[_Paragraph]


class _Squad(BaseModel):
    data: list[_Article]


class _HotpotQuestion(BaseModel):
    question: str
    answer: str
    context: list[tuple[str, list[str]]]
    supporting_facts: list[tuple[str, int]]


_HOTPOT = TypeAdapter(list[_HotpotQuestion])


_Paragraphs = dict[tuple[str, str], int]
"""Number of each paragraph (title, text), in the order in which they come."""


def _number(paragraphs: _Paragraphs, title: str, text: str) -> int:
    return paragraphs.setdefault((title, text), len(paragraphs))


@lru_cache(maxsize=2)
def _read(path: Path, changed_ns: int) -> QAFile:
    file = MaterialFile(path, "mdqa", _MOST_BYTES)
    data = file.content()
    paragraphs: _Paragraphs = {}
    if data.lstrip().startswith(b"["):
        questions = _hotpot(_HOTPOT.validate_json(data), paragraphs)
    else:
        questions = _squad(_Squad.model_validate_json(data), paragraphs)
    by_hops: dict[int, list[Asked]] = {}
    for asked in questions:
        by_hops.setdefault(len(asked.support), []).append(asked)
    titles = [title for title, _ in paragraphs]
    texts = [text for _, text in paragraphs]
    return QAFile(path, file.sha256, titles, texts, by_hops)


def _squad(content: _Squad, paragraphs: _Paragraphs) -> Iterator[Asked]:
    for article in content.data:
        title = article.title.replace("_", " ")
        numbers = [_number(paragraphs, title, paragraph.context.strip()) for paragraph in article.paragraphs]
        for number, paragraph in zip(numbers, article.paragraphs, strict=True):
            for asked in paragraph.qas:
                if sentence := _sentence(paragraph.context, asked.answers):
                    answer = asked.answers[0].text.strip()
                    yield Asked(asked.question.strip(), answer, [(number, (sentence,))], numbers)


def _sentence(context: str, answers: Sequence[_Answer]) -> Span | None:
    """The sentence of the first answer in the stripped context; None where the answer is not there or blank."""
    if not answers or not answers[0].text.strip():
        return None
    offset = len(context) - len(context.lstrip())
    text, start = context.strip(), answers[0].answer_start - offset
    end = start + len(answers[0].text)
    if start < 0 or text[start:end] != answers[0].text:
        return None
    first = max((gap.end() for gap in _BETWEEN_SENTENCES.finditer(text, 0, start)), default=0)
    gap = _BETWEEN_SENTENCES.search(text, end)
    return first, gap.start() if gap else len(text)


def _hotpot(content: Sequence[_HotpotQuestion], paragraphs: _Paragraphs) -> Iterator[Asked]:
    for asked in content:
        numbers: dict[str, int] = {}
        sentences: dict[str, list[Span]] = {}
        stated = False
        supporting = dict(asked.supporting_facts)
        for title, parts in asked.context:
            text, sentences[title] = _joined(parts)
            numbers[title] = _number(paragraphs, title, text)
            stated |= title in supporting and asked.answer in text
        facts = [
            (title, place) for title, place in asked.supporting_facts if 0 <= place < len(sentences.get(title, ()))
        ]
        if stated and asked.answer.strip() and len(facts) == len(asked.supporting_facts):
            support = [
                (numbers[title], tuple(sentences[title][place] for name, place in facts if name == title))
                for title in supporting
            ]
            yield Asked(asked.question.strip(), asked.answer.strip(), support, list(numbers.values()))


def _joined(sentences: Sequence[str]) -> tuple[str, list[Span]]:
    """Sentences as one text, and where each stands in it."""
    text, spans = "", list[Span]()
    for sentence in sentences:
        text += " " if text and sentence.strip() else ""
        spans.append((len(text), len(text) + len(sentence.strip())))
        text += sentence.strip()
    return text, spans
