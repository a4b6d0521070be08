"""How fast `lcdata gen` is, and how much memory it takes, beside bounds and a peer that are measured in the same run.

Prints a table for docs/speed.md and writes all to a JSON file. Figures are to be read as ratios: what was measured
side by side here drifted together. For each length: `lcdata gen --task kv` with one and two Ray workers, steady (see
`GenRun.steady_tokens_per_second`) and as a whole; the same Parquet writing of finished arrays, also by pyarrow, before
and after; and `tokenizers` on the same texts. A miss of a target is printed and is no failure: a benchmark is no test.
"""

import importlib.metadata
import json
import math
import os
import platform
import statistics
import subprocess
import tempfile
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
import psutil
import pyarrow as pa
from bounds import Trial, encode_tokens_per_second, floor_seconds_per_token, make_trial, write_seconds
from measure import GenRun, median_seconds, run_gen
from peer import NEAREST_TO_KV, VERSIONS, measure_peer
from table import COLUMNS, FIRST_SAMPLES, markdown, notes, verdict

from lcdata.packers.tokens.vocabulary import find_vocabulary
from lcdata.schemas.quantity import format_length, parse_length

TASK = "kv"
SHARD_TOKENS = 1 << 25
SHARD_ROWS = 256
"""gen cuts no smaller shards from a dataset that has several: so many tokens, and so many rows."""
MAX_SHARDS_PER_WORKER = 8
STEADY_SECONDS = 15.0
"""How long one worker is timed, by a guess from what its samples took in this process."""
FIRST_SAMPLE_REPEATS = 5

Row = dict[str, Any]


@click.command()
@click.option("--lengths", default="4k,32k,128k,1M", show_default=True, help="Tokens of a sample, several in turn.")
@click.option("--quick", is_flag=True, help="As few shards as can be timed: to try the script.")
@click.option("--repeats", type=click.IntRange(1), default=1, show_default=True, help="Runs of each kind, in turn.")
@click.option(
    "--no-peer", is_flag=True, help="Leave the peer out; its environment takes 1 GB and some minutes to make."
)
@click.option("--out", type=click.Path(path_type=Path), default=Path(__file__).parent / "results.json")
def bench(lengths: str, quick: bool, repeats: int, no_peer: bool, out: Path) -> None:
    """Measure `lcdata gen --task kv`, print a table and write the figures as JSON."""
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    pa.set_cpu_count(1)
    tokens = [parse_length(length) for length in lengths.split(",")]
    with tempfile.TemporaryDirectory(prefix="lcdata-bench-") as name:
        folder = Path(name)
        rows = [with_ratios(measure_length(length, quick, repeats, folder, not no_peer)) for length in tokens]
        first_samples = measure_first_samples(folder)
    write_results(out, rows, first_samples)
    click.echo(markdown(rows, COLUMNS))
    for key, (command, target) in FIRST_SAMPLES.items():
        click.echo(f"\n`{command}`: seconds {verdict(first_samples[key], target)} (target {target})")
    for note in notes(rows):
        click.echo(f"\n{note}")
    say(f"written to {out}")


def measure_length(length: int, quick: bool, repeats: int, folder: Path, with_peer: bool) -> Row:
    """One row: gen with one and two workers in turn, between two measurements of its bounds and of the peer.

    Medians of the repeats; of the peer the mean.
    """
    say(f"{format_length(length)}: bounds")
    trial = make_trial(TASK, length)
    writing, by_arrow = measure_writing(trial, folder)
    encode = encode_tokens_per_second(trial)
    shards = 2 if quick else shards_per_worker(trial, statistics.median(writing))
    peers = [try_peer(NEAREST_TO_KV, length, folder)] if with_peer else []
    runs = [measure_gen(length, shards, workers, folder) for _ in range(repeats) for workers in (1, 2)]
    peers += [try_peer(NEAREST_TO_KV, length, folder)] if with_peer else []
    again, again_by_arrow = measure_writing(trial, folder)
    writing, by_arrow = [*writing, *again], [*by_arrow, *again_by_arrow]
    row: Row = {
        "length_tokens": length,
        "encode_tokens_per_second": encode,
        "make_tokens_per_second": trial.num_tokens / trial.make_seconds,
        "write_tokens_per_second": trial.num_tokens / statistics.median(writing),
        "floor_tokens_per_second": 1 / floor_seconds_per_token(trial, statistics.median(writing)),
        "write_tokens_per_second_each": [trial.num_tokens / seconds for seconds in writing],
        "arrow_write_tokens_per_second": trial.num_tokens / statistics.median(by_arrow),
    }
    row |= mean_of([peer for peer in peers if peer])
    return row | figures_of("one_worker", runs[::2]) | figures_of("two_workers", runs[1::2])


def measure_writing(trial: Trial, folder: Path) -> tuple[list[float], list[float]]:
    """Seconds of writing the trial's rows, and of pyarrow's writing them, in turn."""
    seconds = [
        [write_seconds(trial, folder / "trial.parquet", by_arrow) for by_arrow in (False, True)] for _ in range(2)
    ]
    writing, by_arrow = (list(each) for each in zip(*seconds, strict=True))
    return writing, by_arrow


