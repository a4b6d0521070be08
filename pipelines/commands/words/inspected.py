"""What `inspect` found, for people: numbers with bars, rows, documents with their marks."""

import json
from collections.abc import Mapping, Sequence

from rich.markup import escape
from rich.table import Table

from ....schemas.counted import counted
from ....schemas.events.inspected import (
    CorpusShown,
    CountShown,
    DocumentShown,
    PassageShown,
    RowShown,
    StageShown,
    StoredDocumentShown,
)
from .charts import chart, chart_width, print_charts
from .console import console, pairs, visible
from .passages import BRACKETS, LEGEND, read_passages
from .sample import places

_FACTS_CHARS = 600


def print_stage_charts(stage: StageShown) -> None:
    """Print what the document table of a config says, each thing as a table with bars."""
    console().print()
    charts = [_lengths(stage)]
    charts += [
        _counts(f"{what} {of}", of, counts)
        for what, of, counts in (
            ("documents a row", "rows", stage.documents_a_row),
            ("tokens in the loss", "documents", stage.loss_tokens),
            ("answers a sample", "samples", stage.answers),
        )
        if counts
    ]
    if stage.depths:
        charts.append(_depths(stage.depths))
    print_charts(charts)


def _lengths(stage: StageShown) -> Table:
    total = sum(bucket.tokens for bucket in stage.lengths)
    rows = [
        (_range(one.low, one.high), f"{one.documents:,}", f"{one.tokens:,}", f"{one.tokens / max(total, 1):.1%}")
        for one in stage.lengths
    ]
    heads = ("tokens a document", "documents", "tokens", "share")
    return chart(heads, rows, [bucket.tokens for bucket in stage.lengths], chart_width())


def _counts(heading: str, of: str, counts: Sequence[CountShown]) -> Table:
    rows = [(_range(one.low, one.high), f"{one.count:,}") for one in counts]
    return chart((heading.removesuffix(f" {of}"), of), rows, [one.count for one in counts], chart_width())


def _depths(depths: Sequence[int]) -> Table:
    rows = [(f"{tenth / 10:.1f}–{(tenth + 1) / 10:.1f}", f"{count:,}") for tenth, count in enumerate(depths)]
    return chart(("depth", "evidence"), rows, depths, chart_width())


def _range(low: int, high: int) -> str:
    return f"{low:,}" if high == low + 1 else f"{low:,}..{high - 1:,}"


def print_row(row: RowShown, num_configs: int) -> None:
    """Print a row in numbers."""
    config = f" of {row.config}" if num_configs > 1 else ""
    loss = f"{row.loss_tokens:,} in the loss"
    what = f"{row.tokens:,} of {row.seq_length:,} tokens, {loss}, {counted(row.documents, 'document')}"
    pairs({"row": f"{row.row:,}{config}, in shard {row.shard}", "tokens": what, "marks": LEGEND})


def print_document(document: DocumentShown, *, is_alone: bool) -> None:
    """Print a document of a row: where it begins, its text with marks, and what the document table says of it."""
    what = f"{document.source} sample {document.sample}" if document.sample is not None else document.source
    end = document.start + document.tokens
    where = f"tokens {document.start:,}–{end:,} of row {document.row:,}"
    _heading(f"document {document.doc}: {what}, {where}")
    _print_text(document.passages, document.tokens, document.no_text_because)
    if document.input_ids is not None and document.labels is not None:
        _print_ids(document.input_ids, document.labels)
    if is_alone:
        console().rule(style="dim")
        pairs(_about(document))
        return
    answers = ", ".join(map(repr, document.answers))
    if answers:
        pairs({"answers": answers})
    elif document.source_id is not None:
        pairs({"document": _origin(document)})


def _about(document: DocumentShown) -> Mapping[str, str]:
    tokens = f"{document.tokens:,}, {document.loss_tokens:,} in the loss"
    if document.sample is None:
        return {"document": _origin(document), "tokens": tokens, "sha256": document.sha256}
    facts = json.dumps(document.facts, ensure_ascii=False)
    if len(facts) > _FACTS_CHARS:
        facts = f"{facts[:_FACTS_CHARS]} … (all with --json)"
    found = places(document.answers, document.answer_spans, document.evidence_spans, document.depth)
    return {
        "sample": f"{document.source} {document.sample}, template {document.template}",
        "tokens": f"{tokens}, {document.prompt_tokens:,} before the answer",
        **found,
        "facts": facts,
    }


def _origin(document: DocumentShown) -> str:
    again = f", drawn before {counted(document.repeat, 'time')}" if document.repeat else ""
    return f"{document.source}: {document.source_id} from token {document.source_offset or 0:,} on{again}"


def print_stored_document(document: StoredDocumentShown) -> None:
    """Print a document of a stored corpus."""
    _heading(f"document {document.doc}: {document.id}")
    _print_text(document.passages, document.tokens, document.no_text_because)
    if document.input_ids is not None:
        _print_ids(document.input_ids, None)
    console().rule(style="dim")
    size = f"{document.tokens:,} without BOS and EOS, in bucket {document.bucket}"
    parts = f" of {counted(document.parts, 'record')}" if document.parts > 1 else ""
    pairs({"tokens": size, "text": f"{document.bytes:,} bytes{parts}"})


def print_corpus(corpus: CorpusShown, summary: Mapping[str, str]) -> None:
    """Print what a stored corpus holds, by bucket of lengths."""
    console().rule(escape(f"{corpus.manifest['recipe']['name']} · {corpus.path}"), align="left")
    percentiles = ", ".join(f"{count:,} ({percent} %)" for percent, count in corpus.percentiles.items())
    lengths = f"{percentiles}, {corpus.longest:,} at most; half of all tokens in {corpus.half_in:,} or more"
    pairs({**summary, "lengths": lengths})
    rows = [
        (bucket["label"], f"{bucket['documents']:,}", f"{bucket['tokens']:,}", f"{bucket['share']:.1%}")
        for bucket in corpus.buckets
    ]
    heads = ("tokens", "documents", "tokens in all", "share")
    console().print(chart(heads, rows, [bucket["tokens"] for bucket in corpus.buckets], chart_width()))


def _heading(title: str) -> None:
    console().print()
    console().print(f"── {visible(title)} ──", style="bold", markup=False)


def _print_text(passages: Sequence[PassageShown], num_tokens: int, why_not: str | None) -> None:
    if why_not is not None:
        console().print(f"(no text: {visible(why_not)})", style="dim", markup=False)
    else:
        console().print(read_passages(passages, num_tokens))


def _print_ids(ids: Sequence[int], labels: Sequence[int] | None) -> None:
    """Print token ids, those in the loss in brackets."""
    begin, end = BRACKETS["loss"]
    in_loss = [False] * len(ids) if labels is None else [label >= 0 for label in labels]
    shown = [f"{begin}{number}{end}" if held else str(number) for number, held in zip(ids, in_loss, strict=True)]
    console().print(" ".join(shown), markup=False)
