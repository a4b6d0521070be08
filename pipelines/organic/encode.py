"""Encoding a unit of documents into the token store: any worker can, any number of times."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import islice, repeat
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ...generators.organic.buckets import Buckets
from ...packers.texts import TextFiles
from ...packers.token_store import BucketWriter, Stored, token_path, write_index
from ...packers.tokenizer import Tokenizer, TokenizerSpec, open_tokenizer
from ...schemas.corpus import IngestRecipe, UnitRecord
from ...schemas.errors import LcdataError
from ..build import AUDIT_EVERY
from ..files import Attempt, storage_error
from ..workspace import Workspace
from .arrange import Documents

_BATCH_BYTES = 1 << 22
"""Of text that is encoded at once: batches are bounded by bytes, whatever the documents' sizes."""
_AUDIT_CHARS = 1 << 16
"""Of a longer document so much is compared with `tokenizers`, which would take gigabytes for all of it."""

Ids = NDArray[np.int32]
Batch = list[tuple[Stored, bytes | memoryview]]
"""Documents with their texts."""


@dataclass(frozen=True)
class Encoding:
    """What all units of an ingest share."""

    recipe: IngestRecipe
    tokenizer: TokenizerSpec
    plan: str
    out: Path
    texts: tuple[Path, ...]
    urls: tuple[str, ...]
    """Of the inputs."""


@dataclass(frozen=True)
class Unit:
    """One unit's documents."""

    number: int
    documents: Documents


def encode_unit(encoding: Encoding, unit: Unit) -> Iterator[int | UnitRecord]:
    """Encode and store the documents of a unit; yields the bytes of text behind it, then its record."""
    try:
        yield from _encode_unit(encoding, unit)
    except OSError as error:
        raise storage_error(error, encoding.out) from None


def _encode_unit(encoding: Encoding, unit: Unit) -> Iterator[int | UnitRecord]:
    workspace = Workspace(encoding.out)
    buckets = Buckets(encoding.recipe.buckets)
    tokenizer = open_tokenizer(encoding.tokenizer)
    audited = num_bytes = 0
    with ExitStack() as stack:
        files = _BucketFiles(workspace, buckets, unit.number, stack)
        for batch in _batches(_documents(encoding, unit.documents)):
            audited += _encode_batch(tokenizer, batch, files)
            size = sum(document.num_bytes for document, _ in batch)
            num_bytes += size
            yield size
        record = files.close(encoding.plan, audited, num_bytes)
    workspace.record(f"unit-{unit.number:05d}", record)
    yield record


def _encode_batch(tokenizer: Tokenizer, batch: Batch, files: "_BucketFiles") -> int:
    """Encode and store some documents; returns how many were audited."""
    texts = [str(text, "utf-8") for _, text in batch]
    flat, ends = tokenizer.encode_batch(texts)
    audited = _audit(tokenizer, batch, texts, flat, ends, files.documents)
    texts.clear()
    for place, (document, _) in enumerate(batch):
        ids = flat[ends[place] : ends[place + 1]]
        # A view would keep the whole batch in memory until its row group is full.
        files.add(document, ids if len(batch) == 1 else ids.copy())
    return audited


