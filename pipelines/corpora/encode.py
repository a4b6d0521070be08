"""Encoding a unit of documents into the token store: any worker can, any number of times."""

import posixpath
from bisect import bisect_right
from collections.abc import Generator, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import islice, repeat

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ...packers.files.texts import TextFile, Texts
from ...packers.files.token_store import BucketWriter, StoredDocument, token_path, write_index
from ...packers.tokens.memory import give_back_memory, page_out
from ...packers.tokens.tokenizer import Tokenizer, TokenizerSpec, open_tokenizer
from ...packers.tokens.turns import pieces_of, whole_marks
from ...schemas.buckets import Buckets
from ...schemas.corpus import IngestRecipe, UnitRecord
from ...schemas.errors import LcdataError
from ...schemas.place import Place
from ...schemas.records import FileRecord
from ..run.files import Attempt, storage_error
from ..run.versions import AUDIT_EVERY
from ..run.workspace import TEXTS, Workspace
from ..run.workspace_at import workspace_at
from .arrange import Documents

_BATCH_BYTES = 1 << 22
"""Bytes of text that are encoded at once: batches are bounded by bytes, whatever the documents' sizes."""
_AUDIT_CHARS = 1 << 14
"""Characters of a longer document that are compared with `tokenizers`, which would take gigabytes for all of it."""
_WHOLE_CHARS = 1 << 18
"""Characters of the longest document that is compared as a whole: one longer than `_AUDIT_CHARS` in every unit."""

NO_TOKENS = "no tokens"

Ids = NDArray[np.int32]
Utf8 = memoryview | bytearray
"""A text as the bytes of UTF-8."""
Batch = list[tuple[StoredDocument, Utf8]]
"""Documents with their texts, to be encoded at once."""


@dataclass(frozen=True)
class Encoding:
    """What all units of an ingest share."""

    recipe: IngestRecipe
    tokenizer: TokenizerSpec
    plan: str
    out: Place
    files: tuple[TextFile, ...]
    """The files of texts that the inputs were read into."""
    urls: tuple[str, ...]
    """Addresses of the inputs, in order."""


@dataclass(frozen=True)
class Unit:
    """A unit of work: documents that a worker encodes and stores."""

    number: int
    documents: Documents


def encode_unit(encoding: Encoding, unit: Unit) -> Generator[int | UnitRecord]:
    """Encode and store the documents of a unit; yields the bytes of text behind it, then its record."""
    try:
        yield from _encode_unit(encoding, unit)
    except OSError as error:
        raise storage_error(error, encoding.out) from None


def _encode_unit(encoding: Encoding, unit: Unit) -> Generator[int | UnitRecord]:
    workspace = workspace_at(encoding.out)
    tokenizer = open_tokenizer(encoding.tokenizer)
    tokenizer.forget_vocabulary()
    give_back_memory()
    with ExitStack() as stack:
        files = _BucketFiles(workspace, Buckets(encoding.recipe.buckets), unit.number, stack)
        files.is_chat = encoding.recipe.format == "chat"
        for batch in _batches(_documents(encoding, unit.documents)):
            _encode_batch(tokenizer, batch, files)
            yield sum(document.num_bytes for document, _ in batch)
        record = files.close(encoding.plan)
    workspace.record(f"unit-{unit.number:05d}", record)
    yield record


def _encode_batch(tokenizer: Tokenizer, batch: Batch, files: "_BucketFiles") -> None:
    """Encode and store some documents, and audit some of them."""
    texts = [str(text, "utf-8") for _, text in batch]
    if len(batch) == 1:
        _forget(batch[0][1])
    if files.is_chat:
        pieces = [pieces_of(tokenizer, text, Tokenizer.encode) for text in texts]
        flat, ends = _joined(pieces)
        unwritten = [sum(tokenizer.unwritten(text, ids) for text, ids in some if text) for some in pieces]
    else:
        flat, ends = tokenizer.encode_batch(texts)
        unwritten = [tokenizer.unwritten(text, flat[ends[at] : ends[at + 1]]) for at, text in enumerate(texts)]
    files.audited += _audit(tokenizer, batch, texts, flat, ends, files)
    texts.clear()
    for place, (document, _) in enumerate(batch):
        ids = flat[ends[place] : ends[place + 1]]
        files.count_unwritten(document, unwritten[place])
        # A view would keep the whole batch in memory until its row group is full.
        files.add(document, ids if len(batch) == 1 else ids.copy())


