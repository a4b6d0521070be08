"""Pictures of a dataset for its card, which the Hub shows where it shows no page."""

from collections.abc import Sequence

import numpy as np

from ...packers.dataset import Dataset
from ...schemas.quantity import format_length
from ..drawing.palette import LIGHT
from ..drawing.picture import as_png
from ..drawing.theme import themed
from .bins import cut, octaves
from .charts import Chart, Pair, Series, bars, heat, pairs
from .quality import TENTHS
from .shown import brief
from .tally import Tally


def pictures(dataset: Dataset, tallies: Sequence[Tally] | None = None) -> dict[str, bytes]:
    """PNG files by name: `lengths.png`, `mixture.png`, and `depth.png` where samples have evidence in places.

    On white, so that they are read on a dark page too, two pixels for each of a page. The tallies of all configs, in
    their order, need not be made again where they are given. Raises LcdataError where a file cannot be read.
    """
    tallies = [Tally.of(config) for config in dataset.configs.values()] if tallies is None else tallies
    drawn = {
        "lengths.png": (_lengths(tallies), "Tokens by length of document"),
        "depth.png": (_depth(tallies), "Evidence by depth and length of document"),
        "mixture.png": (_mixture(tallies), "Share of the tokens"),
    }
    return {
        name: as_png(themed(chart, LIGHT, "white", f"{brief(dataset.name, 40)}: {title}"))
        for name, (chart, title) in drawn.items()
        if chart is not None
    }


def _lengths(tallies: Sequence[Tally]) -> Chart:
    longest = max(len(tally.all_lengths) for tally in tallies)
    bins = cut(np.sum([_padded(tally.all_lengths, longest) for tally in tallies], axis=0))
    series = [
        Series(brief(name), bins.sums(_padded(of, longest) * np.arange(longest)).tolist())
        for name, of in _by_source(tallies).items()
    ]
    heading = ", ".join(filter(None, ("tokens of the document", bins.reading)))
    return bars(LIGHT, bins.labels, series, heading, "tokens")


def _by_source(tallies: Sequence[Tally]) -> dict[str, np.ndarray]:
    """Documents by their tokens, of each source in all configs."""
    longest = max(len(tally.all_lengths) for tally in tallies)
    found: dict[str, np.ndarray] = {}
    for tally in tallies:
        for name, own in zip(tally.sources, tally.lengths, strict=True):
            found[name] = found.get(name, np.zeros(longest, np.int64)) + _padded(own, longest)
    return found


def _padded(counts: np.ndarray, size: int) -> np.ndarray:
    return np.pad(counts, (0, size - len(counts)))


def _depth(tallies: Sequence[Tally]) -> Chart | None:
    by_length = np.sum([tally.depth.sum(axis=0) for tally in tallies], axis=0)
    columns = octaves(by_length.sum(axis=1))
    if not columns:
        return None
    return heat(LIGHT, [format_length(2**exponent) for exponent in columns], TENTHS, by_length[columns].T.tolist())


def _mixture(tallies: Sequence[Tally]) -> Chart:
    several = len(tallies) > 1
    values = [
        Pair(
            brief(f"{tally.config.name}: {account.name}" if several else account.name),
            account.wanted_share,
            account.share,
        )
        for tally in tallies
        for account in (*tally.config.record.tasks, *tally.config.record.corpora)
    ]
    return pairs(LIGHT, values, "asked", "achieved")
