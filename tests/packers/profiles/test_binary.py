"""Profiles that write raw ids: read back by the layouts that their projects document."""

import gzip
import json
import struct
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rowsets import INFO, Document, RowSet, changed, closed, cut, document, random_rows, with_pieces

from lcdata.packers.profiles.registry import PROFILES
from lcdata.schemas.errors import LcdataError, UsageError

WITH_BOS = replace(INFO, bos_id=1, vocab_size=70_000)
CASES = [
    random_rows(1),
    random_rows(2, WITH_BOS),
    random_rows(3, loss_on_all=True, with_labels=False),
    random_rows(4, WITH_BOS, loss_on_all=True),
]


@pytest.fixture(params=CASES[:3], ids=["answers", "wide", "without labels"])
def rows(request: pytest.FixtureRequest) -> RowSet:
    """Rows of ids of two bytes and of four, with loss on some tokens and on all."""
    return request.param


def written(rows: RowSet, profile: str, folder: Path) -> Path:
    """Write rows into a folder."""
    PROFILES[profile].write(rows.read(), folder, rows.info)
    return folder


def flat(path: Path, kind: Any) -> list[Any]:
    """A file of nothing but numbers."""
    return np.fromfile(path, kind).tolist()


def test_cases_need_two_bytes_and_four() -> None:
    assert max(token for ids, _ in CASES[1].documents for token in ids) > 1 << 16
    assert max(token for ids, _ in CASES[0].documents for token in ids) < 1 << 16


def test_olmo_core_reads_ids_masks_and_places(rows: RowSet, tmp_path: Path) -> None:
    folder = written(rows, "olmo-core", tmp_path)
    dtype = "<u2" if rows.info.vocab_size == 1000 else "<u4"
    for number, shard in enumerate(rows.shards):
        ids = flat(folder / f"token_ids_part_{number:05d}.npy", dtype)
        mask = flat(folder / f"labels_mask_part_{number:05d}.npy", np.bool_)
        lines = gzip.decompress((folder / f"token_ids_part_{number:05d}.csv.gz").read_bytes()).decode().splitlines()
        places = [tuple(map(int, line.split(","))) for line in lines]
        assert [document(ids[low:high], mask[low:high]) for low, high in places] == [
            doc for row in shard for doc in row
        ]
        by_eos = [place + 1 for place, token in enumerate(ids) if token == rows.info.eos_id]
        assert [high for _, high in places] == by_eos


def test_datatrove_reads_ids_ends_and_masks(rows: RowSet, tmp_path: Path) -> None:
    folder = written(rows, "datatrove", tmp_path)
    found: list[Document] = []
    for path in sorted(folder.glob("*.ds")):
        ids = flat(path, "<u2" if rows.info.vocab_size == 1000 else "<u4")
        found += cut(ids, flat(Path(f"{path}.loss"), np.bool_), flat(Path(f"{path}.index"), "<u8"))
        source, count, _ = Path(f"{path}.metadata").read_text().splitlines()
        assert (source, count) == (f"own|{rows.info.token_bytes}", str(len(ids)))
    assert found == rows.documents


@pytest.mark.parametrize("rows", CASES[2:], ids=["uint16", "int32"])
def test_megatron_reads_ids_by_its_index(rows: RowSet, tmp_path: Path) -> None:
    folder = written(rows, "megatron", tmp_path)
    index = (folder / "train.idx").read_bytes()
    magic, version, code, num_sequences, num_documents = struct.unpack_from("<9sQBQQ", index)
    assert (magic, version, code) == (b"MMIDIDX\x00\x00", 1, 8 if rows.info.vocab_size == 1000 else 4)
    assert num_documents == num_sequences + 1 == len(rows.documents) + 1
    lengths = np.frombuffer(index, "<i4", num_sequences, 34)
    offsets = np.frombuffer(index, "<i8", num_sequences, 34 + 4 * num_sequences)
    starts = np.frombuffer(index, "<i8", num_documents, 34 + 12 * num_sequences)
    assert len(index) == 34 + 12 * num_sequences + 8 * num_documents
    assert starts.tolist() == list(range(num_documents))
    dtype = {8: "<u2", 4: "<i4"}[code]
    data = (folder / "train.bin").read_bytes()
    found = [np.frombuffer(data, dtype, length, offset) for length, offset in zip(lengths, offsets, strict=True)]
    assert [ids.tolist() for ids in found] == [ids for ids, _ in rows.documents]
    assert len(data) == lengths.sum() * np.dtype(dtype).itemsize


def test_mds_has_a_sample_a_row(rows: RowSet, tmp_path: Path) -> None:
    folder = written(rows, "mds", tmp_path)
    found: list[list[Document]] = []
    for shard in json.loads((folder / "index.json").read_text())["shards"]:
        data = (folder / shard["raw_data"]["basename"]).read_bytes()
        assert len(data) == shard["raw_data"]["bytes"]
        count = int.from_bytes(data[:4], "little")
        assert count == shard["samples"]
        starts = np.frombuffer(data, "<u4", count + 1, 4).tolist()
        found += [mds_row(data[low:high]) for low, high in pairwise(starts)]
    assert found == rows.rows


