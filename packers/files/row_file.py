"""Writing Parquet files of rows: columns of `list<int32>` without nulls, of which no list is empty.

pyarrow goes through such a column value by value, since any of them might be missing; here the levels that say so are
two runs a row, and the values of a page are handled as one. Source: Apache Parquet's format, data pages of version 1.
"""

import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import zstandard
from numpy.typing import NDArray

from ...schemas.recipe import FORMAT
from ...schemas.tables import LIST
from .delta import delta_binary_packed
from .sink import Sink
from .thrift import Value, i32, i64, items, string, struct, varint

Int32s = NDArray[np.int32]

PAGE_VALUES = 1 << 18
"""Values of a page at most: it has as many whole rows as hold no more, and at least one."""

_MAGIC = b"PAR1"
_ZSTD_LEVEL = 1

# Numbers of the format for what is used of it; its structs are written by the numbers of their fields.
_DATA_PAGE = 0
_INT32 = 1
_REQUIRED, _REPEATED = 0, 2
_LIST = 3
_RLE = 3
_ENCODINGS = {"PLAIN": 0, "DELTA_BINARY_PACKED": 5, "BYTE_STREAM_SPLIT": 9}
_ZSTD = 6


@dataclass(frozen=True)
class _Page:
    """A page in the file, its header included."""

    offset: int
    num_bytes: int
    first_row: int
    """Number of the page's first row in the row group."""


@dataclass(frozen=True)
class _Chunk:
    """A column of a row group in the file."""

    name: str
    encoding: str
    num_values: int
    raw_bytes: int
    """Bytes that the pages would take without compression, headers included."""
    pages: Sequence[_Page]

    @property
    def num_bytes(self) -> int:
        return sum(page.num_bytes for page in self.pages)


@dataclass(frozen=True)
class _Group:
    """A row group in the file."""

    num_rows: int
    chunks: Sequence[_Chunk]


class RowFile:
    """Writes tables into a file object, a row group each; pages have checksums and an index, columns no statistics."""

    def __init__(self, sink: Sink, schema: pa.Schema, encodings: Mapping[str, str], after_group: bytes = b"") -> None:
        """`encodings` names PLAIN, DELTA_BINARY_PACKED or BYTE_STREAM_SPLIT for each column.

        `after_group` follows every row group: readers go by the places that the footer names and pass over it.
        Raises ValueError where a column is something else than lists of int32 without nulls.
        """
        _check_columns(schema, schema.names)
        self._encodings = {name: encodings[name] for name in schema.names}
        self._compressor = zstandard.ZstdCompressor(level=_ZSTD_LEVEL)
        self._after_group = after_group
        self._sink, self._size = sink, 0
        self._groups: list[_Group] = []
        self._memory = np.empty(0, np.uint8)
        self._write(_MAGIC)

    def write_table(self, table: pa.Table) -> None:
        """Write the rows of a table, if it has any, as a row group.

        Raises ValueError where a list is empty, or a column is something else than lists of int32 without nulls.
        """
        _check_columns(table.schema, self._encodings)
        if not len(table):
            return
        self._groups.append(_Group(len(table), [self._write_chunk(name, table[name]) for name in self._encodings]))
        self._write(self._after_group)

    def close(self) -> None:
        """Write each chunk's OffsetIndex and the footer, which is FileMetaData."""
        groups = [
            _row_group(group, [self._write_index(chunk.pages) for chunk in group.chunks]) for group in self._groups
        ]
        footer = struct(
            {
                1: i32(2),  # version
                2: items(_schema(list(self._encodings))),
                3: i64(sum(group.num_rows for group in self._groups)),
                4: items(groups),
                6: string(f"lcdata version {FORMAT}"),  # created_by
            }
        ).content
        self._write(footer + len(footer).to_bytes(4, "little") + _MAGIC)

    def __enter__(self) -> "RowFile":
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self.close()

    def _write(self, data: bytes) -> None:
        self._sink.write(data)
        self._size += len(data)

    def _page_body(self, ends: Int32s, values: Int32s, encoding: str) -> NDArray[np.uint8]:
        """A page before compression: repetition levels, definition levels, values.

        Lies in memory that the next page takes over.
        """
        levels = _repetition_levels(np.diff(ends).tolist()) + _sized(_run(1, int(ends[-1] - ends[0])))
        encoded = _encoded(values[ends[0] : ends[-1]], encoding)
        start, size = len(levels), len(levels) + encoded.size
        if size > len(self._memory):
            self._memory = np.empty(size, np.uint8)
        self._memory[:start] = np.frombuffer(levels, np.uint8)
        self._memory[start:size].reshape(encoded.shape)[:] = encoded
        return self._memory[:size]

    def _write_chunk(self, name: str, column: pa.ChunkedArray) -> _Chunk:
        lists = column.combine_chunks()
        ends, values = lists.offsets.to_numpy(), lists.values.to_numpy()
        encoding, raw_bytes = self._encodings[name], 0
        pages: list[_Page] = []
        for first, last in _pages(ends):
            body = self._page_body(ends[first : last + 1], values, encoding)
            packed = self._compressor.compress(body.data)
            header = _page_header(int(ends[last] - ends[first]), encoding, len(body), packed)
            pages.append(_Page(self._size, len(header) + len(packed), first))
            raw_bytes += len(header) + len(body)
            self._write(header)
            self._write(packed)
        return _Chunk(name, encoding, int(ends[-1] - ends[0]), raw_bytes, pages)

    def _write_index(self, pages: Sequence[_Page]) -> tuple[int, int]:
        """Write a chunk's OffsetIndex, which says where its pages are; returns its place and size in the file."""
        places = [struct({1: i64(page.offset), 2: i32(page.num_bytes), 3: i64(page.first_row)}) for page in pages]
        at, index = self._size, struct({1: items(places)}).content
        self._write(index)
        return at, len(index)


