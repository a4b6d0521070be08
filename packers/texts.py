"""Texts on their way from input files to tokens: uncompressed Arrow files, read in any order through memory maps."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from .arrays import fixed_binaries, large_binaries, numbers, strings

SCHEMA = pa.schema(
    [
        pa.field("text", pa.large_binary(), nullable=False),
        pa.field("id", pa.string(), nullable=False),
        pa.field("group", pa.string(), nullable=False),
        pa.field("order", pa.string(), nullable=False),
        pa.field("number", pa.int64(), nullable=False),
        pa.field("input", pa.int32(), nullable=False),
        pa.field("line", pa.int64(), nullable=False),
        pa.field("sha256", pa.binary(32), nullable=False),
    ]
)
"""`order` as it was given and `number` for those that are numbers, else 0; `sha256` of the text."""

_ABOUT_TEXTS = [name for name in SCHEMA.names if name != "text"]


@dataclass(frozen=True, slots=True)
class Text:
    """One record that can be used."""

    text: bytes
    id: str
    group: str
    order: str
    number: int
    input: int
    line: int
    sha256: bytes


def write_texts(sink: Any, texts: Sequence[Text]) -> str:
    """Write texts to a file object as one batch; returns the hash of what is known about them, their hashes too."""
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
    batch = pa.RecordBatch.from_arrays([columns[name] for name in SCHEMA.names], schema=SCHEMA)
    with pa.ipc.new_file(sink, SCHEMA) as writer:
        writer.write_batch(batch)
    return _hash_about(batch)


def hash_texts(path: Path) -> str | None:
    """The same of a file, None where it is damaged or a text is not that of its hash."""
    try:
        file = _TextFile(path)
        for row, sha256 in enumerate(file.batch["sha256"].to_pylist()):
            if hashlib.sha256(file.text(row)).digest() != sha256:
                return None
        return _hash_about(file.batch)
    except (OSError, pa.ArrowException):
        return None


def _hash_about(batch: pa.RecordBatch) -> str:
    return hashlib.sha256(batch.select(_ABOUT_TEXTS).serialize()).hexdigest()


def num_texts(path: Path) -> int:
    """The texts in a file."""
    with pa.memory_map(str(path)) as source:
        return pa.ipc.open_file(source).get_batch(0).num_rows


class TextFiles:
    """The texts of several files, none of which is read before it is asked for."""

    def __init__(self, paths: Sequence[Path]) -> None:
        self._paths = paths
        self._open: dict[int, _TextFile] = {}

    def about(self) -> pa.Table:
        """Everything but the texts, in order, with their sizes in `bytes`."""
        return pa.concat_tables([self._file(number).about for number in range(len(self._paths))])

    def texts(self, files: Iterable[int], rows: Iterable[int]) -> Iterator[memoryview]:
        """The text in each row of each file, as UTF-8."""
        for file, row in zip(files, rows, strict=True):
            yield self._file(file).text(row)

    def values(self, names: Sequence[str], files: NDArray[np.int32], rows: NDArray[np.int32]) -> dict[str, list[Any]]:
        """Columns without the texts, in the order of these files and rows."""
        order = np.argsort(files, kind="stable")
        cuts = np.flatnonzero(np.diff(files[order])) + 1
        taken = [
            self._file(int(files[own[0]])).batch.select(names).take(numbers(rows[own]))
            for own in np.split(order, cuts)
            if len(own)
        ]
        back = np.empty(len(order), np.int64)
        back[order] = np.arange(len(order))
        return pa.Table.from_batches(taken).take(numbers(back)).to_pydict() if taken else {name: [] for name in names}

    def _file(self, number: int) -> "_TextFile":
        if number not in self._open:
            self._open[number] = _TextFile(self._paths[number])
        return self._open[number]


class _TextFile:
    """One file, mapped into memory."""

    def __init__(self, path: Path) -> None:
        self.batch: pa.RecordBatch = pa.ipc.open_file(pa.memory_map(str(path))).get_batch(0)

    @property
    def about(self) -> pa.Table:
        """Everything but the texts, and their sizes."""
        sizes = numbers(np.diff(self._ends))
        table = pa.Table.from_batches([self.batch.select(_ABOUT_TEXTS)])
        return table.append_column(pa.field("bytes", pa.int64(), nullable=False), sizes)

    def text(self, row: int) -> memoryview:
        """The text in a row."""
        return self._data[self._ends[row] : self._ends[row + 1]]

    @cached_property
    def _ends(self) -> NDArray[np.int64]:
        return np.frombuffer(self.batch["text"].buffers()[1], np.int64)[: self.batch.num_rows + 1]

    @cached_property
    def _data(self) -> memoryview:
        return memoryview(self.batch["text"].buffers()[2])
