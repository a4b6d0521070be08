"""Names that people give to datasets, stages and corpora, which become names of folders."""

import re
from typing import Annotated

from pydantic import AfterValidator

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,95}")


def checked_name(name: str) -> str:
    """The name, ValueError where it could not be a folder's."""
    if not _NAME.fullmatch(name):
        raise ValueError(f"must be letters, digits, dots, dashes or underscores, got {name!r}")
    return name


FolderName = Annotated[str, AfterValidator(checked_name)]
"""A name that is a folder's too: letters, digits, dots, dashes and underscores, at most 96 of them."""
