"""Running `lcdata ingest` as a user does, and timing its steps from outside."""

import json
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from measure import LCDATA, Watch, environment

from lcdata.schemas.corpus import CORPUS_MANIFEST


@dataclass(frozen=True)
class IngestRun:
    """One `lcdata ingest --workers 1 --json`, seen from outside."""

    seconds: float
    """From start to exit."""
    finished: float
    """The second at which its manifest was written, the last file of all; later Ray is stopped."""
    events: Sequence[tuple[float, Mapping[str, Any]]]
    """What it printed, with the second at which each line came."""
    peak_worker_bytes: int
    other_cores: float

    @property
    def tokens(self) -> int:
        """That were stored."""
        return self.events[-1][1]["tokens"]

    @property
    def whole_tokens_per_second(self) -> float:
        """Tokens over the whole time: start, Ray and its workers' loading of the vocabulary are in it."""
        return self.tokens / self.seconds

    @cached_property
    def reading_seconds(self) -> float:
        """What reading takes the worker. The first part of the texts only starts the clock, as Ray starts before it."""
        return _scaled_seconds([(when, event["bytes"]) for when, event in self.events if event["event"] == "read"])

    @cached_property
    def encoding_seconds(self) -> float:
        """What encoding and storing take it; the first unit only starts the clock, as the vocabulary is loaded then."""
        return _scaled_seconds([(when, event["tokens"]) for when, event in self.events if event["event"] == "unit"])

    @property
    def driver_seconds(self) -> float:
        """What the driver does alone: arranges the documents between both, and writes index and manifest at the end."""
        last = {event["event"]: when for when, event in self.events}
        return last["arranged"] - last["read"] + self.finished - last["unit"]

    @property
    def steady_tokens_per_second(self) -> float:
        """Tokens over the time of all these, from compressed JSON lines to durable, hashed files."""
        return self.tokens / (self.reading_seconds + self.encoding_seconds + self.driver_seconds)


def _scaled_seconds(steps: Sequence[tuple[float, int]]) -> float:
    """The time from the first to the last step's end, with the first step's amount at the speed of the others."""
    total = sum(amount for _, amount in steps)
    return (steps[-1][0] - steps[0][0]) * total / (total - steps[0][1])


def run_ingest(inputs: Path, store: Path) -> IngestRun:
    """Run `lcdata ingest` with one Ray worker; raises RuntimeError where it fails."""
    arguments = [inputs, "--name", "documents", "--out", store, "--workers", "1", "--json"]
    started, started_at = time.perf_counter(), time.time()
    with (
        tempfile.TemporaryFile("w+") as errors,
        subprocess.Popen(
            [LCDATA, "ingest", *arguments], stdout=subprocess.PIPE, stderr=errors, text=True, env=environment()
        ) as process,
        Watch(process.pid) as watch,
    ):
        assert process.stdout is not None
        events = [(time.perf_counter() - started, json.loads(line)) for line in process.stdout]
        code = process.wait()
        seconds = time.perf_counter() - started
        if code != 0:
            errors.seek(0)
            raise RuntimeError(f"lcdata ingest ended with exit code {code}: {errors.read().strip()}")
    other_cores = max(0.0, watch.machine_cpu_seconds - watch.cpu_seconds) / seconds
    finished = (store / "documents" / CORPUS_MANIFEST).stat().st_mtime - started_at
    return IngestRun(seconds, finished, events, watch.peak_worker_bytes, other_cores)
