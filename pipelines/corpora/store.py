"""A token store on disk: a folder with a folder for each corpus, each whole or not there."""

import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from ...packers.files.token_store import cure_of
from ...schemas.buckets import Buckets
from ...schemas.corpus import CORPUS_FORMAT, CORPUS_MANIFEST, CorpusManifest
from ...schemas.errors import LcdataError, QualityError, UsageError
from ...schemas.sealed import read_sealed
from ..run.workspace import is_whole

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
        """These columns of the corpus's index, a document a record, see `token_store.INDEX_SCHEMA`.

        Its bytes are compared with its hash when the first are read. QualityError where it is damaged.
        """
        try:
            if self._is_index_whole:
                return pq.read_table(self.path / INDEX, columns=list(columns), memory_map=True)
        except (OSError, pa.ArrowException) as error:
            raise QualityError(f"{self.path / INDEX} cannot be read ({error}): {self.cure}") from None
        raise QualityError(f"{self.path / INDEX} is damaged, its bytes are not those that were written: {self.cure}")

    @cached_property
    def _is_index_whole(self) -> bool:
        return is_whole(self.path, self.manifest.index)

    @property
    def cure(self) -> str:
        """What helps where a file is damaged."""
        return cure_of(self.path)

    @cached_property
    def sizes(self) -> pa.Table:
        """What planning needs of the index: the tokens of each document and where they are."""
        return self.index("tokens", "bucket", "unit", "row_group", "row")


def open_corpus(path: Path) -> StoredCorpus:
    """The corpus at a path; UsageError where none is."""
    path = Path(os.path.abspath(path.expanduser()))
    file = path / CORPUS_MANIFEST
    try:
        return StoredCorpus(path, read_sealed(file, CorpusManifest, CORPUS_FORMAT, cure_of(path)))
    except (FileNotFoundError, NotADirectoryError):
        inside = ", ".join(corpus.name for corpus in _corpus_folders(path)) if path.is_dir() else ""
        cure = f"name one of its corpora: {inside}" if inside else "make it with `lcdata ingest`"
        raise UsageError(f"{path} is no stored corpus (it has no {CORPUS_MANIFEST}): {cure}") from None
    except OSError as error:
        raise LcdataError(f"{file} cannot be read: {error.strerror}") from None


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
