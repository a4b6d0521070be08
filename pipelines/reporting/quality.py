"""Panels on what samples teach: where evidence lies, how it can be found, what answers look like."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

import numpy as np

from ...schemas.counted import counted
from ...schemas.quantity import format_length
from .bins import cut, octaves, quantile
from .charts import Series, bars, heat, marked
from .overlap import NOLIMA, PLAIN
from .panel import Cell, Drawing, Panel, Table, histogram_table
from .shown import brief, percent
from .tally import NUM_DEPTHS, Tally

TENTHS = tuple(f"{tenth / 10:.1f}–{(tenth + 1) / 10:.1f}" for tenth in range(NUM_DEPTHS))
STARTS = tuple(f"{tenth / 10:.1f}" for tenth in range(NUM_DEPTHS))
_BLANKS = {" ": "space", "\n": "newline", "\t": "tab", "": "none"}
_MOST_CHARACTERS = 15
_TWENTIETHS = 20


def quality_panels(tally: Tally, overlaps: Mapping[str, Sequence[float]], drawing: Drawing) -> Iterator[Panel]:
    """The panels for which there is something to show."""
    if tally.depth.any():
        yield depth_panel(tally, drawing)
        yield deciles_panel(tally, drawing)
        yield distance_panel(tally, drawing)
    if overlaps:
        yield overlap_panel(overlaps, drawing)
    if len(tally.sources) > 1:
        yield examples_panel(tally, drawing)
    if tally.first_characters:
        yield answers_panel(tally, drawing)
    if tally.wordings:
        yield wordings_panel(tally)


def depth_panel(tally: Tally, drawing: Drawing) -> Panel:
    """Evidence by the length of its document and its depth in the context."""
    by_length = tally.depth.sum(axis=0)
    columns = octaves(by_length.sum(axis=1))
    counts = by_length[columns].T.tolist()
    labels = [format_length(2**exponent) for exponent in columns]
    chart = heat(drawing.palette, labels, TENTHS, counts)
    lead = f"{int(by_length.sum()):,} places of evidence. An even picture trains every depth of every length alike."
    rows: list[tuple[Cell, ...]] = [(tenth, *own) for tenth, own in zip(TENTHS, counts, strict=True)]
    table = Table(("depth", *(f"up to {label}" for label in labels)), rows, "depth")
    return Panel(
        "depth", "Evidence by depth and length", lead, [drawing.draw(chart, "evidence by depth and length")], [table]
    )


def deciles_panel(tally: Tally, drawing: Drawing) -> Panel:
    """The share of evidence in each tenth of the context, of each task."""
    by_source = tally.depth.sum(axis=1)
    chosen = [number for number in range(len(by_source)) if by_source[number].any()]
    series = [
        Series(brief(tally.sources[number]), (by_source[number] / by_source[number].sum()).tolist())
        for number in chosen
    ]
    side_by_side = len(series) <= 3
    whole = by_source.sum(axis=0)
    shown = series if side_by_side else [Series("all tasks", (whole / whole.sum()).tolist())]
    chart = bars(
        drawing.palette,
        STARTS,
        shown,
        "depth, from",
        "share of the evidence",
        y_format="~%",
        side_by_side=True,
        expected=1 / NUM_DEPTHS,
    )
    low, high = whole.min() / whole.sum(), whole.max() / whole.sum()
    lead = (
        f"Between {percent(low)} and {percent(high)} of all evidence lies in a tenth of the context; evenly it is 10 %."
    )
    rows: list[tuple[Cell, ...]] = [
        (tenth, *(int(by_source[number][at]) for number in chosen)) for at, tenth in enumerate(TENTHS)
    ]
    table = Table(("depth", *(brief(tally.sources[number]) for number in chosen)), rows, "deciles")
    return Panel("deciles", "Depth deciles", lead, [drawing.draw(chart, "share of evidence by depth")], [table])


def distance_panel(tally: Tally, drawing: Drawing) -> Panel:
    """How far back from the answer evidence lies."""
    bins = cut(tally.distance)
    counts = bins.sums(tally.distance).tolist()
    words = "tokens between evidence and answer" + (f", {bins.reading}" if bins.reading else "")
    chart = bars(drawing.palette, bins.labels, [Series("evidence", counts)], words, "places of evidence")
    half = quantile(tally.distance, 0.5)
    lead = (
        f"Half of the evidence begins {half:,} tokens or less before the answer, "
        f"the farthest {quantile(tally.distance, 1):,}."
    )
    table = histogram_table("distance", "tokens", bins.names(), [("evidence", counts)])
    return Panel(
        "distance",
        "How far back evidence lies",
        lead,
        [drawing.draw(chart, "evidence by distance to the answer")],
        [table],
    )


def overlap_panel(overlaps: Mapping[str, Sequence[float]], drawing: Drawing) -> Panel:
    """The share of a question's words that stand in the evidence, of sampled documents."""
    every = sum(map(len, overlaps.values()))
    edges = np.linspace(0, 1, _TWENTIETHS + 1)
    series = [
        Series(brief(name), (np.histogram(values, edges)[0] / every).tolist())
        for name, values in sorted(overlaps.items())
    ]
    labels = [f"{low:.0%}–{high:.0%}" for low, high in pairwise(edges)]
    chart = marked(drawing.palette, labels, series, [("NoLiMa", NOLIMA), ("plain needle", PLAIN)])
    mean = sum(map(sum, overlaps.values())) / every
    lead = (
        f"On average {percent(mean)} of the words of a question's paragraph stand in its evidence, in "
        f"{counted(every, 'sampled document')}. The less, the less a question is found by its words alone: "
        f"{percent(NOLIMA)} in NoLiMa, {percent(PLAIN)} in the plain needle in a haystack."
    )
    rows = [(brief(name), len(values), percent(sum(values) / len(values))) for name, values in sorted(overlaps.items())]
    table = Table(("task", "samples", "mean overlap"), list(rows), "overlap")
    return Panel(
        "overlap",
        "Words that give the place away",
        lead,
        [drawing.draw(chart, "overlap of question and evidence")],
        [table],
    )


