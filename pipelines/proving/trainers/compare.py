"""What a trainer makes of one row, against what the document table says is in it."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ....packers.rows.row_group import IGNORED
from .alone import loss_alone, targets
from .stored import CheckedRow
from .trainers import VOCABULARY, library

Ints = NDArray[np.int64]

SUBJECTS = {
    "batch": "the trainer makes a batch of each row",
    "tokens": "all input_ids reach the model, nothing is cut or padded",
    "mask": "no attention_mask reaches the model",
    "positions": "position_ids restart at every document",
    "boundaries": "cu_seq_lens lie at the documents' ends",
    "longest": "max_length is that of the longest document",
    "labels": "the targets are those that each document has alone",
    "loss": "the loss of a tiny model is that of its documents alone, within 0.01 %",
}
"""The subjects that are compared, with what is said of each where nothing differs."""
LOSS_TOKENS = 4096
"""Tokens of the longest row that is run through the model, whose attention takes memory quadratic in them on a CPU."""
LOSS_DIFFERENCE = 1e-4
"""Relative difference of losses that counts: another order makes some 1e-7, a label or token too many 1e-3 or more."""


def compare(trainer: Any, row: CheckedRow, seq_length: int) -> Iterator[tuple[str, str]]:
    """Each subject that can be looked at in one row, and how it differs; an empty string where it does not.

    The trainer's data loader makes the batch, and where the row is short its loss function runs on it.
    """
    try:
        batch = batch_of(trainer, row)
    except REFUSALS as error:
        yield "batch", f"it makes none ({_reason(error)})"
        return
    yield "batch", ""
    sound = True
    for subject, difference in _differences(batch, row, seq_length):
        sound &= not difference or subject not in ("tokens", "labels")
        yield subject, difference
    if sound and row.lengths.sum() <= LOSS_TOKENS:
        yield from _loss(trainer, batch, row)


REFUSALS = (IndexError, KeyError, RuntimeError, TypeError, ValueError)
"""What a trainer raises where rows are not what it takes them for."""


def batch_of(trainer: Any, row: CheckedRow) -> dict[str, Any]:
    """What the trainer's own data loader makes of a row, all its columns given."""
    trainer.train_dataset = dataset_of(row)
    return dict(next(iter(trainer.get_train_dataloader())))


def dataset_of(row: CheckedRow) -> Any:
    """The row as the `datasets` library holds it."""
    return library("datasets").Dataset(row.columns)


def _differences(batch: Mapping[str, Any], row: CheckedRow, seq_length: int) -> Iterator[tuple[str, str]]:
    ids = row.column("input_ids")
    ends = np.cumsum(row.lengths)
    if ends[-1] != len(ids):
        yield "tokens", f"the document table has {ends[-1]:,} tokens, the row {len(ids):,}"
        return
    too_long = f"{len(ids):,} tokens, more than the {seq_length:,} of a row" if len(ids) > seq_length else ""
    yield "tokens", _first_difference(_flat(batch["input_ids"]), ids) or too_long
    yield "mask", _mask(batch)
    yield "positions", _positions(batch, np.arange(len(ids)) - np.repeat(ends - row.lengths, row.lengths))
    if "cu_seq_lens_q" in batch:
        yield "boundaries", _first_difference(_flat(batch["cu_seq_lens_q"]), np.concatenate(([0], ends)), "boundary")
    if "max_length_q" in batch:
        found, longest = int(batch["max_length_q"]), int(row.lengths.max())
        yield "longest", "" if found == longest else f"{found:,} instead of {longest:,}"
    yield "labels", _labels(batch, row, ids)


def _mask(batch: Mapping[str, Any]) -> str:
    if "attention_mask" not in batch:
        return ""
    return "there is an attention_mask, and with it documents see each other: remove the column"


def _positions(batch: Mapping[str, Any], wanted: Ints) -> str:
    if "position_ids" not in batch:
        return "there are no position_ids, and without them the row is one document"
    return _first_difference(_flat(batch["position_ids"]), wanted)


def _labels(batch: Mapping[str, Any], row: CheckedRow, ids: Ints) -> str:
    if "labels" not in batch:
        return "there are no labels, and so no loss: build the dataset with `--labels always`"
    return _first_difference(_flat(batch["labels"]), _wanted_labels(row, ids))


def _wanted_labels(row: CheckedRow, ids: Ints) -> Ints:
    return targets(row.column("labels") if "labels" in row.columns.column_names else ids, row.lengths)


def _loss(trainer: Any, batch: Mapping[str, Any], row: CheckedRow) -> Iterator[tuple[str, str]]:
    """How the trainer's loss of a row differs from that of its documents alone; nothing where it has no targets."""
    ids = row.column("input_ids")
    wanted = loss_alone(trainer.model, ids % VOCABULARY, _small(_wanted_labels(row, ids)), row.lengths)
    if np.isnan(wanted):
        return
    try:
        found = loss_of(trainer, batch)
    except REFUSALS as error:
        yield "loss", f"the model computes none ({_reason(error)})"
        return
    off = abs(found - wanted) / wanted
    yield "loss", f"{found:.6f} instead of {wanted:.6f}, {off:.2%} off" if off > LOSS_DIFFERENCE else ""


def loss_of(trainer: Any, batch: Mapping[str, Any]) -> float:
    """The trainer's own loss of a batch under its tiny model, ids taken modulo the model's vocabulary."""
    torch = library("torch")
    small = {
        name: torch.tensor(_small(_flat(batch[name]))).reshape(batch[name].shape) for name in ("input_ids", "labels")
    }
    with torch.no_grad():
        return float(trainer.compute_loss(trainer.model, {**batch, **small}))


def _small(ids: Ints) -> Ints:
    return np.where(ids == IGNORED, ids, ids % VOCABULARY)


def _reason(error: Exception) -> str:
    return next(iter(str(error).strip().splitlines()), "") or type(error).__name__


def _flat(tensor: Any) -> Ints:
    return np.asarray(tensor, np.int64).reshape(-1)


def _first_difference(found: Ints, wanted: Ints, item: str = "token") -> str:
    """The first place where two arrays differ, in words; an empty string where they are the same."""
    if len(found) != len(wanted):
        return f"{len(found):,} of them instead of {len(wanted):,}"
    places = np.flatnonzero(found != wanted)
    if not len(places):
        return ""
    first = int(places[0])
    return f"{item} {first:,} has {found[first]} instead of {wanted[first]}, and {len(places) - 1:,} more differ"
