"""The records of tables: Parquet and Arrow files, and datasets of the `datasets` library.

Rows come in small batches, and of a Parquet file pages are read as they are needed, so that memory depends on the size
of a document and never on that of a row group.
"""

from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from itertools import accumulate
from typing import Any, BinaryIO, TypeVar

import orjson
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ...schemas.errors import UsageError
from ...schemas.place import is_url
from .hub import load_dataset
from .input import Input
from .opened import refuse_bomb
from .record import NOTHING, Bad, Damage, Record, Wanted
from .remote import DamagedError, first_line, open_stored, reading
from .separated import check_name

_BATCH_ROWS = 16
_BATCH_BYTES = 8 * 2**20
_BUFFER_BYTES = 1 << 20

_TEXTS = (pa.string(), pa.large_string(), pa.string_view(), pa.binary(), pa.large_binary(), pa.binary_view())
_BYTES = {pa.string(): pa.binary(), pa.large_string(): pa.large_binary()}
_KEYS: tuple[Callable[[pa.DataType], bool], ...] = (
    *(pa.types.is_integer, pa.types.is_floating, pa.types.is_decimal),
    *(pa.types.is_temporal, pa.types.is_fixed_size_binary),
)
"""Kinds of columns that name or order records, besides text."""


def parquet_records(source: Input, wanted: Wanted, skip: int) -> Iterator[Record | Bad | Damage]:
    """Records of a Parquet file's rows after the first `skip`; row groups that are skipped whole are not read."""
    try:
        with open_stored(source.url) as stored, _parquet(source, stored) as file:
            yield from _of_row_groups(source, wanted, file, skip)
    except DamagedError as error:
        if skip == 0:
            yield Damage(1, f"is no readable Parquet file ({error})")


def _of_row_groups(source: Input, wanted: Wanted, file: pq.ParquetFile, skip: int) -> Iterator[Record | Bad | Damage]:
    sizes = [int(file.metadata.row_group(group).num_rows) for group in range(file.num_row_groups)]
    if not sum(sizes):
        return
    _columns(source, wanted, file.schema_arrow.empty_table())
    if _holds_no_text(wanted, file):
        yield from (Bad(line, NOTHING) for line in range(skip + 1, sum(sizes) + 1))
        return
    for group, (size, end) in enumerate(zip(sizes, accumulate(sizes), strict=True)):
        if skip >= end:
            continue
        line = end - size
        try:
            for batch in _each(_row_group(source, wanted, file, group), lambda: _understood(source)):
                yield from _rows(source, wanted, batch, line, skip)
                line += batch.num_rows
        except DamagedError as error:
            if line >= skip:
                yield Damage(line + 1, f"has lost rows {line + 1:,} to {end:,} ({error})")


def arrow_records(source: Input, wanted: Wanted, skip: int) -> Iterator[Record | Bad | Damage]:
    """Records of the rows of an Arrow file or stream after the first `skip`."""
    line = 0
    with open_stored(source.url) as stored:
        file = pa.PythonFile(stored, "r") if is_url(source.url) else pa.memory_map(source.url)
        try:
            for batch in _each(_arrow_batches(source, wanted, file), lambda: _understood(source)):
                yield from _rows(source, wanted, batch, line, skip)
                line += batch.num_rows
        except DamagedError as error:
            if line >= skip:
                yield Damage(line + 1, f"cannot be read after row {line:,} ({error})")


def _arrow_batches(source: Input, wanted: Wanted, file: pa.NativeFile) -> Iterator[pa.RecordBatch]:
    """What is wanted of the batches of a file or a stream, in small slices."""
    is_file = file.read(6) == b"ARROW1"
    file.seek(0)
    reader = pa.ipc.open_file(file) if is_file else pa.ipc.open_stream(file)
    batches = (reader.get_batch(number) for number in range(reader.num_record_batches)) if is_file else reader
    for batch in batches:
        if batch.num_rows:
            _columns(source, wanted, batch.schema.empty_table())
        some = _wanted_of(wanted, batch)
        some.validate(full=True)  # nothing may point out of the file
        for start in range(0, batch.num_rows, _BATCH_ROWS):
            yield some.slice(start, _BATCH_ROWS)
    if not is_file:
        file.seek(max(file.size() - 4, 0))
        if file.read() != bytes(4):
            raise DamagedError("it ends too early")


