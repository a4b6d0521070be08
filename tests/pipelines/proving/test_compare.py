"""`lcdata compare` counts what two datasets share, and nothing else."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import lcdata
from lcdata.__main__ import cli
from lcdata.pipelines.build import build_dataset
from lcdata.pipelines.proving.compare import Bounds, compare
from lcdata.pipelines.proving.spans import SPAN, Spans
from lcdata.pipelines.run.where import Where
from lcdata.schemas.recipe import Recipe

TASKS: dict[str, dict[str, Any]] = {
    "train": {"task": "kv", "length": "1k", "n": 200},
    "validation": {"task": "kv", "length": "1k", "n": 50, "split": "validation"},
    "essay": {"task": "niah", "length": "1k", "n": 30, "settings": {"haystack": "essay"}},
    "essay-other": {"task": "niah", "length": "1k", "n": 30, "settings": {"haystack": "essay", "num_keys": 2}},
    "essay-test": {"task": "niah", "length": "1k", "n": 30, "settings": {"haystack": "essay"}, "split": "test"},
}
"""Datasets of one seed: to train on, to validate with, and with haystacks of one text."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, trained: Path) -> Path:
    """A folder of the datasets."""
    root = tmp_path_factory.mktemp("compared")
    (root / "essay.txt").write_text(" ".join(f"This is sentence number {number}." for number in range(3000)))
    for name, task in TASKS.items():
        if "settings" in task:
            task = {**task, "settings": {**task["settings"], "corpus": str(root / "essay.txt")}}
        tokenizer = {"source": str(trained / "gpt2-like")}
        recipe = {"name": name, "seq_length": "1k", "tokenizer": tokenizer, "mix": [task]}
        build_dataset(Recipe.model_validate(recipe), root / name, where=Where(0))
    return root


def counts(one: Path, other: Path, documents: int = 100) -> dict[str, tuple[int, int, int]]:
    """What is shared, by what is counted."""
    compared = compare(lcdata.open_dataset(one), lcdata.open_dataset(other), Bounds(), documents)
    return {found.what: (found.of_first, found.of_second, found.shared) for found in compared.found}


def test_sets_share_nothing(folder: Path) -> None:
    found = counts(folder / "train", folder / "validation")
    assert found["documents"] == (200, 50, 0)
    assert found["questions"][2] == found["answers"][2] == 0
    assert found["answers"][:2] == (200, 50)
    assert 0 < found["spans"][2] < 0.02 * found["spans"][1], "wordings alone"


def test_a_dataset_shares_all_with_itself(folder: Path) -> None:
    for of_first, of_second, shared in counts(folder / "essay", folder / "essay").values():
        assert of_first == of_second == shared > 0


def test_essays_are_counted_by_their_characters(folder: Path) -> None:
    apart = counts(folder / "essay", folder / "essay-test")["essays"]
    assert apart[2] == 0 < min(apart[:2])
    near = counts(folder / "essay", folder / "essay-other")["essays"]
    stretches = [
        {
            place
            for row in lcdata.open_dataset(folder / name).config().rows()
            for document in row.documents
            for start, end in document.facts["corpus_stretches"]
            for place in range(start, end)
        }
        for name in ("essay", "essay-other")
    ]
    assert near == (len(stretches[0]), len(stretches[1]), len(stretches[0] & stretches[1]))
    assert near[2] > 0


@pytest.mark.parametrize(
    ("other", "options", "code"),
    [
        ("validation", (), 0),
        ("train", (), 3),
        ("train", ("--max-documents", "100%", "--max-questions", "1", "--max-answers", "1"), 0),
        ("validation", ("--max-spans", "0%"), 3),
        ("validation", ("--max-spans", "2%"), 0),
    ],
)
def test_more_than_is_allowed_ends_it_with_3(folder: Path, other: str, options: tuple[str, ...], code: int) -> None:
    places = (str(folder / "train"), str(folder / other))
    assert cli.main(["compare", *places, *options], standalone_mode=False) == code


def test_spans_are_those_of_50_bytes() -> None:
    rng = np.random.default_rng(3)
    texts = ["".join(map(chr, rng.integers(32, 127, 400))) for _ in range(6)]
    texts[3] = f"{texts[3][:100]}{texts[0][200:300]}{texts[3][100:]}"
    one, other = Spans(), Spans()
    for text in texts[:3]:
        one.add(text)
    for text in texts[3:]:
        other.add(text)
    halves = (texts[:3], texts[3:])
    naive = [{text[at : at + SPAN] for text in half for at in range(len(text) - SPAN + 1)} for half in halves]
    assert one.common(other) == (len(naive[0]), len(naive[1]), len(naive[0] & naive[1]))
    assert len(naive[0] & naive[1]) == 51


def test_spans_are_kept_in_bounded_memory() -> None:
    rng = np.random.default_rng(4)
    texts = ["".join(map(chr, rng.integers(32, 127, 1000))) for _ in range(100)]
    some, all_of_them = Spans(2000), Spans(2000)
    for text in texts:
        all_of_them.add(text)
    for text in texts[:25]:
        some.add(text)
    of_first, of_second, shared = some.common(all_of_them)
    assert shared == of_first
    assert 1000 < of_second <= 2000
    assert shared / of_second == pytest.approx(0.25, abs=0.05)
