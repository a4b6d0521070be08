"""Files that a recipe names, found beside it."""

import glob
from pathlib import Path

from ...schemas.place import is_url


def nearby(name: str, folder: Path) -> str:
    """The path of a file in the recipe's folder; the name as it is where none is there, or it is no relative path."""
    return _beside(name, folder) if (folder / name).exists() else name


def nearby_inputs(name: str, folder: Path) -> str:
    """The same of a name that may be a glob."""
    return _beside(name, folder) if glob.glob(str(folder / name), recursive=True) else name


def _beside(name: str, folder: Path) -> str:
    is_relative = not (is_url(name) or Path(name).is_absolute() or name.startswith("~"))
    return str(folder / name) if is_relative and folder != Path() else name
