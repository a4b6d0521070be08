"""The workspace for a place, wherever it is."""

from pathlib import Path

from ...schemas.place import Place
from .local_workspace import LocalWorkspace
from .store_workspace import StoreWorkspace
from .workspace import Workspace


def workspace_at(out: Place, overwrite: bool = False) -> Workspace[Place]:
    """The workspace of a dataset that is made at a place; UsageError where nothing can be made there.

    `overwrite` lets another plan's half build go, and a finished dataset when this one takes its place.
    """
    return LocalWorkspace(out, overwrite) if isinstance(out, Path) else StoreWorkspace(out, overwrite)
