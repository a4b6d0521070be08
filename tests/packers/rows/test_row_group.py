"""Rows hold whole documents once each, and labels and positions keep them apart."""

import hashlib
import io
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lcdata.packers.files.parquet import ROW_ENCODINGS, row_writer
from lcdata.packers.rows.best_fit import plan_rows
from lcdata.packers.rows.row_group import CONTENT_GROUP_TOKENS, MAX_GROUP_ROWS, RowGroup
from lcdata.schemas.sample import Document, Loss
from lcdata.schemas.tables import row_schema


def document(length: int, prompt: int, first: int = 100, loss: Loss = "answer", sha256: str = "") -> Document:
    """Tokens first, first + 1, ..."""
    return Document(
        source="test",
        sample=0,
        ids=np.arange(first, first + length, dtype=np.int32),
        loss=loss,
        prompt_length=prompt,
        answers=(),
        answer_spans=(),
        evidence_spans=(),
        depth=(),
        template="",
        facts={},
        sha256=sha256,
    )


def test_labels_and_positions_of_a_row_of_two_documents() -> None:
    group = RowGroup(16, with_labels=True)
    group.add_row([document(5, 3), document(3, 1, first=200)])
    assert group.take().to_pylist() == [
        {
            "input_ids": [100, 101, 102, 103, 104, 200, 201, 202],
            "labels": [-100, -100, -100, 103, 104, -100, 201, 202],
            "position_ids": [0, 1, 2, 3, 4, 0, 1, 2],
            "seq_lengths": [5, 3],
        }
    ]


def test_the_first_token_of_a_document_is_never_in_the_loss() -> None:
    cases: list[tuple[Loss, int]] = [("all", 4), ("answer", 0)]
    for loss, prompt in cases:
        group = RowGroup(16, with_labels=True)
        group.add_row([document(5, prompt, loss=loss), document(2, prompt, loss=loss)])
        labels = group.take()["labels"].to_pylist()[0]
        assert labels == [-100, 101, 102, 103, 104, -100, 101]


def test_a_group_can_be_filled_again() -> None:
    group = RowGroup(4, with_labels=True)
    for first in (10, 20):
        for _ in range(MAX_GROUP_ROWS):
            assert not group.is_full
            group.add_row([document(4, 2, first)])
        assert group.is_full
        assert set(group.take()["input_ids"].to_pylist()[-1]) == set(range(first, first + 4))


def groups_by_content(names: list[str], seq_length: int) -> list[tuple[int, ...]]:
    """The first tokens of the rows of each group that ends by content; rows are told apart by their names."""
    group, groups = RowGroup(seq_length, with_labels=False, by_content=True), list[tuple[int, ...]]()
    for place, name in enumerate(names):
        group.add_row([document(2, 0, first=int(name[:8], 16) & 0xFFFFFFF, sha256=name)])
        if group.is_full or place == len(names) - 1:
            groups.append(tuple(row[0] for row in group.take()["input_ids"].to_pylist()))
    return groups


@pytest.mark.parametrize("seq_length", [CONTENT_GROUP_TOKENS * 8, CONTENT_GROUP_TOKENS - 1])
def test_long_rows_that_end_by_content_are_a_group_each(seq_length: int) -> None:
    names = [hashlib.sha256(bytes([row])).hexdigest() for row in range(20)]
    assert set(map(len, groups_by_content(names, seq_length))) == {1}


def test_a_row_that_is_left_out_changes_the_groups_near_it_alone() -> None:
    names = [hashlib.sha256(row.to_bytes(2)).hexdigest() for row in range(300)]
    before = groups_by_content(names, CONTENT_GROUP_TOKENS // 4)
    assert 60 < len(before) < 100
    for gone in range(0, 300, 7):
        after = groups_by_content(names[:gone] + names[gone + 1 :], CONTENT_GROUP_TOKENS // 4)
        assert len(set(after) - set(before)) <= 2


@pytest.mark.parametrize("with_labels", [True, False])
@pytest.mark.parametrize("cdc", [True, False])
def test_files_are_written_as_design_says(with_labels: bool, cdc: bool) -> None:
    group = RowGroup(1000, with_labels)
    for row in range(50):
        group.add_row([document(600, 0, row), document(400, 0)])
    sink = io.BytesIO()
    with row_writer(sink, with_labels, cdc) as writer:
        writer.write_table(group.take())
    file = pq.ParquetFile(io.BytesIO(sink.getvalue()), page_checksum_verification=True)
    assert file.schema_arrow.equals(row_schema(with_labels))
    assert not file.schema_arrow.field("input_ids").nullable
    assert file.schema_arrow.field("input_ids").type == pa.list_(pa.field("element", pa.int32(), nullable=False))
    columns = {
        file.metadata.row_group(0).column(place).path_in_schema.split(".")[0]: file.metadata.row_group(0).column(place)
        for place in range(file.metadata.num_columns)
    }
    assert list(columns) == [
        name for name in ("input_ids", "labels", "position_ids", "seq_lengths") if with_labels or name != "labels"
    ]
    assert all(column.compression == "ZSTD" for column in columns.values())
    for name, column in columns.items():
        assert set(column.encodings) == {ROW_ENCODINGS[name], "RLE"}
    assert all(column.has_offset_index for column in columns.values())


@settings(max_examples=200)
@given(st.lists(st.integers(1, 100), max_size=80), st.integers(0, 5))
def test_every_document_is_in_one_row_and_no_row_is_too_long(lengths: list[int], seed: int) -> None:
    sizes = np.array(lengths, np.int32)
    order, starts = plan_rows(sizes, 100, np.random.default_rng(seed))
    assert sorted(order.tolist()) == list(range(len(lengths)))
    assert starts[0] == 0
    assert starts[-1] == len(lengths)
    rows = [order[start:end] for start, end in pairwise(starts)]
    assert all(0 < sizes[row].sum() <= 100 for row in rows)
    assert all(sorted(row.tolist()) == row.tolist() for row in rows)
    bound = -(-sum(lengths) // 100)
    assert len(rows) <= max(bound, 2 * bound - 1)


def test_many_lengths_fill_their_rows() -> None:
    rng = np.random.default_rng(1)
    sizes = np.exp(rng.uniform(np.log(4096), np.log(131072), 20_000)).astype(np.int32)
    _, starts = plan_rows(sizes, 131072, rng)
    assert sizes.sum() / ((len(starts) - 1) * 131072) > 0.998
