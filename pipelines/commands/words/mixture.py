"""What a dataset is mixed of: its stages as they came out, tasks made and corpora drawn, as planned or achieved."""

from collections import Counter
from collections.abc import Sequence

import humanize
from rich.markup import escape
from rich.table import Table

from ....schemas.buckets import Buckets
from ....schemas.counted import counted
from ....schemas.manifest import BucketAccount, ComponentAccount, Manifest, StageRecord, TaskAccount
from ....schemas.quantity import format_length
from ....schemas.stage import Stage
from .console import console, pairs


def print_stages(manifest: Manifest) -> None:
    """Print what every stage of a dataset came to."""
    for stage, record in manifest.pairs():
        if len(manifest.stages) > 1:
            console().rule(stage.name, align="left")
        print_stage(manifest, stage, record)


def print_stage(manifest: Manifest, stage: Stage, record: StageRecord) -> None:
    """Print what a stage came to: counts, fill, size, and its mixture."""
    size = sum(shard.data.bytes + shard.docs.bytes for shard in record.shards)
    in_loss = f"{record.loss_tokens:,} in the loss ({record.loss_tokens / record.tokens:.3%})"
    pairs(
        {
            **_documents(stage, record),
            "tokens": f"{record.tokens:,}, {in_loss}",
            "fill": _fill(record),
            **_repetition(record),
            "size": f"{humanize.naturalsize(size)} in {counted(len(record.shards), 'shard')}, "
            f"{8 * size / record.tokens:.2f} bits/token",
            "tokenizer": _tokenizer(manifest, record),
        }
    )
    if len(stage.mix) > 1:
        print_tasks_made(record.tasks)
    if record.corpora:
        print_accounts(record.corpora)


def _documents(stage: Stage, record: StageRecord) -> dict[str, str]:
    rows = f"in {counted(record.rows, 'row')} of at most {format_length(stage.seq_length)}"
    if stage.corpora:
        return {"documents": f"{record.documents:,} {rows}, long ones in pieces"}
    of_length = f" of {stage.tasks[0].length}" if len(stage.mix) == 1 else ""
    return {"samples": f"{record.documents:,}{of_length} {rows}"}


def _fill(record: StageRecord) -> str:
    of_rows = f"{record.row_fill:.3%} of the rows"
    return of_rows if record.corpora else f"{record.fill:.3%} of the length asked for, {of_rows}"


def _tokenizer(manifest: Manifest, record: StageRecord) -> str:
    if not record.tasks:
        return f"{manifest.tokenizer.source}, when the corpora were ingested"
    samples = sum(task.samples for task in record.tasks)
    encodings = f"{record.encodings / samples:.2f} encodings a sample"
    audited = f"{counted(record.audited, 'sample')} audited"
    return f"{manifest.tokenizer.source} by {manifest.engine}, {encodings}, {audited}"


def _repetition(record: StageRecord) -> dict[str, str]:
    if record.repeated_chars == 0:
        return {}
    characters = counted(record.repeated_chars, "character")
    return {"repeats": f"{characters} of haystacks are repeated in their document: the corpus is short"}


def print_tasks_made(accounts: Sequence[TaskAccount]) -> None:
    """Print samples, tokens and share of each task."""
    if not accounts:
        return
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("")
    for heading in ("samples", "tokens", "wanted", "share"):
        table.add_column(heading, justify="right", no_wrap=True)
    for account in accounts:
        shares = f"{account.wanted_share:.2%}", f"{account.share:.2%}"
        table.add_row(escape(account.name), f"{account.samples:,}", f"{account.tokens:,}", *shares)
    console().print(table)


def print_accounts(accounts: Sequence[ComponentAccount]) -> None:
    """Print what was drawn of each corpus."""
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("")
    for heading in ("tokens", "used", "unused", "left out", "repeated", "wanted", "share"):
        table.add_column(heading, justify="right", no_wrap=True)
    for account in accounts:
        whole = _sum(account.buckets)
        counts = whole.tokens, whole.used, whole.unused, sum(whole.dropped.values()), whole.drawn - whole.used
        shares = f"{account.wanted_share:.2%}", f"{account.share:.2%}"
        table.add_row(escape(account.name), *(f"{count:,}" for count in counts), *shares)
    console().print(table)


def print_drawn(accounts: Sequence[ComponentAccount], total: int) -> None:
    """Print what will be drawn of each corpus and bucket, repeats and shares of so many tokens."""
    table = Table(box=None, pad_edge=False, header_style="dim")
    for heading in ("tokens", "documents", "available", "wanted", "drawn", "epochs", "share"):
        table.add_column(heading, justify="right", no_wrap=True)
    for account in accounts:
        shown = [bucket for bucket in account.buckets if _available(bucket) or bucket.wanted]
        for bucket in shown:
            table.add_row(_label(bucket), *_numbers(bucket, total))
        table.add_row(escape(account.name), *_numbers(_sum(shown), total), style="bold", end_section=True)
    console().print(table)


def _label(bucket: BucketAccount) -> str:
    edges = tuple(edge for edge in (bucket.low, bucket.high) if edge)
    return Buckets(edges).label(len(edges) - (bucket.high is not None)) if edges else "any"


def _available(bucket: BucketAccount) -> int:
    """Tokens of a bucket that can be drawn."""
    return bucket.tokens - sum(bucket.dropped.values())


def _numbers(bucket: BucketAccount, total: int) -> list[str]:
    epochs = bucket.drawn / max(_available(bucket), 1)
    counts = bucket.documents, _available(bucket), bucket.wanted, bucket.drawn
    return [*(f"{count:,}" for count in counts), f"{epochs:.2f}", f"{bucket.drawn / max(total, 1):.1%}"]


def _sum(buckets: Sequence[BucketAccount]) -> BucketAccount:
    """The account of all buckets of a component, as if they were a single bucket."""
    names = ("documents", "tokens", "wanted", "drawn", "used", "unused")
    sums = {name: sum(getattr(bucket, name) for bucket in buckets) for name in names}
    dropped = Counter[str]()
    for bucket in buckets:
        dropped.update(bucket.dropped)
    return BucketAccount(low=0, high=None, dropped=dict(dropped), **sums)
