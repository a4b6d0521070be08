"""Judging what was built by its recipe's gates, and what is said of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ....schemas.place import Place
from .console import console
from .output import Output

if TYPE_CHECKING:
    from ....schemas.events.judged import GatesJudged
    from ....schemas.gates import QualityGates


def judge_built(output: Output, folder: Place, gates: QualityGates) -> int:
    """Judge a dataset and say what was found; returns the exit code, 3 where a gate does not hold."""
    from ....schemas.manifest import read_manifest
    from ...proving.gates import judge

    judged = judge(str(folder), read_manifest(folder), gates)
    output.show(judged, lambda: _print_broken(judged), lambda: _print_kept(judged))
    return 0 if judged.holds else 3


def _print_broken(judged: GatesJudged) -> None:
    for gate in judged.gates:
        if not gate.holds:
            console().print(f"[red]broken[/red]  {gate.sentence}")


def _print_kept(judged: GatesJudged) -> None:
    for gate in judged.gates:
        if gate.holds:
            console().print(f"[green]holds[/green]   {gate.sentence}")
