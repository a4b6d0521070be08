"""Datasets to report on, one of them hostile, and a browser to look with."""

import json
import shutil
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from reports import HOSTILE

from lcdata import build
from lcdata.packers.dataset import Dataset, open_dataset
from lcdata.pipelines.reporting.report import report


@pytest.fixture(scope="session")
def hostile(trained: Path, tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    """A dataset of two stages, in whose documents, names and recipe such texts are."""
    folder = tmp_path_factory.mktemp("hostile")
    turned = [" ".join(HOSTILE[number % 6 :] + HOSTILE[: number % 6]) for number in range(36)]
    lines = [{"id": text, "text": f"{number} {text} " * 4} for number, text in enumerate(turned)]
    lines += [{"id": "long", "text": "x" * 1_000_000}, {"id": "words", "text": "some words " * 400}]
    (folder / "texts.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    tokenizer = {"source": str(trained / "gpt2-like")}
    corpus = {"name": "texts", "inputs": [str(folder / "texts.jsonl")], "fields": {"id": "id"}}
    mix = [
        {"task": "kv", "name": HOSTILE[0], "length": "512..2k", "share": 0.3},
        {"task": "niah", "name": HOSTILE[4], "length": "512..2k", "share": 0.3, "preset": "multikey_1"},
        {"corpus": "texts", "name": HOSTILE[1], "share": 0.4},
    ]
    stages = [
        {"name": "one", "seq_length": "2k", "tokens": "150k", "mix": mix},
        {"name": "two", "seq_length": "4k", "tokens": "40k", "mix": mix},
    ]
    recipe = {"name": "hostile", "tokenizer": tokenizer, "ingest": [corpus], "stages": stages}
    with warnings.catch_warnings(action="ignore"):  # shares are missed by little, which the page tells as notes
        build(recipe, folder / "out", store=folder / "store", workers=0)
    return open_dataset(folder / "out")


@pytest.fixture(scope="session")
def path(hostile: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of the hostile dataset."""
    return Path(report(hostile, tmp_path_factory.mktemp("page") / "hostile.html").path)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Chromium without a window; tests are skipped where it is missing."""
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: pip install playwright")
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        pytest.skip("chromium is not installed: apt-get install chromium")
    with api.sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield running
        running.close()
