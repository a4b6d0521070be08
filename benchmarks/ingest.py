"""How fast organic documents become stored tokens and packed rows, and in how much memory, beside peers and bounds.

Prints tables for docs/speed.md and adds the figures to the JSON file of gen.py. Documents of 4 KB and of 1 MB are cut
from 100 MB of real text and from three more copies of it, in each of which the words that it holds once are replaced by
new ones. So unseen words come as often as they still do at its end (Good and Turing), and what the encoder remembers of
words helps it no more than in a larger corpus. `lcdata ingest --workers 1` is timed steady, see
`IngestRun.steady_tokens_per_second`, and as a whole; the peers read a tenth of the first copy.
"""

import importlib.metadata
import json
import os
import platform
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import click
import psutil
import pyarrow as pa
import pyarrow.parquet as pq
import zstandard
from datatrove_peer import VERSIONS, measure_datatrove
from gen import Row, cpu_model, new_folder, say
from ingest_run import run_ingest
from measure import GenRun, run_gen
from planning import PLANNED_DOCUMENTS, SEQ_LENGTH, measure_planning
from table import BUSY_CORES, Column, Target, markdown
from texts import COPIES, CORPUS, SAMPLE_EVERY, SIZES, source_text, write_inputs

from lcdata.packers.files.parquet import arrow_row_writer, row_writer
from lcdata.packers.tokens.tokenizer import Tokenizer, load_tokenizer
from lcdata.pipelines.corpora.store import open_corpus
from lcdata.schemas.corpus import CORPUS_MANIFEST
from lcdata.schemas.tokens import TokenizerChoice

GEN_TOKENS = 1 << 27
"""Four shards, of which the first starts the clock."""

COLUMNS = (
    Column("ingest, 1 worker", "ingest_tokens_per_second", "Mtok/s", 1e-6, Target(10, True)),
    Column("reading", "reading_tokens_per_second", "Mtok/s", 1e-6),
    Column("encoding and storing", "encoding_tokens_per_second", "Mtok/s", 1e-6),
    Column("whole run", "ingest_whole_run_tokens_per_second", "Mtok/s", 1e-6),
    Column("`tokenizers` alone", "tokenizers_tokens_per_second", "Mtok/s", 1e-6),
    Column("datatrove", "datatrove_tokens_per_second", "Mtok/s", 1e-6),
    Column("datatrove, shuffled", "datatrove_shuffled_tokens_per_second", "Mtok/s", 1e-6),
    Column("ingest / datatrove", "ingest_over_datatrove"),
    Column("gen from the store, 1 worker", "gen_tokens_per_second", "Mtok/s", 1e-6, Target(15, True)),
    Column("writing alone", "write_tokens_per_second", "Mtok/s", 1e-6),
    Column("by pyarrow", "arrow_write_tokens_per_second", "Mtok/s", 1e-6),
    Column("gen time / writing time", "gen_time_over_write_time"),
    Column("gen time / pyarrow's writing time", "gen_time_over_arrow_write_time"),
    Column("peak worker memory", "peak_worker_bytes", "GB", 1e-9, Target(1.5, False)),
)
OTHERS = (
    Column("ingest of one document of 100 MB, peak worker memory", "ingest_peak", "GB", 1e-9, Target(1.5, False)),
    Column("gen of its rows, peak worker memory", "gen_peak", "GB", 1e-9, Target(1.5, False)),
    Column("planning 10M documents: reading lengths, targets, pieces, draw", "plan_draw_seconds", "s"),
    Column("shards and rows", "plan_rows_seconds", "s"),
    Column("accounts", "plan_accounts_seconds", "s"),
    Column("peak memory", "plan_peak_bytes", "GB", 1e-9),
    Column("left open in the rows", "plan_left_open", "%", 100),
    Column("planning the rows of 1M documents", "row_planning", "Mdocs/s", 1e-6, Target(1, True)),
)


@click.command()
@click.option("--quick", is_flag=True, help="One copy of the text and a tenth of the lengths: to try the script.")
@click.option("--no-peer", is_flag=True, help="Leave datatrove out, whose environment takes 200 MB.")
@click.option("--out", type=click.Path(path_type=Path), default=Path(__file__).parent / "results.json")
def bench(quick: bool, no_peer: bool, out: Path) -> None:
    """Measure ingest, gen from its store, and planning; print a table and add the figures to the JSON file."""
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    pa.set_cpu_count(1)
    tokenizer = load_tokenizer(TokenizerChoice())
    with tempfile.TemporaryDirectory(prefix="lcdata-bench-") as name:
        folder = Path(name)
        say("texts")
        write_inputs(folder, source_text(), 1 if quick else COPIES)
        rows = [measure_size(size, tokenizer, folder, not no_peer) for size in SIZES]
        manifest = folder / "store" / next(iter(SIZES)) / "documents" / CORPUS_MANIFEST
        num_planned = PLANNED_DOCUMENTS // (10 if quick else 1)
        others = measure_long_document(folder) | measure_planning(folder, manifest, num_planned)
    write_results(out, rows, others)
    click.echo(markdown(rows, COLUMNS, "documents"))
    click.echo("\n" + "\n".join(f"- {column.header}: {column.cell(others)}" for column in OTHERS))
    for note in notes(rows, others):
        click.echo(f"\n{note}")
    say(f"written to {out}")


