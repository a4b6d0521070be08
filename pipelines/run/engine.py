"""The one place that knows Ray: run independent jobs in this process, on this machine's cores, or on a cluster."""

import importlib
import io
import logging
import os
import secrets
import shutil
import signal
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import Future
from contextlib import ExitStack, closing, contextmanager, redirect_stdout, suppress
from pathlib import Path
from typing import Any, Generic, Self, TypeVar

from ...schemas.errors import LcdataError, ResumableError, UsageError
from ...schemas.place import Place, place_of, read_bytes, remove_file, write_bytes
from .leftovers import held, sweep
from .timed import timed
from .where import Where

S = TypeVar("S")
J = TypeVar("J")
E = TypeVar("E")
Work = Callable[[S, J], Generator[E]]
"""What a worker does: (what all jobs share, one job) -> events; safe to run twice, because Ray sometimes does."""

_MAX_RETRIES = 3
_HUNG_AFTER = 900.0
"""Seconds without an event after which a job counts as hung and is started again."""
_CONNECT_SECONDS = 5.0
_MAX_CONNECTIONS = 3
_STOP_SECONDS = 10.0
"""Seconds that Ray has to stop, and to start before that: one whose processes were ended with ours does neither."""
_OBJECT_STORE_BYTES = 256 * 2**20


class Engine:
    """What runs jobs, in this process, on this machine's cores, or on a cluster.

    A context manager, which ends the Ray that it started.
    """

    def __init__(self, where: Where) -> None:
        self.where = where
        self._on_terminate = signal.getsignal(signal.SIGTERM)
        self._starting: Future[Any] | None = None
        self._holder: threading.Thread | None = None
        self._closed = threading.Event()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._closed.set()
        if self._holder is not None:
            with _without_stderr():  # on which Ray's threads tell of tasks that were running
                self._holder.join(_STOP_SECONDS)

    def decide(self, workers: int) -> None:
        """Take so many workers where nobody asked for a number."""
        self.where = self.where.decided(workers)

    def start(self, least_workers: int, work: Work[S, J, E] | None = None) -> None:
        """Start Ray in the background, and load in each worker what the work needs.

        Nothing is started where the workers asked for, or else `least_workers`, are none. Raises where an address
        cannot be reached; whatever else goes wrong is raised by `run`.
        """
        workers = self.where.decided(least_workers).workers or 0
        if self._starting is not None or (workers == 0 and self.where.address is None):
            return
        if self.where.address is not None:
            _check_reachable(self.where.address)
        self._starting = Future()
        self._holder = threading.Thread(target=self._hold_ray, args=(self._starting, workers, work), daemon=True)
        self._holder.start()

    def run(
        self, work: Work[S, J, E], shared: S, jobs: Sequence[J], folder: Place | None = None
    ) -> Generator[tuple[J, E]]:
        """Run `work(shared, job)` for every job and yield each event with its job as they come.

        Close it where it may be left before its end, since the work here ends its files with it. No workers and no
        address is in this process. Every node of a cluster must reach `folder`, which is tried first. Raises what a job
        raised; ResumableError where workers died or hung too often.
        """
        if not jobs:
            return
        address = self.where.address
        if not self.where.workers and address is None:
            for job in jobs:
                with closing(work(shared, job)) as events:
                    yield from ((job, event) for event in events)
            return
        self.start(0)
        assert self._starting is not None
        ray = self._starting.result()
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, self._on_terminate)  # Ray puts one of its own, which aborts
        with redirect_stdout(_RayMessages()):
            if address is not None and folder is not None:
                _check_shared_folder(ray, folder)
            streaming = not (address or "").startswith("ray://")
            yield from _Run(ray, work, shared, streaming).events(jobs)

    def _hold_ray(self, started: "Future[Any]", workers: int, work: Work[S, J, E] | None) -> None:
        """Start Ray, stay until the work is over, and stop it: its processes die with the thread that started them."""
        loading: list[Any] = []
        with ExitStack() as stack:
            try:
                with timed("Ray started"):
                    if self.where.address is None:
                        ray = _start_ray(workers, stack.enter_context(_own_folder()))
                        if work is not None:
                            load = ray.remote(num_cpus=1)(importlib.import_module)
                            loading += [load.remote(work.__module__) for _ in range(workers)]
                    else:
                        ray = _join(self.where.address, self._closed)
            except BaseException as error:  # raised again by whoever asks for the result
                started.set_exception(error)
                return
            started.set_result(ray)
            self._closed.wait()
            ray.shutdown()


