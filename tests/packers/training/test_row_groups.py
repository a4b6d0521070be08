"""Rows come out as they were written, in any order, and each row group is decoded once."""

import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lcdata.packers.files.dataset_file import DatasetFile
from lcdata.packers.files.parquet import row_writer
from lcdata.packers.rows.row_group import RowGroup
from lcdata.packers.training.row_groups import RowGroups
from lcdata.schemas.errors import LcdataError
from lcdata.schemas.records import FileRecord
from lcdata.schemas.sample import Document, Loss

FILES = [[[[3, 4], [5]], [[1], [2, 2], [7]]], [[[1, 1, 6]], [[8]], [[2], [3]]]]
LENGTHS = [lengths for groups in FILES for rows in groups for lengths in rows]


def document(token: int, length: int, loss: Loss) -> Document:
    """A document of one token over and over, its first half the prompt."""
    ids = np.full(length, token, np.int32)
    return Document(source="test", ids=ids, sha256="", loss=loss, prompt_length=length // 2)


def write_rows(path: Path, groups: Sequence[Sequence[Sequence[int]]], with_labels: bool = True) -> DatasetFile:
    """A file of row groups; row r has documents of the lengths that it is given, of tokens r, r, ..."""
    sink, number = io.BytesIO(), 0
    with row_writer(sink, with_labels) as writer:
        for rows in groups:
            group = RowGroup(4096, with_labels)
            for lengths in rows:
                group.add_row([document(number, length, "answer" if with_labels else "all") for length in lengths])
                number += 1
            writer.write_table(group.take())
    path.write_bytes(sink.getvalue())
    return dataset_file(path, number)


def dataset_file(path: Path, num_rows: int) -> DatasetFile:
    """A file of rows as a dataset has it."""
    return DatasetFile(path.parent, FileRecord(path=path.name, sha256="", bytes=0, rows=num_rows))


class CountingGroups(RowGroups):
    """Counts what it decodes."""

    def _decode(self, group: int) -> pa.Table:
        self.decoded: list[int]
        self.decoded.append(group)
        return super()._decode(group)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[DatasetFile]:
    """Two files of nine rows in five groups."""
    folder = tmp_path_factory.mktemp("rows")
    return [write_rows(folder / f"{number}.parquet", groups) for number, groups in enumerate(FILES)]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(order=st.permutations(range(len(LENGTHS))), count=st.integers(1, len(LENGTHS)))
def test_rows_come_in_the_order_asked_for(files: list[DatasetFile], order: list[int], count: int) -> None:
    groups = CountingGroups(files)
    groups.decoded = []
    wanted = order[:count]
    rows = list(groups.take(np.array(wanted)))
    assert [row.seq_lengths.tolist() for row in rows] == [LENGTHS[number] for number in wanted]
    assert all(len(row.input_ids) == len(row.labels) == row.seq_lengths.sum() for row in rows)
    assert len(groups.decoded) == len(set(groups.decoded))
    assert {int(np.searchsorted(groups.starts, row, "right")) - 1 for row in wanted} == set(groups.decoded)


def test_rows_are_those_of_the_file(files: list[DatasetFile]) -> None:
    groups = RowGroups(files)
    written = [row for file in files for row in pq.read_table(file.path).to_pylist()]
    assert groups.num_rows == len(written) == 9
    for number, row in enumerate(written):
        read = groups.row(number)
        assert read.input_ids.tolist() == row["input_ids"]
        assert read.labels.tolist() == row["labels"]
        assert -100 in row["labels"]


def test_rows_without_labels_are_all_in_the_loss_but_first_tokens(tmp_path: Path) -> None:
    file = write_rows(tmp_path / "all.parquet", [[[1], [3, 1, 2]]], with_labels=False)
    assert "labels" not in pq.read_schema(file.path).names
    assert RowGroups([file]).row(1).labels.tolist() == [-100, 1, 1, -100, -100, 1]
    assert RowGroups([file]).row(0).labels.tolist() == [-100]


def test_a_row_is_read_without_what_lies_before_it(tmp_path: Path) -> None:
    file = write_rows(tmp_path / "rows.parquet", [[[2000]], [[1000, 1000]]])
    path = file.path
    column = pq.read_metadata(path).row_group(0).column(0)
    data = bytearray(path.read_bytes())
    data[column.data_page_offset + column.total_compressed_size // 2] ^= 1
    path.write_bytes(data)
    groups = RowGroups([file])
    assert groups.row(1).seq_lengths.tolist() == [1000, 1000]
    with pytest.raises(LcdataError, match="lcdata verify"):
        groups.row(0)


def test_a_row_that_is_not_there_is_an_error(files: list[DatasetFile]) -> None:
    for index in (-1, 9):
        with pytest.raises(IndexError, match=f"row {index} of 9"):
            RowGroups(files).row(index)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(LcdataError, match=r"gone\.parquet"):
        RowGroups([dataset_file(tmp_path / "gone.parquet", 1)])
