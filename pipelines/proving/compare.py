"""What two datasets share: whole documents, what is asked and answered, spans of text, and essays of haystacks.

Documents, questions and answers are counted over all of the document tables; spans over the text of some documents,
the first ones of each config, since every one of them has to be decoded.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...packers.dataset import Config, Dataset
from ...schemas.errors import LcdataError
from ...schemas.events.compared import Compared, Shared
from .spans import SPAN, Spans

_ASKED = ("question", "asked", "key", "value")
"""Facts by which tasks say what a sample asks for; the first that a sample has counts."""
_EXAMPLES = 5
_SHOWN_CHARS = 120


@dataclass(frozen=True)
class Bounds:
    """The greatest shares that two datasets may have in common; None where any may be."""

    documents: float | None = 0.0
    questions: float | None = 0.0
    answers: float | None = 0.0
    spans: float | None = None
    essays: float | None = None


def compare(first: Dataset, second: Dataset, bounds: Bounds, documents: int) -> Compared:
    """What the datasets share, spans of the text of about so many documents of each.

    Raises LcdataError where a file cannot be read.
    """
    contents = [_Content.of(dataset) for dataset in (first, second)]
    one, other = contents
    found = [
        _shared("documents", one.documents, other.documents, bounds.documents),
        _shared("questions", one.questions, other.questions, bounds.questions),
        _shared("answers", one.answers, other.answers, bounds.answers),
    ]
    left_out: list[str] = []
    spans = [_read_spans(dataset, documents, left_out) for dataset in (first, second)]
    if not left_out:
        of_first, of_second, shared = spans[0].common(spans[1])
        found.append(Shared(what="spans", of_first=of_first, of_second=of_second, shared=shared, most=bounds.spans))
    if one.essays and other.essays:
        found.append(_shared_essays(one.essays, other.essays, bounds.essays))
    return Compared(
        first=str(first.folder),
        second=str(second.folder),
        read=[read.documents for read in spans],
        documents=[first.num_documents, second.num_documents],
        found=found,
        left_out=left_out,
    )


@dataclass
class _Content:
    """What document tables say of a dataset that another could have too."""

    documents: set[str] = field(default_factory=set[str])
    """Hashes of token ids."""
    questions: set[str] = field(default_factory=set[str])
    answers: set[str] = field(default_factory=set[str])
    """All answers of a sample together: a single number is soon had by any two datasets."""
    essays: dict[str, list[tuple[int, int]]] = field(default_factory=dict[str, list[tuple[int, int]]])
    """Stretches of haystacks in characters, by the hash of the corpus that they are cut from."""

    @classmethod
    def of(cls, dataset: Dataset) -> "_Content":
        content = cls()
        for config in dataset.configs.values():
            for table in _tables(config):
                content._add(table.to_pydict(), _corpora(config))
        return content

    def _add(self, columns: Mapping[str, list[Any]], corpora: Mapping[str, str]) -> None:
        self.documents.update(columns["sha256"])
        for source, sample, answers, written in zip(
            columns["source"], columns["sample"], columns["answers"], columns["facts"], strict=True
        ):
            if sample is None:
                continue
            self.answers.add(f"{source}: {' | '.join(answers)}")
            facts: dict[str, Any] = json.loads(written)
            asked = next((facts[name] for name in _ASKED if name in facts), None)
            if asked is not None:
                self.questions.add(f"{source}: {asked if isinstance(asked, str) else json.dumps(asked)}")
            if source in corpora:
                stretches = [(int(start), int(end)) for start, end in facts.get("corpus_stretches", ())]
                self.essays.setdefault(corpora[source], []).extend(stretches)


def _tables(config: Config) -> Iterator[Any]:
    for docs in config.docs:
        yield from docs.row_groups(("source", "sample", "answers", "facts", "sha256"))


def _corpora(config: Config) -> dict[str, str]:
    """The hash of the corpus that a task's haystacks are cut from, by the task's name."""
    inputs = config.dataset.manifest.inputs
    named = {task.name: str(task.settings.get("corpus")) for task in config.stage.tasks if task.settings.get("corpus")}
    return {
        name: "".join(hash for path, hash in sorted(inputs.items()) if path == corpus or path.startswith(f"{corpus}/"))
        for name, corpus in named.items()
    }


def _shared(what: str, one: set[str], other: set[str], most: float | None) -> Shared:
    both = one & other
    examples = [] if what == "documents" else [_brief(text) for text in sorted(both)[:_EXAMPLES]]
    return Shared(what=what, of_first=len(one), of_second=len(other), shared=len(both), most=most, examples=examples)


def _brief(text: str) -> str:
    return text if len(text) <= _SHOWN_CHARS else f"{text[: _SHOWN_CHARS - 1]}…"


def _read_spans(dataset: Dataset, documents: int, left_out: list[str]) -> Spans:
    """The spans of the first documents of each config, as many of each as makes `documents` in all."""
    spans = Spans()
    each = max(-(-documents // len(dataset.configs)), 1)
    try:
        for config in dataset.configs.values():
            _add_spans(spans, config, each)
    except LcdataError as error:
        left_out.append(f"spans of {SPAN} characters: {error}")
    return spans


def _add_spans(spans: Spans, config: Config, documents: int) -> None:
    for row in config.rows():
        for document in row.documents:
            if documents == 0:
                return
            spans.add(document.text)
            documents -= 1


def _shared_essays(
    one: Mapping[str, list[tuple[int, int]]], other: Mapping[str, list[tuple[int, int]]], most: float | None
) -> Shared:
    """Characters of corpora that stand in haystacks of both datasets, each counted once."""
    of_first = sum(int(np.diff(_union(stretches)).sum()) for stretches in one.values())
    of_second = sum(int(np.diff(_union(stretches)).sum()) for stretches in other.values())
    either = sum(
        int(np.diff(_union([*one.get(corpus, ()), *other.get(corpus, ())])).sum()) for corpus in {*one, *other}
    )
    return Shared(
        what="essays", of_first=of_first, of_second=of_second, shared=of_first + of_second - either, most=most
    )


def _union(stretches: list[tuple[int, int]]) -> NDArray[np.int64]:
    """Stretches that overlap put together, shape (stretches, 2)."""
    union: list[list[int]] = []
    for start, end in sorted(stretches):
        if union and start <= union[-1][1]:
            union[-1][1] = max(union[-1][1], end)
        else:
            union.append([start, end])
    return np.array(union, np.int64).reshape(-1, 2)
