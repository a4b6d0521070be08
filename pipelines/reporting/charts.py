"""The charts of a report, each from plain values, in whatever palette it is drawn for."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ..drawing.palette import HEAT_STEPS, NUM_SERIES, Palette
from ..drawing.theme import HEIGHT, WIDTH, series_colours

Chart = Any
"""A chart of altair, which is imported when one is drawn."""


_COUNTS = "~s"
_FEW_COUNTS = 5
"""Up to so many every whole number has a tick of its own, as between two of them there is none to tell of."""


@dataclass(frozen=True)
class Series:
    """Values under one name, one for each label of a chart."""

    name: str
    values: Sequence[float]


def few(series: Sequence[Series], most: int = NUM_SERIES) -> list[Series]:
    """The series, the smallest of them added up where there are more than can be told apart."""
    if len(series) <= most:
        return list(series)
    order = sorted(series, key=lambda one: -sum(one.values))
    rest = [sum(values) for values in zip(*(one.values for one in order[most - 1 :]), strict=True)]
    return [*order[: most - 1], Series(f"{len(series) - most + 1} others", rest)]


def bars(
    palette: Palette,
    labels: Sequence[str],
    series: Sequence[Series],
    x: str,
    y: str,
    *,
    y_format: str = _COUNTS,
    side_by_side: bool = False,
    expected: float | None = None,
) -> Chart:
    """Upright bars for each label, of several series above or beside one another; a dashed line at what is expected."""
    import altair as alt

    series = few(series)
    values = [
        {"label": f"{number}\n{label}", "x": label, "series": one.name, "y": float(value)}
        for one in series
        for number, (label, value) in enumerate(zip(labels, one.values, strict=True))
    ]
    order = [f"{number}\n{label}" for number, label in enumerate(labels)]
    several = len(series) > 1
    encoded: dict[str, Any] = {
        "x": alt.X(
            "label:O",
            sort=order,
            title=x,
            axis=alt.Axis(labelExpr="split(datum.label, '\\n')[1]"),
            scale=_bands(len(labels), 0.15, 64),
        ),
        "y": alt.Y(
            "y:Q",
            title=y,
            axis=alt.Axis(labelExpr=f"format(datum.value, '{y_format}')", **_ticks(series, y_format)),
            stack=None if side_by_side else "zero",
        ),
        "color": alt.Color(
            "series:N",
            sort=None,
            scale=alt.Scale(domain=[one.name for one in series], range=series_colours(palette, len(series))),
            legend=alt.Legend() if several else None,
        ),
        "description": alt.Description("tip:N"),
    }
    for value in values:
        amount = f"{100 * value['y']:.3g} %" if y_format == "~%" else f"{value['y']:,.12g}"
        value["tip"] = f"{value['x']}: {amount}" + (f" ({value['series']})" if several else "")
    if side_by_side and several:
        encoded["xOffset"] = alt.XOffset("series:N", sort=[one.name for one in series])
    chart = alt.Chart(alt.Data(values=values)).mark_bar().encode(**encoded)
    if expected is not None:
        line = alt.Chart(alt.Data(values=[{"y": expected}])).mark_rule(strokeDash=[4, 3], strokeWidth=1.5)
        chart = alt.layer(chart, line.encode(y="y:Q", color=alt.value(palette["ink"])))
    return chart.properties(width=WIDTH, height=HEIGHT)


def _ticks(series: Sequence[Series], y_format: str) -> dict[str, Any]:
    """The ticks of an axis of few counts; nothing for others, which find their own."""
    most = max(map(sum, zip(*(one.values for one in series), strict=True)), default=0)
    return {"values": list(range(int(most) + 1))} if y_format == _COUNTS and most <= _FEW_COUNTS else {}


@dataclass(frozen=True)
class Pair:
    """Two shares of one thing, to be compared."""

    name: str
    first: float
    second: float


def pairs(palette: Palette, values: Sequence[Pair], first: str, second: str) -> Chart:
    """Bars of the second share with a tick at the first, for each name."""
    import altair as alt

    rows = [{"name": f"{number}\n{one.name}", **_shares(one, first, second)} for number, one in enumerate(values)]
    base = alt.Chart(alt.Data(values=rows))
    y = alt.Y(
        "name:N",
        sort=None,
        title=None,
        scale=alt.Scale(paddingInner=0.35),
        axis=alt.Axis(labelExpr="split(datum.label, '\\n')[1]", labelColor=palette["ink"], labelPadding=6),
    )
    axis = alt.Axis(format="~%", grid=True, tickCount=5)
    scale = alt.Scale(domain=[second, first], range=[palette["series-0"], palette["ink"]])
    legend = alt.Legend(symbolType="square")
    chart = alt.layer(
        base.mark_bar().encode(
            alt.X("second:Q", title=None, axis=axis),
            y,
            color=alt.Color("of_second:N", scale=scale, legend=legend),
            description="tip:N",
        ),
        base.mark_tick(thickness=2.5, bandSize=22).encode(
            alt.X("first:Q"), y, color=alt.Color("of_first:N", scale=scale, legend=legend), description="tip:N"
        ),
    )
    return chart.properties(width=WIDTH - 70, height=alt.Step(30))


def _shares(one: Pair, first: str, second: str) -> dict[str, object]:
    return {
        "first": one.first,
        "second": one.second,
        "of_first": first,
        "of_second": second,
        "tip": f"{one.name}: {first} {one.first:.2%}, {second} {one.second:.2%}",
    }


def heat(palette: Palette, columns: Sequence[str], rows: Sequence[str], counts: Sequence[Sequence[int]]) -> Chart:
    """A square for each column and row, the darker the more there is; counts[row][column]."""
    import altair as alt

    most = max((max(row, default=0) for row in counts), default=0) or 1
    values = [
        {
            "column": column,
            "row": row,
            "text": _fitting(count),
            "fill": palette[f"heat-{step}"],
            "ink": palette[f"heat-text-{step}"],
            "tip": f"up to {column} tokens, depth {row}: {count:,}",
        }
        for row, own in zip(rows, counts, strict=True)
        for column, count in zip(columns, own, strict=True)
        for step in [0 if count == 0 else 1 + min(int(count / most * (HEAT_STEPS - 1)), HEAT_STEPS - 2)]
    ]
    base = alt.Chart(alt.Data(values=values)).encode(
        alt.X(
            "column:O", sort=list(columns), title="tokens of the document, up to", scale=_bands(len(columns), 0.04, 72)
        ),
        alt.Y("row:O", sort=list(rows), title="depth: 0 is the beginning", scale=alt.Scale(paddingInner=0.06)),
    )
    chart = alt.layer(
        base.mark_rect().encode(color=alt.Color("fill:N", scale=None), description="tip:N"),
        base.mark_text(fontSize=11).encode(alt.Text("text:N"), color=alt.Color("ink:N", scale=None)),
    )
    return chart.properties(width=min(WIDTH, max(240, 72 * len(columns))), height=24 * len(rows))


def _bands(count: int, inner: float, widest: int) -> Any:
    """A scale of bands that are at most so many pixels wide, in the middle where there are few."""
    import altair as alt

    return alt.Scale(paddingInner=inner, paddingOuter=min(max(0.05, (WIDTH / widest - count + inner) / 2), 1))


def _fitting(count: int) -> str:
    return f"{count:,}" if count < 10_000 else f"{count / 1000:.0f}k" if count < 1e6 else f"{count / 1e6:.1f}M"


def marked(
    palette: Palette, labels: Sequence[str], series: Sequence[Series], marks: Sequence[tuple[str, float]]
) -> Chart:
    """Bars over twentieths of 0..1, with named upright lines at some places of it."""
    import altair as alt

    width = 1 / len(labels)
    values: list[dict[str, object]] = []
    for number, label in enumerate(labels):
        below = 0.0
        for one in few(series):
            share = float(one.values[number])
            tip = f"{label}: {100 * share:.3g} % ({one.name})"
            values.append(
                {
                    "x": number * width,
                    "x2": (number + 0.92) * width,
                    "y": below,
                    "y2": below + share,
                    "series": one.name,
                    "tip": tip,
                }
            )
            below += share
    names = [one.name for one in few(series)]
    chart = (
        alt.Chart(alt.Data(values=values))
        .mark_rect()
        .encode(
            alt.X("x:Q", title="question words that stand in the evidence", axis=alt.Axis(format="~%", tickCount=5)),
            alt.Y("y:Q", title="share of the samples", axis=alt.Axis(format="~%")),
            x2="x2:Q",
            y2="y2:Q",
            color=alt.Color(
                "series:N",
                scale=alt.Scale(domain=names, range=series_colours(palette, len(names))),
                legend=alt.Legend() if len(names) > 1 else None,
            ),
            description="tip:N",
        )
    )
    rules = alt.Chart(alt.Data(values=[{"name": name, "x": at} for name, at in marks])).encode(x="x:Q")
    lines = rules.mark_rule(strokeDash=[4, 3], strokeWidth=1.5).encode(color=alt.value(palette["ink"]))
    words = rules.mark_text(baseline="bottom", fontSize=12).encode(
        y=alt.value(-4), text="name:N", color=alt.value(palette["ink"])
    )
    return alt.layer(chart, lines, words).properties(width=WIDTH, height=HEIGHT)