def examples_panel(tally: Tally, drawing: Drawing) -> Panel:
    """The share of examples beside the share of tokens, of each source."""
    documents, tokens = tally.lengths.sum(axis=1), tally.tokens.sum(axis=1)
    in_loss = tally.loss_tokens
    names = list(map(brief, tally.sources))
    shares = [(of / max(of.sum(), 1)).tolist() for of in (documents, tokens, in_loss)]
    series = [Series(word, values) for word, values in zip(("examples", "tokens", "loss tokens"), shares, strict=True)]
    chart = bars(
        drawing.palette,
        [f"{name[:12]}…" if len(name) > 13 else name for name in names],
        series,
        "",
        "share",
        y_format="~%",
        side_by_side=True,
    )
    lead = "What is a small part of the tokens may be most of the examples, and most of what is learned from."
    rows = [(name, *(percent(share[number]) for share in shares)) for number, name in enumerate(names)]
    table = Table(("component", "examples", "tokens", "loss tokens"), list(rows), "examples")
    return Panel(
        "examples",
        "Examples beside tokens",
        lead,
        [drawing.draw(chart, "share of examples, tokens and loss", 3)],
        [table],
    )


def answers_panel(tally: Tally, drawing: Drawing) -> Panel:
    """The first characters of answers, and where answers stand after the prompt."""
    common = tally.first_characters.most_common(_MOST_CHARACTERS)
    total = tally.first_characters.total()
    rest = total - sum(count for _, count in common)
    found = [(_BLANKS.get(char, brief(char)), count) for char, count in common] + ([("others", rest)] if rest else [])
    labels = [label for label, _ in found]
    shown = found[: len(common)]
    first = bars(
        drawing.palette,
        [label for label, _ in shown],
        [Series("answers", [count / total for _, count in shown])],
        "first character",
        "share of the answers",
        y_format="~%",
    )
    bins = cut(tally.answer_place)
    counts = bins.sums(tally.answer_place).tolist()
    words = "tokens of the answer before the reference" + (f", {bins.reading}" if bins.reading else "")
    place = bars(drawing.palette, bins.labels, [Series("answers", counts)], words, "answers")
    lead = (
        f"{total:,} reference answers; the most common first character, “{labels[0]}”, begins "
        f"{percent(found[0][1] / total)} of them. What is always the same here can be learned without reading."
    )
    tables = [
        histogram_table("first", "first character", labels, [("answers", [count for _, count in found])]),
        histogram_table("places", "tokens before the reference", bins.names(), [("answers", counts)]),
    ]
    drawn = [drawing.draw(first, "answers by first character"), drawing.draw(place, "answers by their place")]
    return Panel("answers", "Answers: first letters and places", lead, drawn, tables, is_wide=True)


def wordings_panel(tally: Tally) -> Panel:
    """How often each wording was used."""
    rows: list[tuple[Cell, ...]] = [
        (brief(source), brief(name), count) for (source, name), count in sorted(tally.wordings.items())
    ]
    lead = f"The tasks use {counted(len(rows), 'wording')}."
    return Panel(
        "wordings",
        "Wordings",
        lead,
        [],
        [Table(("task", "wording", "samples"), rows[:200], "wordings")],
        shows_tables=True,
    )
