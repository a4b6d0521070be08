"""Servers and builds killed at random moments: no fire is lost or comes twice, and what is built well verifies.

python -m chaos.service 100
"""

import contextlib
import os
import random
import re
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

from conftest import TEXTS, gpt2_like
from serving import Server, command, is_over, runs, until, write_recipe

EVERY_SECONDS = 5
MOST_SECONDS = 2.5
"""Until a kill, at most."""


def campaign(folder: Path, trials: int, seed: int = 0) -> dict[str, object]:
    """Kill so many times; returns what was counted. AssertionError where a promise is broken."""
    rng = random.Random(seed)
    _prepare(folder)
    since = datetime.now(UTC)
    add = ("schedule", "add", "often", "tiny.yaml", "--cron", f"*/{EVERY_SECONDS} * * * * *", "--missed", "all")
    assert (
        command(folder, *add, "--overlap", "queue", "--set", "seed={{ fire_time | date('%j%H%M%S') }}").returncode == 0
    )
    killed = Counter[str]()
    server = Server(folder / "lcdata-service").start()
    for _ in range(trials):
        time.sleep(rng.uniform(0, MOST_SECONDS))
        victims = rng.choice(("server", "build", "both"))
        if victims in ("build", "both"):
            killed["builds"] += _kill_a_process(folder, rng)
        if victims in ("server", "both"):
            server.kill()
            killed["servers"] += 1
            server.start()
    last = datetime.now(UTC)
    until(lambda: any(_fire(run) >= last for run in runs(folder, "often")))
    assert command(folder, "schedule", "pause", "often").returncode == 0
    found = until(lambda: (all(map(is_over, listed := runs(folder, "often"))) and listed) or None, 3600)
    server.kill(signal.SIGTERM)
    return {**_check(folder, found, since, last), **killed}


def _prepare(folder: Path) -> None:
    (folder / "tokenizer").mkdir()
    (folder / "tokenizer" / "tokenizer.json").write_text(gpt2_like(TEXTS))
    (folder / "tokenizer" / "tokenizer_config.json").write_text('{"eos_token": "<|endoftext|>"}')
    write_recipe(folder, folder / "tokenizer")


def _kill_a_process(folder: Path, rng: random.Random) -> int:
    """Kill the command of a step, its shell, or both; how many that were."""
    pids = [int(path.parent.name) for path in Path("/proc").glob("[0-9]*/cmdline") if _is_of(path, folder)]
    if not pids:
        return 0
    with contextlib.suppress(ProcessLookupError):
        os.kill(rng.choice(pids), signal.SIGKILL)
        return 1
    return 0


def _is_of(path: Path, folder: Path) -> bool:
    """Whether a process is one of a step of this folder's service."""
    try:
        return Path(os.readlink(path.parent / "cwd")).is_relative_to(folder / "lcdata-service" / "runs")
    except OSError:
        return False


def _fire(run: dict[str, object]) -> datetime:
    return datetime.fromisoformat(str(run["fire"]))


def _check(folder: Path, found: list[dict[str, object]], since: datetime, last: datetime) -> dict[str, object]:
    fires = sorted(map(_fire, found))
    begin = since.replace(microsecond=0) + timedelta(seconds=1)
    seconds = (begin + timedelta(seconds=number) for number in range(int((last - begin).total_seconds())))
    expected = [moment for moment in seconds if moment.second % EVERY_SECONDS == 0]
    assert len(fires) == len(set(fires)), "a fire came twice"
    missing = [moment for moment in expected if moment not in fires and moment > fires[0]]
    assert not missing, f"lost: {missing}"
    states = Counter(str(run["state"]) for run in found)
    assert set(states) <= {"built", "skipped", "unchanged"}, [run for run in found if run["state"] == "failed"]
    datasets = sorted((folder / "lcdata-service" / "builds" / "often").glob("*/lcdata.json"))
    for manifest in datasets:
        verified = command(folder, "verify", str(manifest.parent))
        assert verified.returncode == 0, verified.stdout + verified.stderr
    assert len(datasets) == states["built"]
    leftovers = [path.name for path in datasets[0].parents[1].iterdir() if re.match(r"\..*\.lcdata", path.name)]
    return {"fires": len(fires), **states, "verified": len(datasets), "leftovers": len(leftovers)}


def main() -> None:
    """Run the campaign with as many kills as the command line says."""
    trials = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    folder = Path(tempfile.mkdtemp(prefix="lcdata-service-"))
    started = time.monotonic()
    found = campaign(folder, trials, seed=trials)
    print(", ".join(f"{name}: {count}" for name, count in found.items()), f"in {time.monotonic() - started:.0f} s")
    shutil.rmtree(folder)


if __name__ == "__main__":
    main()
