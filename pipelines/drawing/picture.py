"""Charts of altair made into PNG and SVG, with no browser and no network."""

import importlib.util
import io
from typing import Any

from ...schemas.errors import UsageError

_NEEDED = ("altair", "vl_convert")


def check_drawing(what: str) -> None:
    """Raise UsageError where the libraries that draw are not installed, for `what` a user asked for."""
    if not all(map(importlib.util.find_spec, _NEEDED)):
        raise UsageError(f"{what} needs altair and vl-convert-python: pip install 'lcdata[report]'")


def as_svg(chart: Any) -> str:
    """The chart as an SVG document."""
    text = io.StringIO()
    chart.save(text, "svg")
    return text.getvalue()


def as_png(chart: Any) -> bytes:
    """The chart as PNG, two pixels of the picture for each of the chart."""
    data = io.BytesIO()
    chart.save(data, "png", scale_factor=2)
    return data.getvalue()