def _joined(documents: Sequence[Sequence[tuple[str, Ids]]]) -> tuple[Ids, NDArray[np.int64]]:
    """Ids of documents of pieces one after another, and where each document's end, after a first 0."""
    ids = [np.concatenate([np.zeros(0, np.int32), *(ids for _, ids in pieces)]) for pieces in documents]
    return np.concatenate(ids), np.cumsum([0, *map(len, ids)])


def _forget(text: Utf8) -> None:
    """Make room for the ids of a long text, of which the engine has a copy by now."""
    if len(text) <= _BATCH_BYTES:
        return
    if isinstance(text, bytearray):
        text.clear()
    else:
        page_out(text)
    give_back_memory()


class _BucketFiles:
    """The files of a unit, one for each bucket that has documents, and what they come to."""

    def __init__(self, workspace: Workspace[Place], buckets: Buckets, unit: int, stack: ExitStack) -> None:
        self._workspace, self._buckets, self._unit, self._stack = workspace, buckets, unit, stack
        self._open: dict[int, _BucketFile] = {}
        self._without_tokens: list[int] = []
        self.audited = self.seen = 0
        self.has_audited_long = self.is_chat = False
        self._unwritten = self._documents_unwritten = 0
        self._first_unwritten: str | None = None

    def count_unwritten(self, document: StoredDocument, places: int) -> None:
        """Count what of a document the vocabulary could not write."""
        if places:
            self._unwritten += places
            self._documents_unwritten += 1
            self._first_unwritten = self._first_unwritten or document.id

    def add(self, document: StoredDocument, ids: Ids) -> None:
        """Store a document in its bucket; one without tokens is counted and left out."""
        self.seen += 1
        if len(ids) == 0:
            self._without_tokens.append(document.num_bytes)
            return
        bucket = bisect_right(self._buckets.edges, len(ids))
        file = self._open.get(bucket) or self._open_file(bucket)
        file.writer.add(document, ids)
        file.documents += 1
        file.tokens += len(ids)
        file.bytes += document.num_bytes

    def _open_file(self, bucket: int) -> "_BucketFile":
        path = token_path(self._buckets.low(bucket), self._unit)
        self._workspace.make_folders(posixpath.dirname(path))
        sink = self._stack.enter_context(self._workspace.attempt(path))
        writer = self._stack.enter_context(BucketWriter(sink, bucket, self._unit))
        self._open[bucket] = _BucketFile(writer, sink)
        return self._open[bucket]

    def close(self, plan: str) -> UnitRecord:
        """Give all files their names, and write the unit's part of the index."""
        files = [self._open[bucket] for bucket in sorted(self._open)]
        index = [file.writer.close() for file in files]
        documents = sum(file.documents for file in files)
        return UnitRecord(
            unit=self._unit,
            plan=plan,
            files=[file.sink.commit(file.documents, is_name_lasting=False) for file in files],
            index=self._write_index(index, documents),
            documents=documents,
            tokens=sum(file.tokens for file in files),
            bytes=sum(file.bytes for file in files),
            audited=self.audited,
            unwritten=self._unwritten,
            documents_unwritten=self._documents_unwritten,
            first_unwritten=self._first_unwritten,
            without_tokens=len(self._without_tokens),
            bytes_without_tokens=sum(self._without_tokens),
        )

    def _write_index(self, tables: Sequence[pa.Table], documents: int) -> FileRecord:
        with self._workspace.attempt_beside(f"{TEXTS}/index-{self._unit:05d}.parquet") as sink:
            write_index(sink, tables)
            return sink.commit(documents, is_name_lasting=False)


