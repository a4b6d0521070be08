"""Profiles that keep rows, or make one of each document, in Parquet and Arrow files."""

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import datasets
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from rowsets import Document, RowSet, cut, document, random_rows

from lcdata.packers.profiles.registry import PROFILES

CASES = [random_rows(1), random_rows(2, loss_on_all=True, with_labels=False)]


@pytest.fixture(params=CASES, ids=["answers", "without labels"])
def rows(request: pytest.FixtureRequest) -> RowSet:
    """Rows with loss on some tokens, and rows that leave their labels out."""
    return request.param


def written(rows: RowSet, profile: str, folder: Path) -> Path:
    """Write rows into a folder."""
    PROFILES[profile].write(rows.read(), folder, rows.info)
    return folder


def table(folder: Path) -> dict[str, list[Any]]:
    """All Parquet files of a folder."""
    return pa.concat_tables([pq.read_table(path) for path in sorted(folder.glob("*.parquet"))]).to_pydict()


def by_position(row: dict[str, Any]) -> list[Document]:
    """The documents of a row that begin where its positions are 0."""
    starts = [place for place, position in enumerate(row["position_ids"]) if position == 0]
    positions = [
        place - start for start, end in pairwise([*starts, len(row["input_ids"])]) for place in range(start, end)
    ]
    assert row["position_ids"] == positions
    assert all(label in (-100, token) for label, token in zip(row["labels"], row["input_ids"], strict=True))
    return cut(row["input_ids"], np.array(row["labels"]) != -100, [*starts[1:], len(row["input_ids"])])


def test_cases_have_rows_of_one_and_of_many_documents_in_several_files() -> None:
    for rows in CASES:
        assert {1} < {len(row) for row in rows.rows}
        assert [len(shard) for shard in rows.shards] == [3, 1, 3]
    assert {sum(mask) == len(mask) - 1 for _, mask in CASES[0].documents} == {True, False}


def test_axolotl_finds_tokenized_rows_with_a_mask_of_ones(rows: RowSet, tmp_path: Path) -> None:
    folder = written(rows, "axolotl", tmp_path)
    read = datasets.load_dataset("parquet", data_files=f"{folder}/*.parquet", split="train", cache_dir=f"{folder}/c")
    assert {"input_ids", "attention_mask", "labels"} < set(read.features)
    assert [by_position(row) for row in read] == rows.rows
    assert all(row["attention_mask"] == [1] * len(row["input_ids"]) for row in read)
    assert pq.read_schema(next(folder.glob("*.parquet"))).field("attention_mask").type.value_type == pa.int8()


def test_documents_are_a_row_each(rows: RowSet, tmp_path: Path) -> None:
    read = table(written(rows, "documents", tmp_path))
    found = [
        document(ids, np.array(labels) != -100) for ids, labels in zip(read["input_ids"], read["labels"], strict=True)
    ]
    assert found == rows.documents


def test_llamafactory_loads_rows_that_count_their_documents(rows: RowSet, tmp_path: Path) -> None:
    read = datasets.load_from_disk(str(written(rows, "llamafactory", tmp_path)))
    assert list(read) == ["train"]
    assert [by_position(row) for row in read["train"]] == rows.rows
    for row, documents in zip(read["train"], rows.rows, strict=True):
        assert row["attention_mask"] == [number for number, (ids, _) in enumerate(documents, 1) for _ in ids]
    assert len(list((tmp_path / "train").glob("*.arrow"))) == 3


def test_llamafactory_has_a_fingerprint_of_its_own_for_other_data(tmp_path: Path) -> None:
    fingerprints = set[str]()
    for name, rows in {"one": CASES[0], "again": CASES[0], "two": random_rows(1, loss_on_all=True)}.items():
        (tmp_path / name).mkdir()
        config = rows.info if name != "two" else type(rows.info)(**{**vars(rows.info), "fingerprint": "0" * 64})
        PROFILES["llamafactory"].write(rows.read(), tmp_path / name, config)
        fingerprints.add(json.loads((tmp_path / name / "train" / "state.json").read_text())["_fingerprint"])
    assert len(fingerprints) == 2


def test_megatron_bridge_masks_the_token_that_follows(rows: RowSet, tmp_path: Path) -> None:
    read = table(written(rows, "megatron-bridge", tmp_path))
    assert len(read["input_ids"]) == len(rows.rows)
    for place, documents in enumerate(rows.rows):
        ids, starts, mask = read["input_ids"][place], read["seq_start_id"][place], read["loss_mask"][place]
        assert starts[0] == 0
        ends = [*starts[1:], len(ids)]
        rolled = [False, *mask[:-1]]
        assert all(mask[end - 1] == 0 for end in ends)
        assert cut(ids, rolled, ends) == documents


def test_megatron_bridge_has_row_groups_of_few_tokens(tmp_path: Path) -> None:
    rows = random_rows(1)
    config = type(rows.info)(**{**vars(rows.info), "seq_length": 1 << 17})
    PROFILES["megatron-bridge"].write(rows.read(group_rows=3), tmp_path, config)
    files = [pq.ParquetFile(path) for path in sorted(tmp_path.glob("*.idx.parquet"))]
    groups = [file.metadata.row_group(number).num_rows for file in files for number in range(file.num_row_groups)]
    assert groups == [2, 1, 1, 2, 1]
