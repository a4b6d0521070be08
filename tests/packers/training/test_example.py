"""The example in docs/training.md runs as it is written."""

import re
from pathlib import Path
from typing import Any

import pytest

TEXT = (Path(__file__).parents[3] / "docs" / "training.md").read_text()


@pytest.mark.needs("torch")
def test_the_example_trains(dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    (code,) = re.findall(r"^```python\n(.*?)^```$", TEXT, re.DOTALL | re.MULTILINE)
    (tmp_path / "kv-1k").symlink_to(dataset)
    monkeypatch.chdir(tmp_path)
    torch.set_num_threads(1)
    names: dict[str, Any] = {}
    exec(code, names)
    assert len(names["losses"]) == 2 * 21
    assert sum(names["losses"][-5:]) < 0.8 * sum(names["losses"][:5])