@dataclass
class _BucketFile:
    """A file of the store that is being written, and what it holds so far."""

    writer: BucketWriter
    sink: Attempt
    documents: int = 0
    tokens: int = 0
    bytes: int = 0


def _documents(encoding: Encoding, documents: Documents) -> Iterator[tuple[StoredDocument, Utf8]]:
    """The documents of a unit, each with its text."""
    parts, recipe = Texts(encoding.files, documents.texts), encoding.recipe
    about = parts.values(("id", "group", "input", "line"), documents.starts[:-1])
    names = about["group" if recipe.fields.group else "id"]
    sizes = np.diff(documents.starts).tolist()
    texts = _texts(parts, sizes, recipe)
    for text, name, source, line, size, sha256 in zip(
        texts, names, about["input"], about["line"], sizes, documents.sha256, strict=True
    ):
        name = name or f"{encoding.urls[source]}:{line}"
        yield StoredDocument(id=name, num_bytes=len(text), parts=size, input=source, line=line, sha256=sha256), text


def _texts(parts: Texts, sizes: Sequence[int], recipe: IngestRecipe) -> Iterator[Utf8]:
    """The text of each document: its parts one after another, each on lines of its own and below its header."""
    if recipe.fields.group is None:
        yield from parts
        return
    headers: Iterator[bytes] = repeat(b"")
    if recipe.header and recipe.fields.order:
        orders = parts.values(("order",), np.arange(sum(sizes)))["order"]
        headers = (recipe.header.replace("{order}", order).encode() for order in orders)
    remaining = zip(headers, parts, strict=False)
    for size in sizes:
        joined = bytearray()
        for header, part in islice(remaining, size):
            if joined and not joined.endswith(b"\n"):
                joined += b"\n"
            joined += header
            joined += part
        yield joined


def _batches(documents: Iterator[tuple[StoredDocument, Utf8]]) -> Iterator[Batch]:
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
    files: "_BucketFiles",
) -> int:
    """Compare some documents' ids with those of `tokenizers`, and a unit's first long one's; returns how many."""
    places = {*range(-files.seen % AUDIT_EVERY, len(batch), AUDIT_EVERY)}
    longs = (at for at, text in enumerate(texts) if _AUDIT_CHARS < len(text) <= _WHOLE_CHARS)
    whole = None if files.has_audited_long else next(longs, None)
    if whole is not None:
        files.has_audited_long = True
        places.add(whole)
    for place in sorted(places):
        ids, text = flat[ends[place] : ends[place + 1]], texts[place]
        if files.is_chat:
            text = text if len(text) <= _WHOLE_CHARS else whole_marks(text, _AUDIT_CHARS)
            ids, reference = (
                _joined([pieces_of(tokenizer, text, encode)])[0]
                for encode in (Tokenizer.encode, Tokenizer.encode_reference)
            )
            _check_audited(batch[place][0], tokenizer, ids, reference)
            continue
        if len(text) > _AUDIT_CHARS and place != whole:
            start = int.from_bytes(batch[place][0].sha256[:4], "big") % (len(text) - _AUDIT_CHARS)
            text = text[start : start + _AUDIT_CHARS]
            ids = tokenizer.encode(text)
        _check_audited(batch[place][0], tokenizer, ids, tokenizer.encode_reference(text))
    return len(places)


def _check_audited(document: StoredDocument, tokenizer: Tokenizer, ids: Ids, reference: Ids) -> None:
    if not np.array_equal(ids, reference):
        raise LcdataError(
            f"audit: {document.id} has other ids under tokenizers than under {tokenizer.engine}: "
            "run again with --engine tokenizers, and report the document"
        )