def figures_of(name: str, runs: Sequence[GenRun]) -> Row:
    """Figures of runs of one kind."""
    return {
        f"{name}_shards": runs[0].num_shards,
        f"{name}_seconds": statistics.median(run.seconds for run in runs),
        f"{name}_tokens_per_second": statistics.median(run.steady_tokens_per_second for run in runs),
        f"{name}_tokens_per_second_each": [run.steady_tokens_per_second for run in runs],
        f"{name}_whole_run_tokens_per_second": statistics.median(run.whole_tokens_per_second for run in runs),
        f"{name}_peak_worker_bytes": max(run.peak_worker_bytes for run in runs),
        f"{name}_other_cores": max(run.other_cores for run in runs),
    }


def shards_per_worker(trial: Trial, writing: float) -> int:
    """Shards that keep one worker busy long enough, of which the first only starts the clock."""
    seconds = (
        shard_rows(trial.stage.seq_length) * trial.stage.seq_length * (trial.make_seconds + writing) / trial.num_tokens
    )
    return min(1 + math.ceil(STEADY_SECONDS / seconds), MAX_SHARDS_PER_WORKER)


def measure_gen(length: int, shards_per_worker: int, workers: int, folder: Path) -> GenRun:
    """Run gen on as many shards for each worker."""
    say(f"{format_length(length)}: gen, workers {workers}")
    rows = shard_rows(length)
    size = ["--length", str(length), "--n", str(shards_per_worker * workers * rows), "--shard-rows", str(rows)]
    with new_folder(folder) as inner:
        return run_gen(["--task", TASK, *size], inner / "out", workers)


def shard_rows(length: int) -> int:
    """Rows of a shard, one sample in each."""
    return max(SHARD_TOKENS // length, SHARD_ROWS)


def with_ratios(row: Row) -> Row:
    """The row with what its figures are held against."""
    one = row["one_worker_tokens_per_second"]
    ratios = {
        "two_workers_over_one": row["two_workers_tokens_per_second"] / one,
        "gen_time_over_write_time": row["write_tokens_per_second"] / one,
        "gen_time_over_arrow_write_time": row["arrow_write_tokens_per_second"] / one,
        "peak_worker_bytes": max(row["one_worker_peak_worker_bytes"], row["two_workers_peak_worker_bytes"]),
    }
    if "peer_tokens_per_second" in row:
        ratios["gen_over_peer"] = one / row["peer_tokens_per_second"]
        ratios["floor_over_peer"] = row["floor_tokens_per_second"] / row["peer_tokens_per_second"]
    return row | ratios


def measure_first_samples(folder: Path) -> dict[str, float]:
    """Seconds from nothing to the first samples."""
    figures: dict[str, float] = {}
    for key, (command, _) in FIRST_SAMPLES.items():
        say(command)
        arguments = command.split()[1:]
        with new_folder(folder) as inner:
            if arguments[0] == "gen":
                arguments += ["--out", str(inner / "out-{}")]
            figures[key] = median_seconds(arguments, FIRST_SAMPLE_REPEATS)
    return figures


def mean_of(figures: Sequence[Row]) -> Row:
    """The peer's figures, its speed averaged over several looks at it."""
    if not figures:
        return {}
    speeds = [figure["peer_tokens_per_second"] for figure in figures]
    return figures[0] | {"peer_tokens_per_second": statistics.mean(speeds), "peer_tokens_per_second_each": speeds}


def try_peer(generator: str, length: int, folder: Path) -> Row:
    """The peer's figures; none, and a line that says why, where it cannot be had or does not do this length."""
    say(f"{format_length(length)}: lm_eval {VERSIONS['lm_eval']}, {generator} (making its environment if need be)")
    try:
        figures = measure_peer(find_vocabulary("embedded").data, [generator], [length], folder)
        return figures.get((generator, length), {})
    except (subprocess.SubprocessError, OSError) as error:
        words = getattr(error, "stderr", None) or ""
        lines = (words.decode(errors="replace") if isinstance(words, bytes) else words).strip().splitlines()
        say(f"no peer: {' '.join([str(error), *lines[-1:]])}")
        return {}


def write_results(out: Path, rows: Sequence[Row], first_samples: dict[str, float]) -> None:
    """All figures with the machine and the versions that they belong to."""
    versions = {name: importlib.metadata.version(name) for name in ("lcdata", "fastokens", "numpy", "pyarrow", "ray")}
    results = {
        "machine": {
            "cpu": cpu_model(),
            "cores": len(os.sched_getaffinity(0)),
            "memory_bytes": psutil.virtual_memory().total,
        },
        "versions": {
            "python": platform.python_version(),
            **versions,
            "tokenizers": importlib.metadata.version("tokenizers"),
            **{f"peer {name}": version for name, version in VERSIONS.items()},
        },
        "task": TASK,
        "rows": rows,
        "first_sample": first_samples,
        "targets": {column.key: f"{column.target} {column.unit}".strip() for column in COLUMNS if column.target},
    }
    out.write_text(json.dumps(results, indent=1) + "\n")


def cpu_model() -> str:
    """What the processor calls itself."""
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text().splitlines() if cpuinfo.exists() else []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return models[0] if models else platform.processor()


@contextmanager
def new_folder(parent: Path) -> Generator[Path]:
    """A folder that is gone afterwards."""
    with tempfile.TemporaryDirectory(dir=parent) as name:
        yield Path(name)


def say(line: str) -> None:
    """Tell on stderr how far it is."""
    click.echo(line, err=True)


if __name__ == "__main__":
    bench()
