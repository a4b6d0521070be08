"""What the commands of organic documents print: tables and histograms for people, JSON for machines."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import humanize
from rich.markup import escape
from rich.table import Table

from ...schemas.buckets import Buckets
from ...schemas.corpus import CorpusManifest, IngestRecipe, PartRecord, UnitRecord
from ...schemas.events import CorpusVerdict
from ...schemas.manifest import BucketAccount, ComponentAccount
from .printing import console, pairs
from .progress import Bar, emit, say, where

if TYPE_CHECKING:  # a command loads its own pipeline alone
    from ...generators.sources.input import Input
    from ..corpora.arrange import Arrangement
    from ..corpora.inspect import StoreInspection

_BAR = 32
_EIGHTHS = " ▏▎▍▌▋▊▉"


class ConsoleIngestReporter:
    """Tells a person how an ingest goes."""

    def __init__(self) -> None:
        self._bar: Bar | None = None
        self._finished_bytes = self._documents = self._bytes = 0

    def started(self, recipe: IngestRecipe, inputs: Sequence[Input], workers: int, address: str | None) -> None:
        """Say what is read."""
        size = humanize.naturalsize(sum(source.num_bytes for source in inputs))
        say(f"{recipe.name}: reading {len(inputs):,} inputs, {size}, {where(workers, address)}")

    def read(self, part: PartRecord, is_new: bool) -> None:
        """Count what is read; a line for every gigabyte."""
        before = self._bytes >> 30
        self._documents += part.documents
        self._bytes += part.bytes
        if is_new and self._bytes >> 30 != before:
            say(f"{self._documents:,} texts read, {humanize.naturalsize(self._bytes)}")

    def arranged(self, arrangement: Arrangement) -> None:
        """Say what is encoded, and move a bar over it."""
        total = sum(int(unit.num_bytes.sum()) for unit in arrangement.units)
        documents = sum(map(len, arrangement.units))
        say(f"{documents:,} documents to encode, {humanize.naturalsize(total)} in {len(arrangement.units)} units")
        self._bar = Bar("bytes", total)

    def encoded(self, num_bytes: int) -> None:
        """Move the bar."""
        if self._bar is not None:
            self._bar.advance(num_bytes)

    def stored(self, unit: UnitRecord, is_new: bool) -> None:
        """Move the bar over what an earlier run did."""
        if not is_new and self._bar is not None:
            self._bar.skip(unit.bytes)

    def stop(self) -> None:
        """Take the bar away."""
        if self._bar is not None:
            self._bar.stop()


class JsonIngestReporter:
    """One JSON object a line on stdout for every event."""

    def started(self, recipe: IngestRecipe, inputs: Sequence[Input], workers: int, address: str | None) -> None:
        """`plan`: what is read."""
        size = sum(source.num_bytes for source in inputs)
        here = workers if address is None else None
        emit("plan", name=recipe.name, inputs=len(inputs), bytes=size, workers=here, address=address)

    def read(self, part: PartRecord, is_new: bool) -> None:
        """`read`: a part of the texts is safe."""
        emit("read", texts=part.documents, bytes=part.bytes, bad=sum(part.bad.values()), resumed=not is_new)

    def arranged(self, arrangement: Arrangement) -> None:
        """`arranged`: how many documents there are."""
        emit("arranged", documents=sum(map(len, arrangement.units)), dropped=arrangement.dropped)

    def encoded(self, num_bytes: int) -> None:
        """`progress`: so many more bytes of text are encoded."""
        emit("progress", bytes=num_bytes)

    def stored(self, unit: UnitRecord, is_new: bool) -> None:
        """`unit`: one is safe on disk."""
        emit("unit", unit=unit.unit, documents=unit.documents, tokens=unit.tokens, resumed=not is_new)

    def stop(self) -> None:
        """Nothing to take away."""


def print_ingested(manifest: CorpusManifest, path: Path, is_new: bool, as_json: bool) -> None:
    """What an ingest made."""
    if as_json:
        content = manifest.model_dump(
            mode="json", exclude={"recipe", "tokenizer", "versions", "inputs", "files", "index"}
        )
        emit("done", out=str(path), ingested=is_new, **content)
        return
    if not is_new:
        console.print(f"{path} is stored already, nothing to do")
    pairs(
        {**_summary(manifest), "next": f"lcdata inspect {path} · lcdata gen --corpus {path} --length 128k --tokens …"}
    )
    for bad in manifest.first_bad[:5]:
        console.print(f"[yellow]unusable[/yellow] {escape(f'{bad.url}:{bad.line}')} {escape(bad.reason)}")


def _summary(manifest: CorpusManifest) -> dict[str, str]:
    left_out = {
        **{f"{reason} (records)": count for reason, count in manifest.bad.items()},
        **{f"{reason} (documents)": count for reason, count in manifest.dropped.items()},
    }
    return {
        "documents": f"{manifest.documents:,} from {manifest.records:,} records of {len(manifest.inputs):,} inputs",
        "tokens": f"{manifest.tokens:,} of {humanize.naturalsize(manifest.bytes)} of text, "
        f"{manifest.bytes / max(manifest.tokens, 1):.2f} bytes each",
        "left out": ", ".join(f"{count:,} {reason}" for reason, count in left_out.items()) or "nothing",
        "size": humanize.naturalsize(sum(file.bytes for file in (*manifest.files, manifest.index))),
        "tokenizer": f"{manifest.tokenizer.source} by {manifest.engine}, {manifest.audited:,} documents audited",
    }


def print_store(inspections: Iterable[StoreInspection], as_json: bool) -> None:
    """What a store holds, corpus by corpus."""
    for inspection in inspections:
        manifest = inspection.manifest
        if as_json:
            content = manifest.model_dump(mode="json", exclude={"inputs", "files", "index", "buckets"})
            print(json.dumps({**content, **_measures(inspection)}))
            continue
        console.rule(escape(f"{manifest.recipe.name} · {inspection.path}"), align="left")
        percentiles = ", ".join(f"{count:,} ({percent} %)" for percent, count in inspection.percentiles.items())
        lengths = f"{percentiles}, {inspection.longest:,} at most; half of all tokens in {inspection.half_in:,} or more"
        pairs({**_summary(manifest), "lengths": lengths})
        console.print(_histogram(inspection))


def _measures(inspection: StoreInspection) -> dict[str, Any]:
    measures = asdict(inspection)
    del measures["manifest"]
    return measures


def _histogram(inspection: StoreInspection) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for heading in ("tokens", "documents", "tokens in all", "share"):
        table.add_column(heading, justify="right")
    table.add_column("")
    most = max(bucket.share for bucket in inspection.buckets)
    for bucket in inspection.buckets:
        counts = f"{bucket.documents:,}", f"{bucket.tokens:,}", f"{bucket.share:.1%}"
        table.add_row(bucket.label, *counts, f"[cyan]{_bar(bucket.share / most)}[/cyan]")
    return table


def _bar(share: float) -> str:
    """A bar of blocks, drawn to an eighth of one."""
    whole, eighths = divmod(round(share * _BAR * 8), 8)
    return "█" * whole + _EIGHTHS[eighths].strip()


def print_corpus_verdict(verdict: CorpusVerdict, path: Path, as_json: bool) -> None:
    """Whether a stored corpus holds what it promises."""
    if as_json:
        emit(**verdict.model_dump(mode="json"))
        return
    for problem in verdict.problems:
        console.print(f"[red]broken[/red]  {escape(problem)}")
    checked = f"{verdict.files:,} files, {verdict.documents:,} documents, {verdict.tokens:,} tokens checked"
    console.print(f"{path} {'holds' if verdict.holds else 'does not hold'}: {checked}", markup=False)


def print_accounts(accounts: Sequence[ComponentAccount]) -> None:
    """What was drawn of each corpus."""
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("")
    for heading in ("tokens", "used", "unused", "left out", "repeated", "wanted", "share"):
        table.add_column(heading, justify="right", no_wrap=True)
    for account in accounts:
        whole = _sum(account.buckets)
        counts = whole.tokens, whole.used, whole.unused, sum(whole.dropped.values()), whole.drawn - whole.used
        shares = f"{account.wanted_share:.2%}", f"{account.share:.2%}"
        table.add_row(escape(account.name), *(f"{count:,}" for count in counts), *shares)
    console.print(table)


def print_drawn(accounts: Sequence[ComponentAccount], total: int) -> None:
    """What will be drawn of each corpus and bucket, repeats and shares of so many tokens."""
    table = Table(box=None, pad_edge=False, header_style="dim")
    for heading in ("tokens", "documents", "available", "wanted", "drawn", "epochs", "share"):
        table.add_column(heading, justify="right", no_wrap=True)
    for account in accounts:
        shown = [bucket for bucket in account.buckets if _available(bucket) or bucket.wanted]
        for bucket in shown:
            table.add_row(_label(bucket), *_cells(bucket, total))
        table.add_row(escape(account.name), *_cells(_sum(shown), total), style="bold", end_section=True)
    console.print(table)


def _label(bucket: BucketAccount) -> str:
    edges = tuple(edge for edge in (bucket.low, bucket.high) if edge)
    return Buckets(edges).label(len(edges) - (bucket.high is not None)) if edges else "any"


def _available(bucket: BucketAccount) -> int:
    """Tokens that can be drawn."""
    return bucket.tokens - sum(bucket.dropped.values())


def _cells(bucket: BucketAccount, total: int) -> list[str]:
    epochs = bucket.drawn / max(_available(bucket), 1)
    counts = bucket.documents, _available(bucket), bucket.wanted, bucket.drawn
    return [*(f"{count:,}" for count in counts), f"{epochs:.2f}", f"{bucket.drawn / max(total, 1):.1%}"]


def _sum(buckets: Sequence[BucketAccount]) -> BucketAccount:
    """All buckets of a component as one."""
    names = ("documents", "tokens", "wanted", "drawn", "used", "unused")
    sums = {name: sum(getattr(bucket, name) for bucket in buckets) for name in names}
    dropped = Counter[str]()
    for bucket in buckets:
        dropped.update(bucket.dropped)
    return BucketAccount(low=0, high=None, dropped=dict(dropped), **sums)