def measure_size(size: str, tokenizer: Tokenizer, folder: Path, with_peer: bool) -> Row:
    """One row: the peers, ingest, and gen from what it stored beside writing alone."""
    sample = folder / f"{size} sample"
    row: Row = {"documents": size} | (try_datatrove(size, tokenizer, sample, folder) if with_peer else {})
    say(f"{size}: tokenizers")
    lengths, row["tokenizers_tokens_per_second"] = encode_sample(tokenizer, sample)
    say(f"{size}: ingest")
    ingested = run_ingest(folder / size, folder / "store" / size)
    check_lengths(folder / "store" / size / "documents", lengths)
    say(f"{size}: gen")
    row |= measure_gen(folder / "store" / size / "documents", folder)
    speed = ingested.steady_tokens_per_second
    row |= {
        "tokens": ingested.tokens,
        "ingest_tokens_per_second": speed,
        "reading_tokens_per_second": ingested.tokens / ingested.reading_seconds,
        "encoding_tokens_per_second": ingested.tokens / ingested.encoding_seconds,
        "ingest_whole_run_tokens_per_second": ingested.whole_tokens_per_second,
        "ingest_over_tokenizers": speed / row["tokenizers_tokens_per_second"],
        "ingest_driver_seconds": ingested.driver_seconds,
        "ingest_other_cores": ingested.other_cores,
        "peak_worker_bytes": max(ingested.peak_worker_bytes, row["gen_peak_worker_bytes"]),
        "gen_time_over_write_time": row["write_tokens_per_second"] / row["gen_tokens_per_second"],
        "gen_time_over_arrow_write_time": row["arrow_write_tokens_per_second"] / row["gen_tokens_per_second"],
    }
    if "datatrove_tokens" in row:
        row["ingest_over_datatrove"] = speed / row["datatrove_tokens_per_second"]
        row["datatrove_tokens_over_ours"] = row["datatrove_tokens"] / sum(lengths)
    return row


def try_datatrove(size: str, tokenizer: Tokenizer, sample: Path, folder: Path) -> Mapping[str, Any]:
    """The peer's figures; none, and a line that says why, where it cannot be had."""
    say(f"{size}: datatrove {VERSIONS['datatrove']} (making its environment if need be)")
    try:
        return measure_datatrove(tokenizer.spec.data, tokenizer.identity.eos, sample, folder)
    except (subprocess.SubprocessError, OSError) as error:
        say(f"no peer: {error} {(getattr(error, 'stderr', None) or '')[-1000:]}")
        return {}


