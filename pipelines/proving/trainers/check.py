"""`check`: run rows of a dataset through a trainer as it is installed and compare what reaches the model."""

import importlib.metadata
import secrets
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ....packers.dataset import Config, Dataset
from ....schemas.errors import UsageError
from ....schemas.events.judged import Checked, CheckedConfig, Comparison
from .compare import SUBJECTS, compare, dataset_of
from .stored import CheckedRow, some_rows
from .trainers import TRAINERS, library, tiny_llama

_MOST_DIFFERENCES = 3
"""Differences of a kind that are named; the others are counted."""


def check(dataset: Dataset, trainer: str, num_rows: int = 8) -> Checked:
    """Run the first and some random rows of every config through `trl` or `transformers`.

    UsageError where the trainer is not installed.
    """
    for name in ("torch", "transformers", trainer):
        library(name)
    rng = np.random.default_rng(secrets.randbits(64))
    configs = dataset.configs.values()
    checked = [_check_config(config, some_rows(config, num_rows, rng), trainer) for config in configs]
    return Checked(trainer=f"{trainer} {importlib.metadata.version(trainer)}", configs=checked)


def _check_config(config: Config, rows: Sequence[CheckedRow], trainer: str) -> CheckedConfig:
    if not rows:
        raise UsageError(f"{config.name} holds no rows: there is nothing to check")
    comparisons = {subject: Comparison(subject=subject, detail=detail) for subject, detail in SUBJECTS.items()}
    with tempfile.TemporaryDirectory(prefix="lcdata-check-") as name:
        running = TRAINERS[trainer](tiny_llama(), dataset_of(rows[0]), Path(name))
        for row in rows:
            for subject, difference in compare(running, row, config.seq_length):
                _count(comparisons[subject], row, difference)
    looked_at = [comparison for comparison in comparisons.values() if comparison.rows or comparison.subject == "loss"]
    documents = sum(len(row.lengths) for row in rows)
    return CheckedConfig(name=config.name, rows=len(rows), documents=documents, findings=looked_at)


def _count(comparison: Comparison, row: CheckedRow, difference: str) -> None:
    """Count a row that was compared; an empty difference is none."""
    comparison.rows += 1
    comparison.documents += len(row.lengths)
    if difference:
        comparison.differing += 1
        if len(comparison.differences) < _MOST_DIFFERENCES:
            comparison.differences.append(f"{row.place}: {difference}")
