"""Keeping the newest datasets of a schedule, and letting the others go in one step each."""

import shutil
from collections.abc import Iterable
from pathlib import Path

from ..run.files import temporary_path, temporary_paths
from ..run.leftovers import sweep


def remove_old(builds: Path, keep: int, kept: Iterable[str]) -> list[str]:
    """Remove all but the newest datasets of a folder, whose names tell their order; returns the names of these.

    keep: how many stay, 0 for all. Those of the folders `kept` stay too, and what is half built is left alone.
    """
    if keep == 0 or not builds.is_dir():
        return []
    whole = sorted(path.name for path in builds.iterdir() if (path / "lcdata.json").is_file())
    names = {Path(name).name for name in kept}
    old = [name for name in whole[:-keep] if name not in names]
    for name in old:
        going = temporary_path(builds / name)
        (builds / name).rename(going)
        shutil.rmtree(going, ignore_errors=True)
        sweep(temporary_paths(builds / name))
    return old
