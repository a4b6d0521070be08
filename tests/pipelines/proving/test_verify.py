"""`verify` finds what is broken, and says where."""

import hashlib
import json
import os
import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from conftest import Run
from sealing import rewrite_manifest

from lcdata.packers.dataset import open_dataset
from lcdata.packers.files.parquet import row_writer
from lcdata.pipelines.proving.verify import verify
from lcdata.schemas.errors import QualityError

DATA, DOCS = "data/kv-1k/train-00000-of-00002.parquet", "docs/kv-1k/train-00000-of-00002.parquet"


@pytest.fixture
def folder(lcdata: Run, tmp_path: Path, small: str) -> Path:
    """A dataset of two shards."""
    options = ("--length", "1k", "--seq-length", "2k", "--n", 24, "--shard-rows", 6)
    done = lcdata("gen", "--task", "kv", *options, "--tokenizer", small, "--out", "out", "--name", "kv-1k")
    assert done.returncode == 0, done.stderr
    return tmp_path / "out"


def test_a_sound_dataset_holds(folder: Path) -> None:
    verdict = verify(open_dataset(folder))
    assert verdict.holds
    assert (verdict.rows, verdict.documents, verdict.regenerated) == (12, 24, 16)


def test_programs_are_told_the_verdict_that_python_gets(folder: Path, lcdata: Run) -> None:
    told = json.loads(lcdata("verify", "out", "--samples", 3, "--json").stdout)
    wanted = verify(open_dataset(folder), 3).model_dump(mode="json")
    assert told == wanted | {"path": "out"}
    assert (told["event"], told["holds"], told["regenerated"]) == ("verdict", True, 3)
    (folder / "README.md").write_text("x")
    told = json.loads(lcdata("verify", "out", "--json").stdout)
    assert (told["holds"], told["problems"]) == (False, ["README.md was changed"])


def test_any_flipped_bit_is_found(folder: Path) -> None:
    chance = random.Random(5)
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != "lcdata.json")
    assert len(files) == 6
    for _ in range(40):
        file = chance.choice(files)
        whole = file.read_bytes()
        broken = bytearray(whole)
        broken[chance.randrange(len(broken))] ^= 1 << chance.randrange(8)
        file.write_bytes(broken)
        problems = verify(open_dataset(folder), 0).problems
        assert any(file.relative_to(folder).as_posix() in problem for problem in problems)
        file.write_bytes(whole)


def test_any_flipped_bit_of_the_manifest_is_found(folder: Path) -> None:
    chance, manifest = random.Random(6), folder / "lcdata.json"
    whole = manifest.read_bytes()
    for place in range(len(whole)):
        broken = bytearray(whole)
        broken[place] ^= 1 << chance.randrange(8)
        manifest.write_bytes(broken)
        with pytest.raises(QualityError, match=r"lcdata\.json is damaged, it is not as it was written"):
            open_dataset(folder)


def test_another_recipe_than_the_fingerprints_is_found(folder: Path) -> None:
    manifest = json.loads((folder / "lcdata.json").read_text())
    manifest["recipe"]["seed"] = 1
    rewrite_manifest(folder / "lcdata.json", manifest)
    assert verify(open_dataset(folder), 0).problems == [
        "lcdata.json: the fingerprint is not that of its recipe, tokenizer, inputs and corpora"
    ]


def test_everything_that_does_not_belong_is_named(folder: Path, lcdata: Run) -> None:
    (folder / ".cache/huggingface").mkdir(parents=True)
    (folder / ".gitattributes").touch()
    beside = lcdata("verify", "out", "--samples", "0")
    assert beside.returncode == 0
    assert "not checked, being no part of the dataset: .cache, .gitattributes" in beside.stdout
    (folder / "data/.hidden").touch()
    (folder / "data/empty").mkdir()
    (folder / ".gitmodules").touch()
    (folder / "link.parquet").symlink_to(folder / DATA)
    (folder / "docs/outside").symlink_to("/")
    (folder / "docs/broken").symlink_to("nowhere")
    os.mkfifo(folder / "pipe")
    foreign = (".gitmodules", "data/.hidden", "data/empty", "docs/broken", "docs/outside", "link.parquet", "pipe")
    problems = verify(open_dataset(folder), 0).problems
    assert sorted(problems) == [f"{name} does not belong to the dataset" for name in foreign]


def test_a_dataset_of_links_to_its_files_holds(folder: Path) -> None:
    """As the Hub's cache has them."""
    blobs = folder.with_name("blobs")
    blobs.mkdir()
    for number, path in enumerate(sorted(path for path in folder.rglob("*") if path.is_file())):
        path.rename(blobs / str(number))
        path.symlink_to(blobs / str(number))
    assert verify(open_dataset(folder), 1).holds


def test_missing_foreign_and_cut_files_are_found(folder: Path) -> None:
    def broken_by(change: Callable[[Path], object], message: str) -> None:
        copy = folder.with_name("copy")
        shutil.copytree(folder, copy)
        change(copy)
        problems = verify(open_dataset(copy), 0).problems
        assert any(message in problem for problem in problems), problems
        shutil.rmtree(copy)

    broken_by(lambda copy: (copy / DATA).unlink(), f"{DATA} is missing")
    broken_by(lambda copy: (copy / "README.md").unlink(), "README.md is missing")
    broken_by(lambda copy: (copy / "recipe.yaml").write_text("x"), "recipe.yaml was changed")
    broken_by(lambda copy: (copy / "data/extra.parquet").touch(), "data/extra.parquet does not belong")
    broken_by(lambda copy: (copy / DATA).write_bytes((copy / DATA).read_bytes()[:-9]), f"{DATA} is damaged")