class _BucketFiles:
    """The files of a unit, one for each bucket that has documents."""

    def __init__(self, workspace: Workspace, buckets: Buckets, unit: int, stack: ExitStack) -> None:
        self._workspace, self._buckets, self._unit, self._stack = workspace, buckets, unit, stack
        self._open: dict[int, tuple[BucketWriter, Attempt, list[int]]] = {}
        self.documents = self._tokens = 0

    def add(self, document: Stored, ids: Ids) -> None:
        """Store a document in its bucket."""
        bucket = bisect_right(self._buckets.edges, len(ids))
        if bucket not in self._open:
            final = self._workspace.dataset / token_path(self._buckets.low(bucket), self._unit)
            final.parent.mkdir(parents=True, exist_ok=True)
            sink = self._stack.enter_context(Attempt(self._workspace.temporary, final, self._workspace.dataset))
            self._open[bucket] = BucketWriter(sink, bucket, self._unit), sink, []
        writer, _, lengths = self._open[bucket]
        writer.add(document, ids)
        lengths.append(len(ids))
        self.documents += 1
        self._tokens += len(ids)

    def close(self, plan: str, audited: int, num_bytes: int) -> UnitRecord:
        """Give all files their names, and write the unit's part of the index."""
        in_order = [self._open[bucket] for bucket in sorted(self._open)]
        index = [writer.close() for writer, _, _ in in_order]
        files = [sink.commit(len(lengths)) for _, sink, lengths in in_order]
        return UnitRecord(
            unit=self._unit,
            plan=plan,
            files=files,
            index=self._write_index(index),
            documents=self.documents,
            tokens=self._tokens,
            bytes=num_bytes,
            audited=audited,
        )

    def _write_index(self, tables: Sequence[pa.Table]) -> Any:
        final = self._workspace.texts / f"index-{self._unit:05d}.parquet"
        with Attempt(self._workspace.temporary, final, self._workspace.root) as sink:
            write_index(sink, tables)
            return sink.commit(self.documents)


def _documents(encoding: Encoding, documents: Documents) -> Iterator[tuple[Stored, bytes | memoryview]]:
    """Each document with its text."""
    files, recipe = TextFiles(encoding.texts), encoding.recipe
    firsts = documents.starts[:-1]
    about = files.values(("id", "group", "input", "line"), documents.files[firsts], documents.rows[firsts])
    names = about["group" if recipe.fields.group else "id"]
    texts = _texts(files, documents, recipe)
    for text, name, source, line, parts, sha256 in zip(
        texts, names, about["input"], about["line"], np.diff(documents.starts).tolist(), documents.sha256, strict=True
    ):
        name = name or f"{encoding.urls[source]}:{line}"
        yield Stored(id=name, num_bytes=len(text), parts=parts, input=source, line=line, sha256=sha256), text


def _texts(files: TextFiles, documents: Documents, recipe: IngestRecipe) -> Iterator[bytes | memoryview]:
    """The text of each document: its parts one after another, each on lines of its own and below its header."""
    parts = files.texts(documents.files.tolist(), documents.rows.tolist())
    if recipe.fields.group is None:
        yield from parts
        return
    headers: Iterator[bytes] = repeat(b"")
    if recipe.header and recipe.fields.order:
        orders = files.values(("order",), documents.files, documents.rows)["order"]
        headers = (recipe.header.replace("{order}", order).encode() for order in orders)
    for size in np.diff(documents.starts).tolist():
        joined: list[bytes | memoryview] = []
        for header, part in zip(islice(headers, size), islice(parts, size), strict=True):
            if joined and joined[-1][-1:] != b"\n":
                joined.append(b"\n")
            joined += (header, part)
        yield b"".join(joined)


def _batches(documents: Iterator[tuple[Stored, bytes | memoryview]]) -> Iterator[Batch]:
    batch: Batch = []
    size = 0
    for document, text in documents:
        if batch and size + len(text) > _BATCH_BYTES:
            yield batch
            batch, size = [], 0
        batch.append((document, text))
        size += len(text)
    if batch:
        yield batch


def _audit(
    tokenizer: Tokenizer,
    batch: Batch,
    texts: Sequence[str],
    flat: Ids,
    ends: NDArray[np.int64],
    first: int,
) -> int:
    """Compare some documents' ids with those of `tokenizers`; returns how many."""
    places = range(-first % AUDIT_EVERY, len(batch), AUDIT_EVERY)
    for place in places:
        ids, text = flat[ends[place] : ends[place + 1]], texts[place]
        if len(text) > _AUDIT_CHARS:
            text = text[:_AUDIT_CHARS]
            ids = tokenizer.encode(text)
        if not np.array_equal(ids, tokenizer.encode_reference(text)):
            raise LcdataError(
                f"audit: {batch[place][0].id} has other ids under tokenizers than under {tokenizer.engine}: "
                "run again with --engine tokenizers, and report the document"
            )
    return len(places)
