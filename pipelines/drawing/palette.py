"""The colours of charts and of the page around them, for light and dark, each by the name that CSS knows it by."""

from collections.abc import Mapping

Palette = Mapping[str, str]

LIGHT: Palette = {
    "page": "#f5f6f8",
    "surface": "#ffffff",
    "ink": "#1c2128",
    "soft": "#57606a",
    "line": "#dfe3e8",
    "accent": "#1f5fae",
    "mark": "#b83a6f",
    "series-0": "#2f6fba",
    "series-1": "#c24a18",
    "series-2": "#187a5e",
    "series-3": "#8a4fb5",
    "series-4": "#946600",
    "series-5": "#b83a6f",
    "series-6": "#35707c",
    "series-7": "#66707d",
    "heat-0": "#eef1f5",
    "heat-1": "#d3e3f6",
    "heat-2": "#a6c8ee",
    "heat-3": "#74a7e0",
    "heat-4": "#2f6fba",
    "heat-5": "#1b4a86",
    "heat-text-0": "#57606a",
    "heat-text-1": "#1c2128",
    "heat-text-2": "#1c2128",
    "heat-text-3": "#1c2128",
    "heat-text-4": "#ffffff",
    "heat-text-5": "#ffffff",
    "evidence": "#d3f0dc",
    "answer": "#fde2c4",
    "loss": "#8a2f0f",
    "good": "#187a5e",
    "bad": "#b42318",
}
"""Every text colour has a contrast of 4.5 or more to what it stands on."""

DARK: Palette = {
    "page": "#12161b",
    "surface": "#1a1f26",
    "ink": "#e6eaf0",
    "soft": "#a3adb9",
    "line": "#333b46",
    "accent": "#8fbcf5",
    "mark": "#f08fb6",
    "series-0": "#7fb2f0",
    "series-1": "#f0986d",
    "series-2": "#5fcfae",
    "series-3": "#c79be8",
    "series-4": "#d9b45a",
    "series-5": "#f08fb6",
    "series-6": "#7fc3d0",
    "series-7": "#a5adba",
    "heat-0": "#232a33",
    "heat-1": "#20364f",
    "heat-2": "#274a74",
    "heat-3": "#31609a",
    "heat-4": "#6ea3e0",
    "heat-5": "#b5d3f7",
    "heat-text-0": "#a3adb9",
    "heat-text-1": "#e6eaf0",
    "heat-text-2": "#e6eaf0",
    "heat-text-3": "#ffffff",
    "heat-text-4": "#12161b",
    "heat-text-5": "#12161b",
    "evidence": "#1f4631",
    "answer": "#563a15",
    "loss": "#ffbd92",
    "good": "#5fcfae",
    "bad": "#ff9a8f",
}

NUM_SERIES = sum(name.startswith("series-") for name in LIGHT)
HEAT_STEPS = sum(name.startswith("heat-") for name in LIGHT) // 2

STAND_INS: Palette = {name: f"#{0xA70000 + number:06x}" for number, name in enumerate(LIGHT)}
"""A colour for each name that a chart is drawn in, to be replaced by a reference to the name."""

assert LIGHT.keys() == DARK.keys()