def _wanted_of(wanted: Wanted, batch: pa.RecordBatch) -> pa.RecordBatch:
    """The columns that are wanted, text as bytes, which nobody has checked yet."""
    outer = {name.partition(".")[0] for name in wanted.names}
    places = [place for place, name in enumerate(batch.schema.names) if name in outer or name in wanted.names]
    columns = [batch.column(place) for place in places]
    views = [column.view(_BYTES[column.type]) if column.type in _BYTES else column for column in columns]
    return pa.RecordBatch.from_arrays(views, [batch.schema.names[place] for place in places])


def dataset_records(source: Input, wanted: Wanted, skip: int) -> Iterator[Record | Bad]:
    """Records of the rows of a dataset of the `datasets` library after the first `skip`.

    Reading fails as a whole where it fails: how much of the dataset would be lost is not known.
    """
    dataset = load_dataset(source)
    if dataset.column_names is not None:  # a stream may learn them only from its first rows
        outer = {name if name in dataset.column_names else name.partition(".")[0] for name in wanted.names}
        if outer <= set(dataset.column_names):
            dataset = dataset.select_columns(sorted(outer))
    line = skip
    batches: Any = dataset.skip(skip).with_format("arrow").iter(_BATCH_ROWS)
    for batch in _each(batches, lambda: reading(source.url)):
        yield from _rows(source, wanted, batch, line, skip)
        line += batch.num_rows


T = TypeVar("T")


def _each(items: Iterable[T], reading_one: Callable[[], AbstractContextManager[None]]) -> Iterator[T]:
    """The items, each taken within a context, which what is done with it does not run in."""
    remaining = iter(items)
    while True:
        with reading_one():
            try:
                item = next(remaining)
            except StopIteration:
                return
        yield item


@contextmanager
def _understood(source: Input) -> Generator[None]:
    """DamagedError for what Arrow says of content; a file system's errors have a number or a class of their own."""
    with reading(source.url):
        try:
            yield
        except (pa.ArrowException, OSError) as error:
            if isinstance(error, pa.ArrowException) or (type(error) is OSError and error.errno is None):
                raise DamagedError(first_line(error)) from None
            raise


def _parquet(source: Input, stored: BinaryIO) -> pq.ParquetFile:
    with _understood(source):
        return pq.ParquetFile(stored, buffer_size=_BUFFER_BYTES, pre_buffer=False, page_checksum_verification=True)


def _row_group(source: Input, wanted: Wanted, file: pq.ParquetFile, group: int) -> Iterable[pa.RecordBatch]:
    """The rows of a row group, in batches of a size that goes by that of its columns."""
    metadata = file.metadata.row_group(group)
    columns = [metadata.column(index) for index in range(metadata.num_columns)]
    wholes = (*wanted.names, *(f"{name}." for name in wanted.names))
    num_bytes = sum(
        column.total_uncompressed_size for column in columns if f"{column.path_in_schema}.".startswith(wholes)
    )
    if source.num_bytes:
        refuse_bomb(source, source.num_bytes, num_bytes)
    rows = _BATCH_BYTES * metadata.num_rows // max(num_bytes, 1)
    return file.iter_batches(min(max(rows, 1), _BATCH_ROWS), row_groups=[group], columns=wanted.names)


def _holds_no_text(wanted: Wanted, file: pq.ParquetFile) -> bool:
    """Whether the footer says that no row of a file has a text."""
    groups = [file.metadata.row_group(group) for group in range(file.num_row_groups)]
    columns = [group.column(index) for group in groups for index in range(group.num_columns)]
    texts = [column for column in columns if column.path_in_schema == wanted.fields.text]
    return bool(texts) and all(
        column.is_stats_set and column.statistics.has_null_count and column.statistics.null_count == column.num_values
        for column in texts
    )


