"""`inspect` counts what the document table says, and shows documents with all that is marked in them."""

import json
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from fcntl import ioctl
from itertools import pairwise
from pathlib import Path
from typing import Any

import click
import jsonschema
import numpy as np
import pytest
from conftest import Run

from lcdata.__main__ import cli
from lcdata.packers.dataset import Dataset, open_dataset
from lcdata.packers.rows.row_group import IGNORED
from lcdata.pipelines.proving.inspect import Counter, inspect
from lcdata.schemas.errors import UsageError
from lcdata.schemas.events.kinds import events_schema

RECIPE = """
name: mixed
tokenizer: {source: TOKENIZER}
ingest: [{name: notes, inputs: [notes.jsonl]}]
stages:
  - name: short
    seq_length: 1k
    tokens: 16k
    shard_rows: 8
    mix: [{task: niah, length: 300..900, share: 40%, settings: {num_keys: 2}}, {corpus: notes, share: 60%}]
  - name: long
    seq_length: 2k
    mix: [{task: kv, length: 1k, n: 6}]
"""
NOTES = [
    {"text": f"Note {number}. " + "Rivers run to the sea, naïve or not. " * (number % 9 + 1)} for number in range(90)
]
HOSTILE = "\x1b[31mred\x1b]0;title\x07 :smile: [bold]x[/bold] \x9b31m"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, trained: Path) -> Path:
    """A folder with the dataset `mixed` and its corpus in `store`."""
    folder = tmp_path_factory.mktemp("inspected")
    (folder / "mix.yaml").write_text(RECIPE.replace("TOKENIZER", str(trained / "gpt2-like")))
    lines = [*NOTES, {"text": HOSTILE}, {"text": "Note 7 has many words. " * 400}]
    (folder / "notes.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    command = [sys.executable, "-m", "lcdata", "build", "mix.yaml", "-q"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return folder


@pytest.fixture(scope="module")
def mixed(place: Path) -> Dataset:
    """The dataset, opened."""
    return open_dataset(place / "mixed")


def events(text: str) -> list[dict[str, Any]]:
    """The events of a command, each as its schema says."""
    found = [json.loads(line) for line in text.splitlines()]
    validator = jsonschema.Draft202012Validator(events_schema())
    for event in found:
        validator.validate(event)
    return found


def spread(shown: list[dict[str, int]]) -> dict[tuple[int, int], int]:
    return {(one["low"], one["high"]): one["count"] for one in shown if one["count"]}


def counted(numbers: list[int]) -> dict[tuple[int, int], int]:
    """The same out of the numbers themselves, one by one."""
    found: dict[tuple[int, int], int] = {}
    for number in numbers:
        exponent = max(number - 1, 0).bit_length()
        edges = (number, number + 1) if number < 2 else (2 ** (exponent - 1) + 1, 2**exponent + 1)
        found[edges] = found.get(edges, 0) + 1
    return found


def test_numbers_are_those_of_the_rows(place: Path, lcdata: Run, mixed: Dataset) -> None:
    [shown] = events(lcdata("inspect", place / "mixed", "--json").stdout)
    assert [stage["name"] for stage in shown["stages"]] == ["short", "long"]
    for stage, config in zip(shown["stages"], mixed.configs.values(), strict=True):
        rows = list(config.rows())
        documents = [document for row in rows for document in row.documents]
        samples = [document for document in documents if document.sample is not None]
        lengths = {(one["low"], one["high"]): one["documents"] for one in stage["lengths"] if one["documents"]}
        assert lengths == counted([len(document.ids) for document in documents])
        assert sum(one["tokens"] for one in stage["lengths"]) == config.num_tokens
        assert spread(stage["documents_a_row"]) == counted([len(row.documents) for row in rows])
        in_loss = [int((document.labels != IGNORED).sum()) for document in documents]
        assert spread(stage["loss_tokens"]) == counted(in_loss)
        assert sum(in_loss) == config.record.loss_tokens
        assert config.loss_tokens(config.document_table("source", "length", "prompt_length")).tolist() == in_loss
        assert spread(stage["answers"]) == counted([len(document.answers) for document in samples])
        depths = [min(int(np.float32(at) * 10), 9) for document in samples for at in document.depth]
        assert stage["depths"] == np.bincount(depths, minlength=10).tolist()
        assert len(config.shards) > 1 or stage["name"] == "long"
    assert inspect(mixed.config("long")).model_dump(mode="json") == shown["stages"][1]
    [one] = events(lcdata("inspect", place / "mixed", "--config", "long", "--json").stdout)
    assert one["stages"] == shown["stages"][1:]


def test_a_power_of_two_counts_below_itself() -> None:
    counter = Counter()
    counter.add(np.array([0, 1, 2, 3, 4, 5, 128 * 1024, 128 * 1024 + 1]))
    found = {(low, high): (count, total) for low, high, count, total in counter.ranges() if count}
    assert found == {
        (0, 1): (1, 0), (1, 2): (1, 1), (2, 3): (1, 2), (3, 5): (2, 7), (5, 9): (1, 5),
        (64 * 1024 + 1, 128 * 1024 + 1): (1, 128 * 1024), (128 * 1024 + 1, 256 * 1024 + 1): (1, 128 * 1024 + 1),
    }  # fmt: skip


def test_a_row_shows_its_documents_and_each_of_them_all_that_is_marked(
    place: Path, lcdata: Run, mixed: Dataset
) -> None:
    config = mixed.config("short")
    number = next(row.index for row in config.rows() if {d.source for d in row.documents} == {"niah", "notes"})
    row = config.row(number)
    shown, *found = events(
        lcdata("inspect", place / "mixed", "--config", "short", "--row", number, "--full", "--ids", "--json").stdout
    )
    assert (shown["event"], shown["documents"]) == ("row", len(row.documents))
    assert shown["tokens"] == len(row.input_ids) == sum(document["tokens"] for document in found)
    assert shown["loss_tokens"] == int((row.labels != IGNORED).sum())
    for told, document in zip(found, row.documents, strict=True):
        assert (told["source"], told["start"], told["facts"]) == (document.source, document.start, document.facts)
        assert (told["input_ids"], told["labels"]) == (document.ids.tolist(), document.labels.tolist())
        passages = told["passages"]
        assert "".join(one["text"] for one in passages if "control" not in one["marks"]) == document.text
        assert all(one["end"] == other["start"] for one, other in pairwise(passages))
        for mark, tokens in {
            "loss": np.flatnonzero(document.labels != IGNORED).tolist(),
            "answer": [token for span in document.answer_spans for token in range(*span)],
            "evidence": [token for span in document.evidence_spans for token in range(*span)],
        }.items():
            held = [token for one in passages if mark in one["marks"] for token in range(one["start"], one["end"])]
            assert held == sorted(set(tokens))
        [alone] = events(
            lcdata(
                "inspect", mixed.folder, "--config=short", f"--row={number}", f"--doc={told['doc']}", "--json"
            ).stdout
        )[1:]
        assert alone["input_ids"] is None
        assert alone["sha256"] == told["sha256"]


def on_terminal(columns: int, *arguments: object, **environment: str) -> str:
    """What a command writes to a terminal of so many columns."""
    process, terminal = pty.fork()
    if process == 0:
        clean = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "NO_COLOR")}
        command = [sys.executable, "-m", "lcdata", *map(str, arguments)]
        os.execve(command[0], command, {**clean, "TERM": "xterm-256color", **environment})
    ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
    written = bytearray()
    while True:
        try:
            block = os.read(terminal, 1 << 16)
        except OSError:  # as Linux ends it
            break
        if not block:
            break
        written += block
    os.close(terminal)
    assert os.waitpid(process, 0)[1] == 0, written.decode()
    return written.decode().replace("\r\n", "\n")


