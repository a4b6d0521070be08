"""The records of tables: Parquet files, and datasets of the `datasets` library.

Rows come in small batches, and of a Parquet file pages are read as they are needed, so that memory depends on the size
of a document and never on that of a row group.
"""

from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from typing import BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from ...schemas.errors import UsageError
from .hub import load_dataset
from .input import Input
from .opened import refuse_bomb
from .record import DAMAGED, Bad, Record, Wanted
from .remote import DamagedError, first_line, open_stored, reading

_BATCH_ROWS = 16
_BATCH_BYTES = 8 * 2**20
_BUFFER_BYTES = 1 << 20


def parquet_records(source: Input, wanted: Wanted, skip: int) -> Iterator[Record | Bad]:
    """Records of a Parquet file's rows after the first `skip`; row groups that are skipped whole are not read."""
    with open_stored(source.url) as stored, _parquet(source, stored) as file:
        _check_columns(source, wanted, file.schema_arrow)
        line = 0
        for group in range(file.num_row_groups):
            num_rows: int = file.metadata.row_group(group).num_rows
            if skip < line + num_rows:
                yield from _records(source, wanted, _batches(source, wanted, file, group), line, skip)
            line += num_rows


def dataset_records(source: Input, wanted: Wanted, skip: int) -> Iterator[Record | Bad]:
    """Records of the rows of a dataset of the `datasets` library after the first `skip`."""
    dataset = load_dataset(source)
    if dataset.column_names is not None:  # a stream may learn them only from its first rows
        _check_names(source, wanted, dataset.column_names)
        dataset = dataset.select_columns(wanted.names)
    batches = dataset.skip(skip).with_format("arrow").iter(batch_size=_BATCH_ROWS)
    yield from _records(source, wanted, _steady(source, batches), skip, skip)


def _records(
    source: Input, wanted: Wanted, batches: Iterable[pa.RecordBatch | pa.Table], line: int, skip: int
) -> Iterator[Record | Bad]:
    """The records after the first `skip` of batches that begin after `line` rows; after a damaged one all are lost."""
    remaining = iter(batches)
    while True:
        try:
            with _understood(source):
                batch = next(remaining, None)
        except DamagedError:
            if line >= skip:
                yield Bad(line + 1, DAMAGED)
            return
        if batch is None:
            return
        _check_columns(source, wanted, batch.schema)
        passed = max(skip - line, 0)
        for number, values in enumerate(_rows(wanted, batch.slice(passed)), start=line + passed + 1):
            yield wanted.record(number, values)
        line += batch.num_rows


def _steady(source: Input, batches: Iterable[pa.Table]) -> Iterator[pa.Table]:
    """The batches of a dataset, whose reading fails as a whole: how much of it would be lost is not known."""
    remaining = iter(batches)
    while True:
        with reading(source.url):
            batch = next(remaining, None)
        if batch is None:
            return
        yield batch


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
    try:
        with _understood(source):
            return pq.ParquetFile(stored, buffer_size=_BUFFER_BYTES, pre_buffer=False)
    except DamagedError as error:
        why = f"is not a readable Parquet file ({error})"
        raise UsageError(f"inputs: {source.url} {why}: write or copy it again, or leave it out") from None


def _batches(source: Input, wanted: Wanted, file: pq.ParquetFile, group: int) -> Iterable[pa.RecordBatch]:
    metadata = file.metadata.row_group(group)
    columns = [metadata.column(index) for index in range(metadata.num_columns)]
    num_bytes = sum(column.total_uncompressed_size for column in columns if column.path_in_schema in wanted.names)
    if source.num_bytes:
        refuse_bomb(source, source.num_bytes, num_bytes)
    rows = _BATCH_BYTES * metadata.num_rows // max(num_bytes, 1)
    return file.iter_batches(min(max(rows, 1), _BATCH_ROWS), row_groups=[group], columns=wanted.names)


def _check_columns(source: Input, wanted: Wanted, schema: pa.Schema) -> None:
    _check_names(source, wanted, schema.names)
    for name in wanted.names:
        held = schema.field(name).type
        if not (_is_text(held) or (name != wanted.fields.text and pa.types.is_integer(held))):
            wish = "text" if name == wanted.fields.text else "text or integers"
            raise UsageError(f"inputs: column {name!r} of {source.url} must hold {wish}, got {held}: name another")


def _check_names(source: Input, wanted: Wanted, columns: list[str]) -> None:
    for name in wanted.names:
        if name not in columns:
            raise UsageError(f"inputs: {source.url} has no column {name!r}: name one of {', '.join(columns)}")


def _is_text(held: pa.DataType) -> bool:
    if pa.types.is_dictionary(held):
        return _is_text(held.value_type)
    kinds = (pa.string(), pa.large_string(), pa.string_view(), pa.binary(), pa.large_binary(), pa.binary_view())
    return held in kinds


def _rows(wanted: Wanted, batch: pa.RecordBatch | pa.Table) -> Iterator[dict[str, object]]:
    columns = [_values(batch.column(name)) for name in wanted.names]
    for values in zip(*columns, strict=True):
        yield dict(zip(wanted.names, values, strict=True))


def _values(column: pa.Array | pa.ChunkedArray) -> list[object]:
    """The values of a column, strings as their bytes, which nobody has checked yet."""
    return (column.cast(pa.large_binary()) if _is_text(column.type) else column).to_pylist()
