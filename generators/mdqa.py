"""`mdqa`: answer a question from the one or two of many documents that tell, and name them if asked to.

Teaches to find what a question is about among documents on like things, and to go on from one document to the next.
Source: multi-document question answering of "Lost in the Middle" (Liu et al. 2023) and of RULER (Hsieh et al. 2024).
Unlike there, the facts are invented unless a file is given, so nothing can be known beforehand, and where the answer
stands is drawn anew for each sample. Left out: questions on more than two documents.
"""

import math
import re
from collections.abc import Collection, Mapping, Sequence
from copy import copy
from functools import lru_cache
from pathlib import Path
from string import Formatter
from typing import Annotated, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, ValidationInfo, field_validator
from pydantic.dataclasses import dataclass

from ..schemas.quantity import Depth
from ..schemas.sample import Draft, Sample, Span
from .material.qa_files import Turn, choose_problem, read_questions
from .material.wording import fill, shift
from .material.world import NUM_SENTENCES, Frame, Problem, invent
from .task import SETTINGS, Task, Template


@dataclass(frozen=True, kw_only=True)
class MDQAWording:
    """One way to ask about documents, to say what is in them and to answer.

    Slots: {n}, {title} and {text}, in this order, in `document`; {question} in `ask`; {answer} in `answer`, and
    {sources} too in `cited`, which is such as `files 12 and 31`.
    """

    id: str
    noun: str
    """What a document is called."""
    head: str
    document: str
    ask: str
    cite: str
    """What is added to the question where documents are to be named."""
    answer: str
    cited: str


WORDINGS = (
    MDQAWording(
        id="seed",
        noun="document",
        head="Some documents are given below, followed by a question.\n\n",
        document="Document {n}: {title}\n{text}\n\n",
        ask="Question: {question}",
        cite=" Add the number of each document that is needed to answer.",
        answer="{answer}",
        cited="{answer} ({sources})",
    ),
    MDQAWording(
        id="search",
        noun="result",
        head="A search returned the results listed here. At most a few of them matter.\n\n",
        document="[{n}] {title} - {text}\n",
        ask="The search was made to find out: {question}",
        cite=" Refer to each result that your reply rests on.",
        answer="{answer}",
        cited="{answer}, see {sources}.",
    ),
    MDQAWording(
        id="archive",
        noun="file",
        head="You look after an archive, and these are its files.\n\n",
        document="File {n}, {title}: {text}\n\n",
        ask="A visitor wants to know: {question}",
        cite=" Tell the visitor the number of each file you took this from.",
        answer="Our files say: {answer}.",
        cited="Our files say: {answer}. This is from {sources}.",
    ),
    MDQAWording(
        id="articles",
        noun="article",
        head="Read the following articles of an encyclopedia.\n\n",
        document="Article {n}. {title}. {text}\n\n",
        ask="Then answer in a few words. {question}",
        cite=" Add the number of each article you drew on.",
        answer="{answer}",
        cited="{answer}, according to {sources}.",
    ),
    MDQAWording(
        id="cards",
        noun="card",
        head="A box of index cards was copied out, one card a line: number, subject, notes.\n\n",
        document="{n} | {title} | {text}\n",
        ask="With these cards at hand, reply to this: {question}",
        cite=" Say by number which cards you found it on.",
        answer="The cards have it: {answer}.",
        cited="The cards have it: {answer}. Found on {sources}.",
    ),
    MDQAWording(
        id="clippings",
        noun="clipping",
        head="Someone collected clippings from newspapers. They are printed here under their headlines.\n\n",
        document="Clipping {n}\n{title}\n{text}\n\n",
        ask="This is what the collector wanted to know. {question}",
        cite=" Back up your reply with the number of each clipping that it takes.",
        answer="{answer}",
        cited="{answer}; proof: {sources}.",
    ),
    MDQAWording(
        id="manual",
        noun="section",
        head="The text below is divided into numbered sections.\n\n",
        document="## {n}. {title}\n\n{text}\n\n",
        ask="Look it up in the text: {question}",
        cite=" Point to every section that you had to read for it.",
        answer="Looked up: {answer}.",
        cited="Looked up: {answer}. Read {sources} for this.",
    ),
    MDQAWording(
        id="notes",
        noun="note",
        head="Here is all that a reporter noted down for a story, in no particular order.\n\n",
        document="Note {n} (on {title}): {text}\n",
        ask="The editor calls and asks: {question}",
        cite=" The editor also wants the number of each note behind it.",
        answer="It is in the notes: {answer}.",
        cited="It is in the notes: {answer}. Check {sources}.",
    ),
    MDQAWording(
        id="pages",
        noun="page",
        head="These pages were saved from the web.\n\n",
        document='<page number={n} title="{title}">\n{text}\n</page>\n',
        ask="Use nothing but the pages to answer. {question}",
        cite=" Finish with the number of each page used.",
        answer="{answer}",
        cited="{answer} [{sources}]",
    ),
)

