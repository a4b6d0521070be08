"""Panels on what a config is made of: lengths, mixture, buckets of corpora, accounts."""

from collections.abc import Iterator

import numpy as np

from ...schemas.buckets import Buckets
from ...schemas.counted import counted
from ...schemas.manifest import BucketAccount, ComponentAccount, StageRecord
from .bins import cut, quantile
from .charts import Pair, Series, bars, pairs
from .panel import Cell, Drawing, Panel, Table, histogram_table
from .shown import brief, percent
from .tally import Tally


def lengths_panel(tally: Tally, drawing: Drawing) -> Panel:
    """Documents and tokens by length, of each source."""
    whole = tally.all_lengths
    bins = cut(whole)
    documents, tokens = bins.sums(tally.lengths), bins.sums(tally.tokens)
    names = list(map(brief, tally.sources))
    heading = (
        " ".join(filter(None, ("tokens of the document,", bins.reading))) if bins.reading else "tokens of the document"
    )
    drawn = [
        drawing.draw(
            bars(
                drawing.palette,
                bins.labels,
                [Series(n, v) for n, v in zip(names, of.tolist(), strict=True)],
                heading,
                y,
            ),
            f"{y} by length",
        )
        for of, y in ((documents, "documents"), (tokens, "tokens"))
    ]
    low, half, high = (quantile(whole, share) for share in (0, 0.5, 1))
    weighted = quantile(whole * np.arange(len(whole)), 0.5)
    lead = (
        f"From {low:,} to {high:,} tokens; half of the documents have at most {half:,}, "
        f"and half of the tokens are in documents of {weighted:,} or more."
    )
    columns = [("documents", documents.sum(axis=0).tolist()), ("tokens", tokens.sum(axis=0).tolist())]
    return Panel(
        "lengths", "Lengths", lead, drawn, [histogram_table("lengths", "tokens", bins.names(), columns)], is_wide=True
    )


def mixture_panel(tally: Tally, record: StageRecord, drawing: Drawing) -> Panel:
    """The share of each component, asked for and achieved."""
    accounts = [*record.tasks, *record.corpora]
    shares = {account.name: account for account in accounts}
    rows: list[tuple[Cell, ...]] = []
    values: list[Pair] = []
    for number, name in enumerate(tally.sources):
        account = shares[name]
        documents, tokens = int(tally.lengths[number].sum()), int(tally.tokens[number].sum())
        in_loss = int(tally.loss_tokens[number])
        rows.append(
            (
                brief(name),
                documents,
                tokens,
                percent(account.wanted_share),
                percent(account.share),
                in_loss,
                percent(in_loss / max(tokens, 1)),
            )
        )
        values.append(Pair(brief(name), account.wanted_share, account.share))
    off = max(abs(one.first - one.second) for one in values)
    lead = (
        f"{counted(len(values), 'component')}; the largest distance from the share asked for is {100 * off:.2f} points."
    )
    headings = ("component", "documents", "tokens", "asked", "achieved", "loss tokens", "in the loss")
    drawn = [drawing.draw(pairs(drawing.palette, values, "asked", "achieved"), "share of tokens, asked and achieved")]
    return Panel("mixture", "Mixture", lead, drawn, [Table(headings, rows, "mixture")], shows_tables=True, is_wide=True)


def bucket_panels(record: StageRecord, drawing: Drawing) -> Iterator[Panel]:
    """Of each corpus: what was asked for and drawn of its buckets, how often, and what was left."""
    for number, account in enumerate(record.corpora):
        shown = [bucket for bucket in account.buckets if bucket.tokens or bucket.wanted or bucket.drawn]
        labels = [bucket_label(bucket) for bucket in shown]
        series = [
            Series("asked", [bucket.wanted for bucket in shown]),
            Series("drawn", [bucket.drawn for bucket in shown]),
            Series("in the corpus", [bucket.tokens for bucket in shown]),
        ]
        chart = bars(drawing.palette, labels, series, "tokens of the document", "tokens", side_by_side=True)
        times = [Series("times", [round(_epochs(bucket), 2) for bucket in shown])]
        often = bars(drawing.palette, labels, times, "tokens of the document", "how often it is drawn", y_format="~g")
        name = brief(account.name)
        drawn = [
            drawing.draw(chart, f"tokens of {name} by bucket, asked, drawn and there", 3),
            drawing.draw(often, f"how often tokens of {name} are drawn, by bucket"),
        ]
        rows = [
            (
                label,
                bucket.documents,
                bucket.tokens,
                bucket.wanted,
                bucket.drawn,
                f"{_epochs(bucket):.2f}",
                bucket.unused,
                sum(bucket.dropped.values()),
            )
            for label, bucket in zip(labels, shown, strict=True)
        ]
        headings = ("bucket", "documents", "tokens", "asked", "drawn", "epochs", "unused", "left out")
        yield Panel(
            f"buckets-{number}",
            f"Corpus {brief(account.name)}",
            _about(account),
            drawn,
            [Table(headings, list(rows), f"buckets-{number}")],
            is_wide=True,
        )


def bucket_label(bucket: BucketAccount) -> str:
    """A bucket by its lengths, as `4k–8k`."""
    edges = tuple(edge for edge in (bucket.low, bucket.high) if edge)
    return Buckets(edges).label(len(edges) - (bucket.high is not None)) if edges else "any"


def _epochs(bucket: BucketAccount) -> float:
    return bucket.drawn / max(bucket.tokens - sum(bucket.dropped.values()), 1)


def _about(account: ComponentAccount) -> str:
    used = sum(bucket.used for bucket in account.buckets)
    tokens = sum(bucket.tokens for bucket in account.buckets)
    return (
        f"{account.drawn:,} tokens were drawn: {percent(used / max(tokens, 1))} of the corpus at least once, "
        f"{percent((account.drawn - used) / max(account.drawn, 1))} of what was drawn for a second or later time."
    )


def accounts_panel(tally: Tally, record: StageRecord) -> Panel:
    """Audits, the ledger, and all that was left out or is odd, with reasons."""
    rows: list[tuple[Cell, ...]] = [
        ("tokens made", record.ledger.made),
        ("tokens packed", record.ledger.packed),
        *((f"tokens dropped: {reason}", count) for reason, count in record.ledger.dropped.items()),
        *(
            (f"{brief(account.name)}: left out of the corpus, {reason}", count)
            for account in record.corpora
            for reason, count in _left_out(account).items()
        ),
        *((f"{brief(account.name)}: not needed", sum(b.unused for b in account.buckets)) for account in record.corpora),
    ]
    if record.tasks:
        rows += [
            ("samples encoded a second time and compared", record.audited),
            ("encodings a sample", f"{record.encodings / max(sum(task.samples for task in record.tasks), 1):.2f}"),
        ]
    lead = "Every token that was made is in the rows." if not record.ledger.dropped else ""
    tables = [Table(("account", "count"), rows, "accounts")]
    if record.notes:
        tables.append(Table(("note",), [(brief(note, 400),) for note in record.notes], "notes"))
    return Panel("accounts", "Audits, ledger, what was left out", lead, [], tables, shows_tables=True)


def _left_out(account: ComponentAccount) -> dict[str, int]:
    reasons: dict[str, int] = {}
    for bucket in account.buckets:
        for reason, count in bucket.dropped.items():
            reasons[reason] = reasons.get(reason, 0) + count
    return reasons
