"""Datasets as users make them, small enough for a tiny model: three tasks, and organic documents."""

import json
import random
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from lcdata.packers.dataset import open_dataset
from lcdata.pipelines.proving.trainers.stored import CheckedRow, some_rows

SEQ_LENGTH = 2048
TASKS = ("kv", "niah", "vt")
NAMES = (*TASKS, "organic")


@pytest.fixture(scope="session")
def trainers() -> None:
    """TRL and what it needs; without them a test is skipped before anything is made for it."""
    for name in ("transformers", "trl"):
        pytest.importorskip(name)
    # More threads wait for each other longer than models so small compute.
    pytest.importorskip("torch").set_num_threads(1)


@pytest.fixture(scope="session")
def datasets_folder(trainers: None, trained: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a dataset of each name, three samples of at most 680 tokens in a row of 2048."""
    folder = tmp_path_factory.mktemp("training")
    tokenizer = ("--tokenizer", trained / "sentencepiece-like", "--workers", 0)
    for task in TASKS:
        size = ("--length", 680, "--seq-length", SEQ_LENGTH, "--n", 18)
        run(folder, "gen", "--task", task, *size, "--shard-rows", 2, "--out", task, *tokenizer)
    write_texts(folder / "texts.jsonl")
    run(folder, "ingest", "texts.jsonl", "--name", "texts", *tokenizer)
    corpus = ("--corpus", "store/texts", "--length", SEQ_LENGTH, "--tokens", "20k", "--workers", 0)
    run(folder, "gen", *corpus, "--labels", "always", "--out", "organic")
    run(folder, "gen", *corpus, "--out", "organic-without-labels")
    return folder


def run(folder: Path, *arguments: object) -> None:
    """Run lcdata there."""
    command = [sys.executable, "-m", "lcdata", *map(str, arguments)]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def write_texts(path: Path) -> None:
    """Documents of two words to more than a row holds, so that some are pieces of others."""
    chance = random.Random(1)
    words = ["dataset", "row", "{7: 8}", "Привет", "日本語"]
    sizes = [int(chance.lognormvariate(4, 1.2)) + 2 for _ in range(60)]
    texts = [f"{number} " + " ".join(chance.choices(words, k=size)) for number, size in enumerate(sizes)]
    path.write_text("".join(json.dumps({"text": text}) + "\n" for text in texts))


@pytest.fixture(params=NAMES)
def dataset(request: pytest.FixtureRequest, datasets_folder: Path) -> Path:
    """Each dataset in turn."""
    return datasets_folder / request.param


@pytest.fixture
def rows(dataset: Path) -> list[CheckedRow]:
    """Its first rows of several documents."""
    return rows_of(dataset)


@pytest.fixture
def row(datasets_folder: Path) -> CheckedRow:
    """A row of one task, to show what goes wrong with."""
    return rows_of(datasets_folder / "kv")[0]


def rows_of(dataset: Path) -> list[CheckedRow]:
    """Two rows, each of several documents."""
    config = open_dataset(dataset).config()
    found = [row for row in some_rows(config, 20, np.random.default_rng(0)) if len(row.lengths) > 1]
    assert len(found) > 1
    return found[:2]