def _check_columns(schema: pa.Schema, names: Iterable[str]) -> None:
    """Raise ValueError where a column's values would be taken for others."""
    for name in names:
        column = schema.field(name)
        if column.nullable or column.type != LIST:
            nulls = "" if column.nullable else " not null"
            raise ValueError(f"column {name} is {column.type}{nulls}, and only {LIST} not null can be written")


def _pages(ends: Int32s) -> Iterator[tuple[int, int]]:
    """The first row of each page, and the first that is not in it."""
    first, num_rows = 0, len(ends) - 1
    while first < num_rows:
        last = max(first + 1, int(np.searchsorted(ends, ends[first] + PAGE_VALUES, "right")) - 1)
        yield first, last
        first = last


def _encoded(values: Int32s, encoding: str) -> NDArray[np.uint8]:
    """The values as bytes, of any shape and order in memory."""
    if encoding == "DELTA_BINARY_PACKED":
        return delta_binary_packed(values)
    as_bytes = values.view(np.uint8)
    return as_bytes.reshape(-1, 4).T if encoding == "BYTE_STREAM_SPLIT" else as_bytes


def _repetition_levels(lengths: Sequence[int]) -> bytes:
    """The repetition levels of lists of these lengths: 0 where a list begins, 1 where it goes on."""
    if not min(lengths):
        raise ValueError("a list is empty")
    return _sized(b"".join(_run(0, 1) + (_run(1, length - 1) if length > 1 else b"") for length in lengths))


def _run(level: int, count: int) -> bytes:
    """A run of a level that comes `count` times, as the hybrid of run lengths and packed bits has it."""
    return varint(count << 1) + bytes([level])


def _sized(levels: bytes) -> bytes:
    return len(levels).to_bytes(4, "little") + levels


def _page_header(num_values: int, encoding: str, raw_bytes: int, packed: bytes) -> bytes:
    """The PageHeader of a page, with its DataPageHeader."""
    checksum = int.from_bytes(zlib.crc32(packed).to_bytes(4, "little"), "little", signed=True)
    values = struct({1: i32(num_values), 2: i32(_ENCODINGS[encoding]), 3: i32(_RLE), 4: i32(_RLE)})
    page = {1: i32(_DATA_PAGE), 2: i32(raw_bytes), 3: i32(len(packed)), 4: i32(checksum), 5: values}
    return struct(page).content


def _schema(names: Sequence[str]) -> list[Value]:
    """The SchemaElements of a file: the root, and each column's list, what it repeats, and the elements of that."""
    elements = [struct({4: string("schema"), 5: i32(len(names))})]
    logical_list = struct({3: struct({})})
    for name in names:
        elements += [
            struct({3: i32(_REQUIRED), 4: string(name), 5: i32(1), 6: i32(_LIST), 10: logical_list}),
            struct({3: i32(_REPEATED), 4: string("list"), 5: i32(1)}),
            struct({1: i32(_INT32), 3: i32(_REQUIRED), 4: string("element")}),
        ]
    return elements


def _row_group(group: _Group, indexes: Sequence[tuple[int, int]]) -> Value:
    """The RowGroup of a group; `indexes` has the place and the size of each chunk's index."""
    columns = [
        struct({2: i64(0), 3: _column(chunk), 4: i64(at), 5: i32(size)})
        for chunk, (at, size) in zip(group.chunks, indexes, strict=True)
    ]
    return struct(
        {
            1: items(columns),
            2: i64(sum(chunk.raw_bytes for chunk in group.chunks)),
            3: i64(group.num_rows),
            5: i64(group.chunks[0].pages[0].offset),
            6: i64(sum(chunk.num_bytes for chunk in group.chunks)),
        }
    )


def _column(chunk: _Chunk) -> Value:
    """The ColumnMetaData of a chunk."""
    return struct(
        {
            1: i32(_INT32),
            2: items([i32(_RLE), i32(_ENCODINGS[chunk.encoding])]),
            3: items([string(chunk.name), string("list"), string("element")]),
            4: i32(_ZSTD),
            5: i64(chunk.num_values),
            6: i64(chunk.raw_bytes),
            7: i64(chunk.num_bytes),
            9: i64(chunk.pages[0].offset),
        }
    )
