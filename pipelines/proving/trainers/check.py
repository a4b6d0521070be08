"""`check`: run rows of a dataset through a trainer as it is installed and compare what reaches the model."""

import importlib.metadata
import secrets
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ....packers.training.config import Config, configs_of
from ....schemas.errors import UsageError
from .compare import SUBJECTS, compare, dataset_of
from .stored import Row, some_rows
from .trainers import TRAINERS, library, tiny_llama

_MOST_DIFFERENCES = 3
"""Named of a kind; the others are counted."""


@dataclass
class Finding:
    """One thing that was compared on some rows of a config."""

    subject: str
    detail: str
    rows: int = 0
    documents: int = 0
    differing: int = 0
    """Rows."""
    differences: list[str] = field(default_factory=list[str])
    """Of the first rows that differ."""

    @property
    def holds(self) -> bool:
        """Whether nothing differs."""
        return self.differing == 0

    def add(self, row: Row, difference: str) -> None:
        """Count a row."""
        self.rows += 1
        self.documents += len(row.lengths)
        if difference:
            self.differing += 1
            if len(self.differences) < _MOST_DIFFERENCES:
                self.differences.append(f"{row.place}: {difference}")


@dataclass(frozen=True)
class CheckedConfig:
    """What was found in one config."""

    name: str
    rows: int
    documents: int
    findings: list[Finding]


@dataclass(frozen=True)
class Report:
    """What a trainer makes of a dataset."""

    trainer: str
    """With its version."""
    configs: list[CheckedConfig]

    @property
    def holds(self) -> bool:
        """Whether every config is read as it is meant."""
        return all(finding.holds for config in self.configs for finding in config.findings)


def check(folder: Path, trainer: str, num_rows: int = 8) -> Report:
    """Run the first and some random rows of every config through `trl` or `transformers`.

    UsageError where the folder holds no dataset or the trainer is not installed.
    """
    for name in ("torch", "transformers", trainer):
        library(name)
    rng = np.random.default_rng(secrets.randbits(64))
    configs = configs_of(folder)
    checked = [_check_config(config, some_rows(config, num_rows, rng), trainer) for config in configs]
    return Report(f"{trainer} {importlib.metadata.version(trainer)}", checked)


def _check_config(config: Config, rows: Sequence[Row], trainer: str) -> CheckedConfig:
    if not rows:
        raise UsageError(f"{config.name} holds no rows: there is nothing to check")
    findings = {subject: Finding(subject, detail) for subject, detail in SUBJECTS.items()}
    with tempfile.TemporaryDirectory(prefix="lcdata-check-") as name:
        running = TRAINERS[trainer](tiny_llama(), dataset_of(rows[0]), Path(name))
        for row in rows:
            for subject, difference in compare(running, row, config.seq_length):
                findings[subject].add(row, difference)
    looked_at = [finding for finding in findings.values() if finding.rows or finding.subject == "loss"]
    return CheckedConfig(config.name, len(rows), sum(len(row.lengths) for row in rows), looked_at)
