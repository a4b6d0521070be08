"""Telling a person or a program how a build goes; only the driver prints."""

from __future__ import annotations

import json
import sys
import time
from typing import TYPE_CHECKING, Any

import humanize
from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.text import Text

from ...schemas.manifest import ShardRecord

if TYPE_CHECKING:  # a command loads its own pipeline alone
    from ..planning.plan import Plan

_LINE_EVERY = 30.0


class _Speed(ProgressColumn):
    """So much a second."""

    def __init__(self, unit: str) -> None:
        super().__init__()
        self._unit = unit

    def render(self, task: Task) -> Text:
        return Text(f"{humanize.intword(task.speed or 0)} {self._unit}/s", style="cyan")


class Bar:
    """How far a piece of work is: a bar on a terminal, one line every 30 seconds elsewhere; all on stderr."""

    def __init__(self, unit: str, total: int, done: int = 0) -> None:
        self.made = 0
        self._unit, self._total, self._done = unit, total, done
        self._started = self._last_line = time.monotonic()
        console = Console(stderr=True)
        columns = (TextColumn("{task.percentage:>3.0f}%"), BarColumn(), _Speed(unit), TextColumn("ETA"))
        self._bar = Progress(*columns, TimeRemainingColumn(), console=console, transient=True)
        self._on_terminal = console.is_terminal
        if self._on_terminal:
            self._bar.add_task(unit, total=total, completed=done)
            self._bar.start()

    def advance(self, amount: int) -> None:
        """Move on, or print a line when one is due."""
        self._done += amount
        self.made += amount
        if self._on_terminal:
            self._bar.update(self._bar.task_ids[0], completed=self._done)
        elif time.monotonic() - self._last_line >= _LINE_EVERY:
            self._last_line = time.monotonic()
            left = humanize.naturaldelta(max(self._total - self._done, 0) / self.per_second)
            share = f"{self._done / self._total:.0%}, {humanize.intword(self.per_second)} {self._unit}/s, {left} left"
            say(share)

    def skip(self, amount: int) -> None:
        """Move on over what an earlier run did."""
        self._done += amount
        if self._on_terminal:
            self._bar.update(self._bar.task_ids[0], completed=self._done)

    def stop(self) -> None:
        """Take the bar away."""
        if self._on_terminal:
            self._bar.stop()

    @property
    def per_second(self) -> float:
        """Of this run."""
        return self.made / max(time.monotonic() - self._started, 1e-9)


class ConsoleReporter:
    """Tells a person how a build goes."""

    def __init__(self) -> None:
        self._bar: Bar | None = None

    def planned(self, plan: Plan, workers: int, address: str | None, finished: list[ShardRecord]) -> None:
        """Say what will be made, and how much of it is there already."""
        for one in plan.stages:
            say(f"{one.stage.name}: {one.summary} in {one.num_shards} shards, {where(workers, address)}")
        if finished:
            say(f"going on: {len(finished)} of {plan.num_shards} shards are finished")
        self._bar = Bar("tokens", plan.num_tokens, sum(shard.planned_tokens for shard in finished))

    def progressed(self, num_tokens: int) -> None:
        """Move the bar."""
        assert self._bar is not None
        self._bar.advance(num_tokens)

    def finished_shard(self, shard: ShardRecord) -> None:
        """Nothing to say: the bar shows it."""

    def stop(self) -> None:
        """Take the bar away."""
        if self._bar is not None:
            self._bar.stop()

    @property
    def tokens_per_second(self) -> float:
        """Of this run, since the plan was made."""
        return 0.0 if self._bar is None else self._bar.per_second


class JsonReporter:
    """One JSON object a line on stdout for every event."""

    def __init__(self) -> None:
        self._made = 0
        self._started = time.monotonic()

    def planned(self, plan: Plan, workers: int, address: str | None, finished: list[ShardRecord]) -> None:
        """`plan`: what will be made."""
        self._started = time.monotonic()
        emit(
            "plan",
            name=plan.recipe.name,
            stages=[stage.facts for stage in plan.stages],
            shards=plan.num_shards,
            finished_shards=len(finished),
            tokens=plan.num_tokens,
            workers=workers if address is None else None,
            address=address,
        )

    def progressed(self, num_tokens: int) -> None:
        """`progress`: tokens made in this run so far."""
        self._made += num_tokens
        emit("progress", tokens=self._made, tokens_per_second=round(self.tokens_per_second))

    def finished_shard(self, shard: ShardRecord) -> None:
        """`shard`: one is safe on disk."""
        emit(
            "shard",
            stage=shard.stage,
            shard=shard.shard,
            tokens=shard.tokens,
            documents=shard.documents,
            path=shard.data.path,
        )

    def stop(self) -> None:
        """Nothing to take away."""

    @property
    def tokens_per_second(self) -> float:
        """Of this run, since the plan was made."""
        return self._made / max(time.monotonic() - self._started, 1e-9)


def where(workers: int, address: str | None) -> str:
    """On what the work runs."""
    here = f"on {workers} workers" if workers else "in this process"
    return here if address is None else f"on the cluster at {address}"


def say(line: str) -> None:
    """Tell a person."""
    print(line, file=sys.stderr, flush=True)


def emit(event: str, **fields: Any) -> None:
    """Print one NDJSON event on the stdout that the process was started with, whatever Ray is kept from."""
    print(json.dumps({"event": event, **fields}), file=sys.__stdout__, flush=True)
