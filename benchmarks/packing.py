"""How fast rows are planned, and how much they leave open, beside TRL's packing and a first fit in Python.

Prints a table for docs/speed.md and adds the figures to the JSON file of gen.py. The documents are drawn like web pages
and like long texts. TRL packs them with `pack_dataset(strategy="bfd")`, once as it comes, 1,000 documents at a time,
and once all at once; its tokens are nulls, which take no memory to move, but it visits each of them to cut documents
off. Seconds are of CPU.
"""

import importlib.metadata
import importlib.util
import json
import os
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import numpy as np
import psutil
import pyarrow as pa
from first_fit import first_fit_decreasing
from gen import Row, cpu_model, say
from numpy.typing import NDArray
from table import Column, Target, markdown

from lcdata.packers.rows.best_fit import plan_rows
from lcdata.schemas.quantity import format_length
from lcdata.schemas.stream import stream

SEQ_LENGTHS = (32 << 10, 128 << 10)
REPEATS = 5

COLUMNS = (
    Column("plan_rows", "plan_documents_per_second", "Mdocs/s", 1e-6, Target(1, True)),
    Column("first fit", "first_fit_documents_per_second", "Mdocs/s", 1e-6),
    Column("TRL, all at once", "trl_at_once_documents_per_second", "Mdocs/s", 1e-6),
    Column("TRL, as it comes", "trl_documents_per_second", "Mdocs/s", 1e-6),
    Column("plan_rows / TRL, all at once", "plan_over_trl"),
    Column("rows over the least", "plan_spare_rows", target=Target(2, False)),
    Column("left open", "plan_left_open", "%", 100, Target(0.1, False)),
    Column("by first fit", "first_fit_left_open", "%", 100),
    Column("by TRL, all at once", "trl_at_once_left_open", "%", 100),
    Column("by TRL, as it comes", "trl_left_open", "%", 100),
)


def web(rng: np.random.Generator) -> NDArray[np.float64]:
    """Tokens of 200,000 pages."""
    return rng.lognormal(np.log(400), 1.2, 200_000)


def long(rng: np.random.Generator) -> NDArray[np.float64]:
    """Tokens of 8,000 texts."""
    return np.minimum(rng.lognormal(np.log(12_000), 1.0, 8_000), 262_144)


@click.command()
@click.option("--no-peer", is_flag=True, help="Leave TRL out.")
@click.option("--out", type=click.Path(path_type=Path), default=Path(__file__).parent / "results.json")
def bench(no_peer: bool, out: Path) -> None:
    """Measure the planning of rows; print a table and add the figures to the JSON file."""
    pa.set_cpu_count(1)
    with_peer = not no_peer and importlib.util.find_spec("trl") is not None
    if not with_peer and not no_peer:
        say("no peer: TRL is not installed, see `make trainers`")
    rows = [measure(draw, seq_length, with_peer) for draw in (web, long) for seq_length in SEQ_LENGTHS]
    write_results(out, rows, with_peer)
    click.echo(markdown(rows, COLUMNS, "documents"))
    say(f"written to {out}")


def measure(draw: Callable[[np.random.Generator], NDArray[np.float64]], seq_length: int, with_peer: bool) -> Row:
    """One row of the table; longer documents than a row are cut off, which all packers here can do."""
    lengths = np.clip(draw(np.random.default_rng(5)), 1, seq_length).astype(np.int32)
    tokens = int(lengths.sum(dtype=np.int64))
    name = f"{draw.__name__} at {format_length(seq_length)}"
    say(name)

    def figures(kind: str, num_rows: int, seconds: float) -> Row:
        return {
            f"{kind}_rows": num_rows,
            f"{kind}_documents_per_second": len(lengths) / seconds,
            f"{kind}_left_open": 1 - tokens / (num_rows * seq_length),
        }

    plan = figures("plan", *timed(lambda: planned_rows(lengths, seq_length), REPEATS))
    row = {"documents": name, "tokens": tokens, **plan}
    row["plan_spare_rows"] = row["plan_rows"] - -(-tokens // seq_length)
    row |= figures("first_fit", *timed(lambda: first_fit_decreasing(lengths, seq_length), 1))
    if with_peer:
        row |= figures("trl_at_once", *measure_trl(lengths, seq_length, None))
        row |= figures("trl", *measure_trl(lengths, seq_length, 1000))
        row["plan_over_trl"] = row["plan_documents_per_second"] / row["trl_at_once_documents_per_second"]
    return row


def planned_rows(lengths: NDArray[np.int32], seq_length: int) -> int:
    """How many rows lcdata plans."""
    return len(plan_rows(lengths, seq_length, stream("benchmark", 0, 0, "rows"))[1]) - 1


def measure_trl(lengths: NDArray[np.int32], seq_length: int, batch_size: int | None) -> tuple[int, float]:
    """Rows and seconds of TRL's packing of documents of these lengths, so many at a time or all at once."""
    import datasets
    from trl import pack_dataset

    datasets.disable_progress_bars()
    ends = np.concatenate(([0], np.cumsum(lengths))).astype(np.int32)
    column = pa.ListArray.from_arrays(ends, pa.nulls(int(ends[-1])))
    documents = datasets.Dataset(pa.table({"input_ids": column}), fingerprint="documents")
    options = {"batch_size": batch_size, "keep_in_memory": True, "new_fingerprint": "packed"}
    packed, seconds = timed(lambda: pack_dataset(documents, seq_length, "bfd", options), 1)
    return len(packed), seconds


def timed(work: Callable[[], Any], repeats: int) -> tuple[Any, float]:
    """What the work returns, and the median of the seconds of CPU that it takes."""
    seconds: list[float] = []
    for _ in range(repeats):
        started = time.process_time()
        found = work()
        seconds.append(time.process_time() - started)
    return found, statistics.median(seconds)


def write_results(out: Path, rows: list[Row], with_peer: bool) -> None:
    """Add the figures to the file, with the machine and the versions that they belong to."""
    names = ("lcdata", "numpy", "pyarrow", *(("datasets", "trl") if with_peer else ()))
    packing = {
        "machine": {
            "cpu": cpu_model(),
            "cores": len(os.sched_getaffinity(0)),
            "memory_bytes": psutil.virtual_memory().total,
        },
        "versions": {name: importlib.metadata.version(name) for name in names},
        "rows": rows,
        "targets": {column.key: f"{column.target} {column.unit}".strip() for column in COLUMNS if column.target},
    }
    results = json.loads(out.read_text()) if out.exists() else {}
    out.write_text(json.dumps({**results, "packing": packing}, indent=1) + "\n")


if __name__ == "__main__":
    bench()
