"""A copy of the package's files, to be changed and checked."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
PARTS = ("generators", "packers", "pipelines", "schemas")


def copy_of_the_package(folder: Path) -> Path:
    """The package's Python files and `pyproject.toml`, as `lcdata` in the folder."""
    paths = [
        *ROOT.glob("*.py"),
        ROOT / "pyproject.toml",
        *(path for part in PARTS for path in (ROOT / part).rglob("*.py")),
    ]
    for path in paths:
        target = folder / "lcdata" / path.relative_to(ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(path.read_bytes())
    return folder / "lcdata"


def run_on(package: Path, command: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command of this environment on a package in whose stead no other `lcdata` is found."""
    return subprocess.run(
        [Path(sys.executable).with_name(command), *arguments],
        cwd=package,
        env={**os.environ, "PYTHONPATH": str(package.parent), "COLUMNS": "200"},
        capture_output=True,
        text=True,
    )
