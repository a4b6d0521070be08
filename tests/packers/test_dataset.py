"""A finished dataset is opened once, and its rows and documents are those that were made."""

import json
import pickle
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
import tokenizers
from conftest import TRAINED
from sealing import rewrite_manifest

from lcdata import row_costs
from lcdata.packers.dataset import Config, Dataset, open_dataset
from lcdata.schemas.errors import LcdataError, QualityError, UsageError
from lcdata.schemas.sample import ids_sha256

RECIPE = """
name: two
tokenizer: {{source: {tokenizer}}}
ingest:
  - {{name: texts, inputs: [texts.jsonl], fields: {{id: id}}}}
stages:
  - name: short
    seq_length: 1k
    tokens: 20k
    shard_rows: 6
    labels: always
    mix: [{{task: kv, length: 400..1k, share: 50%}}, {{corpus: texts, share: 50%}}]
  - name: long
    seq_length: 4k
    tokens: 80k
    shard_rows: 9
    mix: [{{task: kv, length: 1200..3k, share: 50%}}, {{task: vt, length: 1200..3k, loss: all, share: 50%}}]
  - {{name: texts, seq_length: 2k, tokens: 3k, mix: [{{corpus: texts}}]}}
"""
TEXTS = {f"text-{number}": f"{number}. naïve café 日本語 Привет {{7: 8}} " * (3 + number % 40) for number in range(120)}


