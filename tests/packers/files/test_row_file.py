"""What RowFile writes is read back by others' readers, and its index and checksums are true."""

import io
import re
import zlib
from collections.abc import Callable, Sequence
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from lcdata.packers.files.arrays import int32_lists
from lcdata.packers.files.parquet import ROW_ENCODINGS, arrow_row_writer
from lcdata.packers.files.row_file import PAGE_VALUES, RowFile
from lcdata.packers.files.thrift import Value, i32, i64, items, string, struct
from lcdata.schemas.tables import LIST, row_schema

SCHEMA = row_schema()
LENGTHS = ([1, 1, 5], [PAGE_VALUES - 1, 1, 1], [PAGE_VALUES + 1, 3], [7] * 64, [PAGE_VALUES // 2] * 5)
"""Of the rows of some row groups."""

int32s = st.integers(-(2**31), 2**31 - 1)


def table_of(rows: Sequence[Sequence[int]]) -> pa.Table:
    """The rows as each of the columns, forwards and backwards in turn."""
    ends = np.cumsum([0, *map(len, rows)]).tolist()
    values = np.array([value for row in rows for value in row], np.int32)
    columns = [int32_lists(ends, values if place % 2 else values[::-1].copy()) for place in range(len(SCHEMA))]
    return pa.Table.from_arrays(columns, schema=SCHEMA)


def random_tables() -> list[pa.Table]:
    """Rows of LENGTHS, of random values and counting from 0 in turn."""
    rng = np.random.default_rng(1)
    random = [table_of([rng.integers(0, 2**17, length) for length in lengths]) for lengths in LENGTHS]
    counting = [table_of([range(length) for length in lengths]) for lengths in LENGTHS]
    return [table for both in zip(random, counting, strict=True) for table in both]


def written(tables: Sequence[pa.Table], after_group: bytes = b"") -> bytes:
    """The tables' file."""
    sink = io.BytesIO()
    with RowFile(sink, SCHEMA, ROW_ENCODINGS, after_group) as file:
        for table in tables:
            file.write_table(table)
    return sink.getvalue()


def read(data: bytes) -> pa.Table:
    """The rows by pyarrow, which looks at the checksums."""
    return pq.read_table(io.BytesIO(data), page_checksum_verification=True)


@given(st.lists(st.lists(st.lists(int32s, min_size=1, max_size=20), min_size=1, max_size=20), max_size=4))
def test_rows_are_read_as_they_were_written(groups: list[list[list[int]]]) -> None:
    tables = [table_of(rows) for rows in groups]
    file = pq.ParquetFile(io.BytesIO(written(tables)), page_checksum_verification=True)
    assert file.schema_arrow.equals(SCHEMA)
    assert file.num_row_groups == len(tables)
    assert file.metadata.num_rows == sum(map(len, tables))
    for number, table in enumerate(tables):
        assert file.read_row_group(number).equals(table)


@pytest.mark.parametrize("after_group", [b"", b"not of a column"])
def test_readers_agree_on_rows_of_many_pages(after_group: bytes, tmp_path: Path) -> None:
    import duckdb
    import polars as pl

    tables = random_tables()
    path = tmp_path / "rows.parquet"
    path.write_bytes(written(tables, after_group))
    assert path.read_bytes().count(after_group or b"PAR1") == (len(tables) if after_group else 2)
    expected = pa.concat_tables(tables)
    assert read(path.read_bytes()).equals(expected)
    assert pl.read_parquet(path).equals(pl.DataFrame(expected))
    with duckdb.connect() as connection:
        found = connection.sql(f"SELECT * FROM '{path}'").to_arrow_table()
    assert found.cast(SCHEMA).equals(expected)


def test_slices_and_chunks_of_tables_are_written(tmp_path: Path) -> None:
    table = random_tables()[6]
    pieces = pa.concat_tables([table.slice(3, 5), table.slice(40, 1)])
    assert read(written([table.slice(2, 9), pieces])).equals(pa.concat_tables([table.slice(2, 9), pieces]))


def test_footers_say_of_columns_what_pyarrow_says(tmp_path: Path) -> None:
    tables = random_tables()
    sink = io.BytesIO()
    with arrow_row_writer(sink, with_labels=True) as theirs:
        for table in tables:
            theirs.write_table(table)
    found, expected = (pq.ParquetFile(io.BytesIO(data)).metadata for data in (written(tables), sink.getvalue()))
    assert found.schema.equals(expected.schema)
    for group in range(len(tables)):
        assert found.row_group(group).num_rows == expected.row_group(group).num_rows
        columns = [found.row_group(group).column(place) for place in range(len(SCHEMA))]
        for place, column in enumerate(columns):
            other = expected.row_group(group).column(place)
            for name in ("path_in_schema", "num_values", "physical_type", "compression", "has_offset_index"):
                assert getattr(column, name) == getattr(other, name)
            assert sorted(column.encodings) == sorted(set(other.encodings))
        assert found.row_group(group).total_byte_size == sum(column.total_uncompressed_size for column in columns)


def test_no_rows_make_an_empty_file() -> None:
    assert read(written([])).equals(SCHEMA.empty_table())
    assert read(written([SCHEMA.empty_table()])).equals(SCHEMA.empty_table())


def test_an_empty_list_is_refused() -> None:
    with pytest.raises(ValueError, match="a list is empty"):
        written([table_of([[1], []])])


def test_what_fails_gets_no_footer() -> None:
    sink = io.BytesIO()
    with suppress(KeyboardInterrupt), RowFile(sink, SCHEMA, ROW_ENCODINGS) as file:
        file.write_table(random_tables()[0])
        raise KeyboardInterrupt
    assert len(sink.getvalue()) > 4
    with pytest.raises(pa.ArrowInvalid):
        read(sink.getvalue())


@pytest.mark.parametrize("place", range(len(SCHEMA)))
def test_checksums_are_of_the_pages(place: int) -> None:
    data = bytearray(written([table_of([range(1000)])]))
    column = pq.ParquetFile(io.BytesIO(bytes(data))).metadata.row_group(0).column(place)
    data[column.data_page_offset + column.total_compressed_size - 1] ^= 1
    with pytest.raises(OSError, match="CRC checksum verification failed"):
        read(bytes(data))


def test_the_index_has_every_page_and_its_first_row() -> None:
    tables = random_tables()
    data = written(tables)
    footer, _ = thrift_struct(data, len(data) - 8 - int.from_bytes(data[-8:-4], "little"))
    for table, group in zip(tables, footer[4], strict=True):
        for name, column in zip(SCHEMA.names, group[1], strict=True):
            index, end = thrift_struct(data, column[4])
            assert end - column[4] == column[5]
            lengths = table[name].combine_chunks().value_lengths().to_pylist()
            starts = [page[3] for page in index[1]]
            pages = [lengths[start:end] for start, end in zip(starts, [*starts[1:], len(lengths)], strict=True)]
            assert all(sum(page) <= PAGE_VALUES or len(page) == 1 for page in pages)
            assert all(sum(page) + after[0] > PAGE_VALUES for page, after in pairwise(pages))
            assert index[1][0][1] == column[3][9]
            assert sum(place[2] for place in index[1]) == column[3][7]
            raw = 0
            for place, page in zip(index[1], pages, strict=True):
                header, body = thrift_struct(data, place[1])
                assert header[5][1] == sum(page)
                assert body + header[3] == place[1] + place[2]
                assert header[4] & 0xFFFFFFFF == zlib.crc32(data[body : place[1] + place[2]])
                raw += body - place[1] + header[2]
            assert raw == column[3][6]


@given(st.integers(-(2**31), 2**31 - 1), st.integers(-(2**63), 2**63 - 1), st.lists(st.text(), max_size=40))
@example(-(2**31), -(2**63), ["x"] * 14)
@example(2**31 - 1, 2**63 - 1, ["x"] * 15)
def test_values_of_all_sizes_are_read_as_they_were_written(small: int, large: int, texts: list[str]) -> None:
    value = struct({1: i32(small), 16: i64(large), 17: items([string(text) for text in texts]), 30: struct({})})
    fields, end = thrift_struct(value.content, 0)
    assert fields == {1: small, 16: large, 17: [text.encode() for text in texts], 30: {}}
    assert end == len(value.content)


@pytest.mark.parametrize(("kind", "number"), [(i32, 2**31), (i32, -(2**31) - 1), (i64, 2**63)])
def test_numbers_that_do_not_fit_are_refused(kind: Callable[[int], Value], number: int) -> None:
    with pytest.raises(OverflowError, match="does not fit"):
        kind(number)


def thrift_struct(data: bytes, at: int) -> tuple[dict[int, Any], int]:
    """A struct in Thrift's compact protocol as its fields, and where it ends."""
    fields, number = {}, 0
    while head := data[at]:
        assert head >> 4
        number += head >> 4
        fields[number], at = _thrift_value(data, at + 1, head & 15)
    return fields, at + 1


def _thrift_value(data: bytes, at: int, kind: int) -> tuple[Any, int]:
    if kind == 12:
        return thrift_struct(data, at)
    if kind == 9:
        size, inner = data[at] >> 4, data[at] & 15
        size, at = _varint(data, at + 1) if size == 15 else (size, at + 1)
        found: list[Any] = []
        for _ in range(size):
            value, at = _thrift_value(data, at, inner)
            found.append(value)
        return found, at
    number, at = _varint(data, at)
    if kind == 8:
        return data[at : at + number], at + number
    assert kind in (5, 6)
    return (number >> 1) ^ -(number & 1), at


def _varint(data: bytes, at: int) -> tuple[int, int]:
    number, shift = 0, 0
    while True:
        number |= (data[at] & 127) << shift
        if data[at] < 128:
            return number, at + 1
        at, shift = at + 1, shift + 7


def of_type(kind: pa.DataType, nullable: bool = False) -> pa.Schema:
    """A column of rows under the name of one that is written."""
    return pa.schema([pa.field("input_ids", kind, nullable=nullable)])


OTHERS = {
    "int64": of_type(pa.list_(pa.field("element", pa.int64(), nullable=False))),
    "nulls among the elements": of_type(pa.list_(pa.field("element", pa.int32()))),
    "nulls among the lists": of_type(LIST, nullable=True),
    "large lists": of_type(pa.large_list(pa.field("element", pa.int32(), nullable=False))),
    "no lists": of_type(pa.int32()),
}


@pytest.mark.parametrize("schema", OTHERS.values(), ids=OTHERS)
def test_what_would_be_written_as_something_else_is_refused(schema: pa.Schema) -> None:
    said = rf"column input_ids is .*{re.escape(str(schema.field(0).type))}.* not null can be written"
    with pytest.raises(ValueError, match=said):
        RowFile(io.BytesIO(), schema, ROW_ENCODINGS)
    sink = io.BytesIO()
    file = RowFile(sink, of_type(LIST), ROW_ENCODINGS)
    value: Any = 1 if schema.field(0).type == pa.int32() else [1, 2]
    with pytest.raises(ValueError, match=said):
        file.write_table(pa.table({"input_ids": [value, value]}, schema=schema))
    file.write_table(pa.table({"input_ids": [[1, 2], [3]]}, schema=of_type(LIST)))
    file.close()
    assert read(sink.getvalue())["input_ids"].to_pylist() == [[1, 2], [3]]
