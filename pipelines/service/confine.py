"""Keeping recipes that came over HTTP in their place: files of the server's folders, and the URLs that it allows."""

import glob
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ...schemas.errors import UsageError
from ...schemas.mix import CorpusComponent
from ...schemas.recipe import Recipe
from ...schemas.secrets import without_secrets
from .settings import Folder, Reach

_PATHS = ("corpus", "file")
"""Settings of tasks that name a file or a folder."""
_MAX_MATCHES = 100_000


def check_reach(recipe: Recipe, reach: Reach, folder: Folder) -> None:
    """Raise UsageError where a recipe reads what the server was not told to let be read."""
    for place, name in _read_by(recipe):
        _check(place, name, reach, folder)


def check_file(path: Path, reach: Reach) -> Path:
    """The recipe's file with all links followed; UsageError where it is in none of the folders."""
    real = path.resolve()
    if not any(real.is_relative_to(root.resolve()) for root in reach.folders):
        raise UsageError(f"{path} is in none of the folders that this server reads recipes from: name one there")
    return real


def _read_by(recipe: Recipe) -> Iterator[tuple[str, str]]:
    """Everything that a recipe names and is read: what names it, and the name."""
    if recipe.tokenizer.source != "embedded":
        yield "tokenizer", recipe.tokenizer.source
    if recipe.tokenizer.chat_template is not None:
        yield "chat_template", str(recipe.tokenizer.chat_template)
    for corpus in recipe.ingest:
        for name in corpus.inputs:
            yield f"ingest of {corpus.name}", name
    for stage in recipe.stages:
        for component in stage.mix:
            if isinstance(component, CorpusComponent):
                yield f"corpus {component.name}", component.corpus
            else:
                yield from _of_settings(component.name, component.settings)


def _of_settings(task: str, settings: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for name in _PATHS:
        if settings.get(name) is not None:
            yield f"{name} of {task}", str(settings[name])


def _check(place: str, name: str, reach: Reach, folder: Folder) -> None:
    if "://" in name or "::" in name:
        if not any(name.startswith(allowed) for allowed in reach.urls):
            raise UsageError(f"{place}: this server fetches nothing from {without_secrets(name)}: ask who runs it")
        return
    path = Path(name)
    roots = [root.resolve() for root in (*reach.folders, folder.root / "stores")]
    if not path.is_absolute():
        raise UsageError(f"{place}: {name} is no file of this server, and it fetches nothing from the Hub")
    matches = [path]
    for number, match in enumerate(glob.iglob(name, recursive=True, include_hidden=True)):
        if number == _MAX_MATCHES:
            raise UsageError(f"{place}: {name} matches more than {_MAX_MATCHES:,} files: name fewer")
        matches.append(Path(match))
    for match in matches:
        if not any(match.resolve().is_relative_to(root) for root in roots):
            raise UsageError(f"{place}: {name} is in none of the folders that this server reads")
