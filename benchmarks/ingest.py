"""How fast organic documents become stored tokens and packed rows, and in how much memory, beside peers and bounds.

Prints tables for the README and adds the figures to the JSON file of gen.py. Documents of 4 KB and of 1 MB are cut
from 100 MB of real text and from three more copies of it, in each of which the words that it holds once are replaced by
new ones. So unseen words come as often as they still do at its end (Good and Turing), and what the encoder remembers of
words helps it no more than in a larger corpus. `lcdata ingest --workers 1` is timed steady, see
`IngestRun.steady_tokens_per_second`, and as a whole; the peers read a tenth of the first copy.
"""

import importlib.metadata
import itertools
import json
import multiprocessing
import os
import platform
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import click
import numpy as np
import psutil
import pyarrow as pa
import pyarrow.parquet as pq
import zstandard
from datatrove_peer import VERSIONS, measure_datatrove
from gen import cpu_model, new_folder, say
from measure import _LCDATA, GenRun, _environment, _Watch, run_gen
from numpy.typing import NDArray
from table import BUSY_CORES, Column, Target, markdown

from lcdata.generators.haystack import passage
from lcdata.generators.organic.buckets import Buckets
from lcdata.packers.parquet import row_writer
from lcdata.packers.plan_rows import plan_rows
from lcdata.packers.tokenizer import Tokenizer, load_tokenizer
from lcdata.pipelines.organic.plan import DocumentPlan
from lcdata.pipelines.organic.store import INDEX, open_corpus
from lcdata.schemas.corpus import CORPUS_MANIFEST, DEFAULT_BUCKETS
from lcdata.schemas.recipe import CorpusSource, Recipe
from lcdata.schemas.stream import stream
from lcdata.schemas.tokens import TokenizerChoice

CORPUS = Path(__file__).parents[2] / "shared" / "corpus"
SIZES = {"4 KB": 1 << 12, "1 MB": 1 << 20}
COPIES = 4
SAMPLE_EVERY = 10
"""Of the documents of the first copy the peers get every tenth."""
LONG_DOCUMENT_BYTES = 10**8
SEQ_LENGTH = 128 << 10
GEN_TOKENS = 1 << 27
"""Four shards, of which the first starts the clock."""
DOMAINS = {
    "cc": (0.5337, 1066, 1.0),
    "c4": (0.2661, 315, 1.0),
    "github": (0.05, 520, 1.3),
    "book": (0.0415, 121602, 0.7),
    "arxiv": (0.0429, 14565, 0.8),
    "wiki": (0.034, 409, 1.0),
    "exchange": (0.0317, 507, 0.9),
}
"""Share of the tokens, median and spread (of the logarithm) of the lengths: about SlimPajama's."""
PLANNED_DOCUMENTS = 10_000_000
PLANNED_AT_ONCE = 1_000_000
"""Documents whose rows are planned together."""

Row = dict[str, Any]
Bytes = NDArray[np.uint8]

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
    Column("gen time / writing time", "gen_time_over_write_time"),
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


@dataclass(frozen=True)
class IngestRun:
    """One `lcdata ingest --workers 1 --json`, seen from outside."""

    seconds: float
    """From start to exit."""
    finished: float
    """The second at which its manifest was written, the last file of all; later Ray is stopped."""
    events: Sequence[tuple[float, Mapping[str, Any]]]
    """What it printed, with the second at which each line came."""
    peak_worker_bytes: int
    other_cores: float

    @property
    def tokens(self) -> int:
        """That were stored."""
        return self.events[-1][1]["tokens"]

    @property
    def whole_tokens_per_second(self) -> float:
        """Tokens over the whole time: start, Ray and its workers' loading of the vocabulary are in it."""
        return self.tokens / self.seconds

    @cached_property
    def reading_seconds(self) -> float:
        """What reading takes the worker. The first part of the texts only starts the clock, as Ray starts before it."""
        return _scaled_seconds([(when, event["bytes"]) for when, event in self.events if event["event"] == "read"])

    @cached_property
    def encoding_seconds(self) -> float:
        """What encoding and storing take it; the first unit only starts the clock, as the vocabulary is loaded then."""
        return _scaled_seconds([(when, event["tokens"]) for when, event in self.events if event["event"] == "unit"])

    @property
    def driver_seconds(self) -> float:
        """What the driver does alone: arranges the documents between both, and writes index and manifest at the end."""
        last = {event["event"]: when for when, event in self.events}
        return last["arranged"] - last["read"] + self.finished - last["unit"]

    @property
    def steady_tokens_per_second(self) -> float:
        """Tokens over the time of all these, from compressed JSON lines to durable, hashed files."""
        return self.tokens / (self.reading_seconds + self.encoding_seconds + self.driver_seconds)


