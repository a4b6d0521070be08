"""A heat map of a score: a square for each length and depth."""

from collections.abc import Iterable
from pathlib import Path

from ...schemas.errors import LcdataError, UsageError
from ...schemas.quantity import format_length
from ..drawing.picture import as_png, as_svg, check_drawing
from ..run.files import write_whole
from .score import NUM_DEPTHS, Score, Square, depth_name


def check_plot(path: Path) -> None:
    """Raise UsageError where no picture could be drawn, before the work is done."""
    if path.suffix not in (".png", ".svg"):
        raise UsageError(f"--plot {path} must end in .png or .svg")
    check_drawing("--plot")
    if not path.parent.is_dir():
        raise UsageError(f"--plot {path}: there is no folder {path.parent}")


def draw_heat_map(found: Score, path: Path) -> None:
    """A heat map of the main measure, a square for each length and depth, grey where there are no samples."""
    if not found.squares:
        raise UsageError("--plot needs samples with a length and a depth: these have none")
    import altair as alt

    squares = alt.Chart(alt.Data(values=_values(found.squares))).encode(
        alt.X("length:O", sort=None, title="tokens, up to", axis=alt.Axis(labelAngle=0)),
        alt.Y("depth:O", sort=None, title="depth of the evidence, 0 is the beginning"),
    )
    filled = squares.transform_filter("datum.n > 0")
    scale = alt.Scale(domain=[0, 1], scheme="redyellowblue")
    legend = alt.Legend(title=found.main, format=".1f", values=[0, 0.2, 0.4, 0.6, 0.8, 1])
    ink = alt.condition("datum.value < 0.2 || datum.value > 0.8", alt.value("white"), alt.value("black"))
    tasks = ", ".join(group.name for group in found.groups if group.by == "task")
    title = {
        "text": f"{found.main} by length and depth",
        "subtitle": f"{found.overall.n:,} samples" + (f" of {tasks}" if tasks else ""),
        "anchor": "start",
    }
    picture = alt.layer(
        squares.mark_rect(fill="#e4e4e4", stroke="white"),
        squares.transform_filter("datum.n == 0").mark_text(text="no samples", fontSize=8, color="#777"),
        filled.mark_rect(stroke="white").encode(alt.Color("value:Q", scale=scale, legend=legend)),
        filled.mark_text(fontSize=11, dy=-5).encode(alt.Text("value:Q", format=".2f"), color=ink),
        filled.mark_text(fontSize=8, dy=8).encode(alt.Text("label:N"), color=ink),
    ).properties(width=alt.Step(58), height=alt.Step(32), title=title)
    try:
        write_whole(path, as_svg(picture).encode() if path.suffix == ".svg" else as_png(picture))
    except OSError as error:
        raise LcdataError(f"--plot {path} cannot be written: {error.strerror}") from None


def _values(squares: Iterable[Square]) -> list[dict[str, object]]:
    """A record for each length and depth, row by row; n is 0 where there are no samples."""
    found = {(square.length, square.depth): square for square in squares}
    lengths = sorted({length for length, _ in found})
    places = [(length, depth) for depth in range(NUM_DEPTHS) for length in lengths]
    return [
        {
            "length": format_length(length),
            "depth": depth_name(depth),
            "n": square.n if square else 0,
            "value": square.value if square else None,
            "label": f"n = {square.n:,}" if square else "",
        }
        for length, depth in places
        for square in [found.get((length, depth))]
    ]
