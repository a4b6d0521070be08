"""Rows and documents of a finished dataset as people look at them: what is marked, and the text around it."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from ...packers.dataset import Config
from ...packers.rows.row import Row, RowDocument
from ...packers.rows.row_group import IGNORED
from ...packers.tokens.passages import around, marked, passages
from ...schemas.errors import LcdataError, UsageError
from ...schemas.events.inspected import DocumentShown, PassageShown, RowShown

_ENDS, _MARGIN = 100, 32
"""Tokens that are read at a document's ends and where its answer begins, and around evidence and answers."""
_ENDS_OF_MANY, _MARGIN_OF_MANY = 30, 10
"""The same where a row's documents are shown together."""
_MAX_MARKS = 40
"""Of so many spans the surroundings are shown."""


def row_of(config: Config, number: int) -> Row:
    """A row of a config; UsageError where there is no such row."""
    try:
        return config.row(number)
    except IndexError:
        raise UsageError(f"--row {number}: {config.name} has rows 0 to {config.num_rows - 1:,}") from None


def shown_row(config: Config, row: Row) -> RowShown:
    """A row in numbers."""
    return RowShown(
        config=config.name,
        row=row.index,
        shard=config.shards.index(config.shard_of(row.index)[0]),
        tokens=len(row.input_ids),
        seq_length=config.seq_length,
        documents=len(row.seq_lengths),
        loss_tokens=_in_loss(row.labels),
    )


def shown_documents(
    config: Config, row: Row, doc: int | None = None, *, full: bool = False, with_ids: bool = False
) -> Iterator[DocumentShown]:
    """The documents of a row one after another, or one of them alone; UsageError where there is no such document."""
    documents = row.documents
    if doc is not None and doc >= len(documents):
        has = f"row {row.index} of {config.name} has documents 0 to {len(documents) - 1:,}"
        raise UsageError(f"--doc {doc}: {has}")
    for number in range(len(documents)) if doc is None else [doc]:
        yield _shown(config, row, number, full=full, is_alone=doc is not None, with_ids=with_ids)


def _shown(config: Config, row: Row, number: int, *, full: bool, is_alone: bool, with_ids: bool) -> DocumentShown:
    document = row.documents[number]
    found, why_not = [], None
    try:
        found = _passages(config, document, full=full, is_alone=is_alone)
    except LcdataError as error:
        why_not = str(error)
    return DocumentShown(
        config=config.name,
        row=row.index,
        doc=number,
        source=document.source,
        sample=document.sample,
        start=document.start,
        tokens=len(document.ids),
        prompt_tokens=document.prompt_length,
        loss_tokens=_in_loss(document.labels),
        answers=list(document.answers),
        answer_spans=list(document.answer_spans),
        evidence_spans=list(document.evidence_spans),
        depth=list(document.depth),
        template=document.template,
        facts=dict(document.facts),
        source_id=document.source_id,
        source_offset=document.source_offset,
        repeat=document.repeat,
        continued=document.continued,
        sha256=document.sha256,
        passages=found,
        no_text_because=why_not,
        input_ids=document.ids.tolist() if with_ids else None,
        labels=document.labels.tolist() if with_ids else None,
    )


def _passages(config: Config, document: RowDocument, *, full: bool, is_alone: bool) -> list[PassageShown]:
    size = len(document.ids)
    spans = [*document.answer_spans, *document.evidence_spans][:_MAX_MARKS]
    starts = [document.prompt_length] if document.prompt_length else []
    ends, margin = (_ENDS, _MARGIN) if is_alone else (_ENDS_OF_MANY, _MARGIN_OF_MANY)
    kept = [(0, size)] if full else around(size, starts, spans, ends, margin)
    marks = {
        "loss": document.labels != IGNORED,
        "evidence": marked(size, document.evidence_spans),
        "answer": marked(size, document.answer_spans),
    }
    found = passages(document.ids, marks, config.dataset.tokenizer, kept)
    return [PassageShown(start=one.start, end=one.end, text=one.text, marks=list(one.marks)) for one in found]


def _in_loss(labels: NDArray[np.int32]) -> int:
    return int((labels != IGNORED).sum())
