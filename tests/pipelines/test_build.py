"""One command, one dataset: the same bytes however it is made, and readable by all who should read it."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from conftest import Run

from lcdata.packers.tokens.tokenizer import load_tokenizer
from lcdata.pipelines.making.shard import write_shard
from lcdata.pipelines.making.work import Shared
from lcdata.pipelines.planning.materials import Materials
from lcdata.pipelines.planning.plan import make_plan
from lcdata.pipelines.run.local_workspace import LocalWorkspace
from lcdata.schemas.lengths import Lengths
from lcdata.schemas.recipe import Recipe
from lcdata.schemas.tokens import TokenizerChoice

Contents = Callable[[Path], dict[str, bytes]]
MANY = ("gen", "--task", "kv", "--length", "300..2000", "--n", "120", "--seq-length", "4k", "--shard-rows", "9")


def test_a_dataset_is_laid_out_as_the_hub_wants_it(lcdata: Run, tmp_path: Path, small: str) -> None:
    done = lcdata("gen", "--task", "kv", "--length", "1k", "--n", 20, "--tokenizer", small, "--out", "out")
    assert done.returncode == 0, done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out"]
    files = sorted(str(path.relative_to(tmp_path / "out")) for path in (tmp_path / "out").rglob("*") if path.is_file())
    assert files == [
        "README.md",
        "data/kv-1k/train-00000-of-00001.parquet",
        "docs/kv-1k/train-00000-of-00001.parquet",
        "lcdata.json",
        "recipe.yaml",
    ]
    manifest = json.loads((tmp_path / "out/lcdata.json").read_text())
    (stage,) = manifest["stages"]
    assert stage["documents"] == 20
    assert stage["audited"] >= 1
    assert stage["ledger"] == {"made": stage["tokens"], "packed": stage["tokens"], "dropped": {}}
    assert str(tmp_path) not in (tmp_path / "out/README.md").read_text()


@pytest.mark.cluster
def test_the_same_bytes_for_any_number_of_workers(lcdata: Run, tmp_path: Path, small: str, contents: Contents) -> None:
    for workers in (0, 1, 2):
        done = lcdata(*MANY, "--tokenizer", small, "--out", f"w{workers}", "--workers", workers)
        assert done.returncode == 0, done.stderr
    expected = contents(tmp_path / "w0")
    assert len(expected) > 6
    assert contents(tmp_path / "w1") == expected
    assert contents(tmp_path / "w2") == expected


def test_the_same_bytes_in_any_order_of_shards_and_any_number_of_attempts(
    lcdata: Run, tmp_path: Path, small: str, contents: Contents
) -> None:
    assert lcdata(*MANY, "--tokenizer", small, "--out", "whole").returncode == 0
    expected = contents(tmp_path / "whole")
    recipe = Recipe.model_validate(json.loads(expected["lcdata.json"])["recipe"])
    plan = make_plan(Materials(recipe))
    workspace = LocalWorkspace(tmp_path / "again")
    with workspace.locked():
        workspace.claim(plan.content)
        workspace.make_folders(f"data/{recipe.name}", f"docs/{recipe.name}")
        (stage,) = plan.stages
        shared = Shared([stage.stage], [stage.source], plan.fingerprint, workspace.out, plan.inputs)
        order = [*reversed(range(plan.num_shards)), 1, 0]
        for shard in order:
            assert len(list(write_shard(shared, stage.job(shard)))) >= 2
    again = contents(workspace.dataset)
    assert plan.num_shards > 2
    assert again == {name: data for name, data in expected.items() if name.startswith(("data/", "docs/"))}


def test_a_finished_dataset_is_left_alone_and_another_recipe_refused(
    lcdata: Run, tmp_path: Path, small: str, contents: Contents
) -> None:
    command = ("gen", "--task", "kv", "--length", "1k", "--n", 5, "--tokenizer", small, "--out", "out")
    assert lcdata(*command).returncode == 0
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "out").rglob("*")}
    again = lcdata(*command)
    assert again.returncode == 0
    assert "out is finished already, nothing to do" in again.stdout
    other = lcdata(*command, "--seed", 1)
    assert other.returncode == 2
    assert "made from another recipe: seed was 0, is now 1. Use another --out" in other.stderr
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "out").rglob("*")} == before


def test_every_reader_reads_the_same(lcdata: Run, tmp_path: Path, small: str) -> None:
    import duckdb
    import polars as pl
    from datasets import load_dataset

    assert lcdata(*MANY, "--tokenizer", small, "--out", "out").returncode == 0
    folder = tmp_path / "out"
    name = "kv-300-to-2000"
    files = sorted((folder / "data" / name).glob("*.parquet"))
    tables = [pq.read_table(file) for file in files]
    rows = [row for table in tables for row in table.to_pylist()]
    assert len(files) > 2

    loaded = load_dataset(str(folder), name, split="train", cache_dir=str(tmp_path / "cache"))
    assert loaded.column_names == ["input_ids", "labels", "position_ids", "seq_lengths"]
    assert list(loaded) == rows
    assert list(load_dataset(str(folder), name, split="train", streaming=True)) == rows
    documents = load_dataset(str(folder), f"{name}-docs", split="train", cache_dir=str(tmp_path / "cache"))
    assert sorted(documents["sample"]) == list(range(120))

    pattern = str(folder / "data" / name / "*.parquet")
    assert pl.read_parquet(pattern).to_dicts() == rows
    query = f"select input_ids, labels, position_ids, seq_lengths from read_parquet({list(map(str, files))})"
    with duckdb.connect() as connection:
        assert [row[0] for row in connection.execute(query).fetchall()] == [row["input_ids"] for row in rows]


def test_short_samples_share_rows_and_the_table_finds_them(lcdata: Run, tmp_path: Path, small: str) -> None:
    assert lcdata(*MANY, "--tokenizer", small, "--out", "out").returncode == 0
    folder = tmp_path / "out"
    rows = pq.read_table(folder / "data/kv-300-to-2000")
    docs = pq.read_table(folder / "docs/kv-300-to-2000").to_pylist()
    files = [pq.read_table(file) for file in sorted((folder / "data").rglob("*.parquet"))]
    lengths = [sum(row) for row in rows["seq_lengths"].to_pylist()]
    assert max(map(len, rows["seq_lengths"].to_pylist())) > 1
    assert max(lengths) <= 4096
    planned = Lengths.parse("300..2000").of_samples("kv", 0, 120)
    assert len(lengths) <= -(-int(planned.sum()) // 4096) + 1
    assert sum(lengths) > 0.95 * planned.sum()
    for doc in docs:
        ids = files[doc["shard"]]["input_ids"][doc["row"]].as_py()[doc["start"] : doc["start"] + doc["length"]]
        labels = files[doc["shard"]]["labels"][doc["row"]].as_py()[doc["start"] : doc["start"] + doc["length"]]
        assert labels == [-100] * doc["prompt_length"] + ids[doc["prompt_length"] :]
        assert len(ids) == doc["length"] <= 2000


def test_labels_are_left_out_only_where_all_tokens_are_in_the_loss(lcdata: Run, tmp_path: Path, small: str) -> None:
    def columns(*options: str) -> list[str]:
        out = f"out{len(list(tmp_path.iterdir()))}"
        command = ("gen", "--task", "kv", "--length", "1k", "--n", 3, "--tokenizer", small, "--out", out)
        done = lcdata(*command, *options)
        assert done.returncode == 0, done.stderr
        assert lcdata("verify", out, "--samples", 1).returncode == 0
        return pq.read_schema(next((tmp_path / out / "data").rglob("*.parquet"))).names

    assert "labels" in columns()
    assert "labels" not in columns("--loss", "all")
    assert "labels" in columns("--loss", "all", "--labels", "always")
    refused = lcdata("gen", "--task", "kv", "--length", "1k", "--n", 3, "--labels", "never")
    assert refused.returncode == 2
    assert "add --loss all" in refused.stderr


def test_show_prints_the_sample_that_a_dataset_holds(lcdata: Run, tmp_path: Path, small: str) -> None:
    options = ("--length", "400..2000", "--tokenizer", small, "--seed", 5, "--set", "dict_size=2..6")
    assert lcdata("gen", "--task", "kv", "--n", 9, "--out", "out", *options).returncode == 0
    docs = {doc["sample"]: doc for doc in pq.read_table(tmp_path / "out/docs").to_pylist()}
    for index in (0, 4, 8):
        shown = json.loads(lcdata("show", "kv", "--index", index, "--json", *options).stdout)
        assert shown["sha256"] == docs[index]["sha256"]
        assert shown["facts"] == json.loads(docs[index]["facts"])
        assert shown["answers"] == docs[index]["answers"]


def test_conversations_are_built_and_made_again_from_the_manifest(lcdata: Run, tmp_path: Path, small: str) -> None:
    (tmp_path / "chat.jinja").write_text(
        "{% for message in messages %}[{{ message.role }}] {{ message.content }}{{ eos_token }}{% endfor %}"
    )
    build = ("gen", "--task", "niah", "--length", "900", "--n", "8", "--tokenizer", small, "--workers", "0")
    refused = lcdata(*build, "--out", "chat", "--format", "chat")
    assert refused.returncode == 2
    assert "has no chat template: name one with --chat-template" in refused.stderr
    done = lcdata(*build, "--out", "chat", "--format", "chat", "--chat-template", "chat.jinja")
    assert done.returncode == 0, done.stderr
    (tmp_path / "chat.jinja").unlink()
    checked = lcdata("verify", "chat")
    assert checked.returncode == 0, checked.stdout + checked.stderr
    rows = pq.read_table(next((tmp_path / "chat" / "data").rglob("*.parquet"))).to_pylist()
    docs = pq.read_table(next((tmp_path / "chat" / "docs").rglob("*.parquet"))).to_pylist()
    tokenizer = load_tokenizer(TokenizerChoice(source=small))
    for row, doc in zip(rows, docs, strict=True):
        ids = row["input_ids"]
        assert ids.count(tokenizer.identity.eos_id) == 2
        assert len(ids) <= 900
        prompt = tokenizer.reference.decode(ids[: doc["prompt_length"]], skip_special_tokens=False)
        assert prompt.startswith("[user] ")
        assert prompt.rstrip().endswith("<|endoftext|>[assistant]")
        assert row["labels"] == [-100] * doc["prompt_length"] + ids[doc["prompt_length"] :]


def test_the_demo_recipe_is_built_in_a_checkout(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "lcdata", "build", "recipes/demo.yaml", "--workers", "0"]
    command += ["--store", str(tmp_path / "store"), "--out", str(tmp_path / "out")]
    command += ["--set", "stages.0.tokens=60k", "--set", "stages.1.tokens=200k"]
    done = subprocess.run(command, cwd=Path(__file__).parents[2], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
