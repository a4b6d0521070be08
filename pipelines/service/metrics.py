"""What Prometheus is told: this server's runs, steps and tokens since it started, and how many runs are open."""

import time
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

REGISTRY = CollectorRegistry()
_SECONDS = (0.1, 1, 10, 60, 600, 3600, 4 * 3600, 24 * 3600)

_runs = Counter("lcdata_runs", "Runs that ended on this server.", ["schedule", "outcome"], registry=REGISTRY)
_tokens = Counter("lcdata_tokens_built", "Tokens of datasets built on this server.", ["schedule"], registry=REGISTRY)
_steps = Histogram("lcdata_step_seconds", "Time of a step.", ["step"], buckets=_SECONDS, registry=REGISTRY)
_open = Gauge("lcdata_open_runs", "Runs that are not over, on all servers.", ["state"], registry=REGISTRY)
_schedules = Gauge("lcdata_schedules", "Schedules.", ["state"], registry=REGISTRY)


def count_run(owner: str, summary: dict[str, Any]) -> None:
    """Count a run that is over."""
    _runs.labels(owner, summary["outcome"]).inc()
    if summary["outcome"] == "built":
        _tokens.labels(owner).inc(summary["tokens"])


@contextmanager
def count_step(step: str) -> Generator[None]:
    """Measure a step."""
    started = time.monotonic()
    try:
        yield
    finally:
        _steps.labels(step).observe(time.monotonic() - started)


def exposition(open_runs: dict[str, int], schedules: dict[str, int]) -> bytes:
    """All metrics in Prometheus's text format."""
    for state, number in open_runs.items():
        _open.labels(state).set(number)
    for state, number in schedules.items():
        _schedules.labels(state).set(number)
    return generate_latest(REGISTRY)