@pytest.fixture(scope="module", params=TRAINED)
def made(request: pytest.FixtureRequest, trained: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A dataset of three stages, of tasks and a corpus, under a tokenizer with BOS and one without."""
    folder = tmp_path_factory.mktemp(request.param)
    (folder / "recipe.yaml").write_text(RECIPE.format(tokenizer=trained / request.param))
    lines = [json.dumps({"id": name, "text": text}) for name, text in TEXTS.items()]
    (folder / "texts.jsonl").write_text("\n".join(lines))
    lcdata(folder, "build", "recipe.yaml", "--workers", "0", "--out", "two")
    return folder / "two"


def lcdata(folder: Path, *arguments: object) -> str:
    """Run lcdata there; returns what it prints."""
    command = [sys.executable, "-m", "lcdata", *map(str, arguments)]
    done = subprocess.run(command, cwd=folder, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def dataset(made: Path) -> Dataset:
    """It, opened."""
    return open_dataset(made)


@pytest.fixture
def copy(made: Path, tmp_path: Path) -> Path:
    """A copy of it, to damage."""
    return shutil.copytree(made, tmp_path / "copy")


def rows_on_disk(config: Config) -> list[dict[str, list[int]]]:
    """The rows of a config as pyarrow reads them, whatever we think of them."""
    folder = config.dataset.folder / "data" / config.name
    return [row for path in sorted(folder.iterdir()) for row in pq.read_table(path).to_pylist()]


def test_each_stage_is_a_config_with_rows_of_its_own(dataset: Dataset) -> None:
    assert list(dataset.configs) == ["short", "long", "texts"]
    found: list[set[bytes]] = []
    for config, seq_length in zip(dataset.configs.values(), (1024, 4096, 2048), strict=True):
        rows = list(config.rows())
        assert dataset.config(config.name) is config
        assert config.seq_length == seq_length >= max(len(row.input_ids) for row in rows) > seq_length / 2
        assert config.num_rows == len(rows)
        assert config.num_documents == sum(len(row.seq_lengths) for row in rows) == len(config.document_table())
        assert config.num_tokens == sum(len(row.input_ids) for row in rows)
        costs = [int((row.seq_lengths.astype(int) ** 2).sum()) for row in rows]
        assert row_costs(dataset.folder, config.name).tolist() == costs
        found.append({row.input_ids.tobytes() for row in rows})
    assert len(set.union(*found)) == sum(map(len, found))
    assert dataset.num_documents == sum(config.num_documents for config in dataset.configs.values())


def test_one_of_several_must_be_named(dataset: Dataset) -> None:
    with pytest.raises(UsageError, match="has several configs: name one of short, long, texts"):
        dataset.config()
    with pytest.raises(UsageError, match="has no config 'middle': it has short, long, texts"):
        dataset.config("middle")


def test_a_row_is_that_of_the_file(dataset: Dataset) -> None:
    for config in dataset.configs.values():
        on_disk = rows_on_disk(config)
        assert len(config.data) > 1 or config.name == "texts"
        for index, (row, expected) in enumerate(zip(config.rows(), on_disk, strict=True)):
            alone = config.row(index)
            assert row.index == alone.index == index
            for name, values in expected.items():
                assert getattr(row, name).dtype == np.int32
                assert getattr(row, name).tolist() == getattr(alone, name).tolist() == values
        for index in (-1, len(on_disk)):
            with pytest.raises(IndexError, match=f"row {index} of {len(on_disk)}"):
                config.row(index)


def test_rows_that_are_written_without_labels_have_them(dataset: Dataset) -> None:
    config = dataset.config("texts")
    assert "labels" not in rows_on_disk(config)[0]
    row = config.row(0)
    starts = row.position_ids == 0
    assert starts.sum() == len(row.seq_lengths) > 1
    assert np.array_equal(row.labels, np.where(starts, -100, row.input_ids))


def test_the_documents_of_a_row_are_its_tokens_and_its_records(dataset: Dataset) -> None:
    for config in dataset.configs.values():
        records = config.document_table().to_pylist()
        documents = [document for row in config.rows() for document in row.documents]
        assert [document.record for document in documents] == records
        for row in config.rows():
            assert np.array_equal(np.concatenate([document.ids for document in row.documents]), row.input_ids)
            assert np.array_equal(np.concatenate([document.labels for document in row.documents]), row.labels)
        for document, record in zip(documents, records, strict=True):
            assert ids_sha256(document.ids) == document.sha256 == record["sha256"]
            assert document.facts == json.loads(record["facts"])
            assert list(document.answers) == record["answers"]
            kept = document.labels != -100
            assert kept.argmax() == document.loss_start
            assert kept[document.loss_start :].all()
        assert {document.loss for document in documents if document.source == "kv"} <= {"answer"}
        assert {document.loss for document in documents if document.source in ("vt", "texts")} <= {"all"}


def test_the_text_of_a_sample_is_the_one_that_was_made(dataset: Dataset, tmp_path: Path) -> None:
    """As `export` makes it anew, and as `tokenizers` itself decodes it."""
    lcdata(tmp_path, "export", dataset.folder, "--to", "text", "--out", "text")
    lcdata(tmp_path, "export", dataset.folder, "--to", "eval", "--out", "eval")
    texts = [json.loads(line)["text"] for line in (tmp_path / "text").read_text().splitlines()]
    lines = [json.loads(line) for line in (tmp_path / "eval").read_text().splitlines()]
    itself = tokenizers.Tokenizer.from_file(dataset.manifest.tokenizer.source + "/tokenizer.json")
    seen = set[int]()
    for config in dataset.configs.values():
        for row in config.rows():
            for document in row.documents:
                assert document.text == itself.decode(document.ids.tolist(), skip_special_tokens=True)
                if document.index is None:
                    assert document.reference is None
                    continue
                line = lines[document.index]
                assert (document.text, document.prompt) == (texts[document.index], line["input"])
                assert document.text == document.prompt + document.answer
                assert document.reference is not None
                fields = document.reference.model_dump(mode="json", by_alias=True)
                assert fields.pop("depth") == pytest.approx(line["depth"], abs=2e-6), "a column of float32"
                assert fields == {name: line[name] for name in fields}
                seen.add(document.index)
    assert seen == set(range(len(lines)))
    assert len(lines) > 30


def test_the_text_of_an_organic_document_is_the_one_that_was_read(dataset: Dataset) -> None:
    whole = 0
    for config in (dataset.config("short"), dataset.config("texts")):
        for row in config.rows():
            for document in row.documents:
                if document.source != "texts":
                    continue
                text = TEXTS[document.source_id or ""]
                if document.facts["document_tokens"] == len(document.ids) - (2 if dataset_has_bos(dataset) else 1):
                    assert document.text == document.answer == text
                    whole += 1
                else:  # a piece, which may begin or end within a character
                    assert document.text.strip("\ufffd").strip() in text
    assert whole > 10


def dataset_has_bos(dataset: Dataset) -> bool:
    return dataset.manifest.tokenizer.bos_id is not None


def test_spans_lie_on_the_text_that_they_are_of(dataset: Dataset) -> None:
    checked = 0
    for document in dataset.config("long").row(0).documents:
        sample = document.as_sample()
        assert sample.text == document.text
        for answer, (start, end) in zip(sample.answers, sample.answer_spans, strict=True):
            assert answer in sample.text[start:end]
            assert end - start < len(answer) + 8
            checked += 1
    assert checked > 0


def test_samples_are_numbered_through_the_dataset(dataset: Dataset) -> None:
    records = [
        (config.name, record["source"], record["sample"])
        for config in dataset.configs.values()
        for record in config.document_table("source", "sample").to_pylist()
        if record["sample"] is not None
    ]
    numbers = sorted(dataset.sample_number(*record) for record in records)
    assert numbers == list(range(len(records)))
    assert any(sample and source == "kv" for _, source, sample in records)


def refused(error: type[LcdataError], folder: Path, message: str) -> None:
    with pytest.raises(error, match=message) as raised:
        open_dataset(folder)
    assert type(raised.value) is error
    assert "\n" not in str(raised.value)


def test_what_is_no_dataset_is_said(tmp_path: Path, copy: Path) -> None:
    (tmp_path / "file").write_text("{}")
    for name in ("", "nowhere", "file"):
        refused(UsageError, tmp_path / name, r"is no finished dataset: it has no lcdata\.json")
    whole = (copy / "lcdata.json").read_bytes()
    manifest = json.loads(whole)
    damaged = (b"{", b"{}", b"\xff", whole.replace(b'"seed": 0', b'"seed": 1'), whole + b"\n", whole[:-1])
    for content in damaged:
        (copy / "lcdata.json").write_bytes(content)
        refused(QualityError, copy, "is damaged, it is not as it was written: make the dataset again")
    (copy / "lcdata.json").write_text(json.dumps({"lcdata": "0.1.0", "format": 1}))
    refused(LcdataError, copy, "is of format 1, this lcdata reads")
    for changed, message in (
        ({"stages": manifest["stages"][:1]}, "other stages than its recipe"),
        ({"engine": 1}, r"is of another version \(engine: "),
    ):
        rewrite_manifest(copy / "lcdata.json", manifest | changed)
        refused(LcdataError, copy, message)


def test_damaged_files_are_named_with_the_cure(copy: Path) -> None:
    config = open_dataset(copy).config("long")
    docs, data = config.docs[0].path, config.data[0].path
    cure = f": run `lcdata verify {copy}`$"
    first = next(config.rows())
    docs.write_bytes(docs.read_bytes()[:-9])
    with pytest.raises(LcdataError, match=rf"{docs} cannot be read \(.*\){cure}"):
        _ = first.documents
    with pytest.raises(LcdataError, match=rf"{docs} cannot be read \(.*\){cure}"):
        config.document_table("length")
    data.unlink()
    with pytest.raises(LcdataError, match=rf"{data} cannot be read \(.*\){cure}"):
        config.row(0)
    with pytest.raises(LcdataError, match=rf"{data} cannot be read \(.*\){cure}"):
        next(config.rows())
    assert config.row(config.num_rows - 1).documents, "other files are read as before"


def test_files_of_other_rows_are_not_taken_for_the_configs(copy: Path) -> None:
    config = open_dataset(copy).config("long")
    shutil.copy(config.docs[1].path, config.docs[0].path)
    with pytest.raises(LcdataError, match="is a table of other documents: run `lcdata verify"):
        _ = config.row(0).documents
    table = pq.read_table(config.docs[1].path)
    pq.write_table(table.filter(pc.field("row") != 1), config.docs[1].path)
    first_of_second = config.data[0].record.rows
    assert open_dataset(copy).config("long").row(first_of_second).documents
    with pytest.raises(LcdataError, match="is a table of other documents"):
        _ = open_dataset(copy).config("long").row(first_of_second + 1).documents
    rows = pq.read_table(config.data[0].path)
    pq.write_table(rows.slice(0, 2), config.data[0].path)
    assert config.row(1).index == 1
    with pytest.raises(LcdataError, match="has fewer rows than were written: run `lcdata verify"):
        config.row(2)


def test_a_tokenizer_may_have_moved_and_no_other_is_taken_for_it(made: Path, copy: Path, trained: Path) -> None:
    content = json.loads((copy / "lcdata.json").read_text())
    source = content["tokenizer"]["source"]
    content["tokenizer"]["source"] = "gone/tokenizer.json"
    rewrite_manifest(copy / "lcdata.json", content)
    with pytest.raises(UsageError, match=r"no tokenizer at 'gone/tokenizer\.json'"):
        _ = open_dataset(copy).config("long").row(0).documents[0].text
    other = next(str(trained / name) for name in TRAINED if str(trained / name) != source)
    with pytest.raises(
        LcdataError, match=rf"the tokenizer '{other}' is not the one that made this dataset .*--tokenizer"
    ):
        _ = open_dataset(copy, tokenizer=other).config("long").row(0).documents[0].text
    moved = open_dataset(copy, tokenizer=source).config("long").row(0).documents[0]
    assert moved.text == open_dataset(made).config("long").row(0).documents[0].text


def test_what_is_opened_can_be_sent_to_another_process(made: Path) -> None:
    dataset = open_dataset(made)
    row = dataset.config("long").row(2)
    text = row.documents[0].text
    again, same_row = pickle.loads(pickle.dumps((dataset, row)))
    assert again.config("long").row(2).documents[0].text == text
    assert same_row.documents[0].text == text


CHEAP = """
import sys
from lcdata.packers.dataset import open_dataset

dataset = open_dataset(sys.argv[1])
row = next(dataset.config("long").rows())
assert sum(len(document.ids) for document in row.documents) == len(row.input_ids)
print(sorted({"torch", "ray", "datasets", "tokenizers", "fastokens"} & set(sys.modules)))
row.documents[0].text
print(sorted({"torch", "ray", "datasets", "tokenizers", "fastokens"} & set(sys.modules)))
"""


def test_opening_and_reading_load_nothing_heavy_and_a_text_the_tokenizer_alone(made: Path) -> None:
    done = subprocess.run([sys.executable, "-c", CHEAP, str(made)], check=True, capture_output=True, text=True)
    assert done.stdout.splitlines() == ["[]", "['tokenizers']"]


def test_what_is_shown_of_it_is_short(dataset: Dataset) -> None:
    config = dataset.config("long")
    row = config.row(0)
    assert repr(dataset).startswith(f"Dataset('{dataset.folder}', short: ")
    assert repr(config) == f"Config('long', {config.num_rows} rows of at most 4,096 tokens)"
    assert repr(row) == f"Row(0, {len(row.input_ids):,} tokens of {len(row.seq_lengths)} documents)"
    for document in row.documents:
        assert (
            repr(document) == f"RowDocument({document.source} sample {document.sample}, {len(document.ids):,} tokens)"
        )
    assert len(set(row.documents)) == len(row.documents)


def test_columns_of_the_document_table_are_chosen_by_name(dataset: Dataset) -> None:
    config = dataset.config("short")
    table = config.document_table("length", "source")
    assert set(table.column_names) == {"length", "source"}
    assert len(table) == config.num_documents
    tables = [pq.read_table(docs.path) for docs in config.docs]
    assert config.document_table().equals(pa.concat_tables(tables))
    for shard, table in zip(config.shards, tables, strict=True):
        by_row = [shard.documents(row, ["row"])["row"].to_pylist() for row in range(shard.data.record.rows)]
        assert [row for rows in by_row for row in rows] == table["row"].to_pylist()
        assert all(rows == len(rows) * [row] for row, rows in enumerate(by_row))