class _Run(Generic[S, J, E]):
    """Jobs on a started Ray, as many at a time as it has cores."""

    def __init__(self, ray: Any, work: Work[S, J, E], shared: S, streaming: bool) -> None:
        self._ray = ray
        self._streaming = streaming
        options = {"num_cpus": 1, "max_retries": _MAX_RETRIES}
        if streaming:
            self._remote = ray.remote(**options, num_returns="streaming")(_one_core(work))
        else:  # Ray Client cannot stream: the events of a job come together at its end
            self._remote = ray.remote(**options)(_all_events(work))
        self._shared = ray.put(shared)
        self._running: dict[Any, tuple[J, float]] = {}
        self._restarts: dict[int, int] = {}

    def events(self, jobs: Sequence[J]) -> Generator[tuple[J, E]]:
        """Run the jobs; yields each event with its job as they come."""
        slots = max(1, int(self._ray.cluster_resources().get("CPU", 1)))
        waiting = list(reversed(jobs))
        while waiting or self._running:
            while waiting and len(self._running) < slots:
                self._start(waiting.pop())
            ready, _ = self._ray.wait(list(self._running), num_returns=1, timeout=5.0)
            for handle in ready:
                yield from self._next_events(handle)
            self._restart_hung()

    def _start(self, job: J) -> None:
        self._running[self._remote.remote(self._shared, job)] = (job, time.monotonic())

    def _next_events(self, handle: Any) -> Iterator[tuple[J, E]]:
        job, _ = self._running.pop(handle)
        try:
            if not self._streaming:
                yield from ((job, event) for event in self._ray.get(handle))
                return
            event = self._ray.get(next(handle))
        except StopIteration:
            return
        except self._ray.exceptions.RayError as error:
            raise _explained(self._ray, error) from None
        self._running[handle] = (job, time.monotonic())
        yield job, event

    def _restart_hung(self) -> None:
        """Start a job again whose worker has said nothing for long: Ray does not notice a stopped process."""
        for handle, (job, last_event) in list(self._running.items()):
            if time.monotonic() - last_event < hung_after_seconds():
                continue
            self._restarts[id(job)] = self._restarts.get(id(job), 0) + 1
            if self._restarts[id(job)] > _MAX_RETRIES:
                raise ResumableError("workers hang again and again: run the same command again with --workers 0")
            self._ray.cancel(handle, force=True)
            del self._running[handle]
            self._start(job)


def hung_after_seconds() -> float:
    """Seconds that a job may say nothing; LCDATA_HUNG_AFTER changes them."""
    return float(os.environ.get("LCDATA_HUNG_AFTER", _HUNG_AFTER))


def _all_events(work: Work[S, J, E]) -> Callable[[S, J], list[E]]:
    stream = _one_core(work)
    return lambda shared, job: list(stream(shared, job))


def _check_shared_folder(ray: Any, folder: Place) -> None:
    """Raise LcdataError unless every node of the cluster reads what the driver writes into a folder."""
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    probe, word = folder / "probe", secrets.token_hex(16)
    write_bytes(probe, word.encode())

    nodes = [node for node in ray.nodes() if node["Alive"]]
    answers = [
        ray.remote(num_cpus=0, scheduling_strategy=NodeAffinitySchedulingStrategy(node["NodeID"], soft=False))(
            _why_unread
        ).remote(str(probe), word)
        for node in nodes
    ]
    cure = (
        "use an --out in a folder that all nodes share, or in an object store"
        if isinstance(folder, Path)
        else "give the credentials in the environment in which its Ray is started"
    )
    for node, why in zip(nodes, ray.get(answers), strict=True):
        if why is not None:
            raise LcdataError(f"node {node['NodeManagerAddress']} of the cluster does not see {folder}{why}: {cure}")
    remove_file(probe)


def _why_unread(path: str, word: str) -> str | None:
    """Why this node does not read a word from a file, None where it does."""
    try:
        return None if read_bytes(place_of(path)) == word.encode() else " as it is now"
    except FileNotFoundError:
        return ""
    except (OSError, LcdataError) as error:
        return f" ({error})"


def _one_core(work: Work[S, J, E]) -> Work[S, J, E]:
    """The work on a single thread, since Ray shares out the cores.

    Relative paths mean there what they mean here, on a node that has this folder.
    """
    folder = os.getcwd()

    def single_threaded(shared: S, job: J) -> Generator[E]:
        with suppress(OSError):
            os.chdir(folder)
        os.environ.setdefault("RAYON_NUM_THREADS", "1")
        import pyarrow as pa

        pa.set_cpu_count(1)
        pa.set_io_thread_count(1)
        yield from work(shared, job)

    return single_threaded


