"""Rows are exported as they are, whole or not at all."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from click.testing import CliRunner
from conftest import Run

from lcdata.__main__ import cli
from lcdata.packers.dataset import open_dataset
from lcdata.packers.profiles.registry import PROFILES
from lcdata.pipelines.build import build_dataset
from lcdata.pipelines.commands.options import Choices
from lcdata.pipelines.exporting.rows import export_rows
from lcdata.pipelines.run.where import Where
from lcdata.schemas.errors import LcdataError, UsageError
from lcdata.schemas.manifest import read_manifest
from lcdata.schemas.recipe import Recipe

Contents = Callable[[Path], dict[str, bytes]]


def made(folder: Path, tokenizer: str, **source: Any) -> Path:
    """A dataset of several data files whose rows hold several samples."""
    component = {"task": "kv", "length": "1k..3k", "n": 30, **source}
    recipe = {"name": "kv", "seq_length": "6k", "shard_rows": 4, "tokenizer": {"source": tokenizer}, "mix": [component]}
    build_dataset(Recipe.model_validate(recipe), folder, where=Where(0))
    assert len(read_manifest(folder).shards) > 1
    return folder


@pytest.fixture
def answers(tmp_path: Path, small: str) -> Path:
    """With the loss on answers."""
    return made(tmp_path / "answers", small)


@pytest.fixture
def everything(tmp_path: Path, small: str) -> Path:
    """With the loss on all tokens, so that rows have no labels."""
    return made(tmp_path / "everything", small, loss="all")


def rows_of(folder: Path) -> pa.Table:
    """All rows of a dataset."""
    return pa.concat_tables([pq.read_table(path) for path in sorted((folder / "data/kv").iterdir())])


def test_every_profile_is_a_choice_of_the_command() -> None:
    export = cli.get_command(click.Context(cli), "export")
    assert export is not None
    choices = next(option for option in export.params if option.name == "to").type
    assert isinstance(choices, Choices)
    assert set(choices.choices) == {"eval", "chat", "text", *PROFILES}


def test_every_profile_is_in_the_table_of_formats() -> None:
    text = (Path(__file__).parents[3] / "docs" / "formats.md").read_text()
    assert all(f"\n| `{profile}` | " in text for profile in PROFILES)


@pytest.mark.parametrize("profile", PROFILES)
def test_a_dataset_is_written_with_the_settings_to_read_it(
    everything: Path, tmp_path: Path, profile: str, contents: Contents
) -> None:
    out = tmp_path / "out"
    done = export_rows(open_dataset(everything), profile, out)
    rows = rows_of(everything)
    documents = len(rows["seq_lengths"].combine_chunks().flatten())
    tokens = len(rows["input_ids"].combine_chunks().flatten())
    counts = {"rows": len(rows), "documents": documents, "tokens": tokens, "loss_tokens": tokens - documents}
    assert done.configs["kv"].model_dump() == counts
    assert (done.path, done.notes) == (str(out), [])
    mark = json.loads((out / "lcdata-export.json").read_text())
    fingerprint = json.loads((everything / "lcdata.json").read_text())["fingerprint"]
    assert (mark["to"], mark["configs"]) == (profile, {"kv": {"fingerprint": fingerprint, **counts}})
    files = contents(out)
    assert done.bytes == sum(map(len, files.values()))
    (settings,) = [name for name in files if name.startswith("kv.")]
    assert str(out / "kv") in files[settings].decode()
    export_rows(open_dataset(everything), profile, out, overwrite=True)
    assert contents(out) == files, "the same rows make the same bytes"


def test_labels_that_rows_leave_out_are_written(everything: Path, tmp_path: Path) -> None:
    import datasets

    assert "labels" not in rows_of(everything).column_names
    export_rows(open_dataset(everything), "axolotl", tmp_path / "out")
    read = datasets.load_dataset(
        "parquet", data_files=str(tmp_path / "out/kv/*.parquet"), split="train", cache_dir=str(tmp_path / "cache")
    )
    for row, before in zip(read, rows_of(everything).to_pylist(), strict=True):
        starts = np.cumsum([0, *before["seq_lengths"]])[:-1].tolist()
        expected = [-100 if place in starts else token for place, token in enumerate(before["input_ids"])]
        assert row["labels"] == expected
        assert {name: row[name] for name in ("input_ids", "position_ids")} == {
            name: before[name] for name in ("input_ids", "position_ids")
        }


@pytest.mark.parametrize("profile", ["axolotl", "llamafactory"])
def test_settings_in_yaml_name_what_is_there(answers: Path, tmp_path: Path, profile: str) -> None:
    export_rows(open_dataset(answers), profile, tmp_path / "out")
    settings = yaml.safe_load((tmp_path / "out" / "kv.yaml").read_text())
    path = settings["tokenized_path"] if profile == "llamafactory" else settings["datasets"][0]["path"]
    assert Path(path).is_dir()
    assert 6144 in settings.values()


@pytest.mark.parametrize("profile", [name for name in PROFILES if PROFILES[name].settings_suffix == ".py"])
def test_settings_in_python_compile(answers: Path, tmp_path: Path, profile: str) -> None:
    export_rows(open_dataset(answers), profile, tmp_path / "out")
    text = (tmp_path / "out" / "kv.py").read_text()
    compile(text, "kv.py", "exec")
    assert "import" in text


def test_masks_that_nobody_reads_are_said(answers: Path, tmp_path: Path) -> None:
    done = export_rows(open_dataset(answers), "datatrove", tmp_path / "out")
    counts = done.configs["kv"]
    off = counts.tokens - counts.documents - counts.loss_tokens
    assert done.notes == [
        f"kv: {off:,} tokens are off the loss by .ds.loss, which the datasets of datatrove and nanotron do not read"
    ]


def test_a_folder_takes_its_name_when_it_is_whole(answers: Path, tmp_path: Path) -> None:
    out, seen = tmp_path / "out", list[tuple[int, int]]()

    def watch(done: int, total: int) -> None:
        assert not out.exists()
        assert len(list(tmp_path.glob(".out.*.tmp"))) == 1
        seen.append((done, total))

    export_rows(open_dataset(answers), "documents", out, progressed=watch)
    total = len(rows_of(answers))
    assert [done for done, _ in seen] == sorted({done for done, _ in seen})
    assert seen[-1] == (total, total)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["answers", "out"]


def test_what_is_refused_leaves_nothing_and_replaces_nothing(answers: Path, tmp_path: Path, contents: Contents) -> None:
    out = tmp_path / "out"
    export_rows(open_dataset(answers), "mds", out)
    before = contents(out)
    with pytest.raises(UsageError, match=r"megatron trains on every token, and document 0 of row 0 in .*answers/data"):
        export_rows(open_dataset(answers), "megatron", out, overwrite=True)
    next((answers / "data/kv").iterdir()).write_bytes(b"")
    with pytest.raises(LcdataError, match=r"cannot be read .*: run `lcdata verify "):
        export_rows(open_dataset(answers), "mds", out, overwrite=True)
    assert contents(out) == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["answers", "out"]


def rewritten(folder: Path, row: int, column: str, place: int, value: int) -> None:
    """Change one value of the first data file, and give each of its rows a row group."""
    path = min((folder / "data/kv").iterdir())
    table = pq.read_table(path)
    rows = table.to_pylist()
    rows[row][column][place] = value
    pq.write_table(pa.Table.from_pylist(rows, schema=table.schema), path, row_group_size=1)


def test_a_document_is_named_by_its_row_in_the_data_file(everything: Path, tmp_path: Path) -> None:
    eos_id = json.loads((everything / "lcdata.json").read_text())["tokenizer"]["eos_ids"][-1]
    rewritten(everything, 2, "input_ids", 5, eos_id)
    with pytest.raises(UsageError, match=r"document 0 of row 2 in .*/train-00000-of-.* has EOS \(\d+\) inside"):
        export_rows(open_dataset(everything), "olmo-core", tmp_path / "out")


def test_rows_that_contradict_themselves_are_not_exported(everything: Path, tmp_path: Path) -> None:
    rewritten(everything, 2, "seq_lengths", 0, 7)
    with pytest.raises(LcdataError, match="has rows whose seq_lengths do not add up: run `lcdata verify`"):
        export_rows(open_dataset(everything), "documents", tmp_path / "out")


def test_only_an_export_is_replaced_and_only_when_asked(answers: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    export_rows(open_dataset(answers), "mds", out)
    with pytest.raises(UsageError, match="exists already: choose another --out, or replace it with --overwrite"):
        export_rows(open_dataset(answers), "documents", out)
    export_rows(open_dataset(answers), "documents", out, overwrite=True)
    assert not list(out.rglob("*.mds"))
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("mine")
    with pytest.raises(UsageError, match="holds something else than an export: choose another --out"):
        export_rows(open_dataset(answers), "mds", tmp_path / "mine", overwrite=True)
    with pytest.raises(UsageError, match="is not a folder: choose another --out"):
        export_rows(open_dataset(answers), "mds", tmp_path / "mine" / "thesis.txt", overwrite=True)
    for inside in (answers, answers / "data" / "mds"):
        with pytest.raises(UsageError, match="would be a foreign folder in the dataset"):
            export_rows(open_dataset(answers), "mds", inside, overwrite=True)
    with pytest.raises(UsageError, match="cannot be replaced: name a new folder inside it"):
        export_rows(open_dataset(answers), "mds", tmp_path, overwrite=True)
    assert (tmp_path / "mine" / "thesis.txt").read_text() == "mine"


@pytest.fixture
def curriculum(tmp_path: Path, small: str) -> Path:
    """Two configs of rows of different lengths."""
    stages = [
        {"name": name, "seq_length": length, "mix": [{"task": "kv", "length": length, "n": n}]}
        for name, length, n in (("short", "2k", 5), ("long", "6k", 3))
    ]
    recipe = Recipe.model_validate({"name": "two", "tokenizer": {"source": small}, "stages": stages})
    build_dataset(recipe, tmp_path / "two", where=Where(0))
    return tmp_path / "two"


def test_every_config_has_a_folder_and_settings_of_its_own(curriculum: Path, tmp_path: Path) -> None:
    done = export_rows(open_dataset(curriculum), "axolotl", tmp_path / "out")
    assert {name: counts.documents for name, counts in done.configs.items()} == {"short": 5, "long": 3}
    for name, length in (("short", 2048), ("long", 6144)):
        settings = yaml.safe_load((tmp_path / "out" / f"{name}.yaml").read_text())
        assert settings["sequence_len"] == length
        table = pa.concat_tables([pq.read_table(path) for path in (tmp_path / "out" / name).iterdir()])
        before = pa.concat_tables([pq.read_table(path) for path in sorted((curriculum / "data" / name).iterdir())])
        assert table["input_ids"].to_pylist() == before["input_ids"].to_pylist()


def test_one_config_is_chosen_by_name(curriculum: Path, tmp_path: Path) -> None:
    assert list(export_rows(open_dataset(curriculum), "mds", tmp_path / "out", "long").configs) == ["long"]
    assert not (tmp_path / "out" / "short").exists()
    with pytest.raises(UsageError, match="has no config 'lang': it has short, long"):
        export_rows(open_dataset(curriculum), "mds", tmp_path / "other", "lang")


def test_the_command_says_what_was_written(lcdata: Run, answers: Path, tmp_path: Path) -> None:
    done = lcdata("export", "answers", "--to", "datatrove", "--json")
    event = json.loads(done.stdout)
    assert (event["event"], event["path"], event["to"]) == ("exported", "answers-datatrove", "datatrove")
    assert event["configs"]["kv"]["documents"] == 30
    assert event["bytes"] == sum(path.stat().st_size for path in tmp_path.glob("answers-datatrove/**/*.*"))
    for option in ("--overwrite", "--force"):
        told = lcdata("export", "answers", "--to", "datatrove", option)
        assert "30 documents" in told.stdout
        assert "note: " in told.stdout
    told = lcdata("export", "--help").stdout
    assert ("--overwrite" in told, "--force" in told) == (True, False)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--to", "mds", "--n", "3"), "--n is for --to eval, chat, text: leave it out"),
        (("--to", "mds", "--out", "-"), "rows are not written to stdout"),
        (("--to", "mds"), "nowhere is no finished dataset"),
    ],
)
def test_a_mistake_is_one_line(options: tuple[str, ...], message: str) -> None:
    done = CliRunner().invoke(cli, ["export", "nowhere", *options])
    assert isinstance(done.exception, UsageError)
    assert message in str(done.exception)
