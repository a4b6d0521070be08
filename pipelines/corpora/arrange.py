"""From texts to documents: which texts make one, which are left out, and in which order they are stored.

Everything here works on what is known about the texts. The texts themselves stay where they are until a unit is
encoded, so nothing is moved about to be grouped or shuffled. What it trades away: the names, hashes and places of all
texts, about 150 bytes each, are in memory at once.
"""

import hashlib
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ...generators.sources.record import TOO_LONG
from ...packers.files.arrays import numbers
from ...schemas.corpus import IngestRecipe
from ...schemas.stream import stream

UNIT_BYTES = 1 << 28
"""Bytes of text in a unit of work of a large corpus."""
_SMALLEST_UNIT_BYTES = 1 << 23
_FEW_UNITS = 16
"""Number of units that a smaller corpus is cut into, about, so that a few workers can share them."""
_BLOCK_BYTES = 1 << 22
"""Bytes of texts that stay together when documents are shuffled, so that they are read in one go."""

DUPLICATE = "exact duplicate"

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Documents:
    """The documents to store; document d is made of parts starts[d] to starts[d+1]-1."""

    texts: Ints
    """The number of each part among all texts, shape (parts,)."""
    starts: Ints
    """Place of each document's first part in `texts`, and the end, shape (documents + 1,)."""
    num_bytes: Ints
    """Bytes of each document's text, about: headers are not counted exactly."""
    sha256: list[bytes]
    """sha256 of each document's text; of joined texts, over the hashes and names of the parts."""

    def __len__(self) -> int:
        return len(self.num_bytes)

    def take(self, chosen: Ints) -> "Documents":
        """Some of the documents, in this order."""
        sizes = np.diff(self.starts)[chosen]
        starts = np.concatenate(([0], np.cumsum(sizes)))
        parts = np.repeat(self.starts[chosen] - starts[:-1], sizes) + np.arange(starts[-1])
        hashes = [self.sha256[document] for document in chosen.tolist()]
        return Documents(self.texts[parts], starts, self.num_bytes[chosen], hashes)


@dataclass(frozen=True)
class Arrangement:
    """All documents of a corpus: those to store, unit by unit, and those left out."""

    units: list[Documents]
    documents_read: int
    dropped: dict[str, int]
    """Number of documents left out, by reason."""
    dropped_bytes: dict[str, int]
    first_too_long: Ints
    """Numbers of texts: the first part of each of the first few documents that are too long."""


def arrange(about: pa.Table, recipe: IngestRecipe) -> Arrangement:
    """Decide on the documents that these texts make."""
    documents = _grouped(about, recipe) if recipe.fields.group else _single(about)
    too_long = documents.num_bytes > recipe.max_doc_bytes
    duplicate = ~too_long & ~_is_first(documents.sha256)
    dropped = {TOO_LONG: too_long, DUPLICATE: duplicate}
    kept = documents.take(np.flatnonzero(~too_long & ~duplicate))
    dropped = {reason: chosen for reason, chosen in dropped.items() if chosen.any()}
    return Arrangement(
        units=_units(kept),
        documents_read=len(documents),
        dropped={reason: int(chosen.sum()) for reason, chosen in dropped.items()},
        dropped_bytes={
            reason: int(documents.num_bytes[chosen].sum()) for reason, chosen in dropped.items() if chosen.any()
        },
        first_too_long=documents.texts[documents.starts[np.flatnonzero(too_long)[:5]]],
    )


def _single(about: pa.Table) -> Documents:
    """Each text as a document of its own."""
    starts = np.arange(len(about) + 1)
    return Documents(starts[:-1], starts, about["bytes"].to_numpy(), about["sha256"].to_pylist())


def _grouped(about: pa.Table, recipe: IngestRecipe) -> Documents:
    """The texts of each group as a document; groups follow each other as they first come up."""
    codes = about["group"].combine_chunks().dictionary_encode().indices.to_numpy()
    order = _order_in_groups(about, codes, recipe)
    codes = codes[order]
    starts = np.concatenate((np.flatnonzero(np.diff(codes, prepend=-1)), [len(codes)]))
    named = about.take(numbers(order))
    headers = _header_bytes(named, recipe)
    sizes = np.add.reduceat(named["bytes"].to_numpy() + headers, starts[:-1]) if len(codes) else np.zeros(0, np.int64)
    return Documents(order, starts, sizes, _joint_hashes(named, starts, recipe))


def _order_in_groups(about: pa.Table, codes: NDArray[np.int32], recipe: IngestRecipe) -> Ints:
    position = np.arange(len(codes))
    if recipe.group_order == "random":
        return np.lexsort((stream("ingest", 0, 0, "parts").random(len(codes)), codes))
    if recipe.group_order == "given":
        return np.argsort(codes, kind="stable")
    columns = {"group": numbers(codes), "number": about["number"], "order": about["order"]}
    table = pa.table({**columns, "position": numbers(position)})
    return table.sort_by([(name, "ascending") for name in table.column_names])["position"].to_numpy()


def _header_bytes(about: pa.Table, recipe: IngestRecipe) -> Ints:
    if not (recipe.header and recipe.fields.order):
        return np.zeros(len(about), np.int64)
    ends = np.frombuffer(about["order"].combine_chunks().buffers()[1], np.int32)
    return np.diff(ends[: len(about) + 1]).astype(np.int64) + len(recipe.header.encode())


def _joint_hashes(about: pa.Table, starts: Ints, recipe: IngestRecipe) -> list[bytes]:
    """A hash for each group, of its texts and of their names where they have headers."""
    hashes: list[bytes] = about["sha256"].to_pylist()
    if recipe.header and recipe.fields.order:
        names = about["order"].to_pylist()
        hashes = [hashlib.sha256(name.encode() + text).digest() for name, text in zip(names, hashes, strict=True)]
    return [
        hashlib.sha256(b"".join(hashes[start:end])).digest()
        for start, end in zip(starts[:-1].tolist(), starts[1:].tolist(), strict=True)
    ]


def _is_first(hashes: list[bytes]) -> NDArray[np.bool_]:
    """Which hashes come up for the first time."""
    codes = pa.array(hashes, pa.binary(32)).dictionary_encode().indices.to_numpy()
    return codes > np.concatenate(([-1], np.maximum.accumulate(codes)[:-1])) if len(codes) else np.zeros(0, np.bool_)


def _units(documents: Documents) -> list[Documents]:
    """Shuffle blocks of documents, cut them into units of work, and shuffle the documents of each unit."""
    rng = stream("ingest", 0, 0, "documents")
    blocks = (np.cumsum(documents.num_bytes) - documents.num_bytes) // _BLOCK_BYTES
    order = np.argsort(rng.permutation(int(blocks[-1]) + 1 if len(blocks) else 0)[blocks], kind="stable")
    total = int(documents.num_bytes.sum())
    unit_bytes = min(max(total // _FEW_UNITS, _SMALLEST_UNIT_BYTES), UNIT_BYTES)
    ends = np.cumsum(documents.num_bytes[order])
    unit = (ends - documents.num_bytes[order]) // unit_bytes
    order = order[np.lexsort((rng.random(len(order)), unit))]
    cuts = np.flatnonzero(np.diff(unit, prepend=-1))[1:]
    return [documents.take(chosen) for chosen in np.split(order, cuts)] if len(order) else []
