"""The task of docs/adding-a-task.md, put into a copy of the repository as the page says, keeps the contract."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
COPIED = ("schemas", "generators", "packers", "pipelines", "tests", "__init__.py", "__main__.py", "pyproject.toml")


def files_of(page: Path) -> dict[str, str]:
    """What the page's blocks of code put into each file, by the file's place."""
    files: dict[str, str] = {}
    for place, code in re.findall(r"^```python (\S+)\n(.*?)^```$", page.read_text(), re.DOTALL | re.MULTILINE):
        files[place] = f"{files[place]}\n\n{code}" if place in files else code
    return files


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the repository with the page's task in it."""
    root = tmp_path_factory.mktemp("house") / "lcdata"
    root.mkdir()
    for name in COPIED:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, root / name)
    for place, code in files_of(ROOT / "docs" / "adding-a-task.md").items():
        assert not (root / place).exists()
        (root / place).write_text(code)
    return root


def run(house: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a module of Python in the copy, whose `lcdata` is the copy."""
    command = [sys.executable, "-m", *arguments]
    environment = {**os.environ, "PYTHONPATH": str(house.parent), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(command, cwd=house, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.slow
def test_the_task_keeps_the_contract(house: Path) -> None:
    done = run(house, "pytest", "-q", "-p", "no:cacheprovider", "tests/generators", "-k", "lockers or explains")
    assert done.returncode == 0, done.stdout
    passed = re.search(r"(\d+) passed", done.stdout)
    assert passed is not None
    assert int(passed[1]) >= 3 + 2 * 6, (
        "two tests of its own, the one of settings, and of the contract at least six for either case"
    )


def test_the_task_is_found(house: Path) -> None:
    told = run(house, "lcdata", "tasks", "lockers").stdout
    assert "Say which parcel lies in one of many lockers." in told
    assert "Digits of the numbers of lockers and of parcels." in told


def test_the_code_is_written_as_the_house_writes(house: Path) -> None:
    for command in (("check",), ("format", "--check")):
        done = run(house, "ruff", *command, "generators/lockers.py", "tests/generators/test_lockers.py")
        assert done.returncode == 0, done.stdout + done.stderr
