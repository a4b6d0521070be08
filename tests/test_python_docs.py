"""What docs/python.md and docs/tour.ipynb show runs as it is written, and gives what they say."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

DOCS = Path(__file__).parents[1] / "docs"
BLOCKS = re.findall(r"^```python\n(.*?)^```$", (DOCS / "python.md").read_text(), re.DOTALL | re.MULTILINE)
MULTI_THREADED_FORK = "ignore:This process .* is multi-threaded, use of fork:DeprecationWarning"


def run_blocks(needing_torch: bool) -> dict[str, Any]:
    """The names after all blocks in order, or all but those that need PyTorch."""
    names: dict[str, Any] = {"__name__": "python.md"}
    for block in BLOCKS:
        if needing_torch or "DataLoader" not in block:
            exec(block, names)
    return names


def test_the_examples_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    names = run_blocks(needing_torch=False)
    assert len(names["rewards"]) == 8
    assert len(names["prompts"]) == 16
    assert names["held_out"][0].sha256 != names["train"][0].sha256
    assert [path.name for path in tmp_path.iterdir()] == ["small"]
    assert names["told"][-1].event == "done"


@pytest.mark.filterwarnings(MULTI_THREADED_FORK)
def test_the_examples_of_data_loaders_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    pytest.importorskip("torch", reason="the data loaders of the examples are those of PyTorch")
    names = run_blocks(needing_torch=True)
    assert len(names["seen"]) == 12


def test_the_tour_s_outputs_are_what_its_cells_give() -> None:
    from notebooks import run

    written = json.loads((DOCS / "tour.ipynb").read_text())
    assert outputs(run(DOCS / "tour.ipynb")) == outputs(written), "run `make gallery`"
    assert sum(map(bool, outputs(written))) > 10
    assert len(json.dumps(written)) < 40_000


def outputs(notebook: Any) -> list[list[tuple[str, Any]]]:
    """Of each cell: what it printed and what it is worth, as text."""
    return [
        [
            (output["output_type"], joined(output.get("text") or output["data"]["text/plain"]))
            for output in cell["outputs"]
        ]
        for cell in notebook["cells"]
        if cell["cell_type"] == "code"
    ]


def joined(text: Any) -> str:
    """Text that a notebook's file holds as lines."""
    return text if isinstance(text, str) else "".join(text)
