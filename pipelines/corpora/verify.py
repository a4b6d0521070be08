"""`verify` of a stored corpus: its files are those that were written, and its index describes them."""

from collections.abc import Iterator, Mapping
from itertools import pairwise

import numpy as np
import pyarrow as pa

from ...packers.files.token_store import TokenFile, token_path
from ...schemas.corpus import CORPUS_MANIFEST
from ...schemas.events.judged import CorpusVerdict
from ...schemas.recipe import fingerprint
from ...schemas.records import FileRecord
from ..run.workspace import foreign_paths, is_whole
from .store import StoredCorpus


def verify_corpus(corpus: StoredCorpus) -> CorpusVerdict:
    """Verify every file of a stored corpus by its hash, and every record of its index."""
    manifest = corpus.manifest
    verdict = CorpusVerdict(path=str(corpus.path), problems=[*_wrong_totals(corpus), *_foreign(corpus)])
    if not is_whole(corpus.path, manifest.index):
        verdict.problems.append(f"{manifest.index.path} is missing or damaged")
        return verdict
    index = corpus.index("id", "tokens", "bucket", "unit", "row_group").combine_chunks()
    files = {file.path: file for file in manifest.files}
    for start, end in pairwise(_cuts(index, "unit", "bucket")):
        verdict.problems += _wrong_file(corpus, index.slice(start, end - start), files)
        verdict.files += 1
    verdict.documents, verdict.tokens = len(index), int(index["tokens"].to_numpy().sum(dtype=np.int64))
    if (verdict.files, verdict.documents, verdict.tokens) != (len(files), manifest.documents, manifest.tokens):
        verdict.problems.append("the index does not hold the manifest's files, documents and tokens")
    return verdict


def _foreign(corpus: StoredCorpus) -> Iterator[str]:
    """Everything in the corpus's folder that its manifest does not name, a sentence for each."""
    listed = [CORPUS_MANIFEST, *(file.path for file in corpus.manifest.listed)]
    return (f"{name} does not belong to the corpus" for name in foreign_paths(corpus.path, listed))


def _cuts(index: pa.Table, *columns: str) -> list[int]:
    """Places where the value of one of the columns changes, with both ends of the table."""
    changes = [np.diff(index[column].to_numpy()) != 0 for column in columns]
    return [0, *(np.flatnonzero(np.any(changes, axis=0)) + 1).tolist(), len(index)]


def _wrong_totals(corpus: StoredCorpus) -> Iterator[str]:
    """Sums of the corpus's manifest that do not add up, or a fingerprint of something else; a sentence for each."""
    manifest = corpus.manifest
    if fingerprint(manifest.content) != manifest.fingerprint:
        yield f"{CORPUS_MANIFEST}: the fingerprint is not that of its recipe, tokenizer and inputs"
    if manifest.documents_read != manifest.documents + sum(manifest.dropped.values()):
        yield "the ledger does not balance: documents read are not those stored and dropped"
    for name in ("documents", "tokens", "bytes"):
        if sum(getattr(bucket, name) for bucket in manifest.buckets) != getattr(manifest, name):
            yield f"the buckets do not add up to its {name}"
    if manifest.recipe.fields.group is None:
        usable = manifest.records - sum(manifest.bad.values())
        if usable != manifest.documents_read:
            yield "the ledger does not balance: records are not documents and those that cannot be used"


def _wrong_file(corpus: StoredCorpus, index: pa.Table, files: Mapping[str, FileRecord]) -> Iterator[str]:
    """What is wrong with the file that this part of the index is about, in a sentence."""
    bucket, unit = index["bucket"][0].as_py(), index["unit"][0].as_py()
    path = token_path(corpus.buckets.low(bucket), unit)
    if path not in files or not is_whole(corpus.path, files[path]):
        yield f"{path} is missing or damaged: its bytes are not those that were written"
        return
    file = TokenFile(corpus.path, path)
    for number, (start, end) in enumerate(pairwise(_cuts(index, "row_group"))):
        names, ends, _ = file.row_group(number)
        expected, lengths = index.slice(start, end - start), np.diff(ends)
        if names != expected["id"].to_pylist() or not np.array_equal(lengths, expected["tokens"].to_numpy()):
            yield f"{path} holds other documents than the index says"
            return
        if (corpus.buckets.of(lengths) != bucket).any():
            yield f"{path} holds documents of another bucket"
            return
