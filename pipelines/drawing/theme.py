"""What all charts of a report look like: fonts, axes, legends and colours."""

from typing import Any

from .palette import NUM_SERIES, Palette

WIDTH, HEIGHT = 330, 180
"""Of a chart's plot, so that the whole is read on a phone without being made smaller than its letters bear."""
_BESIDE = {"left": 8, "right": 4, "top": 4, "bottom": 2}
"""Room around a plot: a page's letters may be wider than those that it was laid out with."""


def themed(
    chart: Any, palette: Palette, background: str | None = None, title: str = "", legend_columns: int = 2
) -> Any:
    """The chart in these colours; the background is the page's where none is named."""
    if title:
        chart = chart.properties(title={"text": title, "anchor": "start", "fontSize": 15, "color": palette["ink"]})
    return (
        chart.properties(background=background or "transparent", padding=_BESIDE if background is None else 14)
        .configure_view(stroke=None)
        .configure_axis(
            gridColor=palette["line"],
            domainColor=palette["line"],
            tickColor=palette["line"],
            labelColor=palette["soft"],
            titleColor=palette["soft"],
            labelFontSize=12,
            titleFontSize=12,
            titleFontWeight="normal",
            titlePadding=8,
            labelLimit=120,
        )
        .configure_axisX(grid=False, labelAngle=0, labelOverlap="parity", labelSeparation=8)
        .configure_axisY(domain=False, ticks=False, tickCount=5)
        .configure_legend(
            orient="top",
            direction="horizontal",
            columns=legend_columns,
            columnPadding=22,
            symbolOpacity=1,
            title=None,
            labelColor=palette["soft"],
            labelFontSize=12,
            labelLimit=150,
            symbolType="square",
            offset=8,
        )
    )


def series_colours(palette: Palette, count: int) -> list[str]:
    """Colours for so many series; the last one stands for all that are too many to tell apart."""
    return [palette[f"series-{min(number, NUM_SERIES - 1)}"] for number in range(count)]
