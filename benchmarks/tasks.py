"""How fast each task is made and written at 128k tokens by one worker, beside RULER's generators for the same tasks.

Prints a table for docs/speed.md and writes all to a JSON file. A task's speed is that of `lcdata gen --workers 1`,
steady as in gen.py: from its first draw to its file's durable rename, audits included. All tasks are measured in turn,
several times over; the median of the passes counts, also of ratios, whose two sides a pass measures side by side.
"""

import json
import os
import statistics
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import pyarrow as pa
from bounds import Trial, floor_seconds_per_token, make_trial, write_seconds
from gen import SHARD_TOKENS, new_folder, say, try_peer
from measure import run_gen
from table import Column, Target, markdown

LENGTH = 128 << 10
SHARDS = 4
"""The first starts the clock."""

Row = dict[str, Any]


@dataclass(frozen=True)
class Case:
    """A task as it is measured."""

    task: str
    preset: str | None = None
    peer: str | None = None
    """RULER's generator of the same task."""
    target: float = 8.0
    """Mtok/s."""

    @property
    def name(self) -> str:
        """Task and preset."""
        return f"{self.task} {self.preset}" if self.preset else self.task


CASES = (
    Case("kv", target=15),
    Case("json_kv"),
    Case("niah", "single_1", target=15),
    Case("niah", "single_2", target=15),
    Case("niah", "multikey_2", target=15),
    Case("niah", "multikey_3", "niah_multikey_3", target=15),
    Case("niah", "multivalue", target=15),
    Case("vt", "vt", "vt"),
    Case("cwe", "cwe", "cwe"),
    Case("fwe", "fwe", "fwe"),
    Case("mdqa", "qa_1"),
    Case("mdqa", "qa_2"),
)

COLUMNS = (
    Column("gen, 1 worker", "tokens_per_second", "Mtok/s", 1e-6),
    Column("wanted", "target_tokens_per_second", "Mtok/s", 1e-6),
    Column("least", "floor_tokens_per_second", "Mtok/s", 1e-6),
    Column("gen / least", "gen_over_floor"),
    Column("length left open", "left_open", "%", 100),
    Column("encodings", "encodings"),
    Column("lm_eval RULER", "peer_tokens_per_second", "Mtok/s", 1e-6),
    Column("gen / RULER", "gen_over_peer", target=Target(40, at_least=True)),
    Column("peak worker memory", "peak_worker_bytes", "GB", 1e-9, Target(1.5, at_least=False)),
)


@click.command()
@click.option("--task", "only", multiple=True, help="Measure only these tasks.")
@click.option("--passes", type=click.IntRange(1), default=5, show_default=True, help="How often each is measured.")
@click.option("--no-peer", is_flag=True, help="Leave the peer out.")
@click.option("--out", type=click.Path(path_type=Path), default=Path(__file__).parent / "results-tasks.json")
def bench(only: tuple[str, ...], passes: int, no_peer: bool, out: Path) -> None:
    """Measure every task, print a table and write the figures as JSON."""
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    pa.set_cpu_count(1)
    cases = [case for case in CASES if not only or case.task in only]
    with tempfile.TemporaryDirectory(prefix="lcdata-bench-") as name:
        folder = Path(name)
        runs = [[measure(case, folder, not no_peer) for case in cases] for _ in range(passes)]
    rows = [typical(case, measured) for case, *measured in zip(cases, *runs, strict=True)]
    out.write_text(json.dumps(rows, indent=1) + "\n")
    click.echo(markdown(rows, COLUMNS, "task"))
    say(f"written to {out}")


def measure(case: Case, folder: Path, with_peer: bool) -> Row:
    """Gen, its bound and its peer, once each."""
    say(case.name)
    shard_rows = max(256, SHARD_TOKENS // LENGTH)
    size = ["--length", str(LENGTH), "--n", str(SHARDS * shard_rows), "--shard-rows", str(shard_rows)]
    preset = ["--preset", case.preset] if case.preset else []
    with new_folder(folder) as inner:
        run = run_gen(["--task", case.task, *preset, *size], inner / "out", 1)
        (stage,) = json.loads((inner / "out" / "lcdata.json").read_text())["stages"]
    row: Row = {
        "tokens_per_second": run.steady_tokens_per_second,
        "floor_tokens_per_second": floor_speed(make_trial(case.task, LENGTH, case.preset), folder),
        "left_open": 1 - stage["fill"],
        "encodings": stage["encodings"] / stage["documents"],
        "peak_worker_bytes": run.peak_worker_bytes,
        "other_cores": run.other_cores,
    }
    row["gen_over_floor"] = row["tokens_per_second"] / row["floor_tokens_per_second"]
    if with_peer and case.peer and (peer := try_peer(case.peer, LENGTH, folder)):
        row["peer_tokens_per_second"] = speed = peer["peer_tokens_per_second"]
        row["gen_over_peer"] = row["tokens_per_second"] / speed
    return row


def typical(case: Case, measured: Sequence[Row]) -> Row:
    """One row of the table: medians, the highest memory, and what each pass found."""
    keys = dict.fromkeys(key for row in measured for key in row)
    row: Row = {key: statistics.median(one[key] for one in measured if key in one) for key in keys}
    row["peak_worker_bytes"] = max(one["peak_worker_bytes"] for one in measured)
    return row | {"task": case.name, "target_tokens_per_second": case.target * 1e6, "passes": list(measured)}


def floor_speed(trial: Trial, folder: Path) -> float:
    """Tokens a second where samples were there for nothing: encoded once, hashed, audited and written."""
    writing = statistics.median(write_seconds(trial, folder / "trial.parquet") for _ in range(3))
    return 1 / floor_seconds_per_token(trial, writing)


if __name__ == "__main__":
    bench()
