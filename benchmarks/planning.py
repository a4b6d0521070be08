"""How long planning a mixture of many organic documents takes, in how much memory, and how fast rows are planned.

No document is made: planning reads lengths alone, here drawn as those of seven domains.
"""

import multiprocessing
import shutil
import statistics
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from gen import Row, say
from numpy.typing import NDArray

from lcdata.packers.rows.best_fit import plan_rows
from lcdata.pipelines.corpora.store import INDEX
from lcdata.pipelines.planning.materials import Materials
from lcdata.pipelines.planning.plan import make_plan
from lcdata.schemas.buckets import Buckets
from lcdata.schemas.corpus import CORPUS_MANIFEST, DEFAULT_BUCKETS
from lcdata.schemas.recipe import Recipe
from lcdata.schemas.stream import stream

SEQ_LENGTH = 128 << 10
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


def measure_planning(folder: Path, manifest: Path, num_documents: int) -> Row:
    """Seconds and memory of planning a mixture of so many documents, and the speed of planning rows.

    The manifest is that of any stored corpus.
    """
    say(f"planning {num_documents:,} documents")
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
        "name": "mixture",
        "seq_length": SEQ_LENGTH,
        "mix": [{"corpus": str(store / name)} for name in DOMAINS],
        "tokens": num_tokens,
        "upsample": {"strategy": "per-source"},
        "max_repeats": 8,
        "best_effort": True,
    }
    recipe = Recipe.model_validate(content)
    times = [time.perf_counter()]
    (plan,) = make_plan(Materials(recipe)).stages
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