_NOT_STATED = "not stated"


@dataclass(frozen=True, kw_only=True, config=SETTINGS)
class MDQA(Task):
    """Answer a question from one or two of many documents, most of which are about something like it."""

    name: ClassVar[str] = "mdqa"
    templates: ClassVar[Sequence[Template]] = WORDINGS
    presets: ClassVar[Mapping[str, Mapping[str, object]]] = {
        "qa_1": {"hops": 1},
        "qa_2": {"hops": 2},
        "litm_edges": {"depths": [0, 1]},
        "litm_middle": {"depths": [0.5]},
    }
    files: ClassVar[Collection[str]] = ("file",)
    guessable: ClassVar[Collection[str]] = ("litm_edges", "litm_middle")

    hops: Annotated[int, Field(ge=1, le=2)] = 1
    """Documents that the answer takes; of two, the first names what the second is about."""

    depths: Annotated[tuple[Depth, ...], Field(min_length=1)] | None = None
    """Depths to draw the place of these documents from, 0 the beginning; by default it is anywhere."""

    cite: bool = False
    """Whether the answer also gives the numbers of these documents."""

    absent: Annotated[float, Field(ge=0, le=1)] = 0.0
    """Share of samples that lack the sentence which answers, or of a file its paragraph, and whose answer says so.
    Above 0, all invented documents lack a sentence."""

    file: Path | None = None
    """JSON file like SQuAD (hops=1) or HotpotQA (hops=2) to take questions and paragraphs from; by default both are
    invented."""

    @field_validator("file")
    @classmethod
    def _has_such_questions(cls, file: Path | None, info: ValidationInfo) -> Path | None:
        if file is not None and "hops" in info.data:
            read_questions(file).with_hops(info.data["hops"])
        return file

    def input_files(self) -> Sequence[Path]:
        """The file of questions, where the settings name one."""
        return () if self.file is None else (self.file,)

    turn: ClassVar[Turn | None] = None
    """Whose turn it is among the questions of a file; of a single sample's task."""

    def of_sample(self, seed: int, number: int) -> "MDQA":
        """The task with the question of the file whose turn it is, so that each is asked before one comes again."""
        if self.file is None:
            return self
        own = copy(self)
        object.__setattr__(own, "turn", (seed, number))
        return own

    def draft(self, rng: np.random.Generator, template: Template, num_units: int) -> "MDQADraft":
        """A draft whose units are sentences of documents that do not matter, or such documents of a file.

        Those that do matter come on top of them.
        """
        assert isinstance(template, MDQAWording)
        return MDQADraft(self, rng, template, num_units)


