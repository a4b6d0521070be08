"""Killing a build in the middle, by what it has finished rather than by the clock."""

import subprocess
import time
from pathlib import Path
from typing import Any


def kill_after(process: "subprocess.Popen[Any]", work: Path, num_records: int, moment: float) -> None:
    """Kill a build when its work folder holds so many records and a moment has passed, if it is not done before."""
    while len(list(work.glob("records/*.json"))) < num_records and process.poll() is None:
        time.sleep(0.005)
    time.sleep(moment)
    process.kill()
    process.wait()
