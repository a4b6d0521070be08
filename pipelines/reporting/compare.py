"""What changed between two builds: counts, recipe, versions, shares, lengths, depths."""

import difflib
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from ...packers.dataset import Dataset
from ...schemas.manifest import Manifest
from ...schemas.secrets import without_secrets
from ..recipes.recipe_file import recipe_yaml
from .bins import cut
from .charts import Pair, Series, bars, pairs
from .page import Group, Section
from .panel import Cell, Drawing, Panel, Table
from .quality import STARTS
from .shown import brief, percent
from .tally import NUM_DEPTHS, Tally

_MOST_LINES = 400


def changes(
    dataset: Dataset, tallies: Sequence[Tally], other: Dataset, others: Sequence[Tally], drawing: Drawing
) -> Section:
    """The part of a page that says what is other than in another build, given the tallies of both."""
    names = (_name(dataset, other), _name(other, dataset))
    names = names if names[0] != names[1] else ("this", "the other")
    same = dataset.fingerprint == other.fingerprint
    about = (
        "Both have the same fingerprint: they hold the same data." if same else "What is other than in the other build."
    )
    drawn = [_lengths(tallies, others, names, drawing), *_mixtures(tallies, others, names, drawing)]
    if any(tally.depth.any() for tally in (*tallies, *others)):
        drawn.append(_depths(tallies, others, names, drawing))
    texts = [
        _counts(dataset.manifest, other.manifest, tallies, others, names),
        _recipes(dataset.manifest, other.manifest),
        _made_by(dataset.manifest, other.manifest, names),
    ]
    return Section("changes", "Changes", about, [Group("In numbers", texts), Group("In pictures", drawn)])


def _name(dataset: Dataset, other: Dataset) -> str:
    return brief(dataset.name if dataset.name != other.name else dataset.folder.name, 40)


def _counts(
    here: Manifest, there: Manifest, tallies: Sequence[Tally], others: Sequence[Tally], names: tuple[str, str]
) -> Panel:
    rows: list[tuple[Cell, ...]] = []
    for what in ("rows", "documents", "tokens", "loss_tokens", "audited", "repeated_chars"):
        rows.append(
            _difference(what.replace("_", " ").replace("chars", "characters"), here.total(what), there.total(what))
        )
    rows.append(_difference("shards", len(here.shards), len(there.shards)))
    rows.append(_difference("bytes", *(sum(file.bytes for file in one.listed) for one in (here, there))))
    rows.append(
        _difference("duplicates", *(sum(tally.distinct.duplicates for tally in of) for of in (tallies, others)))
    )
    fills = [
        sum(one.config.num_tokens for one in of) / sum(one.config.num_rows * one.config.seq_length for one in of)
        for of in (tallies, others)
    ]
    rows.append(("rows are full", percent(fills[0]), percent(fills[1]), f"{100 * (fills[0] - fills[1]):+.2f} points"))
    costs = [sum(one.cost for one in of) / sum(one.config.num_rows for one in of) for of in (tallies, others)]
    rows.append(_difference("sum(len²) of a row", round(costs[0]), round(costs[1])))
    table = Table(("count", *names, "difference"), rows, "changed-counts")
    return Panel("changed-counts", "Counts", "", [], [table], shows_tables=True)


def _difference(what: str, here: int, there: int) -> tuple[Cell, ...]:
    by = "0" if here == there else f"{here - there:+,}" + (f" ({100 * (here / there - 1):+.1f} %)" if there else "")
    return what, here, there, by


def _recipes(here: Manifest, there: Manifest) -> Panel:
    """The lines of the recipes that differ."""
    before, now = (without_secrets(recipe_yaml(one.recipe)).splitlines() for one in (there, here))
    lines = list(difflib.unified_diff(before, now, "", "", lineterm="", n=2))[2:]
    rows: list[tuple[Cell, ...]] = [
        (_kind(line), brief(line[1:] if line[:1] in "+- " else line, 200)) for line in lines[:_MOST_LINES]
    ]
    lead = "The recipes are the same." if not lines else "Lines that were taken out and put in, with two lines around."
    if len(lines) > _MOST_LINES:
        lead += f" {len(lines) - _MOST_LINES:,} more lines are left out."
    tables = [Table(("", "line"), rows, "changed-recipe")] if rows else []
    return Panel("changed-recipe", "Recipe", lead, [], tables, shows_tables=True)


def _kind(line: str) -> str:
    return {"+": "put in", "-": "taken out", "@": "…"}.get(line[:1], "")