STYLE = re.compile(r"\x1b\[[0-9;]*m")


@pytest.mark.parametrize("columns", [60, 80, 160])
def test_bars_fit_the_terminal(place: Path, columns: int) -> None:
    shown = STYLE.sub("", on_terminal(columns, "inspect", place / "mixed", "--config", "long"))
    bars = [line for line in shown.splitlines() if "█" in line]
    assert len(bars) >= 4
    assert max(map(len, bars)) <= columns
    assert all(re.search(r"[\d%]  █", line) for line in bars)
    assert "…" not in "".join(bars)
    abreast = [line for line in shown.splitlines() if "tokens a document" in line]
    assert ["documents a row" in line for line in abreast] == [columns == 160]


def test_marks_are_told_with_colours_and_without(place: Path, lcdata: Run) -> None:
    asked = ("inspect", place / "mixed", "--config", "long", "--row", 0, "--doc", 0)
    in_colours, piped = on_terminal(120, *asked), lcdata(*asked).stdout
    assert "\x1b" not in piped
    assert STYLE.sub("", in_colours).split() == piped.split()
    assert "\x1b[1;4;35m" in in_colours  # an answer in the loss
    assert piped.count("⟪") == piped.count("⟫") >= 2
    assert piped.count("⟨") == piped.count("⟩") == 2  # of the legend and the document
    assert re.search(r"⟨.*⟪\d+⟫.*<\|endoftext\|>⟩", piped)
    assert "tokens …" in piped
    assert "tokens …" not in lcdata(*asked, "--full").stdout
    assert lcdata(*asked, "--full").stdout.count("⟦") > 1