def _scaled_seconds(steps: Sequence[tuple[float, int]]) -> float:
    """The time from the first to the last step's end, with the first step's amount at the speed of the others."""
    total = sum(amount for _, amount in steps)
    return (steps[-1][0] - steps[0][0]) * total / (total - steps[0][1])


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
        others = measure_long_document(folder) | measure_planning(folder, PLANNED_DOCUMENTS // (10 if quick else 1))
    write_results(out, rows, others)
    click.echo(markdown(rows, COLUMNS, "documents"))
    click.echo("\n" + "\n".join(f"- {column.header}: {column.cell(others)}" for column in OTHERS))
    for note in notes(rows, others):
        click.echo(f"\n{note}")
    say(f"written to {out}")


def source_text() -> bytes:
    """About 100 MB of books, code and web pages where the workplace has them, else of composed prose."""
    if not CORPUS.is_dir():
        return passage("prose", stream("benchmark", 0, 0, "text"), 1_200_000).text.encode()
    texts: list[str] = []
    for path in sorted(CORPUS.glob("*.jsonl.zst")):
        with zstandard.open(path, "rt", encoding="utf-8", newline="\n") as lines:
            texts += [json.loads(line)["text"] for line in lines]
    return "\n\n".join(texts).encode()


def write_inputs(folder: Path, text: bytes, num_copies: int) -> None:
    """The documents of every size, a file for each copy of the text; the peers' share of them; and the long one."""
    for number, copy in enumerate(copies(text, num_copies)):
        for name, size in SIZES.items():
            documents = pieces(copy, size, size * number // COPIES)
            write_documents(folder / name / f"{number}.jsonl.zst", documents)
    for name, size in SIZES.items():
        sample = itertools.islice(pieces(text, size), 0, None, SAMPLE_EVERY)
        write_documents(folder / f"{name} sample" / "0.jsonl.zst", sample)
    write_documents(folder / "long" / "0.jsonl.zst", itertools.islice(pieces(text, LONG_DOCUMENT_BYTES), 1))


def copies(text: bytes, count: int) -> Iterator[bytes]:
    """The text, and others that have new words in the place of those that it holds once."""
    yield text
    letters = np.frombuffer(text, np.uint8)
    is_rare = of_rare_words(letters) if count > 1 else np.zeros(0, np.bool_)
    for number in range(1, count):
        yield np.where(is_rare, other_letters(number)[letters], letters).tobytes()


def of_rare_words(text: Bytes) -> NDArray[np.bool_]:
    """Which bytes belong to words that come once; a word begins at a capital, and differs by what stands before it."""
    kind = np.zeros(256, np.int8)
    kind[[*b"abcdefghijklmnopqrstuvwxyz", *range(128, 256)]] = 1
    kind[[*b"ABCDEFGHIJKLMNOPQRSTUVWXYZ"]] = 2
    pair_hash = np.random.default_rng(0).integers(0, 2**32, 1 << 16, np.uint32)
    starts: list[NDArray[np.int64]] = []
    hashes: list[NDArray[np.uint32]] = []
    for first in range(0, len(text), 1 << 23):
        block = text[first : first + (1 << 23)]
        before = np.append(np.uint8(10), block[:-1])
        pairs = np.where(kind[block] > 0, pair_hash[before * np.uint16(256) + block], np.uint32(0))
        begins = np.flatnonzero(kind[block] > kind[before])
        starts.append(begins + first)
        hashes.append(np.add.reduceat(pairs, begins, dtype=np.uint32) >> np.uint32(6))
    words = np.concatenate(hashes)
    is_once = np.bincount(words)[words] == 1
    bounds = np.concatenate(([0], *starts, [len(text)]))
    return np.repeat(np.append(False, is_once), np.diff(bounds))


def other_letters(number: int) -> Bytes:
    """Every byte's stand-in: vowels take each other's place, and consonants do."""
    alphabets = ("aeiou", "bcdfghjklmnpqrstvwxyz", "AEIOU", "BCDFGHJKLMNPQRSTVWXYZ")
    rolled = "".join(alphabet[number:] + alphabet[:number] for alphabet in alphabets)
    return np.frombuffer(bytes.maketrans("".join(alphabets).encode(), rolled.encode()), np.uint8)


def pieces(text: bytes, size: int, first: int = 0) -> Iterator[str]:
    """The text cut at characters into pieces of about so many bytes, the first of another size where one is given."""
    start = 0
    for end in (*range(first or size, len(text), size), len(text)):
        while end < len(text) and text[end] & 0xC0 == 0x80:
            end += 1
        yield text[start:end].decode()
        start = end


def write_documents(path: Path, documents: Iterable[str]) -> None:
    """JSON lines as `datasets` and others write them, compressed at the usual level."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with zstandard.open(path, "wb", zstandard.ZstdCompressor(level=3)) as file:
        for document in documents:
            file.write(json.dumps({"text": document}, ensure_ascii=False).encode() + b"\n")


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


def run_ingest(inputs: Path, store: Path) -> IngestRun:
    """Run `lcdata ingest` with one Ray worker; raises RuntimeError where it fails."""
    arguments = [inputs, "--name", "documents", "--out", store, "--workers", "1", "--json"]
    started, started_at = time.perf_counter(), time.time()
    with (
        tempfile.TemporaryFile("w+") as errors,
        subprocess.Popen(
            [_LCDATA, "ingest", *arguments], stdout=subprocess.PIPE, stderr=errors, text=True, env=_environment()
        ) as process,
        _Watch(process.pid) as watch,
    ):
        assert process.stdout is not None
        events = [(time.perf_counter() - started, json.loads(line)) for line in process.stdout]
        code = process.wait()
        seconds = time.perf_counter() - started
        if code != 0:
            errors.seek(0)
            raise RuntimeError(f"lcdata ingest ended with exit code {code}: {errors.read().strip()}")
    other_cores = max(0.0, watch.machine_cpu_seconds - watch.cpu_seconds) / seconds
    finished = (store / "documents" / CORPUS_MANIFEST).stat().st_mtime - started_at
    return IngestRun(seconds, finished, events, watch.peak_worker_bytes, other_cores)


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
        writing = [write_tokens_per_second(data, inner / "again.parquet") for _ in range(3)]
    return {
        "gen_tokens_per_second": run.steady_tokens_per_second,
        "gen_whole_run_tokens_per_second": run.whole_tokens_per_second,
        "gen_shards": run.num_shards,
        "gen_peak_worker_bytes": run.peak_worker_bytes,
        "gen_other_cores": run.other_cores,
        "write_tokens_per_second": statistics.median(writing),
        "write_tokens_per_second_each": writing,
    }


def gen_rows(corpus: Path, tokens: int, out: Path) -> GenRun:
    """Run gen on one corpus, drawn as it is."""
    return run_gen(["--corpus", str(corpus), "--length", str(SEQ_LENGTH), "--tokens", str(tokens)], out, 1)


def write_tokens_per_second(data: Path, path: Path) -> float:
    """How fast the finished arrays of a data file are written; reading them is not counted."""
    num_tokens, spent = 0, 0.0
    with pq.ParquetFile(data) as file, path.open("wb") as sink:
        started = time.perf_counter()
        writer = row_writer(sink, "labels" in file.schema_arrow.names)
        spent += time.perf_counter() - started
        for group in range(file.num_row_groups):
            table = file.read_row_group(group).combine_chunks()
            num_tokens += len(table["input_ids"].chunk(0).values)
            started = time.perf_counter()
            writer.write_table(table, row_group_size=len(table))
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


def measure_planning(folder: Path, num_documents: int) -> Row:
    """Seconds and memory of planning a mixture of so many documents, and the speed of planning rows."""
    say(f"planning {num_documents:,} documents")
    manifest = folder / "store" / next(iter(SIZES)) / "documents" / CORPUS_MANIFEST
    num_tokens = write_indexes(folder / "plan", manifest, num_documents)
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:  # whose memory is that of planning alone
        planned = pool.submit(plan_mixture, folder / "plan", num_tokens).result()
        return planned | pool.submit(plan_many_rows).result()


def lengths_of(num_documents: int) -> dict[str, NDArray[np.int32]]:
    """Lengths of about so many documents of all domains."""
    rng = np.random.default_rng(0)
    mean = {name: median * np.exp(spread**2 / 2) for name, (_, median, spread) in DOMAINS.items()}
    all_shares = sum(share / mean[name] for name, (share, _, _) in DOMAINS.items())
    lengths: dict[str, NDArray[np.int32]] = {}
    for name, (share, median, spread) in DOMAINS.items():
        count = round(num_documents * share / mean[name] / all_shares)
        drawn = rng.lognormal(np.log(median), spread, count)
        lengths[name] = np.clip(drawn, 1, 4_000_000).astype(np.int32)
    return lengths


def write_indexes(store: Path, manifest: Path, num_documents: int) -> int:
    """What planning reads of a store of so many documents; returns its tokens."""
    num_tokens = 0
    for name, lengths in lengths_of(num_documents).items():
        ends = np.cumsum(lengths, dtype=np.int64)
        columns = {
            "tokens": lengths,
            "bucket": Buckets(DEFAULT_BUCKETS).of(lengths),
            "unit": (ends >> 26).astype(np.int32),
            "row_group": ((ends >> 20) & 63).astype(np.int32),
            "row": np.zeros_like(lengths),
        }
        (store / name).mkdir(parents=True)
        pq.write_table(pa.table(columns), store / name / INDEX)
        shutil.copy(manifest, store / name / CORPUS_MANIFEST)
        num_tokens += int(ends[-1])
    return num_tokens


def plan_mixture(store: Path, num_tokens: int) -> Row:
    """Plan as many tokens as there are, per-source upsampled, as `lcdata plan` does."""
    content = {
        "corpora": [{"corpus": str(store / name)} for name in DOMAINS],
        "tokens": num_tokens,
        "upsample": {"strategy": "per-source"},
        "max_repeats": 8,
        "best_effort": True,
    }
    recipe = Recipe.model_validate({"name": "mixture", "seq_length": SEQ_LENGTH, "source": content})
    times = [time.perf_counter()]
    plan = DocumentPlan(recipe, CorpusSource.model_validate(content))
    times.append(time.perf_counter())
    num_rows = plan.num_rows
    times.append(time.perf_counter())
    accounts = plan.accounts
    times.append(time.perf_counter())
    drawn, rows, accounted = np.diff(times).tolist()
    return {
        "planned_documents": sum(bucket.documents for account in accounts for bucket in account.buckets),
        "planned_tokens": plan.num_tokens,
        "planned_shards": plan.num_shards,
        "plan_draw_seconds": drawn,
        "plan_rows_seconds": rows,
        "plan_accounts_seconds": accounted,
        "plan_peak_bytes": peak_bytes(),
        "plan_left_open": 1 - plan.num_tokens / (num_rows * SEQ_LENGTH),
    }


def plan_many_rows() -> Row:
    """Documents a second of which rows are planned, all at once; the median of three."""
    lengths = np.minimum(np.concatenate(list(lengths_of(PLANNED_AT_ONCE).values())), SEQ_LENGTH)
    seconds: list[float] = []
    for _ in range(3):
        started = time.perf_counter()
        plan_rows(lengths, SEQ_LENGTH, stream("benchmark", 0, 0, "rows"))
        seconds.append(time.perf_counter() - started)
    return {"row_planning": len(lengths) / statistics.median(seconds)}


def peak_bytes() -> int:
    """The most resident memory that this process had since it began."""
    (line,) = [line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM:")]
    return int(line.split()[1]) * 1024


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
