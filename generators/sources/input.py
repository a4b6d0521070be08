"""One input of a corpus: where it lies, how it is written, and which version of it was found."""

import posixpath
from dataclasses import dataclass
from typing import Literal

Format = Literal["jsonl", "parquet", "txt", "dataset"]
Compression = Literal["gz", "zst"]

_TEXTS = (".txt", ".md", ".rst", ".tex", ".py", ".js", ".ts", ".java", ".c", ".h", ".cpp", ".go", ".rs")
_FORMATS: dict[str, Format] = {
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".parquet": "parquet",
    **dict.fromkeys(_TEXTS, "txt"),
}
_COMPRESSIONS: dict[str, Compression] = {".gz": "gz", ".zst": "zst", ".zstd": "zst"}

KNOWN = ".jsonl, .ndjson, .txt, .md or source code such as .py, plain or as .gz or .zst, or .parquet"
"""Endings of the files that are read, as an error says them."""


@dataclass(frozen=True)
class Input:
    """A file, or a split of a dataset of the `datasets` library."""

    url: str
    """A local path, an fsspec URL, or `datasets:` and what `datasets` knows it by."""
    format: Format
    compression: Compression | None
    num_bytes: int
    """Size as it is stored; 0 where nobody knows."""
    version: str
    """Its time of change, ETag, revision or fingerprint: the same size and version is taken for the same content."""


def is_url(name: str) -> bool:
    """Whether a name is a URL, which fsspec reads, and no path of this machine."""
    return "://" in name


def file_input(url: str, num_bytes: int, version: str) -> Input | None:
    """A file as an input, by the ending of its name; None where files of that ending are not read."""
    stem, ending = posixpath.splitext(url.lower())
    compression = _COMPRESSIONS.get(ending)
    format_ = _FORMATS.get(posixpath.splitext(stem)[1] if compression else ending)
    if format_ is None or (format_ == "parquet" and compression):
        return None
    return Input(url, format_, compression, num_bytes, version)


def is_hidden(path: str, root: str) -> bool:
    """Whether the name of a file, or of a folder between root and it, begins with a dot."""
    return any(part.startswith(".") for part in set(path.split("/")) - set(root.split("/")))