def mds_row(data: bytes) -> list[Document]:
    """A sample's columns in alphabetical order: indices, input_ids, length, mask."""
    sizes = np.frombuffer(data, "<u4", 3).tolist()
    indices = mds_array(data[12 : 12 + sizes[0]], "u4").reshape(-1, 2)
    ids = mds_array(data[12 + sizes[0] : 12 + sizes[0] + sizes[1]], "u4")
    mask = mds_array(data[-sizes[2] :], "u1")
    assert int.from_bytes(data[12 + sizes[0] + sizes[1] : -sizes[2]], "little") == len(ids) == len(mask)
    assert indices[1:, 0].tolist() == indices[:-1, 1].tolist()
    return cut(ids, mask, indices[:, 1].tolist())


def mds_array(data: bytes, dtype: str) -> Any:
    """Axes and the width of their lengths in a byte, lengths, values."""
    axes, width = data[0] >> 2, 1 << (data[0] & 3)
    shape = np.frombuffer(data, f"<u{width}", axes, 1)
    return np.frombuffer(data, f"<{dtype}", offset=1 + axes * width).reshape(shape)


def test_mds_starts_a_file_when_one_is_full(tmp_path: Path) -> None:
    long = [10] * (3 << 20)
    rows = random_rows(1)
    for place in ((0, 0, 0), (0, 1, 0), (1, 0, 0), (2, 0, 0), (2, 1, 0)):
        rows = changed(rows, place, [*long, 2])
    folder = written(rows, "mds", tmp_path)
    files = json.loads((folder / "index.json").read_text())["shards"]
    assert len(files) == 2
    assert sum(shard["samples"] for shard in files) == len(rows.rows)
    assert all(shard["raw_data"]["bytes"] <= 1 << 26 for shard in files)


@pytest.mark.parametrize("profile", ["olmo-core", "megatron"])
def test_eos_inside_a_document_is_refused_where_it_would_cut_it(profile: str, tmp_path: Path) -> None:
    rows = changed(CASES[2], (2, 1, 0), [5, 2, 6, 2])
    with pytest.raises(UsageError) as error:
        written(rows, profile, tmp_path)
    assert str(error.value).startswith(f"{profile} tells documents apart by EOS, and document 0 of row 1 in ")
    assert "train-00002-of-00003.parquet has EOS (2) inside" in str(error.value)


def test_a_piece_without_eos_is_refused_where_it_would_join_the_next_document(tmp_path: Path) -> None:
    rows = with_pieces(CASES[2])
    with pytest.raises(UsageError, match=r"of row 2 in train-00000-of-00003.parquet has none at its end, as pieces"):
        written(rows, "megatron", tmp_path)


@pytest.mark.parametrize("rows", [CASES[0], CASES[1]], ids=["eos", "eos before bos"])
def test_olmo_core_gets_pieces_with_an_eos_off_the_loss(rows: RowSet, tmp_path: Path) -> None:
    rows = with_pieces(rows)
    notes = PROFILES["olmo-core"].write(rows.read(), tmp_path, rows.info)
    assert notes == ["3 pieces of longer documents got an EOS that is off the loss"]
    found: list[Document] = []
    for path in sorted(tmp_path.glob("*.csv.gz")):
        ids = flat(path.with_name(path.name.replace(".csv.gz", ".npy")), f"<u{rows.info.token_bytes}")
        mask = flat(path.with_name(path.name.replace(".csv.gz", ".npy").replace("token_ids", "labels_mask")), np.bool_)
        ends = [int(line.split(",")[1]) for line in gzip.decompress(path.read_bytes()).decode().splitlines()]
        found += cut(ids, mask, ends)
    assert found == closed(rows) != rows.documents


@pytest.mark.parametrize("profile", ["datatrove", "mds"])
def test_who_does_not_look_for_eos_takes_it_anywhere(profile: str, tmp_path: Path) -> None:
    rows = changed(changed(CASES[2], (2, 1, 0), [5, 2, 6, 2]), (0, 2, 0), [5, 6])
    assert list(written(rows, profile, tmp_path).iterdir())


def test_olmo_core_takes_eos_inside_where_bos_follows_every_end(tmp_path: Path) -> None:
    written(changed(CASES[1], (2, 1, 0), [1, 5, 2, 6, 2]), "olmo-core", tmp_path)
    with pytest.raises(UsageError, match="has EOS \\(2\\) inside"):
        written(changed(CASES[1], (2, 1, 0), [1, 5, 2, 1, 6, 2]), "olmo-core", tmp_path)
    with pytest.raises(UsageError, match="has EOS \\(2\\) inside"):
        written(changed(CASES[3], (2, 1, 0), [1, 5, 2, 6, 2]), "megatron", tmp_path)


def test_megatron_refuses_tokens_off_the_loss(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"has tokens that are off the loss: make the dataset with --loss all"):
        written(CASES[0], "megatron", tmp_path)


@pytest.mark.parametrize("profile", ["megatron", "olmo-core", "datatrove"])
def test_an_id_that_does_not_fit_is_told(profile: str, tmp_path: Path) -> None:
    rows = changed(CASES[2], (1, 0, 0), [5, 1 << 16, 2])
    with pytest.raises(LcdataError, match="has ids beyond the tokenizer's vocabulary"):
        written(rows, profile, tmp_path)
