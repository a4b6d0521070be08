"""Documents out of a token store: each row group that a shard needs is read once, its documents go to their rows."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import Self

import numpy as np
from numpy.typing import NDArray

from ...packers.files.token_store import TokenFile, token_path
from ...packers.rows.pieces import row_tokens
from ...schemas.buckets import Buckets
from ...schemas.place import Place
from ...schemas.sample import Document, ids_sha256
from ...schemas.tokens import Ends

Int32s = NDArray[np.int32]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class PieceWork:
    """One shard's pieces of documents in row order; arrays of shape (pieces,)."""

    component: NDArray[np.int16]
    """Number of the piece's corpus among the stage's corpora."""
    repeat: Int32s
    """How often the document was drawn before."""
    bucket: NDArray[np.int16]
    unit: Int32s
    row_group: Int32s
    row: Int32s
    """Number of the document in its row group, which is in its unit, which is in its bucket."""
    offset: Ints
    """Tokens of the document before the piece."""
    length: Int32s
    """Tokens of the piece, BOS and EOS not counted."""
    is_last: NDArray[np.bool_]
    """Whether the document ends with the piece, so that EOS follows."""
    document_tokens: Int32s
    """Tokens of the whole document."""

    @classmethod
    def empty(
        cls, component: NDArray[np.int16], repeat: Int32s, offset: Ints, length: Int32s, is_last: NDArray[np.bool_]
    ) -> Self:
        """Pieces whose documents are still to be found: columns that say where a document is are to be filled in."""
        count = len(component)
        places = {name: np.empty(count, np.int32) for name in ("unit", "row_group", "row", "document_tokens")}
        return cls(
            component=component,
            repeat=repeat,
            offset=offset,
            length=length,
            is_last=is_last,
            bucket=np.empty(count, np.int16),
            **places,
        )

    def row_tokens(self, ends: Ends) -> Int32s:
        """Tokens of each piece in its row, BOS and EOS included."""
        return row_tokens(self.length, self.is_last, ends)


@dataclass(frozen=True)
class StoreRows:
    """Reads documents of stored corpora for rows."""

    bos_ids: tuple[int, ...]
    eos_ids: tuple[int, ...]
    names: tuple[str, ...]
    """Names of the corpora's components."""
    corpora: tuple[Place, ...]
    """Where the corpora are."""
    buckets: tuple[Buckets, ...]
    """Buckets of lengths by which each corpus is partitioned."""

    def documents(self, work: PieceWork) -> Iterator[Document]:
        """The pieces of a shard as documents, in row order; their tokens are in memory at once."""
        num_bos, num_eos = len(self.bos_ids), len(self.eos_ids)
        ends = np.concatenate(([0], np.cumsum(work.row_tokens(Ends(num_bos, num_eos)), dtype=np.int64)))
        tokens = np.empty(ends[-1], np.int32)
        names = self._gather(work, tokens, ends[:-1] + num_bos)
        tokens[ends[:-1, None] + np.arange(num_bos)] = self.bos_ids
        tokens[ends[1:][work.is_last, None] + np.arange(-num_eos, 0)] = self.eos_ids
        return map(partial(self._document, work, tokens, ends.tolist(), names), range(len(names)))

    def _gather(self, work: PieceWork, tokens: Int32s, targets: Ints) -> list[str]:
        """Copy every piece to its place in the shard's tokens; returns the documents' ids."""
        names = [""] * len(work.component)
        order = np.lexsort((work.row, work.row_group, work.unit, work.bucket, work.component))
        where = np.stack([work.component, work.bucket, work.unit, work.row_group])[:, order]
        is_first = np.append(True, (np.diff(where, axis=1) != 0).any(axis=0)) if len(order) else np.zeros(0, np.bool_)
        cuts = np.append(np.flatnonzero(is_first), len(order))
        file, path_before = None, None
        for start, end in pairwise(cuts.tolist()):
            component, bucket, unit, row_group = where[:, start].tolist()
            path = self.corpora[component], token_path(self.buckets[component].low(bucket), unit)
            if path != path_before:
                file, path_before = TokenFile(*path), path
            assert file is not None
            ids, row_ends, flat = file.row_group(row_group)
            own = order[start:end]
            row = work.row[own]
            sources = row_ends[row] + work.offset[own]
            lengths = work.length[own]
            for piece, source, target, length, place in zip(
                own.tolist(), sources.tolist(), targets[own].tolist(), lengths.tolist(), row.tolist(), strict=True
            ):
                tokens[target : target + length] = flat[source : source + length]
                names[piece] = ids[place]
        return names

    def _document(self, work: PieceWork, tokens: Int32s, ends: list[int], names: list[str], place: int) -> Document:
        ids = tokens[ends[place] : ends[place + 1]]
        offset = int(work.offset[place])
        return Document(
            source=self.names[work.component[place]],
            ids=ids,
            sha256=ids_sha256(ids),
            facts={"document_tokens": int(work.document_tokens[place])},
            source_id=names[place],
            source_offset=offset,
            repeat=int(work.repeat[place]),
            continued=offset > 0,
        )
