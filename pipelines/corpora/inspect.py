"""`inspect` of a token store: per corpus and bucket, documents, tokens, percentiles; and one document's text."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ...packers.files.token_store import TokenFile, token_path
from ...packers.tokens.passages import around, passages
from ...packers.tokens.tokenizer import Tokenizer, reopen_tokenizer
from ...packers.tokens.vocabulary import find_vocabulary
from ...schemas.errors import LcdataError, UsageError
from ...schemas.events.inspected import CorpusShown, PassageShown, StoredDocumentShown
from ...schemas.problems import did_you_mean
from .store import StoredCorpus

PERCENTILES = (1, 10, 25, 50, 75, 90, 99)
_ENDS = 150
"""Tokens that are read at a document's ends."""
_NEAR = 10_000
"""Documents whose names are compared with one that is not there."""


def look(corpus: StoredCorpus) -> CorpusShown:
    """Look at a stored corpus."""
    manifest, buckets = corpus.manifest, corpus.buckets
    lengths = np.sort(corpus.index("tokens")["tokens"].to_numpy())
    return CorpusShown(
        path=str(corpus.path),
        manifest=manifest.model_dump(mode="json", exclude={"inputs", "files", "index", "buckets"}),
        percentiles={percent: int(np.percentile(lengths, percent, method="inverted_cdf")) for percent in PERCENTILES},
        longest=int(lengths[-1]),
        half_in=int(lengths[np.searchsorted(np.cumsum(lengths, dtype=np.int64), lengths.sum(dtype=np.int64) / 2)]),
        buckets=[
            {
                "label": buckets.label(int(buckets.of(np.array([bucket.low]))[0])),
                "low": bucket.low,
                "high": bucket.high,
                "documents": bucket.documents,
                "tokens": bucket.tokens,
                "share": bucket.tokens / max(manifest.tokens, 1),
            }
            for bucket in manifest.buckets
        ],
    )


def shown_document(
    corpus: StoredCorpus, name: str, *, full: bool = False, with_ids: bool = False, tokenizer: str | None = None
) -> StoredDocumentShown:
    """The document of a name, or of a number where none is called so; UsageError where there is none.

    tokenizer: where the corpus's tokenizer is, where it is not at the place that it was ingested with.
    """
    number = _number_of(corpus, name)
    columns = ("id", "tokens", "bytes", "parts", "bucket", "unit", "row_group", "row")
    [place] = corpus.index(*columns).slice(number, 1).to_pylist()
    file = TokenFile(corpus.path, token_path(corpus.buckets.low(place["bucket"]), place["unit"]))
    _, ends, flat = file.row_group(place["row_group"])
    ids = flat[ends[place["row"]] : ends[place["row"] + 1]]
    found, why_not = list[PassageShown](), None
    try:
        kept = [(0, len(ids))] if full else around(len(ids), (), (), _ENDS, 0)
        read = passages(ids, {}, _tokenizer(corpus, tokenizer), kept)
        found = [PassageShown(start=one.start, end=one.end, text=one.text, marks=list(one.marks)) for one in read]
    except LcdataError as error:
        why_not = str(error)
    return StoredDocumentShown(
        corpus=str(corpus.path),
        id=place["id"],
        doc=number,
        tokens=place["tokens"],
        bytes=place["bytes"],
        parts=place["parts"],
        bucket=corpus.buckets.label(place["bucket"]),
        passages=found,
        no_text_because=why_not,
        input_ids=ids.tolist() if with_ids else None,
    )


def _number_of(corpus: StoredCorpus, name: str) -> int:
    names = corpus.index("id")["id"]
    number = pc.index(names, pa.scalar(name, names.type)).as_py()
    if number >= 0:
        return number
    if name.isascii() and name.isdecimal():
        if int(name) < len(names):
            return int(name)
        raise UsageError(f"--doc {name}: {corpus.path} has documents 0 to {len(names) - 1:,}, and none of that name")
    near = did_you_mean(name, names.slice(0, _NEAR).to_pylist())
    cure = f"name one by its id, or by a number from 0 to {len(names) - 1:,}"
    raise UsageError(f"--doc {name!r}: {corpus.path} has no document of that name.{near} Else {cure}")


def _tokenizer(corpus: StoredCorpus, source: str | None) -> Tokenizer:
    """The tokenizer that a corpus was ingested with; LcdataError where another one is at its place."""
    identity = corpus.manifest.tokenizer
    vocabulary = find_vocabulary(source or identity.source)
    if vocabulary.sha256 != identity.sha256:
        raise LcdataError(
            f"the tokenizer {vocabulary.source!r} is not the one that made this corpus (sha256 "
            f"{identity.sha256[:12]}…): say where that one is with --tokenizer"
        )
    return reopen_tokenizer(identity, vocabulary, "tokenizers")
