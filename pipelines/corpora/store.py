"""A token store on disk: a folder with a folder for each corpus, each whole or not there."""

import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import ValidationError

from ...schemas.buckets import Buckets
from ...schemas.corpus import CORPUS_MANIFEST, CorpusManifest
from ...schemas.errors import LcdataError, UsageError

INDEX = "index.parquet"


@dataclass(frozen=True)
class StoredCorpus:
    """A corpus of a token store: its folder, its manifest and its index."""

    path: Path
    manifest: CorpusManifest

    @property
    def buckets(self) -> Buckets:
        """The buckets of lengths by which the corpus is partitioned."""
        return Buckets(self.manifest.recipe.buckets)

    def index(self, *columns: str) -> pa.Table:
        """These columns of the corpus's index, a document a record, see `token_store.INDEX_SCHEMA`."""
        try:
            return pq.read_table(self.path / INDEX, columns=list(columns), memory_map=True)
        except (OSError, pa.ArrowException) as error:
            raise LcdataError(f"{self.path / INDEX} cannot be read ({error}): ingest the corpus again") from None

    @cached_property
    def sizes(self) -> pa.Table:
        """What planning needs of the index: the tokens of each document and where they are."""
        return self.index("tokens", "bucket", "unit", "row_group", "row")


def open_corpus(path: Path) -> StoredCorpus:
    """The corpus at a path; UsageError where none is."""
    path = Path(os.path.abspath(path.expanduser()))
    file = path / CORPUS_MANIFEST
    try:
        return StoredCorpus(path, CorpusManifest.model_validate_json(file.read_bytes()))
    except (FileNotFoundError, NotADirectoryError):
        inside = ", ".join(corpus.name for corpus in _corpus_folders(path)) if path.is_dir() else ""
        cure = f"name one of its corpora: {inside}" if inside else "make it with `lcdata ingest`"
        raise UsageError(f"{path} is no stored corpus (it has no {CORPUS_MANIFEST}): {cure}") from None
    except OSError as error:
        raise LcdataError(f"{file} cannot be read: {error.strerror}") from None
    except ValidationError as error:
        problem = error.errors()[0]
        where = ".".join(map(str, problem["loc"])) or "the file"
        raise LcdataError(f"{file} is damaged or of another version ({where}: {problem['msg']})") from None


def open_store(path: Path) -> list[StoredCorpus]:
    """The corpora of a store, or the one corpus at the path; UsageError where there are none."""
    if (path / CORPUS_MANIFEST).is_file():
        return [open_corpus(path)]
    folders = _corpus_folders(path) if path.is_dir() else []
    if not folders:
        raise UsageError(f"{path} is no token store: make one with `lcdata ingest FILES --name NAME --out {path}`")
    return [open_corpus(folder) for folder in folders]


def is_store(path: Path) -> bool:
    """Whether there is a corpus at the path or in it."""
    return (path / CORPUS_MANIFEST).is_file() or (path.is_dir() and bool(_corpus_folders(path)))


def _corpus_folders(path: Path) -> list[Path]:
    return sorted(folder for folder in path.iterdir() if (folder / CORPUS_MANIFEST).is_file())
