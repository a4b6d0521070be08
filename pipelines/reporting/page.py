"""The page: a template filled in, one style, one script, one block of data, and a policy that allows no more."""

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any

from ..drawing.palette import DARK, LIGHT, Palette
from .panel import Panel

_ESCAPED = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}


@dataclass(frozen=True)
class Tile:
    """A headline number: short, and exactly."""

    key: str
    name: str
    value: str
    exact: str = ""


@dataclass(frozen=True)
class Group:
    """Panels under one heading."""

    name: str
    panels: list[Panel]


@dataclass(frozen=True)
class Section:
    """A part of the page."""

    key: str
    name: str
    about: str
    groups: list[Group]


@dataclass
class Page:
    """All that a page says."""

    title: str
    about: str
    version: str
    tiles: list[Tile]
    sections: list[Section]
    samples: str
    """What the viewer shows, and of how many."""
    data: Mapping[str, Any]
    """What the viewer reads."""
    provenance: list[Panel]
    recipe: str
    against: str = ""
    is_whole: bool = True
    """Whether it is a report, and not its viewer alone."""
    parts: Sequence[Mapping[str, str]] = field(default_factory=list[Mapping[str, str]])

    def html(self) -> bytes:
        """The page as a file, which asks for nothing and in which no text of the dataset can run."""
        from jinja2 import Environment

        style, script = _style(), _text("viewer.js")
        policy = (
            f"default-src 'none'; style-src '{_sha256(style)}'; script-src '{_sha256(script)}'; img-src data:; "
            "base-uri 'none'; form-action 'none'"
        )
        environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
        parts = [*({"key": section.key, "name": section.name} for section in self.sections)]
        parts += [{"key": "samples", "name": "Samples"}, {"key": "recipe", "name": "Recipe and provenance"}]
        values = {**vars(self), "parts": parts, "data": in_script(self.data)}
        template = environment.from_string(_text("page.html"))
        text = template.render(values, style=style, script=script, policy=policy)
        return text.encode()


def in_script(data: Mapping[str, Any]) -> str:
    """The data as JSON that stands in a script element, in which nothing can end that element or begin another."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return text.translate(str.maketrans(_ESCAPED))


def _style() -> str:
    dark = f"@media (prefers-color-scheme: dark) {{ :root {{ {_variables(DARK)} }} }}"
    on_paper = f"@media print {{ :root {{ {_variables(LIGHT)} }} }}"
    return f":root {{ color-scheme: light dark; {_variables(LIGHT)} }}\n{dark}\n{on_paper}\n{_text('style.css')}"


def _variables(palette: Palette) -> str:
    return " ".join(f"--{name}: {colour};" for name, colour in palette.items())


def _text(name: str) -> str:
    return (files(__package__ or "") / "page" / name).read_text("utf-8")


def _sha256(text: str) -> str:
    """The hash by which a policy allows an element of this text."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