def _rows(
    source: Input, wanted: Wanted, batch: pa.RecordBatch | pa.Table, line: int, skip: int
) -> Iterator[Record | Bad]:
    """The records of a batch that begins after `line` rows, without those among the first `skip`."""
    if not batch.num_rows:
        return
    passed = max(skip - line, 0)
    columns = _columns(source, wanted, batch.slice(passed))
    if pa.types.is_null(columns[0].type):
        yield from (Bad(number, NOTHING) for number in range(line + passed + 1, line + batch.num_rows + 1))
        return
    for number, values in enumerate(zip(*map(_values, columns), strict=True), start=line + passed + 1):
        yield wanted.record(number, dict(zip(wanted.names, values, strict=True)))


def _columns(source: Input, wanted: Wanted, table: pa.RecordBatch | pa.Table) -> list[Any]:
    """The columns of the fields that are wanted; UsageError where one is not there or holds something else."""
    columns = [_column(source, table, name) for name in wanted.names]
    for name, column in zip(wanted.names, columns, strict=True):
        is_text = name == wanted.fields.text
        if is_text and wanted.is_chat and _is_list_of_structs(column.type):
            continue
        if not (_is_text(column.type) or pa.types.is_null(column.type) or (not is_text and _is_key(column.type))):
            wish = "text" if is_text else "text, numbers, dates or UUIDs"
            if is_text and _is_list_of_structs(column.type):
                raise UsageError(
                    f"inputs: column {name!r} of {source.name} holds lists of messages: lay them out as conversations "
                    "with --format chat, or name another column"
                )
            raise UsageError(
                f"inputs: column {name!r} of {source.name} must hold {wish}, got {column.type}: name another"
            )
    return columns


def _column(source: Input, table: pa.RecordBatch | pa.Table, name: str) -> Any:
    """The column of a field, `a.b` for the field b of the column a where none is called so."""
    names = table.schema.names
    outer, *inner = name.split(".")
    if name not in names and inner and names.count(outer) == 1:
        with suppress(pa.ArrowException):
            return pc.call_function("struct_field", [table.column(outer)], pc.StructFieldOptions(inner))
    check_name(source, name, names)
    return table.column(name)


def _is_text(held: pa.DataType) -> bool:
    if pa.types.is_dictionary(held):
        return _is_text(held.value_type)
    return held in _TEXTS or isinstance(held, pa.JsonType)


def _is_list_of_structs(held: pa.DataType) -> bool:
    return (pa.types.is_list(held) or pa.types.is_large_list(held)) and pa.types.is_struct(held.value_type)


def _is_key(held: pa.DataType) -> bool:
    return isinstance(held, pa.UuidType) or any(is_kind(held) for is_kind in _KEYS)


def _values(column: pa.Array | pa.ChunkedArray) -> list[object]:
    """The values of a column, strings as their bytes, which nobody has checked yet."""
    if isinstance(column.type, pa.JsonType):
        storage = [chunk.storage for chunk in (column.chunks if isinstance(column, pa.ChunkedArray) else [column])]
        return [_of_json(value) for chunk in storage for value in chunk.cast(pa.large_binary()).to_pylist()]
    if column.type == pa.time64("ns"):
        return _times(column)
    return (column.cast(pa.large_binary()) if _is_text(column.type) else column).to_pylist()


def _times(column: pa.Array | pa.ChunkedArray) -> list[object]:
    """Times of day; as text where they have nanoseconds, which Python's leave out."""
    written = column.cast(pa.string()).to_pylist()
    return [
        time if text is None or text.endswith("000") else text
        for time, text in zip(column.to_pylist(), written, strict=True)
    ]


def _of_json(value: bytes | None) -> bytes | str | None:
    """The text that a value of JSON is; one that is no text stays as it is written."""
    try:
        content: object = None if value is None else orjson.loads(value)
    except orjson.JSONDecodeError:
        return value
    return content if isinstance(content, str) else None if content is None else value
