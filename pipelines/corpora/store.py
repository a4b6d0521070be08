"""A token store, on disk or in an object store: a folder with a folder for each corpus, each whole or not there."""

import shutil
import tempfile
import weakref
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from ...packers.files.token_store import cure_of
from ...schemas.buckets import Buckets
from ...schemas.corpus import CORPUS_FORMAT, CORPUS_MANIFEST, CorpusManifest
from ...schemas.errors import LcdataError, QualityError, UsageError
from ...schemas.place import Place, file_size, folders_in, open_stream, reaching, whole_place
from ...schemas.sealed import read_sealed
from ..run.workspace import is_whole

INDEX = "index.parquet"


@dataclass(frozen=True)
class StoredCorpus:
    """A corpus of a token store: its folder, its manifest and its index."""

    path: Place
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
                return pq.read_table(self._index_here / INDEX, columns=list(columns), memory_map=True)
        except (OSError, pa.ArrowException) as error:
            raise QualityError(f"{self.path / INDEX} cannot be read ({error}): {self.cure}") from None
        raise QualityError(f"{self.path / INDEX} is damaged, its bytes are not those that were written: {self.cure}")

    @cached_property
    def _is_index_whole(self) -> bool:
        return is_whole(self._index_here, self.manifest.index)

    @cached_property
    def _index_here(self) -> Path:
        """The folder of this machine that holds the index: one of an object store is fetched when it is first read."""
        if isinstance(self.path, Path):
            return self.path
        folder = Path(tempfile.mkdtemp(prefix="lcdata-index-"))
        weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        with reaching(self.path), open_stream(self.path / INDEX) as source, open(folder / INDEX, "wb") as target:
            shutil.copyfileobj(source, target, 1 << 20)
        return folder

    @property
    def cure(self) -> str:
        """What helps where a file is damaged."""
        return cure_of(self.path)

    @cached_property
    def sizes(self) -> pa.Table:
        """What planning needs of the index: the tokens of each document and where they are."""
        return self.index("tokens", "bucket", "unit", "row_group", "row")


def open_corpus(path: Place) -> StoredCorpus:
    """The corpus at a path; UsageError where none is."""
    path = whole_place(path)
    file = path / CORPUS_MANIFEST
    try:
        return StoredCorpus(path, read_sealed(file, CorpusManifest, CORPUS_FORMAT, cure_of(path)))
    except (FileNotFoundError, NotADirectoryError):
        inside = ", ".join(corpus.name for corpus in _corpus_folders(path))
        cure = f"name one of its corpora: {inside}" if inside else "make it with `lcdata ingest`"
        raise UsageError(f"{path} is no stored corpus (it has no {CORPUS_MANIFEST}): {cure}") from None
    except OSError as error:
        raise LcdataError(f"{file} cannot be read: {error.strerror or error}") from None


def open_store(path: Place) -> list[StoredCorpus]:
    """The corpora of a store, or the one corpus at the path; UsageError where there are none."""
    if file_size(path / CORPUS_MANIFEST) is not None:
        return [open_corpus(path)]
    folders = _corpus_folders(path)
    if not folders:
        raise UsageError(f"{path} is no token store: make one with `lcdata ingest FILES --name NAME --out {path}`")
    return [open_corpus(folder) for folder in folders]


def is_store(path: Place) -> bool:
    """Whether there is a corpus at the path or in it."""
    return file_size(path / CORPUS_MANIFEST) is not None or bool(_corpus_folders(path))


def _corpus_folders(path: Place) -> list[Place]:
    return [folder for folder in folders_in(path) if file_size(folder / CORPUS_MANIFEST) is not None]
