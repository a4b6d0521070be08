"""What projects read of an export with their own code, where they are installed."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from rowsets import INFO, Document, RowSet, closed, cut, document, random_rows, with_pieces

from lcdata.packers.profiles.registry import PROFILES

WITH_BOS = replace(INFO, bos_id=1, vocab_size=70_000)
ANSWERS, WIDE = random_rows(1), random_rows(2, WITH_BOS)
EVERYTHING, WIDE_EVERYTHING = random_rows(3, loss_on_all=True, with_labels=False), random_rows(4, WITH_BOS, True)

pytestmark = pytest.mark.filterwarnings("default")  # theirs are not ours to mend


def written(rows: RowSet, profile: str, folder: Path) -> Path:
    """Write rows into a folder of their own."""
    folder = folder / "export"
    folder.mkdir()
    PROFILES[profile].write(rows.read(), folder, rows.info)
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    """Files of a folder by name."""
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def padder(small: str) -> Any:
    """A tokenizer that pads on the right, for collators."""
    transformers = pytest.importorskip("transformers")
    return transformers.PreTrainedTokenizerFast(
        tokenizer_file=f"{small}/tokenizer.json", pad_token="<|endoftext|>", padding_side="right"
    )


def by_bounds(batch: Any, bounds: Any) -> list[Document]:
    """The documents of a batch of one row with unshifted labels."""
    return cut(batch["input_ids"][0], batch["labels"][0] != -100, bounds)


@pytest.mark.parametrize(
    ("profile", "module", "names"),
    [
        ("documents", "transformers", {"documents", "collator"}),
        ("megatron-bridge", "megatron.bridge.data.packing.config", {"packed"}),
        ("datatrove", "datatrove.utils.dataset", {"windows"}),
        ("mds", "streaming", {"rows"}),
    ],
)
def test_settings_in_python_run(
    profile: str, module: str, names: set[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip(module)
    pytest.importorskip("torch")
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path / "cache")
    defined = dict[str, Any]()
    exec(PROFILES[profile].settings(str(written(ANSWERS, profile, tmp_path)), ANSWERS.info), defined)
    assert names <= set(defined)


@pytest.mark.parametrize("rows", [ANSWERS, EVERYTHING], ids=["answers", "all"])
def test_transformers_joins_documents_and_keeps_them_apart(rows: RowSet, tmp_path: Path) -> None:
    collators = pytest.importorskip("transformers.data.data_collator")
    pytest.importorskip("torch")
    read = pa.parquet.read_table(written(rows, "documents", tmp_path)).to_pylist()
    collate = collators.DataCollatorWithFlattening(return_flash_attn_kwargs=True)
    batch = collate(read)
    assert by_bounds(batch, batch["cu_seq_lens_q"][1:].tolist()) == rows.documents


@pytest.mark.parametrize("rows", [ANSWERS, EVERYTHING], ids=["answers", "all"])
def test_axolotl_takes_rows_as_tokenized_and_keeps_their_documents_apart(
    rows: RowSet, small: str, tmp_path: Path
) -> None:
    collators = pytest.importorskip("axolotl.utils.collators.batching")
    wrappers = pytest.importorskip("axolotl.utils.data.wrappers")
    loading = pytest.importorskip("axolotl.utils.data.shared")
    settings = pytest.importorskip("axolotl.utils.dict")
    folder = written(rows, "axolotl", tmp_path)
    wanted = settings.DictDefault(path=str(folder), data_files=f"{folder}/*.parquet", ds_type="parquet", split="train")
    read = loading.load_dataset_with_config(wanted, False)
    assert wrappers._is_dataset_already_tokenized(read)
    collate = collators.DataCollatorForSeq2Seq(padder(small), emit_fa_varlen_kwargs=True)
    for row, documents in zip(read, rows.rows, strict=True):
        batch = collate([row])
        assert bool(batch["attention_mask"].all())
        assert by_bounds(batch, batch["cu_seq_lens_q"][1:].tolist()) == documents


@pytest.mark.parametrize("rows", [ANSWERS, EVERYTHING], ids=["answers", "all"])
def test_llamafactory_unpads_rows_and_leaves_boundaries_to_positions(rows: RowSet, small: str, tmp_path: Path) -> None:
    loader = pytest.importorskip("llamafactory.data.loader")
    collators = pytest.importorskip("llamafactory.data.collator")
    templates = pytest.importorskip("llamafactory.data.template")
    path = str(written(rows, "llamafactory", tmp_path))
    wanted = SimpleNamespace(tokenized_path=path, streaming=False)
    read = loader.get_dataset(templates.TEMPLATES["empty"], None, wanted, None, "sft", None)["train_dataset"]
    collate = collators.SFTDataCollatorWith4DAttentionMask(
        tokenizer=padder(small),
        template=templates.TEMPLATES["empty"],
        pad_to_multiple_of=8,
        block_diag_attn=True,
        attn_implementation="flash_attention_2",
        neat_packing=True,
    )
    for row, documents in zip(read, rows.rows, strict=True):
        batch = collate([row])
        assert batch["attention_mask"] is None
        positions = batch["position_ids"][0]
        ends = [*np.flatnonzero(positions.numpy() == 0)[1:].tolist(), len(positions)]
        assert by_bounds(batch, ends) == documents


@pytest.mark.parametrize("rows", [ANSWERS, EVERYTHING], ids=["answers", "all"])
def test_megatron_bridge_trains_on_the_tokens_in_the_loss(rows: RowSet, tmp_path: Path) -> None:
    reader = pytest.importorskip("megatron.bridge.data.packing.parquet")
    path = f"{written(rows, 'megatron-bridge', tmp_path)}/train-*.idx.parquet"
    prompt = {"prompt_template": "{input} {output}", "label_key": "output", "truncation_field": "input"}
    read = reader.GPTSFTPackedParquetDataset(
        path, SimpleNamespace(eos_id=rows.info.eos_id), max_seq_length=64, **prompt
    )
    assert len(read) == len(rows.rows)
    for place, documents in enumerate(rows.rows):
        row = read[place]
        reader.GPTSFTPackedParquetDataset.validate_row(
            place, row["input_ids"], row["loss_mask"], row["seq_boundaries"][:-1]
        )
        batch = read.collate_fn([row])
        ends = batch["cu_seqlens_q"][0][1:].tolist()[: len(documents)]
        found = zip(
            cut(batch["tokens"][0], batch["loss_mask"][0], ends),
            cut(batch["labels"][0], batch["loss_mask"][0], ends),
            strict=True,
        )
        for ((inputs, _), (targets, mask)), (ids, used) in zip(found, documents, strict=True):
            assert (inputs, targets, mask) == (ids[:-1], ids[1:], used[1:])


@pytest.mark.parametrize(
    "rows",
    [ANSWERS, WIDE, EVERYTHING, with_pieces(ANSWERS), with_pieces(WIDE)],
    ids=["answers", "wide", "all", "pieces", "wide pieces"],
)
def test_olmo_core_finds_documents_and_labels(rows: RowSet, tmp_path: Path) -> None:
    data = pytest.importorskip("olmo_core.data")
    composable = pytest.importorskip("olmo_core.data.composable")
    utils = pytest.importorskip("olmo_core.data.utils")
    import torch

    folder = written(rows, "olmo-core", tmp_path)
    defined = dict[str, Any]()
    exec(PROFILES["olmo-core"].settings(str(folder), rows.info), defined)
    assert (defined["NumpyDatasetDType"], defined["TokenizerConfig"]) == (data.NumpyDatasetDType, data.TokenizerConfig)
    assert isinstance(defined["source"], composable.NumpyDocumentSourceConfig)
    found: list[Document] = []
    for source in defined["source"].build(tmp_path):
        for start, end in source.get_document_offsets():
            read = source.get_token_range(start, end)
            ids, mask = (torch.tensor(read[name].tolist())[None] for name in ("input_ids", "label_mask"))
            labels = utils.get_labels({"input_ids": ids, "label_mask": mask})[0]
            assert bool(((labels == -100) | (labels == torch.cat((ids[0, 1:], ids[0, :1])))).all())
            found.append(document(ids[0], [False, *(labels[:-1] != -100)]))
    assert found == closed(rows)
    for number, shard in enumerate(rows.shards):
        path, bos, eos = folder / f"token_ids_part_{number:05d}.npy", rows.info.bos_id, rows.info.eos_id
        stream = np.fromfile(path, f"<u{rows.info.token_bytes}")
        lengths = utils.get_document_lengths(stream, eos, bos).tolist()
        assert lengths == [len(ids) for ids, _ in closed(replace(rows, shards=[shard]))]
        places = list(utils.iter_document_indices(path, use_array_if_local=False))
        assert [high - low for low, high in places] == lengths


@pytest.mark.parametrize("rows", [ANSWERS, WIDE], ids=["uint16", "uint32"])
def test_datatrove_writes_the_same_bytes(rows: RowSet, tmp_path: Path) -> None:
    writer = pytest.importorskip("datatrove.pipeline.tokens.tokenizer")
    size = rows.info.token_bytes
    for number, shard in enumerate(rows.shards):
        file = writer.TokenizedFile(
            str(tmp_path / "own"),
            f"{number:05d}_rows.ds",
            save_loss_metadata=True,
            tokenizer_name_or_path="own",
            save_final_metadata=True,
            token_size=size,
        )
        for ids, mask in (one for row in shard for one in row):
            file.write(ids, np.array(mask))
        file.close()
    assert contents(written(rows, "datatrove", tmp_path)) == contents(tmp_path / "own")


@pytest.mark.parametrize("rows", [EVERYTHING, WIDE_EVERYTHING], ids=["uint16", "uint32"])
def test_datatrove_restarts_positions_where_documents_end(rows: RowSet, tmp_path: Path) -> None:
    reader = pytest.importorskip("datatrove.utils.dataset")
    pytest.importorskip("torch")
    folder = written(rows, "datatrove", tmp_path)
    settings = {"token_size": rows.info.token_bytes, "return_positions": True}
    read = reader.DatatroveFolderDataset(str(folder), seq_len=15, **settings)
    windows = list[tuple[list[int], list[int]]]()
    for shard in rows.shards:
        documents = [ids for row in shard for ids, _ in row]
        stream = [(token, place) for ids in documents for place, token in enumerate(ids)]
        for start in range(0, len(stream) - 15, 16):
            tokens, places = zip(*stream[start : start + 16], strict=True)
            first_end = places.index(0) if 0 in places else 16
            restarted = [place - places[0] * (number < first_end) for number, place in enumerate(places)]
            windows.append((list(tokens), restarted))
    assert len(read) == len(windows) > 3
    assert [
        (window["input_ids"].tolist(), window["positions"].tolist())
        for window in map(read.__getitem__, range(len(read)))
    ] == windows


@pytest.mark.parametrize("rows", [EVERYTHING, WIDE_EVERYTHING], ids=["uint16", "int32"])
def test_megatron_core_reads_documents_and_writes_the_same_bytes(rows: RowSet, tmp_path: Path) -> None:
    indexed = pytest.importorskip("megatron.core.datasets.indexed_dataset")
    import torch

    folder = written(rows, "megatron", tmp_path)
    read = indexed.IndexedDataset(f"{folder}/train")
    assert [read[place].tolist() for place in range(len(read))] == [ids for ids, _ in rows.documents]
    assert read.document_indices.tolist() == list(range(len(rows.documents) + 1))
    (tmp_path / "own").mkdir()
    kind = indexed.DType.optimal_dtype(rows.info.vocab_size)
    builder = indexed.IndexedDatasetBuilder(str(tmp_path / "own" / "train.bin"), dtype=kind)
    for ids, _ in rows.documents:
        builder.add_document(torch.tensor(ids), [len(ids)])
    builder.finalize(str(tmp_path / "own" / "train.idx"))
    assert contents(folder) == contents(tmp_path / "own")


def test_megatron_core_keeps_documents_apart_by_eos(tmp_path: Path) -> None:
    datasets = pytest.importorskip("megatron.core.datasets.gpt_dataset")
    import torch

    written(EVERYTHING, "megatron", tmp_path)
    stream = np.fromfile(tmp_path / "export" / "train.bin", "<u2").astype(np.int64)
    inputs, documents = torch.tensor(stream[:-1]), EVERYTHING.documents
    settings = (EVERYTHING.info.eos_id, True, True, True, True)
    attention, loss, positions = datasets._get_ltor_masks_and_position_ids(inputs, *settings)
    owner = [number for number, (ids, _) in enumerate(documents) for _ in ids]
    assert positions.tolist() == [place for ids, _ in documents for place in range(len(ids))][:-1]
    assert [bool(used) for used in loss] == [used for _, mask in documents for used in mask][1:]
    seen = ~attention[0]
    assert all(owner[low] == owner[high] and low <= high for high, low in seen.nonzero().tolist())


@pytest.mark.parametrize("rows", [ANSWERS, WIDE, EVERYTHING], ids=["answers", "wide", "all"])
def test_streaming_reads_rows_and_writes_the_same_bytes(rows: RowSet, tmp_path: Path) -> None:
    streaming = pytest.importorskip("streaming")
    folder = written(rows, "mds", tmp_path)
    columns = {"input_ids": "ndarray:uint32", "indices": "ndarray:uint32", "mask": "ndarray:uint8", "length": "int"}
    with streaming.MDSWriter(columns=columns, out=str(tmp_path / "own")) as writer:
        for row in rows.rows:
            ids, mask = ([value for one in row for value in one[part]] for part in (0, 1))
            ends = np.cumsum([len(one[0]) for one in row])
            indices = np.stack((np.concatenate(([0], ends[:-1])), ends), axis=1).astype(np.uint32)
            sample = {"input_ids": np.array(ids, np.uint32), "mask": np.array(mask, np.uint8)}
            writer.write({**sample, "indices": indices, "length": len(ids)})
    assert contents(folder) == contents(tmp_path / "own")
    read = streaming.LocalDataset(str(folder))
    samples = [read[place] for place in range(len(read))]
    assert [cut(one["input_ids"], one["mask"], one["indices"][:, 1].tolist()) for one in samples] == rows.rows
