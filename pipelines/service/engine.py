"""A server at work: DBOS with the two workflows, and a watch over what no server looks after."""

import logging
import os
import socket
import threading
import uuid
from collections.abc import Callable, Generator
from contextlib import contextmanager
from datetime import datetime

from dbos import DBOS, DBOSConfig, WorkflowStatus
from dbos._serialization import DBOSPortableJSONSerializer

from .book import Book
from .context import Server, real_time
from .database import APPLICATION, VERSION, connected
from .fires import missed_fires
from .jobs import StepJob
from .processes import StepProcess
from .servers import alive, taken_over
from .settings import Settings
from .steps import STEPS
from .workflow import BUILDS, at_work, serve_runs

_WATCH_SECONDS = 5.0
_log = logging.getLogger("lcdata.service")


@contextmanager
def engine(settings: Settings, now: Callable[[], datetime] = real_time) -> Generator[Book]:
    """A server that fires schedules and does runs, until the block ends; yields the book.

    Builds that go on then are found again by the next server. `now` is the clock of decisions about fires.
    """
    server = f"{socket.gethostname()}-{os.getpid()}-{uuid.uuid4().hex[:8]}"
    with connected(settings.folder, settings.database) as client, alive(settings.folder.servers, server):
        book = Book(client)
        serve_runs(Server(settings, lambda owner: book.runs(owner, only_over=True), book.is_cancelled, now))
        watch = Watch(settings, book, now, server)
        _launch(settings, server)
        watch.start()
        try:
            yield book
        finally:
            watch.stop()
            DBOS.destroy(workflow_completion_timeout_sec=0)


def _launch(settings: Settings, server: str) -> None:
    config: DBOSConfig = {
        "name": APPLICATION,
        "application_version": VERSION,
        "executor_id": server,
        "system_database_url": settings.database,
        "serializer": DBOSPortableJSONSerializer(),
        "log_level": "ERROR",
        "enable_otlp": False,
        "scheduler_polling_interval_sec": 1.0,
        "sys_db_pool_size": 5,
        "run_migrations": True,
    }
    DBOS(config=config)
    DBOS.launch()
    DBOS.register_queue(
        BUILDS, worker_concurrency=settings.concurrency, partition_concurrency=1, on_conflict="always_update"
    )


class Watch:
    """Looks every few seconds for missed fires, runs that a server left, and processes of cancelled runs."""

    def __init__(self, settings: Settings, book: Book, now: Callable[[], datetime], server: str) -> None:
        self._settings, self._book, self._now, self._server = settings, book, now, server
        self._dropped: set[str] = set()
        self._made_up: dict[str, datetime] = {}
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._go_on, name="lcdata-watch", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def stop(self) -> None:
        """Look no more."""
        self._stopped.set()
        self._thread.join(10)

    def _go_on(self) -> None:
        while not self._stopped.is_set():
            for look in (self._take_over, self._pick_up, self.make_up, self._end_cancelled):
                try:
                    look()
                except Exception as error:
                    if not self._stopped.is_set():
                        _log.warning("%s failed and is tried again: %s", look.__name__, error)
            self._stopped.wait(_WATCH_SECONDS)

    def make_up(self) -> None:
        """Enter fires that nobody entered; an id made of schedule and time keeps each from coming twice.

        DBOS's own last fire says nothing of those before it, some of which the database may have refused.
        """
        for entry in self._book.schedules():
            schedule, now = entry.schedule, self._now()
            if not entry.active:
                continue
            last = self._made_up.get(schedule.name, entry.last)
            for fire in missed_fires(schedule, last, now):
                self._book.enter_fire(schedule, fire)
            self._made_up[schedule.name] = now

    def _take_over(self) -> None:
        """Put runs of servers that are dead into the queue again."""
        folder = self._settings.folder.servers
        for server in {row.executor_id for row in _pending() if row.executor_id}:
            with taken_over(folder, server) as is_dead:
                if is_dead:
                    for row in _pending(server):
                        DBOS.resume_workflow(row.workflow_id, queue_name=row.queue_name)

    def _pick_up(self) -> None:
        """Put what this server dropped into the queue again.

        DBOS leaves a workflow whose step it could not write down, since the disk was full, and thinks it is at work.
        """
        idle = {row.workflow_id: row for row in _pending(self._server) if row.workflow_id not in at_work()}
        for workflow in self._dropped & set(idle):
            DBOS.resume_workflow(workflow, queue_name=idle[workflow].queue_name)
            _log.warning("%s was dropped, since the database could not be written: it goes on", workflow)
        self._dropped = set(idle)

    def _end_cancelled(self) -> None:
        """End what still runs of cancelled runs, whose server died before it could."""
        for run in self._book.cancelled():
            folder = self._settings.folder.run(run)
            for step in STEPS if folder.is_dir() else ():
                process = StepProcess(folder, step)
                if process.is_running:
                    process.stop()
                if (job := StepJob.left(folder, step)) is not None:
                    job.stop()


def _pending(server: str | None = None) -> list[WorkflowStatus]:
    return DBOS.list_workflows(status="PENDING", executor_id=server, load_input=False, load_output=False)