def encode_sample(tokenizer: Tokenizer, sample: Path) -> tuple[list[int], float]:
    """Tokens of each sampled document by `tokenizers`, and how many a second it makes in batches on one thread."""
    with zstandard.open(sample / "0.jsonl.zst", "rt", encoding="utf-8", newline="\n") as lines:
        texts = [json.loads(line)["text"] for line in lines]
    at_once = max(1, (1 << 20) // len(texts[0]))
    lengths: list[int] = []
    started = time.perf_counter()
    for first in range(0, len(texts), at_once):
        batch = texts[first : first + at_once]
        encodings = tokenizer.reference.encode_batch_fast(batch, add_special_tokens=False)
        lengths += [len(encoding.ids) for encoding in encodings]
    return lengths, sum(lengths) / (time.perf_counter() - started)


def check_lengths(corpus: Path, lengths: Sequence[int]) -> None:
    """Raise RuntimeError unless the store holds as many tokens of every sampled document as `tokenizers` makes."""
    index = open_corpus(corpus).index("input", "line", "tokens")
    stored = {
        line: tokens
        for number, line, tokens in zip(*(column.to_pylist() for column in index.columns), strict=True)
        if number == 0
    }
    lines = range(1, 1 + SAMPLE_EVERY * len(lengths), SAMPLE_EVERY)
    wrong = [line for line, length in zip(lines, lengths, strict=True) if stored.get(line, length) != length]
    if wrong or not stored.keys() & lines:
        raise RuntimeError(f"the store holds other tokens than tokenizers makes: lines {wrong[:5]} of the first input")


def measure_gen(corpus: Path, folder: Path) -> Row:
    """Rows of 128k from a stored corpus, by one worker, and writing some of them again with the same settings."""
    with new_folder(folder) as inner:
        run = gen_rows(corpus, GEN_TOKENS, inner / "out")
        data = min((inner / "out" / "data").rglob("*.parquet"))
        path = inner / "again.parquet"
        speeds = [
            [write_tokens_per_second(data, path, writer) for writer in (row_writer, arrow_row_writer)] for _ in range(3)
        ]
    writing, by_arrow = zip(*speeds, strict=True)
    return {
        "gen_tokens_per_second": run.steady_tokens_per_second,
        "gen_whole_run_tokens_per_second": run.whole_tokens_per_second,
        "gen_shards": run.num_shards,
        "gen_peak_worker_bytes": run.peak_worker_bytes,
        "gen_other_cores": run.other_cores,
        "write_tokens_per_second": statistics.median(writing),
        "write_tokens_per_second_each": writing,
        "arrow_write_tokens_per_second": statistics.median(by_arrow),
    }


def gen_rows(corpus: Path, tokens: int, out: Path) -> GenRun:
    """Run gen on one corpus, drawn as it is."""
    return run_gen(["--corpus", str(corpus), "--length", str(SEQ_LENGTH), "--tokens", str(tokens)], out, 1)


def write_tokens_per_second(data: Path, path: Path, new_writer: Callable[[Any, bool], Any]) -> float:
    """How fast a writer writes the finished arrays of a data file; reading them is not counted."""
    num_tokens, spent = 0, 0.0
    with pq.ParquetFile(data) as file, path.open("wb") as sink:
        started = time.perf_counter()
        writer = new_writer(sink, "labels" in file.schema_arrow.names)
        spent += time.perf_counter() - started
        for group in range(file.num_row_groups):
            table = file.read_row_group(group).combine_chunks()
            num_tokens += len(table["input_ids"].chunk(0).values)
            started = time.perf_counter()
            writer.write_table(table)
            spent += time.perf_counter() - started
        started = time.perf_counter()
        writer.close()
        spent += time.perf_counter() - started
    return num_tokens / spent


def measure_long_document(folder: Path) -> Row:
    """The memory that a document of 100 MB takes."""
    say("one document of 100 MB: ingest and gen")
    ingested = run_ingest(folder / "long", folder / "store" / "long")
    with new_folder(folder) as inner:
        run = gen_rows(folder / "store" / "long" / "documents", ingested.tokens, inner / "out")
    return {
        "long_document_tokens": ingested.tokens,
        "ingest_peak": ingested.peak_worker_bytes,
        "gen_peak": run.peak_worker_bytes,
    }


def notes(rows: Sequence[Row], others: Row) -> list[str]:
    """What a reader of the table must know beside it."""
    spoiled = [
        f"Not to be trusted ({row['documents']}, {kind}): other work kept {row[f'{kind}_other_cores']:.1f} cores busy."
        for row in rows
        for kind in ("ingest", "gen")
        if row[f"{kind}_other_cores"] > BUSY_CORES
    ]
    of_peer = [row for row in rows if "datatrove_tokens" in row]
    counts = ", ".join(f"{row['datatrove_tokens_over_ours']:.4%} at {row['documents']}" for row in of_peer)
    peer = (
        f"datatrove is DocumentTokenizer of {VERSIONS['datatrove']}, one process and thread, on a tenth of the first "
        f"copy; it makes {counts} of the tokens, as text can name control tokens there. Its loading is not counted."
    )
    tokens = others["planned_tokens"] / 1e9
    planned = f"Planned: {others['planned_documents']:,} documents of seven domains, {tokens:.1f} billion tokens."
    composed = [] if CORPUS.is_dir() else ["The text is composed prose of few words, the same in every copy."]
    return [*spoiled, *([peer] if of_peer else []), planned, *composed]


def write_results(out: Path, rows: Sequence[Row], others: Row) -> None:
    """Add the figures to the file, with the machine and the versions that they belong to."""
    names = ("lcdata", "fastokens", "numpy", "pyarrow", "ray", "tokenizers", "zstandard")
    columns = (*COLUMNS, *OTHERS)
    organic = {
        "machine": {
            "cpu": cpu_model(),
            "cores": len(os.sched_getaffinity(0)),
            "memory_bytes": psutil.virtual_memory().total,
        },
        "versions": {
            "python": platform.python_version(),
            **{name: importlib.metadata.version(name) for name in names},
            **{f"peer {name}": version for name, version in VERSIONS.items()},
        },
        "rows": rows,
        "others": others,
        "targets": {column.key: f"{column.target} {column.unit}".strip() for column in columns if column.target},
    }
    results = json.loads(out.read_text()) if out.exists() else {}
    out.write_text(json.dumps({**results, "organic": organic}, indent=1) + "\n")


if __name__ == "__main__":
    bench()
