"""Texts on their way in an object store: what is known about them beside each file, and their batches by ranges.

A file of texts is a stream of batches of a few megabytes. What is wanted of it is fetched as whole batches, which make
a stream again on this machine's disk, and is mapped into memory from there as any other file of texts.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ...schemas.place import filesystem, reaching
from .sink import Sink

if TYPE_CHECKING:
    from upath import UPath

Ints = NDArray[np.int64]

_END_OF_STREAM = b"\xff\xff\xff\xff\0\0\0\0"
_FILES_AT_ONCE = 64
_KEY = b"batches"


@dataclass(frozen=True)
class Batches:
    """Where the batches of a stream are, and how many texts each has; `starts` has one place more, their end."""

    starts: tuple[int, ...]
    num_texts: tuple[int, ...]

    @classmethod
    def of(cls, path: Path) -> Batches:
        """The batches of a file of texts on this machine."""
        starts, counts = list[int](), list[int]()
        with pa.memory_map(str(path)) as source:
            messages = pa.ipc.MessageReader.open_stream(source)
            schema = pa.ipc.read_schema(messages.read_next_message())
            starts.append(source.tell())
            while True:
                try:
                    message = messages.read_next_message()
                except StopIteration:
                    return cls(tuple(starts), tuple(counts))
                counts.append(pa.ipc.read_record_batch(message, schema).num_rows)
                starts.append(source.tell())


def about_path(path: UPath) -> UPath:
    """Where what is known about the texts of a file is."""
    return path.with_suffix(".about")


def write_about(sink: Sink, about: pa.Table, batches: Batches) -> None:
    """Write what is known about the texts of a file, and where its batches are."""
    told = {_KEY: json.dumps(vars(batches)).encode()}
    table = about.replace_schema_metadata(told)
    with pa.ipc.new_stream(sink, table.schema, options=pa.ipc.IpcWriteOptions(compression="zstd")) as writer:
        writer.write_table(table)


def read_about(paths: Sequence[UPath]) -> Iterator[tuple[pa.Table, Batches]]:
    """What is known about the texts of each file, and where its batches are."""
    for first in range(0, len(paths), _FILES_AT_ONCE):
        names = [about_path(path).path for path in paths[first : first + _FILES_AT_ONCE]]
        with reaching(paths[0]):
            found: dict[str, bytes] = filesystem(paths[0]).cat(names)
        for name in names:
            table = pa.ipc.open_stream(found[name]).read_all()
            told: dict[str, Any] = json.loads(table.schema.metadata[_KEY])
            yield table.replace_schema_metadata(None), Batches(tuple(told["starts"]), tuple(told["num_texts"]))


def fetch_batches(path: UPath, batches: Batches, rows: Ints) -> tuple[Path, Ints]:
    """Fetch the batches that hold these rows of a file into a file of this machine, for the caller to remove.

    Returns it, and the numbers of the rows in it.
    """
    ends = np.cumsum(batches.num_texts)
    used, which = np.unique(np.searchsorted(ends, rows, side="right"), return_inverse=True)
    counts = np.array(batches.num_texts, np.int64)
    left_out = (ends - counts)[used] - (np.cumsum(counts[used]) - counts[used])
    ranges = [(0, batches.starts[0]), *((batches.starts[number], batches.starts[number + 1]) for number in used)]
    starts, stops = zip(*_joined(ranges), strict=True)
    with reaching(path):
        blocks = filesystem(path).cat_ranges([path.path] * len(starts), list(starts), list(stops), on_error="raise")
    handle, name = tempfile.mkstemp(prefix="lcdata-texts-")
    with os.fdopen(handle, "wb") as file:
        file.writelines(blocks)
        file.write(_END_OF_STREAM)
    return Path(name), rows - left_out[which]


def _joined(ranges: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """The same ranges, those as one that touch."""
    joined: list[tuple[int, int]] = []
    for start, end in ranges:
        if joined and joined[-1][1] == start:
            joined[-1] = joined[-1][0], int(end)
        else:
            joined.append((int(start), int(end)))
    return joined