class MDQADraft(Draft):
    """A question, the documents that answer it, and others, among the first of which `render` puts them."""

    def __init__(self, task: MDQA, rng: np.random.Generator, wording: MDQAWording, num_units: int) -> None:
        self.task, self.wording = task, wording
        self._absent = rng.random() < task.absent
        literals = [literal for literal, *_ in Formatter().parse(wording.document)]
        # A wording may end with the text.
        self._before, self._after_number, after_title, after_text = [*literals, ""][:4]
        self._frame = Frame(after_title, after_text + self._before)  # of the next document's number
        self._sentences = NUM_SENTENCES if task.file is None else 1
        num_others = math.ceil(num_units / self._sentences)
        self._problem = _problem(task, rng, num_others, self._frame, is_absent=self._absent)
        # In a file, paragraphs of the same article are near enough to one that is left out.
        self._support = self._problem.support[: task.hops - (self._absent and task.file is not None)]
        self._depths = rng.random(task.hops)
        if task.depths is not None:
            self._depths = np.minimum(rng.choice(np.array(task.depths), task.hops), np.nextafter(1.0, 0.0))
        self._ranks = rng.permutation(task.hops).tolist()
        self._written = [self._frame.written(page.title, page.text) for page in self._support]
        self._ends = _ends(self._problem.others)
        cuts = self._ends[:-1, None] + self._problem.cuts
        self._unit_ends = np.concatenate(([0], cuts.ravel()))[: num_units + 1]
        most = len(self._problem.others) + len(self._support)
        self._labels, self._label_ends = _labels(self._after_number, most.bit_length())
        self.chars = self._running_chars()

    def render(self, num_units: int) -> Sample:
        """The sample of the first documents, of which the last may be cut, with those that answer among them."""
        documents = self._others(num_units)
        numbers = self._insert_support(documents)
        head, tail = self.wording.head, f"\n\n{self._question()}\n"
        prompt = "".join([head, *self._numbered(documents), tail])
        body_chars = len(prompt) - len(head) - len(tail)
        answer, answers, slots = self._answer(numbers, is_absent=self._absent)
        would_be = [*numbers, *[len(documents)] * (self.task.hops - len(numbers))]
        twin = self._answer(would_be, is_absent=not self._absent)[0] if self.task.absent > 0 else ""
        evidence = self._evidence(numbers, int(self._unit_ends[num_units]))
        return Sample(
            prompt=prompt,
            answer=answer,
            answers=tuple(answers),
            answer_spans=tuple(shift(span, len(prompt)) for span in slots),
            evidence_spans=tuple(shift(span, len(head)) for span in evidence),
            context_span=(len(head), len(head) + body_chars),
            depth=tuple(start / max(body_chars - (end - start), 1) for start, end in evidence),
            template=self.wording.id,
            twin_answer=twin,
            facts={
                "question": self._problem.question,
                "absent": bool(self._absent),
                "titles": [page.title for page in self._support],
                "documents": numbers,
                **({"citations": numbers} if self.task.cite else {}),
                "num_documents": len(documents),
                **self._num_rivals(num_units),
                **self._problem.facts,
            },
        )

    def _others(self, num_units: int) -> list[str]:
        """Other documents of so many units, the last one without the sentences that are too many."""
        num_whole, num_sentences = divmod(num_units, self._sentences)
        documents = list(self._problem.others[:num_whole])
        if num_sentences:
            end = int(self._problem.cuts[num_whole, num_sentences - 1]) - len(self._frame.after_text)
            documents.append(self._problem.others[num_whole][:end] + self._frame.after_text)
        return documents

    def _num_rivals(self, num_units: int) -> Mapping[str, object]:
        """How many values the answer could be, itself and those like it of other documents, where that is known."""
        if self._problem.rivals is None:
            return {}
        return {"num_rivals": 1 + int(np.searchsorted(self._problem.rivals, num_units))}

    def _insert_support(self, documents: list[str]) -> list[int]:
        """Put the documents that answer among the others; their numbers, in the order of the hops."""
        places = [int(depth * (len(documents) + 1)) for depth in self._depths]
        numbers = [0] * len(self._support)
        order = sorted(range(len(self._support)), key=lambda hop: (places[hop], self._ranks[hop]))
        for num_before, hop in enumerate(order):
            place = places[hop] + num_before
            documents.insert(place, self._written[hop])
            numbers[hop] = place + 1
        return numbers

    def _numbered(self, documents: Sequence[str]) -> list[str]:
        """The documents with their numbers before them, nothing blank at the end."""
        count = len(documents)
        parts = [self._before] * (1 + 2 * count)
        parts[1::2] = self._labels[:count]
        parts[2::2] = documents
        parts[-1] = parts[-1][: len(parts[-1]) - len(self._before)].rstrip()
        return parts

    def _evidence(self, numbers: Sequence[int], end: int) -> list[Span]:
        """Where the sentences that the answer follows from stand; the other documents have `end` characters."""
        if self._absent:
            return []
        spans: list[Span] = []
        for page, number in zip(self._support, numbers, strict=True):
            before = [len(written) for written, other in zip(self._written, numbers, strict=True) if other < number]
            documents = min(int(self._ends[number - 1 - len(before)]), end) + sum(before)
            title = len(self._before) + documents + int(self._label_ends[number])
            start = title + len(page.title) + len(self._frame.after_title)
            spans += [shift(span, start) for span in page.evidence]
        return spans

    def _question(self) -> str:
        question, _ = fill(self.wording.ask, question=self._problem.question)
        if self.task.cite:
            question += self.wording.cite
        if self.task.absent > 0:
            question += f" If the {self.wording.noun}s do not tell, the answer is: {_NOT_STATED}."
        return question

    def _answer(self, numbers: Sequence[int], *, is_absent: bool) -> tuple[str, list[str], list[Span]]:
        """The answer, its reference answers, the numbers of documents among them, and where they stand in it."""
        if is_absent or not self.task.cite:
            found = _NOT_STATED if is_absent else self._problem.answer
            answer, slots = fill(self.wording.answer, answer=found)
            return answer, [found], [slots["answer"]]
        sources = f"{self.wording.noun}{'s' if len(numbers) > 1 else ''} {' and '.join(map(str, numbers))}"
        answer, slots = fill(self.wording.cited, answer=self._problem.answer, sources=sources)
        written = [shift(found.span(), slots["sources"][0]) for found in re.finditer(r"\d+", sources)]
        return answer, [self._problem.answer, *map(str, numbers)], [slots["answer"], *written]

    def _running_chars(self) -> NDArray[np.int64]:
        """Characters of the text for 0..capacity units, shape (capacity + 1,)."""
        num_documents = -(-np.arange(len(self._unit_ends)) // self._sentences) + len(self._support)
        chars = self._unit_ends + self._label_ends[num_documents]
        return chars + (self.render(1).chars_with_room - chars[1])


@lru_cache(maxsize=32)
def _labels(after: str, num_bits: int) -> tuple[list[str], NDArray[np.int64]]:
    """The numbers from 1 that have so many bits or fewer, each with what follows it, and their running characters."""
    labels = [f"{number}{after}" for number in range(1, 1 << num_bits)]
    return labels, _ends(labels)


def _ends(strings: Sequence[str]) -> NDArray[np.int64]:
    """Characters of the first k strings, k = 0..len(strings)."""
    return np.concatenate(([0], np.cumsum(np.fromiter(map(len, strings), np.int64, len(strings)))))


def _problem(task: MDQA, rng: np.random.Generator, num_others: int, frame: Frame, *, is_absent: bool) -> Problem:
    if task.file is None:
        is_absent_here = is_absent if task.absent > 0 else None
        return invent(rng, task.hops, num_others, frame, task.split, is_absent=is_absent_here)
    return choose_problem(rng, read_questions(task.file), task.hops, num_others, frame, task.split, task.turn)
