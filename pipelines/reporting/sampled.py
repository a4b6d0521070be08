"""The documents whose text a report shows and measures: a few hundred, always the same ones of a dataset."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ...packers.dataset import Config, Dataset
from ...packers.rows.row import Row, RowDocument
from ...packers.tokens.tokenizer import Tokenizer
from ...schemas.errors import LcdataError
from ...schemas.stream import stream
from .overlap import overlap
from .pieces import runs, stretches, token_texts, within
from .shown import brief

DOCUMENTS = 320
"""Documents of all configs whose text is read."""
_LEAST_DOCUMENTS, _LEAST_ROWS, _PLACES = 24, 12, 16
_MOST_SEGMENTS = 4096
_MOST_RUNS = 16
_TEXT_BYTES = 2_400_000
"""About so many bytes of the page are for texts."""


@dataclass
class Texts:
    """What was read of a dataset's texts."""

    configs: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    """What the viewer shows of each config, as JSON holds it."""
    overlaps: dict[str, dict[str, list[float]]] = field(default_factory=dict[str, dict[str, list[float]]])
    """The overlap of question and evidence of each sample that was read, by config and source."""
    documents: int = 0
    """Documents whose text was read."""
    rows: int = 0
    """Rows that they lie in."""
    without_text: str = ""
    """Why there is no text, where there is none."""
    left: int = _TEXT_BYTES
    """Bytes that are left for texts."""


def read_texts(dataset: Dataset) -> Texts:
    """Read the sampled rows of each config; LcdataError where a file cannot be read."""
    texts = Texts()
    tokenizer = None
    try:
        tokenizer = dataset.tokenizer
    except LcdataError as error:
        texts.without_text = str(error)
    documents = max(DOCUMENTS // len(dataset.configs), _LEAST_DOCUMENTS)
    for config in dataset.configs.values():
        texts.configs.append(_config(config, documents, tokenizer, texts))
    return texts


def sampled_rows(config: Config, documents: int) -> list[int]:
    """Rows in at most 16 places of the config, some after one another in each, so that few row groups are read."""
    wanted = min(config.num_rows, max(_LEAST_ROWS, -(-documents * config.num_rows // config.num_documents)))
    if wanted == config.num_rows:
        return list(range(wanted))
    places = min(_PLACES, wanted)
    edges = np.linspace(0, config.num_rows, places + 1).astype(np.int64)
    each = np.diff(np.linspace(0, wanted, places + 1).astype(np.int64))
    rng = stream("report", int(config.fingerprint[:12], 16), config.stage.number, "rows")
    rows: list[int] = []
    for low, high, count in zip(edges.tolist(), edges[1:].tolist(), each.tolist(), strict=False):
        first = int(rng.integers(low, max(high - count, low) + 1))
        rows += range(first, min(first + count, high))
    return rows


def _config(config: Config, documents: int, tokenizer: Tokenizer | None, texts: Texts) -> dict[str, Any]:
    sources = [component.name for component in config.stage.mix]
    chosen = sampled_rows(config, documents)
    overlaps = texts.overlaps[config.name] = {}
    rows: list[dict[str, Any]] = []
    for row in config.take(chosen):
        in_row = list(_documents(row, -(-documents // len(chosen)), sources, tokenizer, texts))
        for place in in_row:
            document = row.documents[place["k"]]
            shared = overlap(document, config.dataset) if tokenizer and "t" in place else None
            if shared is not None:
                overlaps.setdefault(document.source, []).append(shared)
            texts.documents += "t" in place
        rows.append({"i": row.index, "n": len(row.input_ids), "docs": in_row, "of": len(row.seq_lengths)})
    texts.rows += len(rows)
    return {
        "name": config.name,
        "length": config.seq_length,
        "of": config.num_rows,
        "sources": list(map(brief, sources)),
        "rows": rows,
    }


def _documents(
    row: Row, texts_of_row: int, sources: list[str], tokenizer: Tokenizer | None, texts: Texts
) -> Iterator[dict[str, Any]]:
    with_text = set(_with_text(row.documents, texts_of_row))
    for place, document in enumerate(row.documents[:_MOST_SEGMENTS]):
        shown: dict[str, Any] = {"k": place, "s": sources.index(document.source), "n": len(document.ids)}
        if place in with_text and texts.left > 0:
            shown |= with_words(document, tokenizer)
            texts.left -= _size(shown["t"])
        yield shown


def _size(parts: Sequence[tuple[int, list[int], list[str]]]) -> int:
    """About how many bytes of the page the tokens of a document take."""
    return sum(8 * len(ids) + sum(len(word) + 3 for word in words) for _, ids, words in parts)


def _with_text(documents: tuple[RowDocument, ...], wanted: int) -> list[int]:
    """The first document of each source, then others evenly, at most as many as are wanted."""
    firsts = {document.source: place for place, document in reversed(list(enumerate(documents)))}
    evenly = np.unique(np.linspace(0, len(documents) - 1, max(wanted - len(firsts), 1)).astype(np.int64)).tolist()
    return list(dict.fromkeys([*sorted(firsts.values()), *evenly]))[: max(wanted, 1)]


def with_words(document: RowDocument, tokenizer: Tokenizer | None) -> dict[str, Any]:
    """All that the viewer says of a document, and its tokens where they are worth reading."""
    kept = stretches(document)
    parts: list[tuple[int, list[int], list[str]]] = []
    for start, end in kept:
        ids = document.ids[start:end]
        parts.append((start, ids.tolist(), [] if tokenizer is None else token_texts(tokenizer, ids)))
    about = (
        {"of": document.source_id and brief(document.source_id, 160), "o": document.source_offset}
        if document.sample is None
        else {"x": document.sample, "a": [brief(answer, 80) for answer in document.answers[:12]]}
    )
    return {
        "t": parts,
        "p": document.prompt_length,
        "e": within(document.evidence_spans, kept),
        "w": within(document.answer_spans, kept),
        "l": runs(document.labels != -100)[:_MOST_RUNS],
        "d": [round(depth, 4) for depth in document.depth[:12]],
        "m": document.template and brief(document.template, 80),
        "r": document.repeat,
        "c": document.continued,
        **about,
    }
