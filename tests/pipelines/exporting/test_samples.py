"""What is exported is what the dataset holds, whole or not at all."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner
from conftest import Run

from lcdata.__main__ import cli
from lcdata.packers.dataset import open_dataset
from lcdata.packers.tokens.tokenizer import load_tokenizer
from lcdata.pipelines.build import build_dataset
from lcdata.pipelines.exporting.samples import FORMATS, export
from lcdata.pipelines.run.where import Where
from lcdata.schemas.errors import LcdataError, QualityError, UsageError
from lcdata.schemas.manifest import read_manifest
from lcdata.schemas.quantity import IntRange
from lcdata.schemas.recipe import Recipe
from lcdata.schemas.tokens import TokenizerChoice

Lines = list[dict[str, Any]]


@pytest.fixture
def folder(tmp_path: Path, small: str) -> Path:
    """A dataset of several shards whose rows hold samples of many lengths in any order."""
    component = {"task": "kv", "settings": {"absent": 0.3}, "length": "1k..3k", "n": 30}
    recipe = {"name": "kv", "seq_length": "6k", "shard_rows": 4, "tokenizer": {"source": small}, "mix": [component]}
    build_dataset(Recipe.model_validate(recipe), tmp_path / "out", where=Where(0))
    assert len(read_manifest(tmp_path / "out").shards) > 1
    return tmp_path / "out"


@pytest.fixture
def lines(folder: Path, tmp_path: Path) -> Callable[..., Lines]:
    """Export to a new file and read it back."""

    def exported(to: str, *indices: IntRange) -> Lines:
        out = tmp_path / f"{to}-{len(list(tmp_path.iterdir()))}.jsonl"
        done = export(open_dataset(folder), to, out, indices)
        data = out.read_bytes()
        read = [json.loads(line) for line in data.decode().splitlines()]
        assert (done.samples, done.bytes) == (len(read), len(data))
        return read

    return exported


def records(folder: Path) -> dict[int, dict[str, Any]]:
    """The document table by sample."""
    tables = [pq.read_table(path) for path in sorted((folder / "docs/kv").iterdir())]
    return {record["sample"]: record for record in pa.concat_tables(tables).to_pylist()}


def test_the_text_gives_the_tokens_that_the_dataset_holds(
    folder: Path, lines: Callable[..., Lines], small: str
) -> None:
    tokenizer = load_tokenizer(TokenizerChoice(source=small), "tokenizers")
    held = records(folder)
    assert list(held) != list(range(30)), "rows hold samples in another order"
    for index, line in enumerate(lines("text")):
        assert list(line) == ["text"]
        ids = np.array([*tokenizer.encode(line["text"]).tolist(), tokenizer.identity.eos_id], "<i4")
        assert hashlib.sha256(ids.tobytes()).hexdigest() == held[index]["sha256"]


def test_evaluation_lines_hold_what_scorers_read(folder: Path, lines: Callable[..., Lines]) -> None:
    held = records(folder)
    found = lines("eval")
    assert [line["index"] for line in found] == list(range(30))
    for line in found:
        record = held[line["index"]]
        assert line["outputs"] == record["answers"]
        assert (line["length"], line["task"], line["template"]) == (record["length"], "kv", record["template"])
        assert line["depth"] == pytest.approx(record["depth"], abs=1e-6)
        assert line["answer_prefix"] == line["gen_prefix"] == ""
        assert 1024 <= line["max_length"] <= 3072
        assert 0.9 * line["max_length"] < line["length"] <= line["max_length"]
        assert line["asked"] == [str(key) for key in json.loads(record["facts"])["key"]]
        assert len(line["input"]) > 1000
    assert len({line["length"] for line in found}) > 10
    assert {len(line["depth"]) for line in found} == {0, 2}


def test_formats_agree_with_each_other(lines: Callable[..., Lines]) -> None:
    for evaluation, chat, text in zip(lines("eval"), lines("chat"), lines("text"), strict=True):
        user, assistant = chat["messages"]
        assert (user["role"], assistant["role"]) == ("user", "assistant")
        assert user["content"] == evaluation["input"]
        assert user["content"] + assistant["content"] == text["text"]
        assert all(answer in assistant["content"] for answer in evaluation["outputs"])
        assert (chat["index"], chat["length"]) == (evaluation["index"], evaluation["length"])


def test_chosen_samples_are_those_of_the_whole_in_order(lines: Callable[..., Lines]) -> None:
    whole = lines("chat")
    chosen = lines("chat", IntRange(20, 22), IntRange(3, 3), IntRange(21, 23))
    assert chosen == [whole[index] for index in (3, 20, 21, 22, 23)]
    assert lines("chat", IntRange(0, 29)) == whole


def test_a_config_is_exported_alone(tmp_path: Path, small: str) -> None:
    stages = [
        {"name": name, "seq_length": "1k", "mix": [{"task": "kv", "length": "1k", "n": n, "split": split}]}
        for name, n, split in (("one", 3, "train"), ("two", 4, "validation"))
    ]
    recipe = {"name": "both", "tokenizer": {"source": small}, "stages": stages}
    build_dataset(Recipe.model_validate(recipe), tmp_path / "out", where=Where(0))
    assert [shard.data.path for shard in read_manifest(tmp_path / "out").shards] == [
        "data/one/train-00000-of-00001.parquet",
        "data/two/validation-00000-of-00001.parquet",
    ]
    dataset = open_dataset(tmp_path / "out")
    done = export(dataset, "eval", tmp_path / "two.jsonl", config="two")
    numbers = [json.loads(line)["index"] for line in (tmp_path / "two.jsonl").read_text().splitlines()]
    assert numbers == [3, 4, 5, 6]
    assert {document.index for row in dataset.config("two").rows() for document in row.documents} == set(numbers)
    assert done.samples == 4
    assert export(dataset, "eval", tmp_path / "some.jsonl", config="two", first=2).samples == 2
    with pytest.raises(UsageError, match="there is no sample 2: two has samples 3 to 6"):
        export(dataset, "eval", tmp_path / "none.jsonl", [IntRange(2, 4)], config="two")
    with pytest.raises(UsageError, match="has no config 'three'"):
        export(dataset, "eval", tmp_path / "none.jsonl", config="three")
    import datasets

    lines = datasets.load_dataset(str(tmp_path / "out"), "two", split="validation", streaming=True)
    assert len(list(lines)) == 4


def test_datasets_reads_every_format(folder: Path, tmp_path: Path) -> None:
    import datasets

    for to in FORMATS:
        export(open_dataset(folder), to, tmp_path / f"{to}.jsonl")
        rows = datasets.load_dataset(
            "json", data_files=str(tmp_path / f"{to}.jsonl"), split="train", cache_dir=str(tmp_path / "cache")
        )
        assert rows.num_rows == 30
        assert rows.column_names == list(json.loads((tmp_path / f"{to}.jsonl").read_text().splitlines()[0]))


def test_a_file_takes_its_name_when_it_is_whole(folder: Path, tmp_path: Path) -> None:
    out, seen = tmp_path / "e.jsonl", list[tuple[int, int]]()

    def watch(done: int, total: int) -> None:
        assert not out.exists()
        assert len(list(tmp_path.glob(".e.jsonl.*.tmp"))) == 1
        seen.append((done, total))

    export(open_dataset(folder), "eval", out, progressed=watch)
    assert seen == [(done, 30) for done in range(1, 31)]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["e.jsonl", "out"]


def changed(folder: Path, sample: int, column: str, value: Any) -> None:
    """Change one record of the document table."""
    for path in (folder / "docs/kv").iterdir():
        table = pq.read_table(path)
        rows = table.to_pylist()
        for row in rows:
            if row["sample"] == sample:
                row[column] = value
        pq.write_table(pa.Table.from_pylist(rows, schema=table.schema), path)


def test_a_sample_that_comes_out_differently_ends_the_export(folder: Path, tmp_path: Path) -> None:
    changed(folder, 29, "sha256", "0" * 64)
    out = tmp_path / "e.jsonl"
    out.write_text("before")
    with pytest.raises(QualityError, match=r"sample 29 comes out otherwise than .* holds it: `lcdata verify"):
        export(open_dataset(folder), "eval", out, overwrite=True)
    assert out.read_text() == "before"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["e.jsonl", "out"]
    export(open_dataset(folder), "eval", out, [IntRange(0, 28)], overwrite=True)
    assert len(out.read_text().splitlines()) == 29


def test_a_damaged_document_table_is_one_line(folder: Path, tmp_path: Path) -> None:
    changed(folder, 7, "sample", 8)
    with pytest.raises(QualityError, match="does not hold each of its samples once"):
        export(open_dataset(folder), "eval", tmp_path / "e.jsonl")
    next((folder / "docs/kv").iterdir()).write_bytes(b"")
    with pytest.raises(LcdataError, match=r"cannot be read .*: run `lcdata verify"):
        export(open_dataset(folder), "eval", tmp_path / "e.jsonl")


def test_a_file_is_replaced_only_when_asked(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "e.jsonl"
    out.write_text("mine")
    with pytest.raises(UsageError, match="exists already: choose another --out, or replace it with --overwrite"):
        export(open_dataset(folder), "text", out)
    assert out.read_text() == "mine"
    export(open_dataset(folder), "text", out, overwrite=True)
    assert len(out.read_text().splitlines()) == 30
    with pytest.raises(UsageError, match="is not a file: choose another --out"):
        export(open_dataset(folder), "text", tmp_path, overwrite=True)
    with pytest.raises(UsageError, match="would be a foreign file in the dataset"):
        export(open_dataset(folder), "text", folder / "data" / "x.jsonl")
    with pytest.raises(UsageError, match="there is no sample 30: the dataset has samples 0 to 29"):
        export(open_dataset(folder), "text", tmp_path / "new.jsonl", [IntRange(3, 30)])
    assert not (tmp_path / "new.jsonl").exists()


def test_a_command_writes_to_stdout_or_a_file_and_tells_on_stderr(lcdata: Run, folder: Path, tmp_path: Path) -> None:
    piped = lcdata("export", "out", "--to", "chat", "--out", "-", "--n", 4)
    assert len(piped.stdout.splitlines()) == 4
    assert piped.stderr.startswith("stdout: 4 samples, ")
    done = lcdata("export", "out", "--to", "chat", "--index", "0..2", "--index", 3, "--json")
    assert json.loads(done.stdout) == {
        "event": "exported",
        "path": "kv-chat.jsonl",
        "to": "chat",
        "samples": 4,
        "tokens": sum(records(folder)[index]["length"] for index in range(4)),
        "bytes": len(piped.stdout.encode()),
    }
    assert (tmp_path / "kv-chat.jsonl").read_text() == piped.stdout


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--out", "-", "--json"), "both write to stdout"),
        (("--n", "2", "--index", "1"), "--n and --index both choose samples"),
        (("--n", "0"), "--n must be a count"),
        (("--index", "x"), "--index must be a whole number or a range"),
    ],
)
def test_a_mistake_is_told_before_anything_is_read(options: tuple[str, ...], message: str) -> None:
    done = CliRunner().invoke(cli, ["export", "nowhere", "--to", "text", *options])
    assert isinstance(done.exception, UsageError)
    assert message in str(done.exception)


def test_another_tokenizer_makes_nothing(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(LcdataError, match="is not the one that made this dataset"):
        export(open_dataset(folder, tokenizer="embedded"), "text", tmp_path / "e.jsonl")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out"]


def test_lengths_of_a_range_are_those_that_were_drawn(lines: Callable[..., Lines]) -> None:
    lengths = np.array([line["length"] for line in lines("chat")])
    assert 1024 * 0.9 <= lengths.min() < 1500 < 2500 < lengths.max() <= 3072
