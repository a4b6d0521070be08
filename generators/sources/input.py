"""One input of a corpus: where it lies, how it is written, and which version of it was found."""

import posixpath
from dataclasses import dataclass
from typing import Literal, NamedTuple

from ...schemas.secrets import without_secrets

Format = Literal["jsonl", "json", "csv", "tsv", "parquet", "arrow", "txt", "dataset"]
Compression = Literal["gz", "zst", "xz", "bz2"]

_TEXTS = (".txt", ".md", ".rst", ".tex", ".py", ".js", ".ts", ".java", ".c", ".h", ".cpp", ".go", ".rs")
_FORMATS: dict[str, Format] = {
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "json",
    ".csv": "csv",
    ".tsv": "tsv",
    ".parquet": "parquet",
    ".arrow": "arrow",
    **dict.fromkeys(_TEXTS, "txt"),
}
_COMPRESSIONS: dict[str, Compression] = {".gz": "gz", ".zst": "zst", ".zstd": "zst", ".xz": "xz", ".bz2": "bz2"}
_NEVER_COMPRESSED = ("parquet", "arrow")

KNOWN = (
    ".jsonl, .ndjson, .json, .csv, .tsv, .txt, .md or source code such as .py, plain or as .gz, .zst, .xz or .bz2, "
    "or .parquet or .arrow"
)
"""Endings of the files that are read, as an error says them."""


@dataclass(frozen=True)
class Input:
    """A file, or a split of a dataset of the `datasets` library."""

    url: str
    """A local path, an fsspec URL, or `datasets:` and what `datasets` knows it by; passwords are still in it."""
    format: Format
    compression: Compression | None
    num_bytes: int
    """Size as it is stored; 0 where nobody knows."""
    version: str
    """Its time of change, ETag, revision or fingerprint: the same size and version is taken for the same content."""
    number: int = 1
    """Which one it is of those whose names are the same."""

    @property
    def name(self) -> str:
        """What it is called wherever something is written down: its URL without secrets."""
        name = without_secrets(self.url)
        return name if self.number == 1 else f"{name} ({self.number})"


class PassedOver(NamedTuple):
    """What lies where inputs were looked for, and is not read."""

    name: str
    """Path or URL, without secrets."""
    reason: str
    """Why it is not read, in words of which there are few, as they are counted."""


@dataclass(frozen=True)
class Found:
    """What names mean: the inputs to read, and what lies among them and is not read."""

    inputs: list[Input]
    passed_over: list[PassedOver]


HIDDEN = "hidden"


def file_format(path: str) -> tuple[Format, Compression | None] | None:
    """How a file is written, by the ending of its name; None where files of that ending are not read."""
    stem, ending = posixpath.splitext(path.lower())
    compression = _COMPRESSIONS.get(ending)
    format_ = _FORMATS.get(posixpath.splitext(stem)[1] if compression else ending)
    if format_ is None or (compression and format_ in _NEVER_COMPRESSED):
        return None
    return format_, compression


def why_passed_over(path: str, root: str) -> str | None:
    """Why a file that was found below a root is not read, by its name; None where it is read."""
    if any(part.startswith(".") for part in set(path.split("/")) - set(root.split("/"))):
        return HIDDEN
    if posixpath.basename(path) in _OF_DATASETS:
        return "says what a dataset is"
    return None if file_format(path) else "of an ending that is not read"


_OF_DATASETS = ("dataset_info.json", "dataset_infos.json", "dataset_dict.json", "state.json")
"""Files that the `datasets` library puts beside data."""
