"""Texts on their way from input files to tokens: Arrow streams that `datasets` maps into memory.

Files are written a few megabytes at a time, and read by number in any order. `datasets` is imported when a file is
read, since that takes a second.
"""

import hashlib
import importlib
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ...schemas.place import Place
from .arrays import fixed_binaries, large_binaries, numbers, strings
from .sink import Sink
from .stored_texts import Batches, fetch_batches, read_about

SCHEMA = pa.schema(
    [
        pa.field("text", pa.large_binary()),
        pa.field("id", pa.string()),
        pa.field("group", pa.string()),
        pa.field("order", pa.string()),
        pa.field("number", pa.int64()),
        pa.field("input", pa.int32()),
        pa.field("line", pa.int64()),
        pa.field("sha256", pa.binary(32)),
    ]
)
"""Columns of a file of texts: `order` as it was given and `number` for those that are numbers, else 0; `sha256` of the
text. No value is null, but `datasets` would copy what says so."""

_ABOUT_TEXTS = [name for name in SCHEMA.names if name != "text"]
_WRITTEN_AT_ONCE = 1 << 22
_READ_AT_ONCE = 1 << 18
"""Bytes of short texts that are copied together; a longer text is alone, and not copied."""

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Text:
    """A text on its way: a record of an input that can be used."""

    text: bytes
    id: str
    group: str
    order: str
    number: int
    input: int
    line: int
    sha256: bytes


@dataclass(frozen=True, slots=True)
class TextFile:
    """A file of texts, and how many it holds."""

    path: Place
    num_texts: int


def write_texts(sink: Sink, texts: Sequence[Text]) -> str:
    """Write texts to a file object; returns the hash of what is known about them, their hashes too."""
    about = hashlib.sha256()
    with pa.ipc.new_stream(sink, SCHEMA) as writer:
        for start, end in _runs([len(text.text) for text in texts], _WRITTEN_AT_ONCE):
            batch = _batch(texts[start:end])
            writer.write_batch(batch)
            about.update(_about(batch))
    return about.hexdigest()


def _batch(texts: Sequence[Text]) -> pa.RecordBatch:
    columns = {
        "text": large_binaries([text.text for text in texts]),
        "id": strings([text.id for text in texts]),
        "group": strings([text.group for text in texts]),
        "order": strings([text.order for text in texts]),
        "number": numbers(np.array([text.number for text in texts], np.int64)),
        "input": numbers(np.array([text.input for text in texts], np.int32)),
        "line": numbers(np.array([text.line for text in texts], np.int64)),
        "sha256": fixed_binaries([text.sha256 for text in texts]),
    }
    return pa.RecordBatch.from_arrays([columns[name] for name in SCHEMA.names], schema=SCHEMA)


def hash_texts(path: Path) -> str | None:
    """The hash that `write_texts` returned for a file; None where it is damaged or a text is not that of its hash."""
    about = hashlib.sha256()
    try:
        with pa.memory_map(str(path)) as source:
            for batch in pa.ipc.open_stream(source):
                for text, sha256 in zip(_views(batch["text"]), batch["sha256"].to_pylist(), strict=True):
                    if hashlib.sha256(text).digest() != sha256:
                        return None
                about.update(_about(batch))
    except (OSError, pa.ArrowException):
        return None
    return about.hexdigest()


def about(texts: Sequence[Text]) -> pa.Table:
    """What is known about texts that are written: all columns but the text, and its size in `bytes`."""
    table = pa.Table.from_batches([_batch(texts)], SCHEMA)
    return table.select(_ABOUT_TEXTS).append_column("bytes", _sizes(table["text"]))


def _about(batch: pa.RecordBatch) -> pa.Buffer:
    return batch.select(_ABOUT_TEXTS).serialize()


def num_texts(path: Path) -> int:
    """The number of texts in a file."""
    with pa.memory_map(str(path)) as source:
        return sum(batch.num_rows for batch in pa.ipc.open_stream(source))


def prepare_to_read() -> None:
    """Import what reads texts in the background, for whoever waits for them to be written."""
    threading.Thread(target=importlib.import_module, args=("datasets",), daemon=True).start()