def test_a_terminal_obeys_no_text(place: Path, lcdata: Run) -> None:
    names = [f"notes.jsonl:{len(NOTES) + 1}"]
    shown = lcdata("inspect", place / "store", "--doc", names[0])
    assert "␛[31mred␛]0;title␇ :smile: [bold]x[/bold] \ufffd31m" in shown.stdout
    assert not set("\x1b\x07\x9b") & set(shown.stdout)


def test_a_corpus_shows_a_document_by_name_or_number(place: Path, lcdata: Run) -> None:
    [by_name] = events(lcdata("inspect", place / "store", "--doc", "notes.jsonl:8", "--full", "--json").stdout)
    assert "".join(one["text"] for one in by_name["passages"]) == NOTES[7]["text"]
    assert by_name["bytes"] == len(NOTES[7]["text"].encode())
    [by_number] = events(lcdata("inspect", place / "store/notes", "--doc", by_name["doc"], "--ids", "--json").stdout)
    assert (by_number["id"], len(by_number["input_ids"])) == ("notes.jsonl:8", by_name["tokens"])
    cut = lcdata("inspect", place / "store", "--doc", f"notes.jsonl:{len(NOTES) + 2}").stdout
    assert "tokens …" in cut
    assert len(cut) < 3000


def test_one_row_group_is_read_for_a_row(place: Path, lcdata: Run, tmp_path: Path, mixed: Dataset) -> None:
    damaged = tmp_path / "damaged"
    subprocess.run(["cp", "-r", place / "mixed", damaged], check=True)
    config = mixed.config("short")
    for shard in config.shards[1:]:
        (damaged / shard.data.record.path).write_bytes(b"")
    assert lcdata("inspect", damaged, "--config", "short", "--row", "0").returncode == 0
    failed = lcdata("inspect", damaged, "--config", "short", "--row", config.num_rows - 1)
    assert failed.returncode == 1
    assert "cannot be read" in failed.stderr


def test_a_tokenizer_that_is_gone_leaves_the_rest_and_is_named(place: Path, lcdata: Run, tmp_path: Path) -> None:
    for name in ("mixed", "store"):
        subprocess.run(["cp", "-r", place / name, tmp_path / name], check=True)
    for manifest in (tmp_path / "mixed/lcdata.json", tmp_path / "store/notes/corpus.json"):
        assert manifest.is_file()
    wrong = ("--tokenizer", "embedded")
    for asked in (("inspect", "mixed", "--config", "long", "--row", 0), ("inspect", "store", "--doc", 0)):
        shown = lcdata(*asked, *wrong)
        assert shown.returncode == 0, shown.stderr
        assert "(no text: the tokenizer 'embedded' is not the one that made this" in shown.stdout
        assert "document 0: " in shown.stdout


MISTAKES = {
    "mixed --row 0": "has several configs: name one of short, long",
    "mixed --config lang --row 0": "has no config 'lang': it has short, long",
    "mixed --config lang": "has no config 'lang': it has short, long",
    "mixed --config long --row 3": "--row 3: long has rows 0 to 2",
    "mixed --config long --row 0 --doc 3": "--doc 3: row 0 of long has documents 0 to ",
    "mixed --config long --row 0 --doc x": "--doc 'x' must be the number of a document in the row",
    "mixed --doc 0": "--doc 0 is a document of a row: say of which with --row N",
    "mixed --full": "--full is for rows and documents: name a row with --row N",
    "mixed --ids": "--ids is for rows and documents: name a row with --row N",
    "mixed --row -1": "-1 is not in the range",
    "store --row 0": "--row is for datasets, and this is a token store: leave it out",
    "store --config a": "--config is for datasets, and this is a token store: leave it out",
    "store --full": "--full is for a document: name one with --doc",
    "store --doc notes.jsonl:800": "has no document of that name. Did you mean 'notes.jsonl:80'? Else name one by",
    "store --doc 800": "--doc 800: ",
    "nowhere --row 0": "nowhere is no finished dataset",
}


@pytest.mark.parametrize("asked", MISTAKES)
def test_a_mistake_is_one_line_with_its_cure(asked: str, place: Path) -> None:
    folder, *options = asked.split()
    with pytest.raises((UsageError, click.UsageError)) as failed:
        cli.main(["inspect", str(place / folder), *options], standalone_mode=False)
    told = failed.value.format_message() if isinstance(failed.value, click.UsageError) else str(failed.value)
    assert MISTAKES[asked] in told
    assert "\n" not in told


def test_of_several_corpora_one_is_to_be_named(place: Path, lcdata: Run, small: str) -> None:
    for name in ("one", "two"):
        assert lcdata("ingest", place / "notes.jsonl", "--name", name, "--tokenizer", small, "-q").returncode == 0
    failed = lcdata("inspect", "store", "--doc", "0")
    assert failed.returncode == 2
    assert re.search(r"--doc is of one corpus: name one of \S*store/one, \S*store/two$", failed.stderr)
    assert lcdata("inspect", "store").stdout.count("half of all tokens") == 2