def _made_by(here: Manifest, there: Manifest, names: tuple[str, str]) -> Panel:
    """Fingerprints, versions, tokenizers and inputs that differ."""
    rows: list[tuple[Cell, ...]] = [
        (name, brief(now or "none", 80), brief(before or "none", 80))
        for name, now, before in _facts(here, there)
        if now != before
    ]
    lead = "Nothing differs in fingerprint, versions, tokenizer and inputs." if not rows else ""
    tables = [Table(("what", *names), rows, "changed-versions")] if rows else []
    return Panel("changed-versions", "Fingerprint, versions, inputs", lead, [], tables, shows_tables=True, is_wide=True)


def _facts(here: Manifest, there: Manifest) -> Iterator[tuple[str, str | None, str | None]]:
    yield "fingerprint", here.fingerprint, there.fingerprint
    yield "lcdata", here.lcdata, there.lcdata
    yield "format", str(here.format), str(there.format)
    yield "tokenizer", here.tokenizer.source, there.tokenizer.source
    yield "sha256 of the tokenizer", here.tokenizer.sha256, there.tokenizer.sha256
    yield "encoded by", here.engine, there.engine
    for one, other in ((here.versions, there.versions), (here.inputs, there.inputs)):
        for name in sorted({*one, *other}):
            yield brief(without_secrets(name), 80), one.get(name), other.get(name)


def _lengths(tallies: Sequence[Tally], others: Sequence[Tally], names: tuple[str, str], drawing: Drawing) -> Panel:
    longest = max(len(tally.all_lengths) for tally in (*tallies, *others))
    counts = [
        sum(
            (np.pad(tally.all_lengths, (0, longest - len(tally.all_lengths))) for tally in of),
            np.zeros(longest, np.int64),
        )
        for of in (tallies, others)
    ]
    bins = cut(counts[0] + counts[1])
    tokens = [bins.sums(count * np.arange(longest)) for count in counts]
    series = [Series(name, (own / own.sum()).tolist()) for name, own in zip(names, tokens, strict=True)]
    heading = ", ".join(filter(None, ("tokens of the document", bins.reading)))
    chart = bars(drawing.palette, bins.labels, series, heading, "share of the tokens", y_format="~%", side_by_side=True)
    rows: list[tuple[Cell, ...]] = [
        (name, *(int(own[place]) for own in tokens)) for place, name in enumerate(bins.names())
    ]
    return Panel(
        "changed-lengths",
        "Tokens by length",
        "",
        [drawing.draw(chart, "share of tokens by length, in both")],
        [Table(("tokens of the document", *names), rows, "changed-lengths")],
    )


def _mixtures(
    tallies: Sequence[Tally], others: Sequence[Tally], names: tuple[str, str], drawing: Drawing
) -> Iterator[Panel]:
    """The shares of every component, of each config that has a counterpart of its name, or by place where none has."""
    by_name = {tally.config.name: tally for tally in others}
    for number, tally in enumerate(tallies):
        other = by_name.get(tally.config.name) or (others[number] if number < len(others) else None)
        now, before = _shares(tally), {} if other is None else _shares(other)
        values = [
            Pair(brief(name), before.get(name, 0.0), now.get(name, 0.0)) for name in dict.fromkeys([*now, *before])
        ]
        rows: list[tuple[Cell, ...]] = [
            (one.name, percent(one.second), percent(one.first), f"{100 * (one.second - one.first):+.2f} points")
            for one in values
        ]
        key = f"changed-mixture-{number}"
        chart = pairs(drawing.palette, values, names[1], names[0])
        yield Panel(
            key,
            f"Mixture of {brief(tally.config.name)}",
            "",
            [drawing.draw(chart, "share of tokens, in both")],
            [Table(("component", *names, "difference"), rows, key)],
        )


def _shares(tally: Tally) -> Mapping[str, float]:
    record = tally.config.record
    return {account.name: account.share for account in (*record.tasks, *record.corpora)}


def _depths(tallies: Sequence[Tally], others: Sequence[Tally], names: tuple[str, str], drawing: Drawing) -> Panel:
    counts = [np.sum([tally.depth.sum(axis=(0, 1)) for tally in of], axis=0) for of in (tallies, others)]
    series = [Series(name, (own / max(own.sum(), 1)).tolist()) for name, own in zip(names, counts, strict=True)]
    chart = bars(
        drawing.palette,
        STARTS,
        series,
        "depth, from",
        "share of the evidence",
        y_format="~%",
        side_by_side=True,
        expected=1 / NUM_DEPTHS,
    )
    rows: list[tuple[Cell, ...]] = [(start, *(int(own[place]) for own in counts)) for place, start in enumerate(STARTS)]
    return Panel(
        "changed-depths",
        "Evidence by depth",
        "",
        [drawing.draw(chart, "share of evidence by depth, in both")],
        [Table(("depth, from", *names), rows, "changed-depths")],
    )
