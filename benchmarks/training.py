"""How fast a finished dataset is read for training, beside pyarrow alone, and what dealing rows by cost saves.

Takes the folder of a dataset of long rows, such as `lcdata gen --task kv --length 4k..128k --n 1500 --shard-rows 128`
makes. Times are CPU time of this process, which runs one thread.
"""

import resource
import sys
import time
from collections.abc import Callable

import numpy as np
import pyarrow.parquet as pq
import torch
from torch.nn.attention.flex_attention import create_block_mask

from lcdata import PackedDataset, deal_rows, document_mask, row_costs
from lcdata.packers.training.order import epoch_order

RANKS, STEP_ROWS = 8, 32


def main(folder: str) -> None:
    """Print one measurement a line."""
    torch.set_num_threads(1)
    before = peak_bytes()
    rows = PackedDataset(folder, rank=0, world_size=1)
    say_speed("rows as tensors, one rank", lambda: tokens_of(rows))
    print(f"memory beside PyTorch's own, one rank: {(peak_bytes() - before) / 1e9:.2f} GB")
    say_speed("the same columns with pyarrow alone", lambda: tokens_in_columns(rows))
    for ranks in (8, 64):
        share = PackedDataset(folder, rank=0, world_size=ranks)
        say_speed(f"rows as tensors, each of {ranks} ranks", lambda share=share: tokens_of(share))
    say_seconds("one row by its number", lambda: rows.row(rows.num_rows // 2))
    say_seconds("order of 2.5 million rows", lambda: epoch_order(np.arange(0, 2_500_001, 50), "kv", 0, 0))
    say_waiting(row_costs(folder))
    for tokens, block in ((1 << 15, 128), (1 << 17, 128), (1 << 20, 512)):
        lengths = torch.tensor([tokens // 2, tokens // 4, tokens // 4])
        say_seconds(f"document_mask of {tokens} tokens", lambda n=lengths, block=block: document_mask(n, block))
    mask = document_mask(torch.tensor([1 << 14, 1 << 14])).mask_mod
    say_seconds("create_block_mask of 32768", lambda: create_block_mask(mask, None, None, 1 << 15, 1 << 15, "cpu"))


def peak_bytes() -> int:
    """The most memory that this process has had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def tokens_of(rows: PackedDataset) -> int:
    """Tokens of an epoch."""
    return sum(len(row["input_ids"]) for row in rows)


def tokens_in_columns(rows: PackedDataset) -> int:
    """Tokens of the files, read column by column in one thread."""
    tokens = 0
    for stored in rows.config.data:
        with pq.ParquetFile(stored.path, pre_buffer=False) as file:
            columns = [name for name in file.schema_arrow.names if name != "position_ids"]
            for group in range(file.num_row_groups):
                table = file.read_row_group(group, columns, use_threads=False)
                tokens += len(table["input_ids"].combine_chunks().values)
    return tokens


def say_waiting(costs: np.ndarray) -> None:
    """The share of the time in attention that ranks are at work where they meet after every row."""
    order = np.random.default_rng(0).permutation(len(costs))
    steps = [costs[step] for step in order[: len(order) // STEP_ROWS * STEP_ROWS].reshape(-1, STEP_ROWS)]
    work = sum(step.sum() for step in steps) / RANKS
    as_they_come = sum(step.reshape(-1, RANKS).max(1).sum() for step in steps)
    dealt = sum(step[deal_rows(step, RANKS)].max(1).sum() for step in steps)
    print(f"{RANKS} ranks at work: {work / as_they_come:.0%} of the time, dealt by cost {work / dealt:.0%}")


def say_speed(what: str, count: Callable[[], int]) -> None:
    """Time what returns a number of tokens."""
    started = time.process_time()
    tokens = count()
    print(f"{what}: {tokens / (time.process_time() - started) / 1e6:.1f} Mtok/s")


def say_seconds(what: str, work: Callable[[], object]) -> None:
    """Time it."""
    started = time.process_time()
    work()
    print(f"{what}: {time.process_time() - started:.3f} s")


if __name__ == "__main__":
    main(sys.argv[1])
