"""Imports run one way: the contracts in pyproject.toml hold, and each of them can be broken."""

import tomllib
from pathlib import Path

import pytest
from tree import ROOT, copy_of_the_package, run_on

FORBIDDEN = [
    ("parts", "schemas/quantity.py", "from ..generators.registry import tasks"),
    ("parts", "generators/sources/record.py", "import lcdata.packers.rows.pieces"),
    ("parts", "packers/rows/concat.py", "from ...generators import registry"),
    ("parts", "packers/profiles/mds.py", "import typing\nif typing.TYPE_CHECKING:\n    from ... import pipelines"),
    ("parts", "generators/material/text.py", "def late():\n    from lcdata.pipelines.run import engine"),
    ("parts", "pipelines/run/files.py", "from ... import __main__"),
    ("rooms", "pipelines/run/files.py", "from ..planning.plan import Plan"),
    ("rooms", "pipelines/proving/trainers/stored.py", "def late():\n    from ...commands import printing"),
    ("rooms", "pipelines/corpora/read.py", "import lcdata.pipelines.making.work"),
    ("rooms", "pipelines/room_without_a_place.py", "import json"),
    ("circles", "schemas/quantity.py", "from .mix import Component"),
    ("circles", "packers/files/arrays.py", "def late():\n    from ..rows import row_group"),
    ("ray", "pipelines/run/files.py", "import ray"),
    ("ray", "packers/training/order.py", "def late():\n    from ray.util.queue import Queue"),
    ("click", "pipelines/recipes/flags.py", "import click"),
    ("rich", "pipelines/planning/plan.py", "from rich.text import Text"),
    ("torch", "packers/rows/concat.py", "from torch.utils.data import Dataset"),
]
"""A contract, a file of the package, and lines at its end that break the contract."""


def test_imports_keep_the_contracts(tmp_path: Path) -> None:
    run = run_on(copy_of_the_package(tmp_path), "lint-imports", "--no-logo", "--no-cache")
    assert run.returncode == 0, run.stdout + run.stderr


@pytest.mark.parametrize(("contract", "file", "lines"), FORBIDDEN)
def test_a_forbidden_import_breaks_its_contract(tmp_path: Path, contract: str, file: str, lines: str) -> None:
    package = copy_of_the_package(tmp_path)
    with (package / file).open("a") as source:
        source.write(f"\n{lines}\n")
    run = run_on(package, "lint-imports", "--no-logo", "--no-cache", "--contract", contract)
    assert run.returncode == 1
    assert "0 kept, 1 broken" in run.stdout, run.stdout + run.stderr


def test_every_contract_is_broken_once() -> None:
    tools = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]
    assert {contract for contract, *_ in FORBIDDEN} == {known["id"] for known in tools["importlinter"]["contracts"]}