def _explained(ray: Any, error: Exception) -> LcdataError:
    """The error to raise for whatever ended a job, of one line."""
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
def _without_stderr() -> Generator[None]:
    """Drop what is written on stderr, by code in C++ too."""
    stderr, nothing = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nothing, 2)
        yield
    finally:
        os.dup2(stderr, 2)
        os.close(stderr)
        os.close(nothing)


@contextmanager
def _own_folder() -> Generator[Path]:
    """A folder that nobody else can look into, for Ray's files and token; those of killed processes are removed."""
    prefix = "lcdata-ray-"
    try:
        sweep(Path(tempfile.gettempdir()).glob(f"{prefix}*"))
        folder = Path(tempfile.mkdtemp(prefix=prefix))
    except OSError as error:
        raise LcdataError(
            f"Ray has no place for its files ({error.strerror}): set TMPDIR to a folder with space, or run with "
            "--workers 0"
        ) from None
    try:
        with held(folder):
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _import_ray() -> Any:
    """Ray with settings that leave no traces."""
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    os.environ.setdefault("RAY_DISABLE_FAILURE_SIGNAL_HANDLER", "1")  # its own handler of SIGTERM aborts
    # Ray's own 15 leaves workers a thirtieth of the time that any other program beside them gets.
    os.environ.setdefault("RAY_worker_niceness", "0")
    # Workers put their memory into huge pages where the kernel has them on request: one part in 25 faster.
    os.environ.setdefault("GLIBC_TUNABLES", "glibc.malloc.hugetlb=1")
    logging.getLogger("ray").setLevel(logging.ERROR)
    import ray

    return ray


def _start_ray(workers: int, folder: Path) -> Any:
    """Ray of our own on this machine, its files in the folder; LcdataError where it does not start."""
    token, files = folder / "token", folder / "r"  # Ray lets anyone write into its own
    token.touch(mode=0o600)
    token.write_text(secrets.token_hex(32))
    os.environ.update(RAY_AUTH_MODE="token", RAY_AUTH_TOKEN_PATH=str(token), RAY_task_oom_retries="2")
    ray = _import_ray()
    try:
        ray.init(
            address="local",
            num_cpus=workers,
            include_dashboard=False,
            object_store_memory=_OBJECT_STORE_BYTES,
            log_to_driver=False,
            logging_level=logging.ERROR,
            _temp_dir=str(files),
        )
    except Exception as error:  # whatever Ray raises at its start, the cure is the same
        raise _not_started(error, "run with --workers 0") from error
    return ray


def _join(address: str, closed: threading.Event) -> Any:
    """Join a cluster, in a few tries until `closed`; LcdataError where that fails.

    Ray Client's server starts a process for each client, which can lose its port to another.
    """
    ray = _import_ray()
    attempts = 0
    while True:
        attempts += 1
        try:
            ray.init(address=address, log_to_driver=False, logging_level=logging.ERROR)
            return ray
        except Exception as error:
            if not isinstance(error, ConnectionError) or attempts == _MAX_CONNECTIONS or closed.is_set():
                raise _not_started(error, "check --address") from error


def _not_started(error: Exception, cure: str) -> LcdataError:
    reason = " ".join(str(error).split())  # of several lines, and what went wrong is in the last ones
    return LcdataError(f"Ray did not start ({reason}): {cure}")


class _RayMessages(io.TextIOBase):
    """Takes what Ray prints on stdout, which is not ours to give it, and says on stderr what a user wants to know."""

    def write(self, text: str) -> int:
        """Drop the text, but for the death of a worker."""
        if "A worker died or was killed" in text:
            print("lcdata: a worker died; what it was at is made again", file=sys.stderr, flush=True)
        return len(text)


def _check_reachable(address: str) -> None:
    """Raise LcdataError where nothing listens at a cluster's address; Ray itself would try for minutes."""
    if address == "auto":
        return
    host, _, port = address.removeprefix("ray://").rpartition(":")
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=_CONNECT_SECONDS).close()
    except ValueError:
        raise UsageError(f"--address {address!r} must be HOST:PORT or ray://HOST:PORT") from None
    except OSError as error:
        raise LcdataError(f"no Ray cluster answers at {address} ({error}): check --address") from None
