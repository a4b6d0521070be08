"""The files of a dataset are read by columns and by the row groups that are wanted, and no others."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lcdata.packers.files.dataset_file import DatasetFile
from lcdata.schemas.errors import LcdataError
from lcdata.schemas.records import FileRecord

SIZES = (3, 1, 4, 2)


@pytest.fixture
def file(tmp_path: Path) -> DatasetFile:
    """Ten rows of two columns in four row groups."""
    path = tmp_path / "data/kv/train.parquet"
    path.parent.mkdir(parents=True)
    table = pa.table({"row": range(10), "name": [f"{number}" * 3000 for number in range(10)]})
    with pq.ParquetWriter(path, table.schema, write_page_checksum=True, compression="none") as writer:
        for start, size in zip((0, 3, 4, 8), SIZES, strict=True):
            writer.write_table(table.slice(start, size))
    record = FileRecord(path="data/kv/train.parquet", sha256="", bytes=path.stat().st_size, rows=10)
    return DatasetFile(tmp_path, record)


def test_the_whole_its_groups_and_any_slice_are_the_same_rows(file: DatasetFile) -> None:
    whole = pq.read_table(file.path)
    assert file.schema() == whole.schema
    assert file.group_sizes().tolist() == list(SIZES)
    assert file.read().equals(whole)
    groups = list(file.row_groups())
    assert pa.concat_tables(groups).equals(whole)
    assert [file.row_group(number) for number in range(4)] == groups
    for start in range(10):
        for end in range(start + 1, 11):
            assert file.slice(start, end).equals(whole.slice(start, end - start))


def test_columns_are_chosen_and_those_that_are_not_there_left_out(file: DatasetFile) -> None:
    columns = ["row", "labels"]
    for table in (
        file.read(columns),
        file.row_group(0, columns),
        next(file.row_groups(columns)),
        file.slice(2, 5, columns),
    ):
        assert table.column_names == ["row"]
    assert file.slice(2, 5, columns)["row"].to_pylist() == [2, 3, 4]


def test_only_the_row_groups_of_a_slice_are_decoded(file: DatasetFile) -> None:
    data = bytearray(file.path.read_bytes())
    data[data.index(b"555")] ^= 1
    file.path.write_bytes(data)
    assert file.slice(0, 4)["row"].to_pylist() == [0, 1, 2, 3]
    assert file.slice(8, 10)["row"].to_pylist() == [8, 9]
    for start, end in ((3, 5), (4, 5), (7, 9)):
        with pytest.raises(LcdataError, match=r"train\.parquet cannot be read \(.*CRC.*\): run `lcdata verify"):
            file.slice(start, end)


def test_a_file_that_is_missing_or_cut_is_named_with_the_cure(file: DatasetFile) -> None:
    with pytest.raises(LcdataError, match=rf"has fewer rows than were written: run `lcdata verify {file.folder}`"):
        file.slice(9, 11)
    message = rf"{file.path} cannot be read \(.*\): run `lcdata verify {file.folder}`$"
    for damage in (lambda: file.path.write_bytes(file.path.read_bytes()[:-5]), file.path.unlink):
        damage()
        for read in (
            file.schema,
            file.group_sizes,
            file.read,
            lambda: list(file.row_groups()),
            lambda: file.slice(0, 1),
        ):
            with pytest.raises(LcdataError, match=message):
                read()