def rewritten(folder: Path, path: str, change: Callable[[list[dict[str, Any]]], object]) -> None:
    """Change rows of a file and hide it from the hashes, so that only the contents can tell."""
    table = pq.read_table(folder / path)
    rows = table.to_pylist()
    change(rows)
    changed = pa.Table.from_pylist(rows, schema=table.schema)
    if path == DATA:
        with open(folder / path, "wb") as file, row_writer(file, True) as writer:
            writer.write_table(changed)
    else:
        pq.write_table(changed, folder / path)
    manifest = json.loads((folder / "lcdata.json").read_text())
    record = manifest["stages"][0]["shards"][0]["data" if path == DATA else "docs"]
    data = (folder / path).read_bytes()
    record.update(sha256=hashlib.sha256(data).hexdigest(), bytes=len(data))
    rewrite_manifest(folder / "lcdata.json", manifest)


def set_item(column: str, place: int, value: int) -> Callable[[list[dict[str, Any]]], None]:
    """Change one item of the first row's list."""

    def change(rows: list[dict[str, Any]]) -> None:
        rows[0][column][place] = value

    return change


@pytest.mark.parametrize(
    ("path", "change", "message"),
    [
        (DATA, set_item("labels", 5, 7), "labels that differ"),
        (DATA, set_item("labels", -1, -100), "labels that differ"),
        (DATA, set_item("position_ids", 9, 0), "position_ids that do not restart"),
        (DATA, set_item("input_ids", 9, 3), "ids differ from their sha256"),
        (DATA, set_item("seq_lengths", 0, 9), "seq_lengths do not add up"),
        (DATA, lambda rows: rows.pop(), "does not have its documents"),
        (DOCS, lambda rows: rows[0].update(prompt_length=4), "labels that differ"),
        (DOCS, lambda rows: rows[1].update(start=3), "differs from its document table in start"),
        (DOCS, lambda rows: rows[0].update(sample=rows[1]["sample"]), "does not hold each of 24 samples of kv once"),
        (DOCS, lambda rows: rows[0]["evidence_spans"][0].update(end=5000), "evidence_spans outside"),
        (DOCS, lambda rows: rows[0].update(depth=[2.0]), "depth outside 0..1"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_contents_that_break_a_promise_are_found(
    folder: Path, path: str, change: Callable[[list[dict[str, Any]]], object], message: str
) -> None:
    rewritten(folder, path, change)
    problems = verify(open_dataset(folder), 0).problems
    assert any(message in problem for problem in problems), problems


def test_a_sample_that_comes_out_differently_is_found(folder: Path) -> None:
    rewritten(folder, DOCS, lambda rows: [row.update(answers=["1", "2"]) for row in rows])
    problems = verify(open_dataset(folder), 64).problems
    assert any("comes out differently in answers" in problem for problem in problems), problems


def test_samples_are_different_ones(folder: Path, lcdata: Run) -> None:
    rewritten(folder, DOCS, lambda rows: rows[3].update(answers=["1", "2"]))
    for num_samples in (24, 100, None):
        verdict = verify(open_dataset(folder), num_samples)
        assert (verdict.regenerated, len(verdict.problems)) == (24, 1)
    every = lcdata("verify", "out", "--samples", "all")
    assert every.returncode == 3
    assert "comes out differently in answers" in every.stdout
    for wrong in ("x", "-1", "1.5"):
        refused = lcdata("verify", "out", f"--samples={wrong}")
        assert refused.returncode == 2
        assert f"'{wrong}' must be a number of documents, or all" in refused.stderr
    none = lcdata("verify", "out", "--samples", "0")
    assert none.returncode == 0
    assert "checked, none made again" in none.stdout


def test_totals_that_do_not_add_up_are_found(folder: Path, lcdata: Run) -> None:
    manifest = json.loads((folder / "lcdata.json").read_text())
    manifest["stages"][0]["tokens"] += 1
    rewrite_manifest(folder / "lcdata.json", manifest)
    done = lcdata("verify", "out")
    assert done.returncode == 3
    assert "the ledger of kv-1k does not balance" in done.stdout
    assert "tokens of kv-1k is" in done.stdout


def test_another_tokenizer_is_not_taken_for_the_datasets_own(folder: Path, lcdata: Run) -> None:
    done = lcdata("verify", "out", "--tokenizer", "embedded")
    assert done.returncode == 1
    assert "is not the one that made this dataset" in done.stderr


def test_what_is_no_dataset_is_one_line(lcdata: Run, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    done = lcdata("verify", "empty")
    assert done.returncode == 2
    assert done.stderr.strip() == "lcdata: empty is no finished dataset: it has no lcdata.json"


def test_one_token_may_begin_and_end_documents(lcdata: Run, small: str, tmp_path: Path) -> None:
    command = ("gen", "--task", "kv", "--length", "1k", "--n", 3, "--tokenizer", small, "--bos", "<|endoftext|>")
    assert lcdata(*command, "--out", "out").returncode == 0
    verified = lcdata("verify", "out")
    assert verified.returncode == 0, verified.stdout
    tokenizer = json.loads((tmp_path / "out" / "lcdata.json").read_text())["tokenizer"]
    assert tokenizer["bos_ids"] == tokenizer["eos_ids"] == [0]
