"""The picture of a score: a square for each length and depth, and which of them are empty."""

import importlib.util
import json
from pathlib import Path
from typing import Any

import pytest

from lcdata.pipelines.scoring.heat_map import check_plot, draw_heat_map
from lcdata.pipelines.scoring.score import Score, score
from lcdata.schemas.errors import UsageError

REFERENCES: list[dict[str, Any]] = [
    {"index": 0, "outputs": ["077"], "length": 4000, "depth": [0.0], "task": "niah"},
    {"index": 1, "outputs": ["42", "43"], "length": 4096, "depth": [0.05, 0.95], "task": "niah"},
    {"index": 2, "outputs": ["red"], "length": 8000, "depth": [0.5, 1.0], "task": "niah"},
    {"index": 3, "outputs": ["blue"], "length": 32768, "task": "niah"},
]
"""Evidence in four squares of two lengths; the last sample has none in a place."""


@pytest.fixture
def found(tmp_path: Path) -> Score:
    """The score of a reply to the first of them."""
    references, replies = tmp_path / "references.jsonl", tmp_path / "replies.jsonl"
    references.write_text("".join(json.dumps(line) + "\n" for line in REFERENCES))
    replies.write_text('{"index": 0, "prediction": "077"}\n')
    return score(replies, references)


def test_the_plot_shows_every_square_and_which_are_empty(found: Score, tmp_path: Path) -> None:
    draw_heat_map(found, tmp_path / "heat.png")
    assert (tmp_path / "heat.png").read_bytes().startswith(b"\x89PNG")
    draw_heat_map(found, tmp_path / "heat.svg")
    picture = (tmp_path / "heat.svg").read_text()
    assert picture.count(">no samples<") == 2 * 10 - 4
    assert (picture.count(">n = 1<"), picture.count(">n = 2<")) == (3, 1)
    for text in ("4k", "8k", "0.9–1.0", "exact by length and depth", "4 samples of niah"):
        assert f">{text}<" in picture
    assert ">32k<" not in picture, "samples without evidence in a place are not drawn"


def test_a_plot_without_its_libraries_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(UsageError, match=r"pip install 'lcdata\[report\]'"):
        check_plot(Path("heat.png"))
