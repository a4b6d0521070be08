"""How a build or an ingest goes, for a person: what is planned in a line, then a bar; all on stderr."""

import time

import humanize
from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.text import Text

from ....schemas.counted import counted
from ....schemas.events import building, ingesting, pushing
from ....schemas.events.event import Event
from .console import say

_LINE_EVERY = 30.0
"""Seconds between two lines of progress where there is no terminal."""


class _Speed(ProgressColumn):
    """A column with the speed of the work."""

    def __init__(self, unit: str) -> None:
        super().__init__()
        self._unit = unit

    def render(self, task: Task) -> Text:
        return Text(f"{humanize.intword(task.speed or 0)} {self._unit}/s", style="cyan")


class Bar:
    """How far a piece of work is: a bar on a terminal, one line every 30 seconds elsewhere."""

    def __init__(self, unit: str, total: int, done: int = 0) -> None:
        self._unit, self._total, self._finished, self._done = unit, total, done, 0
        self._last_line = time.monotonic()
        console = Console(stderr=True)
        columns = (TextColumn("{task.percentage:>3.0f}%"), BarColumn(), _Speed(unit), TextColumn("ETA"))
        self._bar = Progress(*columns, TimeRemainingColumn(), console=console, transient=True)
        self._on_terminal = console.is_terminal
        if self._on_terminal:
            self._bar.add_task(unit, total=total, completed=done)
            self._bar.start()

    def move(self, done: int, per_second: float) -> None:
        """Show how much is done in this run, and how fast; prints a line when one is due."""
        self._done = done
        self._update()
        if not self._on_terminal and time.monotonic() - self._last_line >= _LINE_EVERY:
            self._last_line = time.monotonic()
            so_far = self._finished + done
            left = humanize.naturaldelta(max(self._total - so_far, 0) / max(per_second, 1e-9))
            say(f"{so_far / self._total:.0%}, {humanize.intword(per_second)} {self._unit}/s, {left} left")

    def skip(self, amount: int) -> None:
        """Count so much as done by an earlier run."""
        self._finished += amount
        self._update()

    def _update(self) -> None:
        if self._on_terminal:
            self._bar.update(self._bar.task_ids[0], completed=self._finished + self._done)

    def stop(self) -> None:
        """Take the bar off the terminal."""
        if self._on_terminal:
            self._bar.stop()


class Display:
    """Shows a person how a command goes, by its events."""

    def __init__(self, verbose: bool) -> None:
        self._verbose = verbose
        self._bar: Bar | None = None
        self._texts = self._bytes = 0
        self._since = 0.0

    def tell(self, event: Event) -> None:
        """Say what an event means, or move the bar."""
        match event:
            case building.Planning():
                say(f"{event.name}: planning")
            case building.Planned():
                self._planned(event)
            case building.Progress() if self._bar is not None:
                self._bar.move(event.done, event.per_second)
            case building.ShardFinished() if self._verbose:
                say(f"{event.path} is safe: {counted(event.documents, 'document')}, {event.tokens:,} tokens")
            case ingesting.IngestStarted():
                size = humanize.naturalsize(event.bytes)
                where = _where(event.workers, event.address)
                say(f"{event.name}: reading {counted(event.inputs, 'input')}, {size}, {where}")
            case ingesting.PartRead():
                self._part_read(event)
            case ingesting.Arranged():
                self._arranged(event)
            case ingesting.UnitStored():
                self._unit_stored(event)
            case pushing.PushPlanned():
                self._push_planned(event)
            case pushing.FilesUploaded() if self._bar is not None:
                self._bar.move(event.bytes, event.bytes / max(time.monotonic() - self._since, 1e-9))
            case _:
                pass

    def _planned(self, plan: building.Planned) -> None:
        where = _where(plan.workers, plan.address)
        for stage in plan.stages:
            say(f"{stage.name}: {stage.summary} in {counted(stage.shards, 'shard')}, {where}")
        if plan.finished_shards:
            say(f"going on: {plan.finished_shards} of {counted(plan.shards, 'shard')} finished")
        self._start(Bar("tokens", plan.tokens, plan.finished_tokens))

    def _part_read(self, part: ingesting.PartRead) -> None:
        """Say what was read, a line for every gigabyte."""
        before = self._bytes >> 30
        self._texts += part.texts
        self._bytes += part.bytes
        if not part.resumed and (self._verbose or self._bytes >> 30 != before):
            say(f"{counted(self._texts, 'text')} read, {humanize.naturalsize(self._bytes)}")

    def _arranged(self, arranged: ingesting.Arranged) -> None:
        size, units = humanize.naturalsize(arranged.bytes), counted(arranged.units, "unit")
        say(f"{counted(arranged.documents, 'document')} to encode, {size} in {units}")
        self._start(Bar("bytes", arranged.bytes))

    def _unit_stored(self, unit: ingesting.UnitStored) -> None:
        if unit.resumed and self._bar is not None:
            self._bar.skip(unit.bytes)
        if self._verbose and not unit.resumed:
            say(f"unit {unit.unit} is safe: {counted(unit.documents, 'document')}, {unit.tokens:,} tokens")

    def _push_planned(self, plan: pushing.PushPlanned) -> None:
        size = f"{counted(plan.files, 'file')} to upload, {humanize.naturalsize(plan.bytes)}"
        there = f", {counted(plan.there, 'file')} there already" if plan.there else ""
        say(f"{plan.repository}: {size}{there}")
        if plan.bytes:
            self._since = time.monotonic()
            self._start(Bar("bytes", plan.bytes))

    def _start(self, bar: Bar) -> None:
        """Show a new bar, the only one: a build may store corpora first."""
        self.stop()
        self._bar = bar

    def stop(self) -> None:
        """Take the present bar off the terminal."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None


def _where(workers: int | None, address: str | None) -> str:
    if address is not None:
        return f"on the cluster at {address}"
    return f"on {counted(workers, 'worker')}" if workers else "in this process"
