"""What `check` prints: a line for each thing that was compared, or a JSON event."""

from dataclasses import asdict
from pathlib import Path

from ..proving.trainers.check import CheckedConfig, Finding, Report
from ..proving.trainers.compare import LOSS_TOKENS
from .printing import console
from .progress import emit


def print_report(report: Report, folder: Path, as_json: bool) -> None:
    """What a trainer makes of a dataset."""
    if as_json:
        emit("checked", holds=report.holds, **asdict(report))
        return
    for config in report.configs:
        console.print(f"{config.name}: {config.rows:,} rows of {config.documents:,} documents through {report.trainer}")
        for finding in config.findings:
            _print_finding(finding, config)
    verdict = "reads" if report.holds else "does not read"
    console.print(f"{report.trainer} {verdict} {folder} as it is meant")


def _print_finding(finding: Finding, config: CheckedConfig) -> None:
    subject = f"{finding.subject:<10}"
    if not finding.rows:
        needed = f"it needs a row of at most {LOSS_TOKENS:,} tokens with targets, whose ids and labels do not differ"
        console.print(f"[dim]–      [/dim] {subject} not run: {needed}")
        return
    where = f"{finding.rows:,} rows, {finding.documents:,} documents"
    if finding.subject == "loss" and finding.rows < config.rows:
        where += f" (of at most {LOSS_TOKENS:,} tokens and with targets)"
    if finding.holds:
        console.print(f"[green]ok     [/green] {subject} {finding.detail}: {where}")
        return
    console.print(f"[red]differs[/red] {subject} in {finding.differing:,} of {where}")
    for difference in finding.differences:
        console.print(f"                   {difference}", markup=False)
