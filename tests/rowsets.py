"""Small datasets of random rows, and what every profile must give back of them."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa

from lcdata.packers.profiles.profile import RowsInfo
from lcdata.packers.profiles.rows import Rows, Shards
from lcdata.schemas.tables import row_schema

Document = tuple[list[int], list[bool]]
"""Ids, and whether each is a target of the loss."""

INFO = RowsInfo(
    name="mix",
    seq_length=64,
    num_shards=3,
    fingerprint="f" * 64,
    tokenizer="own",
    vocab_size=1000,
    bos_id=None,
    eos_id=2,
)


@dataclass(frozen=True)
class RowSet:
    """Rows of documents in data files."""

    info: RowsInfo
    shards: list[list[list[Document]]]
    with_labels: bool = True

    @property
    def rows(self) -> list[list[Document]]:
        """Of all data files."""
        return [row for shard in self.shards for row in shard]

    @property
    def documents(self) -> list[Document]:
        """Of all rows."""
        return [document for row in self.rows for document in row]

    def read(self, group_rows: int = 2) -> Shards:
        """As an export reads them, in row groups of so many rows."""
        return (self._groups(number, shard, group_rows) for number, shard in enumerate(self.shards))

    def _groups(self, number: int, shard: list[list[Document]], group_rows: int) -> Iterator[Rows]:
        for first in range(0, len(shard), group_rows):
            rows = shard[first : first + group_rows]
            yield Rows.of(self._table(rows), self.info.shard_name(number, ".parquet"), first)

    def _table(self, rows: list[list[Document]]) -> pa.Table:
        columns: dict[str, Any] = {
            "input_ids": [[token for ids, _ in row for token in ids] for row in rows],
            "labels": [
                [token if used else -100 for ids, mask in row for token, used in zip(ids, mask, strict=True)]
                for row in rows
            ],
            "position_ids": [[place for ids, _ in row for place in range(len(ids))] for row in rows],
            "seq_lengths": [[len(ids) for ids, _ in row] for row in rows],
        }
        schema = row_schema(self.with_labels)
        return pa.table({name: columns[name] for name in schema.names}, schema=schema)


def random_rows(seed: int, info: RowsInfo = INFO, loss_on_all: bool = False, with_labels: bool = True) -> RowSet:
    """Rows of one to six documents, which begin with BOS if there is one, end with EOS, and hold neither inside."""
    chance = np.random.default_rng(seed)
    rows = [[_document(chance, info, loss_on_all) for _ in range(count)] for count in (3, 1, 6, 2, 4, 5, 1)]
    return RowSet(info, [rows[:3], rows[3:4], rows[4:]], with_labels)


def _document(chance: np.random.Generator, info: RowsInfo, loss_on_all: bool) -> Document:
    text = chance.integers(10, info.vocab_size, chance.integers(2, 9)).tolist()
    ids = [*([] if info.bos_id is None else [info.bos_id]), *text, info.eos_id]
    first = 1 if loss_on_all else int(chance.integers(1, len(ids)))
    return ids, [place >= first for place in range(len(ids))]


def with_pieces(rows: RowSet) -> RowSet:
    """The same with documents in three data files that end without EOS."""
    piece = [5, 6] if rows.info.bos_id is None else [rows.info.bos_id, 5, 6]
    for place in ((0, 2, 0), (1, 0, 1), (2, 2, 0)):
        rows = changed(rows, place, piece)
    return rows


def changed(rows: RowSet, place: tuple[int, int, int], ids: list[int]) -> RowSet:
    """The same with other ids in the document at (data file, row, document)."""
    shards = [[list(row) for row in shard] for shard in rows.shards]
    shard, row, document = place
    shards[shard][row][document] = (ids, [position > 0 for position in range(len(ids))])
    return replace(rows, shards=shards)


def closed(rows: RowSet) -> list[Document]:
    """All documents, with an EOS off the loss after those that have none at their ends."""
    eos_id = rows.info.eos_id
    return [(ids, mask) if ids[-1] == eos_id else ([*ids, eos_id], [*mask, False]) for ids, mask in rows.documents]


def document(ids: Any, in_loss: Any) -> Document:
    """Out of whatever a reader gives."""
    return [int(token) for token in ids], [bool(used) for used in in_loss]


def cut(ids: Any, in_loss: Any, ends: Any) -> list[Document]:
    """Documents that end at each of `ends`."""
    starts = [0, *ends][:-1]
    return [document(ids[low:high], in_loss[low:high]) for low, high in zip(starts, ends, strict=True)]
