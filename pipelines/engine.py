"""The one place that knows Ray: run independent jobs in this process, on this machine's cores, or on a cluster."""

import os
import secrets
import shutil
import tempfile
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from ..schemas.errors import LcdataError, ResumableError

S = TypeVar("S")
J = TypeVar("J")
E = TypeVar("E")
Work = Callable[[S, J], Iterator[E]]
"""(what all jobs share, one job) -> events; safe to run twice, because Ray sometimes does."""

_MAX_RETRIES = 3
_HUNG_AFTER = 900.0
"""Seconds without an event after which a job counts as hung and is started again."""
_OBJECT_STORE_BYTES = 256 * 2**20


def run_jobs(
    work: Work[S, J, E], shared: S, jobs: Sequence[J], workers: int, address: str | None = None
) -> Generator[tuple[J, E]]:
    """Run `work(shared, job)` for every job and yield each event with its job as they come.

    `workers` 0 runs in this process. Raises what a job raised; ResumableError where workers died or hung too often.
    """
    if workers == 0 and address is None:
        for job in jobs:
            for event in work(shared, job):
                yield job, event
        return
    with _ray(workers, address) as ray:
        yield from _run_on_ray(ray, work, shared, jobs)


def _run_on_ray(ray: Any, work: Work[S, J, E], shared: S, jobs: Sequence[J]) -> Generator[tuple[J, E]]:
    remote = ray.remote(num_cpus=1, max_retries=_MAX_RETRIES, num_returns="streaming")(_one_core(work))
    shared_ref = ray.put(shared)
    slots = max(1, int(ray.cluster_resources().get("CPU", 1)))
    waiting = list(reversed(jobs))
    running: dict[Any, tuple[J, float]] = {}
    restarts: dict[int, int] = {}

    def start(job: J) -> None:
        running[remote.remote(shared_ref, job)] = (job, time.monotonic())

    while waiting or running:
        while waiting and len(running) < slots:
            start(waiting.pop())
        ready, _ = ray.wait(list(running), num_returns=1, timeout=5.0)
        for stream in ready:
            job, _ = running[stream]
            try:
                event = ray.get(next(stream))
            except StopIteration:
                del running[stream]
                continue
            except ray.exceptions.RayError as error:
                raise _explained(ray, error) from None
            running[stream] = (job, time.monotonic())
            yield job, event
        for stream, (job, last_event) in list(running.items()):
            if time.monotonic() - last_event > _HUNG_AFTER:
                restarts[id(job)] = restarts.get(id(job), 0) + 1
                if restarts[id(job)] > _MAX_RETRIES:
                    raise ResumableError("a worker hung again and again: run the same command again with --workers 0")
                ray.cancel(stream, force=True)
                del running[stream]
                start(job)


def _one_core(work: Work[S, J, E]) -> Work[S, J, E]:
    """The work on a single thread, since Ray shares out the cores."""

    def single_threaded(shared: S, job: J) -> Iterator[E]:
        os.environ.setdefault("RAYON_NUM_THREADS", "1")
        import pyarrow as pa

        pa.set_cpu_count(1)
        pa.set_io_thread_count(1)
        yield from work(shared, job)

    return single_threaded


def _explained(ray: Any, error: Exception) -> LcdataError:
    """One line for whatever ended a job."""
    cause = getattr(error, "cause", None)
    if isinstance(cause, LcdataError):
        return cause
    if isinstance(error, ray.exceptions.OutOfMemoryError):
        return ResumableError("workers ran out of memory: run the same command again with fewer --workers")
    if isinstance(error, ray.exceptions.RayTaskError):
        return LcdataError(f"a worker failed: {str(error).strip().splitlines()[-1]}")
    return ResumableError(
        f"a worker died {_MAX_RETRIES + 1} times ({type(error).__name__}), perhaps killed for its memory: "
        "run the same command again with fewer --workers"
    )


@contextmanager
def _ray(workers: int, address: str | None) -> Iterator[Any]:
    """Ray of our own with settings that leave no traces, or the cluster at `address`."""
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    folder: Path | None = None
    if address is None:
        folder = Path(tempfile.mkdtemp(prefix="lcdata-"))
        token = folder / "token"
        token.touch(mode=0o600)
        token.write_text(secrets.token_hex(32))
        os.environ.update(RAY_AUTH_MODE="token", RAY_AUTH_TOKEN_PATH=str(token), RAY_task_oom_retries="2")
    import ray

    try:
        if folder is not None:
            ray.init(
                address="local",
                num_cpus=workers,
                include_dashboard=False,
                object_store_memory=_OBJECT_STORE_BYTES,
                log_to_driver=False,
                logging_level="ERROR",
                _temp_dir=str(folder),
            )
        else:
            ray.init(address=address, log_to_driver=False, logging_level="ERROR")
    except Exception as error:  # whatever Ray raises at its start, the cure is the same
        reason = str(error).strip().splitlines()[0]
        cure = "check --address" if address else "run with --workers 0"
        raise LcdataError(f"Ray did not start ({reason}): {cure}") from error
    try:
        yield ray
    finally:
        ray.shutdown()
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)
