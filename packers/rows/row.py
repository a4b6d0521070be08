"""A row of a finished dataset, and its documents with what the document table says of them."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from ...schemas.evaluation import Reference
from ...schemas.sample import Document, Sample, Span
from .row_arrays import RowArrays

Ids = NDArray[np.int32]


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class RowDocument(Document):
    """A document as it lies in a row: token ids and labels, its text, and all that the document table says of it.

    Of a task's sample: `sample` (its index), `prompt_length` (tokens before the answer), `answers`, `answer_spans` and
    `evidence_spans` (in tokens of the document), `depth` of each evidence, `template` (the wording's id), `facts` (all
    that was decided). Of a piece of an organic document: `source_id`, `source_offset` (its tokens before the piece),
    `repeat`, `continued`. Of both: `source` (the task or corpus), `start` (of the document in its row), `loss`,
    `sha256` (of the ids), and `record`, the document table's own words.
    """

    labels: Ids
    """Labels of the tokens, unshifted, shape (length,); -100 off the loss and on the first token."""
    start: int
    """Tokens of the row before the document."""
    index: int | None
    """Number of the sample through the whole dataset, as in exports and predictions; None for documents of a corpus."""
    record: Mapping[str, Any]
    """What the document table holds of the document, by column."""
    decode: Callable[[Ids], str]
    """Makes text of token ids."""

    @classmethod
    def of(cls, record: Mapping[str, Any], **others: Any) -> Self:
        """The document of a record; `others` are the fields that no record has."""
        same = ("source", "sample", "start", "prompt_length", "template", "sha256")
        organic = ("source_id", "source_offset", "repeat", "continued")
        return cls(
            **{name: record[name] for name in (*same, *organic)},
            answers=tuple(record["answers"]),
            answer_spans=_spans(record["answer_spans"]),
            evidence_spans=_spans(record["evidence_spans"]),
            depth=tuple(record["depth"]),
            facts=json.loads(record["facts"]),
            record=record,
            **others,
        )

    @cached_property
    def text(self) -> str:
        """The whole text of the document, decoded from the ids, control tokens left out.

        A piece that begins or ends within a character has U+FFFD there. Raises LcdataError where the dataset's
        tokenizer is not at its place any more: say where it is with `open_dataset(..., tokenizer=...)`.
        """
        return self.decode(self.ids)

    @cached_property
    def prompt(self) -> str:
        """The text before the answer; empty for documents of a corpus."""
        return self.decode(self.ids[: self.prompt_length])

    @property
    def answer(self) -> str:
        """The text from the answer on; all of it for documents of a corpus."""
        return self.text[len(self.prompt) :]

    @property
    def reference(self) -> Reference | None:
        """What a model's reply to the sample is rated by; None for documents of a corpus."""
        if self.index is None:
            return None
        return Reference.of_document(
            index=self.index,
            answers=self.answers,
            length=len(self.ids),
            depth=self.depth,
            task=self.source,
            template=self.template,
            facts=self.facts,
        )

    def as_sample(self) -> Sample:
        """Prompt and answer with their spans in characters of the text, decoded span by span."""
        return Sample(
            prompt=self.prompt,
            answer=self.answer,
            answers=self.answers,
            answer_spans=tuple(map(self._in_characters, self.answer_spans)),
            evidence_spans=tuple(map(self._in_characters, self.evidence_spans)),
            depth=self.depth,
            template=self.template or "",
            facts=self.facts,
        )

    def _in_characters(self, span: Span) -> Span:
        start, end = (len(self.decode(self.ids[:token])) for token in span)
        return start, end

    def __eq__(self, other: object) -> bool:
        return self is other

    def __hash__(self) -> int:
        return id(self)

    def __repr__(self) -> str:
        what = f"{self.source} sample {self.sample}" if self.sample is not None else f"{self.source} {self.source_id}"
        return f"RowDocument({what}, {len(self.ids):,} tokens)"


def _spans(spans: list[dict[str, int]]) -> tuple[Span, ...]:
    return tuple((span["start"], span["end"]) for span in spans)


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Row(RowArrays):
    """One packed row of a dataset: whole documents one after another.

    `input_ids`, `labels` (unshifted, -100 off the loss) and `position_ids` are int32 of shape (tokens,), `seq_lengths`,
    the tokens of each document, int32 of shape (documents,). `documents` are read when they are first asked for.
    """

    index: int
    """Number of the row in the config, in file order."""
    read_documents: Callable[[], Iterator[RowDocument]]
    """Reads the row's documents out of the document table."""

    @property
    def position_ids(self) -> Ids:
        """Place of each token in its document, from 0, int32 of shape (tokens,)."""
        lengths = self.seq_lengths
        positions = np.arange(len(self.input_ids)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        return positions.astype(np.int32)

    @cached_property
    def documents(self) -> tuple[RowDocument, ...]:
        """The row's documents in order; LcdataError where the document table cannot be read or is of other rows."""
        return tuple(self.read_documents())

    def __repr__(self) -> str:
        return f"Row({self.index}, {len(self.input_ids):,} tokens of {len(self.seq_lengths):,} documents)"
