"""Readers that find documents by the token that ends them: whether they find those that rows hold."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ...schemas.errors import UsageError
from ..rows.row_group import IGNORED
from .profile import RowsInfo
from .rows import Rows


def check_ends(rows: Rows, info: RowsInfo, profile: str, by_bos: bool = False) -> None:
    """Raise UsageError where a reader that ends documents at EOS would end others than the rows'.

    Where it looks for BOS too, EOS ends a document only before BOS, as far as the vocabulary has one.
    """
    bos_id = info.bos_id if by_bos else None
    is_end = np.zeros(len(rows.ids), np.bool_)
    is_end[rows.ends[1:] - 1] = True
    wrong = np.flatnonzero(_found_ends(rows, info.eos_id, bos_id) != is_end)
    if len(wrong) == 0:
        return
    where = rows.name(int(np.searchsorted(rows.ends, wrong[0], side="right")) - 1)
    if is_end[wrong[0]]:
        raise UsageError(
            f"{profile} tells documents apart by EOS, and {where} has none at its end, as pieces of longer documents "
            "do: make rows of whole documents (--long-documents drop, or longer rows), or use another profile"
        )
    raise UsageError(
        f"{profile} tells documents apart by EOS, and {where} has EOS ({info.eos_id}) inside, as conversations do "
        "whose turns end with it: make the dataset with another --eos or --format plain, or use another profile"
    )


def closed(rows: Rows, eos_id: int) -> tuple[Rows, int]:
    """The rows with EOS, off the loss, after documents that do not end with it, and the number of these."""
    ends = rows.ends[1:]
    is_open = rows.ids[ends - 1] != eos_id
    ids = np.insert(rows.ids, ends[is_open], eos_id)
    labels = np.insert(rows.labels, ends[is_open], IGNORED)
    return replace(rows, ids=ids, labels=labels, lengths=rows.lengths + is_open), int(is_open.sum())


def _found_ends(rows: Rows, eos_id: int, bos_id: int | None) -> NDArray[np.bool_]:
    """Where the reader ends documents, shape (tokens,); the rows' last token is followed by another row."""
    found = rows.ids == eos_id
    if bos_id is not None:
        found[:-1] &= rows.ids[1:] == bos_id
    return found
