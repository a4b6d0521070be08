"""Telling a person or a program how a build goes; only the driver prints."""

import json
import sys
import time
from typing import Any

import humanize
from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.text import Text

from ..schemas.manifest import ShardRecord
from .plan import Plan

_LINE_EVERY = 30.0


class _Speed(ProgressColumn):
    """Tokens a second."""

    def render(self, task: Task) -> Text:
        return Text(f"{humanize.intword(task.speed or 0)} tokens/s", style="cyan")


class ConsoleReporter:
    """A bar on a terminal, one line every 30 seconds elsewhere; all on stderr."""

    def __init__(self) -> None:
        self._console = Console(stderr=True)
        self._bar: Progress | None = None
        self._total = self._done = self._made = 0
        self._started = self._last_line = time.monotonic()

    def planned(self, plan: Plan, workers: int, address: str | None, finished: list[ShardRecord]) -> None:
        """Say what will be made, and how much of it is there already."""
        self._total = plan.num_tokens
        self._done = sum(shard.planned_tokens for shard in finished)
        self._started = self._last_line = time.monotonic()
        here = f"on {workers} workers" if workers else "in this process"
        where = here if address is None else f"on the cluster at {address}"
        self._say(
            f"{plan.recipe.name}: {plan.recipe.source.n:,} samples of {plan.recipe.source.length} tokens "
            f"({', '.join(f'{length:,}' for length in plan.recipe.source.length.values)}), "
            f"{plan.num_rows:,} rows in {plan.num_shards} shards, {where}"
        )
        if finished:
            self._say(f"going on: {len(finished)} of {plan.num_shards} shards are finished")
        if self._console.is_terminal:
            self._bar = Progress(
                TextColumn("{task.percentage:>3.0f}%"),
                BarColumn(),
                _Speed(),
                TextColumn("ETA"),
                TimeRemainingColumn(),
                console=self._console,
                transient=True,
            )
            self._bar.add_task("tokens", total=self._total, completed=self._done)
            self._bar.start()

    def progressed(self, num_tokens: int) -> None:
        """Move the bar, or print a line when one is due."""
        self._done += num_tokens
        self._made += num_tokens
        if self._bar is not None:
            self._bar.update(self._bar.task_ids[0], completed=self._done)
        elif time.monotonic() - self._last_line >= _LINE_EVERY:
            self._last_line = time.monotonic()
            speed = self._made / (self._last_line - self._started)
            left = humanize.naturaldelta(max(self._total - self._done, 0) / speed)
            self._say(f"{self._done / self._total:.0%}, {humanize.intword(speed)} tokens/s, {left} left")

    def finished_shard(self, shard: ShardRecord) -> None:
        """Nothing to say: the bar shows it."""

    def stop(self) -> None:
        """Take the bar away."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None

    @property
    def tokens_per_second(self) -> float:
        """Of this run, since the plan was made."""
        return self._made / max(time.monotonic() - self._started, 1e-9)

    def _say(self, line: str) -> None:
        print(line, file=sys.stderr, flush=True)


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
            samples=plan.recipe.source.n,
            lengths=list(plan.recipe.source.length.values),
            rows=plan.num_rows,
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
        emit("shard", shard=shard.shard, tokens=shard.tokens, documents=shard.documents, path=shard.data.path)

    def stop(self) -> None:
        """Nothing to take away."""

    @property
    def tokens_per_second(self) -> float:
        """Of this run, since the plan was made."""
        return self._made / max(time.monotonic() - self._started, 1e-9)


def emit(event: str, **fields: Any) -> None:
    """Print one NDJSON event on the stdout that the process was started with, whatever Ray is kept from."""
    print(json.dumps({"event": event, **fields}), file=sys.__stdout__, flush=True)
