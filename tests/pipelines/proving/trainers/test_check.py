"""`lcdata check` finds what a trainer would read wrongly, and only that."""

import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from conftest import Run, needed

from lcdata.packers.dataset import open_dataset
from lcdata.pipelines.commands.check import print_checked
from lcdata.pipelines.proving.trainers.check import check
from lcdata.pipelines.proving.trainers.trainers import TRAINERS
from lcdata.schemas.errors import UsageError

LIBRARIES = ("torch", "transformers", "trl")
"""In the order in which they are looked for."""

Change = Callable[[dict[str, Any]], object]


def damaged(dataset: Path, out: Path, change: Change) -> Path:
    """A copy of a dataset with every row changed."""
    shutil.copytree(dataset, out)
    for file in open_dataset(out).config().data:
        table = pq.read_table(file.path)
        rows = table.to_pylist()
        for row in rows:
            change(row)
        pq.write_table(table.from_pylist(rows), file.path)
    return out


def differing(dataset: Path, trainer: str) -> set[str]:
    report = check(open_dataset(dataset), trainer, 2)
    found = {finding.subject: finding for config in report.configs for finding in config.findings}
    assert report.holds == all(finding.holds for finding in found.values())
    return {subject for subject, finding in found.items() if not finding.holds}


@pytest.mark.parametrize("trainer", TRAINERS)
def test_sound_rows_hold(dataset: Path, trainer: str) -> None:
    report = check(open_dataset(dataset), trainer, 2)
    (config,) = report.configs
    assert report.holds
    assert report.trainer.startswith(f"{trainer} ")
    assert (config.name, config.rows) == (open_dataset(dataset).config().name, 2)
    assert config.documents > config.rows
    subjects = ["batch", "tokens", "mask", "positions", "boundaries", "longest", "labels", "loss"]
    own = subjects if trainer == "trl" else [name for name in subjects if name not in ("boundaries", "longest")]
    assert [finding.subject for finding in config.findings] == own
    assert {finding.rows for finding in config.findings} == {2}


def label_first_tokens(row: dict[str, Any]) -> None:
    start = 0
    for length in row["seq_lengths"]:
        row["labels"][start] = row["input_ids"][start]
        start += length


def move_a_boundary(row: dict[str, Any]) -> None:
    lengths = row["seq_lengths"]
    longest = lengths.index(max(lengths))
    lengths[longest] += 1
    lengths[longest - 1 if longest else 1] -= 1


def forget_a_document(row: dict[str, Any]) -> None:
    row["seq_lengths"].pop()


def count_on(row: dict[str, Any]) -> None:
    row["position_ids"] = list(range(len(row["input_ids"])))


def lose_a_token(row: dict[str, Any]) -> None:
    for name in ("input_ids", "labels", "position_ids"):
        row[name].pop()
    row["seq_lengths"][-1] -= 1


def mask_with_ones(row: dict[str, Any]) -> None:
    row["attention_mask"] = [1] * len(row["input_ids"])


DAMAGES: list[tuple[Change, dict[str, set[str]]]] = [
    (label_first_tokens, {"trl": set(), "transformers": {"labels"}}),
    (mask_with_ones, {"trl": set(), "transformers": {"mask", "loss"}}),
    (move_a_boundary, {"trl": {"positions", "boundaries", "longest", "labels"}, "transformers": set()}),
    (forget_a_document, {"trl": {"batch"}, "transformers": set()}),
    (count_on, {"trl": set(), "transformers": {"positions", "loss"}}),
    (lose_a_token, {"trl": {"tokens"}, "transformers": {"tokens"}}),
]
"""What each trainer sees of it: TRL reads no other columns than ids, labels and lengths, and masks first tokens."""


@pytest.mark.parametrize("trainer", TRAINERS)
@pytest.mark.parametrize(("change", "wanted"), DAMAGES, ids=lambda value: getattr(value, "__name__", ""))
def test_damage_is_found_where_the_trainer_would_read_it(
    datasets_folder: Path, tmp_path: Path, change: Change, wanted: dict[str, set[str]], trainer: str
) -> None:
    dataset = damaged(datasets_folder / "organic", tmp_path / "out", change)
    assert differing(dataset, trainer) == wanted[trainer]


def test_rows_without_labels_are_for_trl_alone(datasets_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert differing(datasets_folder / "organic-without-labels", "trl") == set()
    assert differing(datasets_folder / "organic-without-labels", "transformers") == {"labels"}
    without_labels = open_dataset(datasets_folder / "organic-without-labels")
    print_checked(check(without_labels, "transformers", 1), Path("out"))
    told = " ".join(capsys.readouterr().out.split())
    assert (
        "– loss not run: each row has more than 4,096 tokens, none in the loss, or other tokens or labels than" in told
    )


@pytest.mark.parametrize("missing", LIBRARIES)
def test_a_missing_library_is_named_with_its_cure(
    lcdata: Run, tmp_path: Path, small: str, monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    for name in LIBRARIES[: LIBRARIES.index(missing)]:
        needed(name)
    lcdata("gen", "--task", "kv", "--length", 400, "--n", 1, "--tokenizer", small, "--out", "kv", "--workers", 0)
    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(UsageError, match=rf'{missing} is not installed: pip install "lcdata\[train\]"'):
        check(open_dataset(tmp_path / "kv"), "trl")


def test_the_command_says_what_was_compared(lcdata: Run, datasets_folder: Path) -> None:
    done = lcdata("check", datasets_folder / "kv", "--for", "trl", "--rows", 1)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert "ok      labels     the targets are those that each document has alone: 1 row, 3 documents" in done.stdout


def test_the_command_exits_with_3_where_something_differs(
    lcdata: Run, datasets_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    damaged(datasets_folder / "kv", tmp_path / "out", mask_with_ones)
    done = lcdata("check", "out", "--for", "transformers", "--rows", 1, "--json")
    assert done.returncode == 3
    event = json.loads(done.stdout)
    assert (event["event"], event["holds"]) == ("checked", False)
    print_checked(check(open_dataset(tmp_path / "out"), "transformers", 1), tmp_path / "out")
    told = capsys.readouterr().out
    assert "differs mask       in 1 of 1 row, 3 documents" in told
    assert "row 0 of train-00000-of-00003.parquet: there is an attention_mask" in told


def test_a_folder_that_is_no_dataset_is_a_mistake(lcdata: Run) -> None:
    done = lcdata("check", "nowhere", "--for", "trl")
    assert done.returncode == 2
    assert done.stderr.strip() == "lcdata: nowhere is no finished dataset: it has no lcdata.json"
