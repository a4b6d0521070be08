"""Charts as parts of an HTML page: SVG whose colours and fonts are the page's, with nothing a policy would refuse."""

import re
from collections.abc import Mapping
from typing import Any
from xml.etree import ElementTree

from .palette import STAND_INS
from .picture import as_svg

_SVG = "http://www.w3.org/2000/svg"
_COLOURS = {colour: f"var(--{name})" for name, colour in STAND_INS.items()}
_SCALE = 1.2
"""Pixels of a wide page for one of the chart."""
_IN_TEXT = re.compile(r"\d+\.\d{3,}")
_LEFT_OUT = {"font-family", "class", "stroke-miterlimit", "pointer-events", "version"}


def inline_svg(chart: Any, label: str, number: int) -> str:
    """The chart, drawn in stand-ins, as an SVG element that says what it shows; `number` tells it from others' ids."""
    root = ElementTree.fromstring(as_svg(chart))
    _tidy(root, number)
    del root.attrib["height"]
    root.attrib.update({"width": str(round(float(root.attrib["width"]) * _SCALE)), "role": "img", "aria-label": label})
    return _IN_TEXT.sub(lambda found: f"{float(found[0]):.2f}", _written(root))


def _tidy(element: ElementTree.Element, number: int) -> None:
    """Give an element and all in it the page's colours and ids of their own, and leave out what shows nothing."""
    for name, value in list(element.attrib.items()):
        if name in _LEFT_OUT or (name == "opacity" and value == "1"):
            del element.attrib[name]
        elif value in _COLOURS:
            element.attrib[name] = _COLOURS[value]
        elif name == "id":
            element.attrib[name] = f"{value}-{number}"
        elif value.startswith("url(#"):
            element.attrib[name] = f"{value[:-1]}-{number})"
    element.attrib.update(_role(element.attrib))
    for child in list(element):
        if child.attrib.get("display") == "none" or child.attrib.get("d") == "" or _is_empty_background(child):
            element.remove(child)
        else:
            _tidy(child, number)


def _is_empty_background(element: ElementTree.Element) -> bool:
    return element.attrib.get("class") == "background" and not {"fill", "stroke"} & element.attrib.keys()


def _role(attributes: Mapping[str, str]) -> dict[str, str]:
    """Keep words for a reader's pointer, not roles: the whole is one picture, and its numbers stand in a table."""
    words = attributes.get("aria-label")
    is_mark = attributes.get("aria-roledescription") in ("bar", "rect mark", "tick", "point", "rule mark", "circle")
    for name in ("aria-label", "role", "aria-roledescription", "aria-hidden"):
        if isinstance(attributes, dict):
            attributes.pop(name, None)
    return {"data-tip": words} if words and is_mark else {}


def _written(root: ElementTree.Element) -> str:
    ElementTree.register_namespace("", _SVG)
    return ElementTree.tostring(root, encoding="unicode")
