"""What `check` prints: a line for each thing that was compared, or a JSON event."""

from pathlib import Path

from ...schemas.events import Checked, CheckedConfig, Comparison
from ..proving.trainers.compare import LOSS_TOKENS
from .printing import console
from .progress import emit


def print_report(report: Checked, folder: Path, as_json: bool) -> None:
    """What a trainer makes of a dataset."""
    if as_json:
        emit(**report.model_dump(mode="json"))
        return
    for config in report.configs:
        console.print(f"{config.name}: {config.rows:,} rows of {config.documents:,} documents through {report.trainer}")
        for comparison in config.findings:
            _print_comparison(comparison, config)
    verdict = "reads" if report.holds else "does not read"
    console.print(f"{report.trainer} {verdict} {folder} as it is meant")


def _print_comparison(comparison: Comparison, config: CheckedConfig) -> None:
    subject = f"{comparison.subject:<10}"
    if not comparison.rows:
        needed = f"it needs a row of at most {LOSS_TOKENS:,} tokens with targets, whose ids and labels do not differ"
        console.print(f"[dim]–      [/dim] {subject} not run: {needed}")
        return
    where = f"{comparison.rows:,} rows, {comparison.documents:,} documents"
    if comparison.subject == "loss" and comparison.rows < config.rows:
        where += f" (of at most {LOSS_TOKENS:,} tokens and with targets)"
    if comparison.holds:
        console.print(f"[green]ok     [/green] {subject} {comparison.detail}: {where}")
        return
    console.print(f"[red]differs[/red] {subject} in {comparison.differing:,} of {where}")
    for difference in comparison.differences:
        console.print(f"                   {difference}", markup=False)
