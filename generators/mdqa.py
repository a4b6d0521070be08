"""`mdqa`: answer a question from the one or two of many documents that tell, and name them if asked to.

Teaches to find what a question is about among documents on like things, and to go on from one document to the next.
Source: multi-document question answering of "Lost in the Middle" (Liu et al. 2023) and of RULER (Hsieh et al. 2024).
Unlike there, the facts are invented unless a file is given, so nothing can be known beforehand, and where the answer
stands is drawn anew for each sample. Left out: questions on more than two documents.
"""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from string import Formatter
from typing import Annotated, Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, ValidationInfo, field_validator
from pydantic.dataclasses import dataclass

from ..schemas.sample import Sample, Span
from .qa_files import choose_problem, read_questions
from .task import SETTINGS, Task, Template
from .wording import fill, shift
from .world import Problem, invent

Depth = Annotated[float, Field(ge=0, le=1)]


@dataclass(frozen=True, kw_only=True)
class Wording:
    """One way to put the task.

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
    Wording(
        id="seed",
        noun="document",
        head="Some documents are given below, followed by a question.\n\n",
        document="Document {n}: {title}\n{text}\n\n",
        ask="Question: {question}",
        cite=" Add the number of each document that is needed to answer.",
        answer="{answer}",
        cited="{answer} ({sources})",
    ),
    Wording(
        id="search",
        noun="result",
        head="A search returned the results listed here. At most a few of them matter.\n\n",
        document="[{n}] {title} - {text}\n",
        ask="The search was made to find out: {question}",
        cite=" Refer to each result that your reply rests on.",
        answer="{answer}",
        cited="{answer}, see {sources}.",
    ),
    Wording(
        id="archive",
        noun="file",
        head="You look after an archive, and these are its files.\n\n",
        document="File {n}, {title}: {text}\n\n",
        ask="A visitor wants to know: {question}",
        cite=" Tell the visitor the number of each file you took this from.",
        answer="Our files say: {answer}.",
        cited="Our files say: {answer}. This is from {sources}.",
    ),
    Wording(
        id="articles",
        noun="article",
        head="Read the following articles of an encyclopedia.\n\n",
        document="Article {n}. {title}. {text}\n\n",
        ask="Then answer in a few words. {question}",
        cite=" Add the number of each article you drew on.",
        answer="{answer}",
        cited="{answer}, according to {sources}.",
    ),
    Wording(
        id="cards",
        noun="card",
        head="A box of index cards was copied out, one card a line: number, subject, notes.\n\n",
        document="{n} | {title} | {text}\n",
        ask="With these cards at hand, reply to this: {question}",
        cite=" Say by number which cards you found it on.",
        answer="The cards have it: {answer}.",
        cited="The cards have it: {answer}. Found on {sources}.",
    ),
    Wording(
        id="clippings",
        noun="clipping",
        head="Someone collected clippings from newspapers. They are printed here under their headlines.\n\n",
        document="Clipping {n}\n{title}\n{text}\n\n",
        ask="This is what the collector wanted to know. {question}",
        cite=" Back up your reply with the number of each clipping that it takes.",
        answer="{answer}",
        cited="{answer}; proof: {sources}.",
    ),
    Wording(
        id="manual",
        noun="section",
        head="The text below is divided into numbered sections.\n\n",
        document="## {n}. {title}\n\n{text}\n\n",
        ask="Look it up in the text: {question}",
        cite=" Point to every section that you had to read for it.",
        answer="Looked up: {answer}.",
        cited="Looked up: {answer}. Read {sources} for this.",
    ),
    Wording(
        id="notes",
        noun="note",
        head="Here is all that a reporter noted down for a story, in no particular order.\n\n",
        document="Note {n} (on {title}): {text}\n",
        ask="The editor calls and asks: {question}",
        cite=" The editor also wants the number of each note behind it.",
        answer="It is in the notes: {answer}.",
        cited="It is in the notes: {answer}. Check {sources}.",
    ),
    Wording(
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
    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "qa_1": {"hops": 1},
        "qa_2": {"hops": 2},
        "litm_edges": {"depths": [0, 1]},
        "litm_middle": {"depths": [0.5]},
    }

    hops: Annotated[int, Field(ge=1, le=2)] = 1
    """Documents that the answer takes; of two, the first names what the second is about."""

    depths: Annotated[tuple[Depth, ...], Field(min_length=1)] | None = None
    """Depths to draw the place of these documents from, 0 the beginning; by default it is anywhere."""

    cite: bool = False
    """Whether the answer also gives the numbers of these documents."""

    absent: Annotated[float, Field(ge=0, le=1)] = 0.0
    """Share of samples that lack the last of these documents and whose answer says so."""

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
        """The file of questions, where one is given."""
        return () if self.file is None else (self.file,)

    def draft(self, rng: np.random.Generator, template: Template, num_units: int) -> "MDQADraft":
        """Documents that do not matter as units; those that do come on top of them."""
        assert isinstance(template, Wording)
        return MDQADraft(self, rng, template, num_units)


class MDQADraft:
    """A question, the documents that answer it, and others, among the first of which `render` puts them."""

    def __init__(self, task: MDQA, rng: np.random.Generator, wording: Wording, num_units: int) -> None:
        self.task, self.wording = task, wording
        self._absent = rng.random() < task.absent
        self._problem = _problem(task, rng, num_units)
        self._support = self._problem.support[: task.hops - self._absent]
        self._depths = rng.random(task.hops)
        if task.depths is not None:
            self._depths = np.minimum(rng.choice(np.array(task.depths), task.hops), np.nextafter(1.0, 0.0))
        self._ranks = rng.permutation(task.hops).tolist()
        self._around = [literal for literal, *_ in Formatter().parse(wording.document)]
        self.chars = self._running_chars()

    def render(self, num_units: int) -> Sample:
        """The sample of the first documents, with those that answer among them."""
        titles, texts = list(self._problem.titles[:num_units]), list(self._problem.texts[:num_units])
        numbers = self._insert_support(titles, texts)
        before, number_end, title_end, text_end = self._around
        documents = [
            f"{before}{number}{number_end}{title}{title_end}{text}{text_end}"
            for number, (title, text) in enumerate(zip(titles, texts, strict=True), 1)
        ]
        head, body = self.wording.head, "".join(documents).rstrip()
        prompt = f"{head}{body}\n\n{self._question()}\n"
        answer, answers, slots = self._answer(numbers)
        evidence = self._evidence(documents, numbers)
        return Sample(
            prompt=prompt,
            answer=answer,
            answers=tuple(answers),
            answer_spans=tuple(shift(span, len(prompt)) for span in slots),
            evidence_spans=tuple(shift(span, len(head)) for span in evidence),
            depth=tuple(start / max(len(body) - (end - start), 1) for start, end in evidence),
            template=self.wording.id,
            facts={
                "question": self._problem.question,
                "absent": bool(self._absent),
                "titles": [page.title for page in self._support],
                "documents": numbers,
                **({"citations": numbers} if self.task.cite else {}),
                "num_documents": len(documents),
                **self._problem.facts,
            },
        )

    def _insert_support(self, titles: list[str], texts: list[str]) -> list[int]:
        """Put the documents that answer among the others; their numbers, in the order of the hops."""
        places = [int(depth * (len(titles) + 1)) for depth in self._depths]
        numbers = [0] * len(self._support)
        order = sorted(range(len(self._support)), key=lambda hop: (places[hop], self._ranks[hop]))
        for num_before, hop in enumerate(order):
            place = places[hop] + num_before
            titles.insert(place, self._support[hop].title)
            texts.insert(place, self._support[hop].text)
            numbers[hop] = place + 1
        return numbers

    def _evidence(self, documents: Sequence[str], numbers: Sequence[int]) -> list[Span]:
        """Where the sentences that the answer follows from stand in the documents put together."""
        if self._absent:
            return []
        ends = [sum(map(len, documents[:number])) - len(self._around[-1]) for number in numbers]
        return [
            shift(span, end - len(page.text))
            for page, end in zip(self._support, ends, strict=True)
            for span in page.evidence
        ]

    def _question(self) -> str:
        question, _ = fill(self.wording.ask, question=self._problem.question)
        if self.task.cite:
            question += self.wording.cite
        if self.task.absent > 0:
            question += f" If the {self.wording.noun}s do not tell, the answer is: {_NOT_STATED}."
        return question

    def _answer(self, numbers: Sequence[int]) -> tuple[str, list[str], list[Span]]:
        """The answer, its reference answers, the numbers of documents among them, and where they stand in it."""
        if self._absent or not self.task.cite:
            found = _NOT_STATED if self._absent else self._problem.answer
            answer, slots = fill(self.wording.answer, answer=found)
            return answer, [found], [slots["answer"]]
        sources = f"{self.wording.noun}{'s' if len(numbers) > 1 else ''} {' and '.join(map(str, numbers))}"
        answer, slots = fill(self.wording.cited, answer=self._problem.answer, sources=sources)
        written = [shift(found.span(), slots["sources"][0]) for found in re.finditer(r"\d+", sources)]
        return answer, [self._problem.answer, *map(str, numbers)], [slots["answer"], *written]

    def _running_chars(self) -> NDArray[np.int64]:
        """Characters of the text for each number of the other documents."""
        numbers = len(self._support) + np.arange(1, len(self._problem.texts) + 1)
        sizes = sum(np.int64(numbers >= 10**power) for power in range(9)) + len("".join(self._around))
        sizes += np.array(list(map(len, self._problem.titles))) + list(map(len, self._problem.texts))
        chars = np.concatenate(([0], np.cumsum(sizes)))
        return chars + (len(self.render(1).text) - chars[1])


def _problem(task: MDQA, rng: np.random.Generator, num_others: int) -> Problem:
    if task.file is None:
        return invent(rng, task.hops, num_others)
    return choose_problem(rng, read_questions(task.file), task.hops, num_others)