def about_texts(files: Sequence[TextFile]) -> pa.Table:
    """What is known about the texts of these files, in order: all columns but the text, and its size in `bytes`."""
    stored = [file.path for file in files if not isinstance(file.path, Path)]
    if stored:
        return pa.concat_tables([about for about, _ in read_about(stored)]).combine_chunks()
    table: pa.Table = _opened([file.path for file in files if isinstance(file.path, Path)])[:]
    return table.select(_ABOUT_TEXTS).append_column("bytes", _sizes(table["text"]))


class Texts:
    """Chosen texts of several files, of which only those that hold some are opened."""

    def __init__(self, files: Sequence[TextFile], chosen: Ints) -> None:
        """Choose texts by their numbers, which count on from file to file; shape (texts,)."""
        counts = np.array([file.num_texts for file in files], np.int64)
        ends = np.cumsum(counts)
        used, which = np.unique(np.searchsorted(ends, chosen, side="right"), return_inverse=True)
        opened = [files[number] for number in used.tolist()]
        in_file = chosen - (ends - counts)[used][which]
        paths = [file.path for file in opened if isinstance(file.path, Path)]
        if len(paths) == len(opened):
            self._rows = in_file + (np.cumsum(counts[used]) - counts[used])[which]
            self._dataset = _opened(paths)
        else:
            self._rows, self._dataset = _fetched(opened, in_file, which)

    def values(self, names: Sequence[str], places: Ints) -> dict[str, list[Any]]:
        """The values of these columns for the chosen texts at these places."""
        table: pa.Table = self._dataset.select_columns(list(names))[:]
        return table.take(numbers(self._rows[places])).to_pydict()

    def __iter__(self) -> Iterator[memoryview]:
        """Each chosen text as UTF-8, in the order they were chosen in."""
        column = self._dataset.select_columns("text")
        sizes = _sizes(column[:]["text"]).take(numbers(self._rows)).to_pylist()
        chosen = column.select(self._rows, keep_in_memory=True)
        for start, end in _runs(sizes, _READ_AT_ONCE):
            texts = chosen[start:end]["text"]
            yield from _views(texts.combine_chunks() if end > start + 1 else texts.chunk(0))


def _fetched(files: Sequence[TextFile], rows: Ints, which: Ints) -> tuple[Ints, Any]:
    """The texts of these rows of files in an object store, `which` file each is in; their rows, and those as a dataset.

    They are on this machine's disk under no name, until nothing maps them into memory any more.
    """
    stored = [file.path for file in files if not isinstance(file.path, Path)]
    paths: list[Path] = []
    found = np.empty(len(rows), np.int64)
    num_texts = 0
    try:
        for number, (path, (_, batches)) in enumerate(zip(stored, read_about(stored), strict=True)):
            own = which == number
            local, found[own] = fetch_batches(path, batches, rows[own])
            paths.append(local)
            found[own] += num_texts
            num_texts += sum(Batches.of(local).num_texts)
        return found, _opened(paths)
    finally:
        for path in paths:
            path.unlink()


def _opened(paths: Sequence[Path]) -> Any:
    """The texts of all files as one dataset, none of which is read before it is asked for."""
    from datasets import Dataset
    from datasets.table import MemoryMappedTable, Table, concat_tables

    # One dataset: concatenating one of each file would cost milliseconds a file, for every unit.
    tables: list[Table] = [MemoryMappedTable.from_file(str(path)) for path in paths]
    return Dataset(concat_tables(tables)).with_format("arrow")


def _sizes(texts: pa.ChunkedArray) -> pa.ChunkedArray:
    """Bytes of each text."""
    return pc.call_function("binary_length", [texts])


def _views(texts: pa.LargeBinaryArray) -> Iterator[memoryview]:
    """A view of each text where it lies in memory."""
    _, ends, data = texts.buffers()
    cuts = np.frombuffer(ends, np.int64)[texts.offset : texts.offset + len(texts) + 1].tolist()
    view = memoryview(data)
    return (view[start:end] for start, end in pairwise(cuts))


def _runs(sizes: Sequence[int], most: int) -> Iterator[tuple[int, int]]:
    """Where runs of items of at most so many bytes in all start and end; a larger item is alone."""
    start = held = 0
    for place, size in enumerate(sizes):
        if place > start and held + size > most:
            yield start, place
            start, held = place, 0
        held += size
    if len(sizes) > start:
        yield start, len(sizes)
