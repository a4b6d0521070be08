"""Panels on rows: how full they are, how many documents share one, what attention costs, the loss, repeats."""

import numpy as np

from ...schemas.counted import counted
from ...schemas.manifest import StageRecord
from .bins import cut, cut_parts, quantile
from .charts import Series, bars
from .panel import Cell, Drawing, Panel, Table, histogram_table
from .shown import brief, percent
from .tally import FINE, Ints, Tally


def rows_panel(tally: Tally, drawing: Drawing) -> Panel:
    """How full rows are, and how many documents share one."""
    fill = _in_parts(tally.row_tokens)
    full, sharing = cut_parts(fill, FINE), cut(tally.row_documents)
    rows, documents = full.sums(fill).tolist(), sharing.sums(tally.row_documents).tolist()
    num_rows, length = tally.config.num_rows, tally.config.seq_length
    tokens = tally.config.num_tokens
    lead = (
        f"{counted(num_rows, 'row')} of at most {length:,} tokens are {percent(tokens / (num_rows * length))} full: "
        f"{num_rows * length - tokens:,} tokens of room are left. "
        f"Documents in a row: {tally.config.num_documents / num_rows:.3g} on average."
    )
    drawn = [
        drawing.draw(
            bars(drawing.palette, full.labels, [Series("rows", rows)], "full, from", "rows"),
            "rows by how full they are",
        ),
        drawing.draw(
            bars(
                drawing.palette,
                sharing.labels,
                [Series("rows", documents)],
                " ".join(filter(None, ("documents in the row", sharing.reading and f", {sharing.reading}"))).replace(
                    " ,", ","
                ),
                "rows",
            ),
            "rows by how many documents they hold",
        ),
    ]
    tables = [
        histogram_table("fill", "full", full.names(_percents), [("rows", rows)]),
        histogram_table("documents", "documents in the row", sharing.names(), [("rows", documents)]),
    ]
    return Panel("rows", "Rows", lead, drawn, tables, is_wide=True)


def _in_parts(row_tokens: Ints) -> Ints:
    """Rows by how full they are in ten-thousandths, of rows by their tokens."""
    parts = np.arange(len(row_tokens)) * FINE // max(len(row_tokens) - 1, 1)
    return np.bincount(parts, row_tokens, FINE + 1).astype(np.int64)


def _percents(part: int) -> str:
    return f"{100 * part / FINE:g} %"


def attention_panel(tally: Tally, drawing: Drawing) -> Panel:
    """The sum of squared document lengths of rows, beside that of a row of one document."""
    bins = cut_parts(tally.row_cost, FINE)
    rows = bins.sums(tally.row_cost).tolist()
    mean = tally.cost / tally.config.num_rows
    whole = float(tally.config.seq_length) ** 2
    chart = bars(drawing.palette, bins.labels, [Series("rows", rows)], "of a row that is one document, from", "rows")
    low, high = (quantile(tally.row_cost, share) / FINE for share in (0.05, 0.95))
    lead = (
        f"sum(len²) of a row is {mean:,.0f} on average, {percent(mean / whole)} of what attention costs in a "
        "row of one document."
    )
    if tally.config.num_rows > 1:
        lead += (
            f" Nine rows in ten lie between {percent(low)} and {percent(high)}: microbatches are as unequal as that."
        )
    tables = [histogram_table("attention", "of a row of one document", bins.names(_percents), [("rows", rows)])]
    return Panel("attention", "Cost of attention", lead, [drawing.draw(chart, "rows by sum(len²)")], tables)


def loss_panel(tally: Tally, drawing: Drawing) -> Panel:
    """Tokens in the loss, a document."""
    bins = cut(tally.loss)
    counts = bins.sums(tally.loss).tolist()
    in_loss, config = int(tally.loss_tokens.sum()), tally.config
    words = "tokens in the loss" + (f", {bins.reading}" if bins.reading else "")
    chart = bars(drawing.palette, bins.labels, [Series("documents", counts)], words, "documents")
    lead = (
        f"{in_loss:,} of {config.num_tokens:,} tokens are trained on, {percent(in_loss / config.num_tokens)}: "
        f"{in_loss / config.num_documents:,.1f} a document, {in_loss / config.num_rows:,.1f} a row."
    )
    tables = [histogram_table("loss", "tokens in the loss", bins.names(), [("documents", counts)])]
    return Panel("loss", "Loss", lead, [drawing.draw(chart, "documents by tokens in the loss")], tables)


def repetition_panel(tally: Tally, record: StageRecord) -> Panel:
    """What is there more than once."""
    distinct = tally.distinct
    every = "all documents" if not distinct.halvings else f"one document in {2**distinct.halvings:,}, chosen by hash"
    share = distinct.duplicates / max(len(distinct), 1)
    rows: list[tuple[Cell, ...]] = [
        ("documents whose ids another one has too", distinct.duplicates),
        ("their share", percent(share)),
        ("documents looked at", len(distinct)),
        ("characters of haystacks that stand twice in their document", record.repeated_chars),
    ]
    of_corpora = {account.name for account in record.corpora}
    for number, name in enumerate(tally.sources):
        if name not in of_corpora:
            continue
        times = tally.repeats[number]
        most = int(np.flatnonzero(times)[-1]) + 1 if times.any() else 0
        rows += [
            (f"{brief(name)}: documents drawn again", int(times[1:].sum())),
            (f"{brief(name)}: tokens drawn again", int(tally.repeated_tokens[number])),
            (f"{brief(name)}: drawn at most", counted(most, "time")),
            (f"{brief(name)}: pieces that go on from an earlier one", int(tally.continued[number])),
        ]
    lead = f"{percent(share)} of {every} have the ids of another document."
    return Panel(
        "repetition", "Repetition", lead, [], [Table(("what", "count"), rows, "repetition")], shows_tables=True
    )
