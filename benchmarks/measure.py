"""Running lcdata's command line as a user does, and measuring it from outside: its events, time and memory."""

import contextlib
import json
import os
import statistics
import subprocess
import sysconfig
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

LCDATA = Path(sysconfig.get_path("scripts")) / "lcdata"
_SAMPLE_EVERY = 0.2


@dataclass(frozen=True)
class GenRun:
    """One `lcdata gen --json`, seen from outside."""

    workers: int
    seconds: float
    """From start to exit."""
    events: Sequence[tuple[float, dict[str, Any]]]
    """What it printed, with the second at which each line came."""
    peak_worker_bytes: int
    """Largest resident memory that any one Ray worker was seen to have, shared pages included."""
    other_cores: float
    """Cores that the rest of the machine kept busy meanwhile; its figures are in doubt where this is not near 0."""

    @property
    def num_shards(self) -> int:
        """Shards it wrote."""
        return sum(event["event"] == "shard" for _, event in self.events)

    @property
    def whole_tokens_per_second(self) -> float:
        """Tokens of the whole run over its whole time: start, plan, Ray and publishing are in it."""
        return self._tokens_until(self.seconds) / self.seconds

    @property
    def steady_tokens_per_second(self) -> float:
        """Tokens a second while every worker is at work.

        The clock starts when as many shards are finished as there are workers and stops when the first worker finds
        no further shard. One worker is thus timed over whole shards, each from its first draw to its durable
        rename, and neither Ray's start nor the end of the run, where workers stand idle, is in it. A shard's
        event, not a worker's first progress event, starts the clock, because progress events do not say whose they are.
        """
        if self.num_shards < 2 * self.workers:
            raise ValueError(f"{self.num_shards} shards are too few to time {self.workers} workers")
        ends = [when for when, event in self.events if event["event"] == "shard"]
        start, end = ends[self.workers - 1], ends[-self.workers]
        return (self._tokens_until(end) - self._tokens_until(start)) / (end - start)

    def _tokens_until(self, second: float) -> int:
        made = [event["tokens"] for when, event in self.events if event["event"] == "progress" and when <= second]
        return made[-1] if made else 0


def run_gen(arguments: Sequence[str], out: Path, workers: int) -> GenRun:
    """Run `lcdata gen` with Ray into the new folder `out`; raises RuntimeError where it fails."""
    command = [LCDATA, "gen", *arguments, "--workers", str(workers), "--json", "--out", out]
    started = time.perf_counter()
    events: list[tuple[float, dict[str, Any]]] = []
    with (
        tempfile.TemporaryFile("w+") as errors,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True, env=environment()) as process,
        Watch(process.pid) as watch,
    ):
        assert process.stdout is not None
        for line in process.stdout:
            events.append((time.perf_counter() - started, json.loads(line)))
        code = process.wait()
        seconds = time.perf_counter() - started
        if code != 0:
            errors.seek(0)
            raise RuntimeError(f"lcdata gen ended with exit code {code}: {errors.read().strip()}")
    other_cores = max(0.0, watch.machine_cpu_seconds - watch.cpu_seconds) / seconds
    return GenRun(workers, seconds, events, watch.peak_worker_bytes, other_cores)


def median_seconds(arguments: Sequence[str], repeats: int) -> float:
    """Median wall time of an lcdata command; every `{}` in an argument is the number of the repeat."""
    times: list[float] = []
    for repeat in range(repeats):
        command = [LCDATA, *(argument.replace("{}", str(repeat)) for argument in arguments)]
        started = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True, env=environment())
        times.append(time.perf_counter() - started)
    return statistics.median(times)


def environment() -> dict[str, str]:
    """The environment without settings that would change what is measured."""
    return {name: value for name, value in os.environ.items() if not name.startswith("LCDATA_")}


class Watch(threading.Thread):
    """Looks at a process and all that it started again and again, until it is left: their memory and processor time."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.peak_worker_bytes = 0
        self.machine_cpu_seconds = 0.0
        """Of all cores and processes, while it was watched."""
        self._root = psutil.Process(pid)
        self._cpu_seconds: dict[int, float] = {}
        self._machine_before = _machine_cpu_seconds()
        self._stopped = threading.Event()

    @property
    def cpu_seconds(self) -> float:
        """Of the process and all that it started."""
        return sum(self._cpu_seconds.values())

    def run(self) -> None:
        """Sample until stopped or the process is gone."""
        while not self._stopped.wait(_SAMPLE_EVERY):
            try:
                processes = [self._root, *self._root.children(recursive=True)]
            except psutil.NoSuchProcess:
                return
            for process in processes:
                with contextlib.suppress(psutil.Error):
                    self._look_at(process)

    def _look_at(self, process: psutil.Process) -> None:
        times = process.cpu_times()
        self._cpu_seconds[process.pid] = times.user + times.system
        # Ray titles a worker `ray::` and the name of its task.
        if "".join(process.cmdline()).startswith("ray::"):
            self.peak_worker_bytes = max(self.peak_worker_bytes, process.memory_info().rss)

    def __enter__(self) -> "Watch":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        self.join()
        self.machine_cpu_seconds = _machine_cpu_seconds() - self._machine_before


def _machine_cpu_seconds() -> float:
    """Processor time that was not idle since the machine started, other machines' share of a core included."""
    times = psutil.cpu_times()._asdict()
    return sum(seconds for kind, seconds in times.items() if kind not in ("idle", "iowait", "guest", "guest_nice"))
