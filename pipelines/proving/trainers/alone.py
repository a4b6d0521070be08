"""What a model does with a row's documents one by one, which is what a packed row must come to."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ....packers.rows.row_group import IGNORED
from .trainers import library

Ints = NDArray[np.int64]


def targets(labels: Ints, lengths: Ints) -> Ints:
    """Labels of a row with every document's first token off the loss: alone, it would have no token before it."""
    wanted = labels.copy()
    wanted[np.cumsum(lengths) - lengths] = IGNORED
    return wanted


def logits_alone(model: Any, ids: Ints, lengths: Ints) -> Any:
    """The logits of each document of a row, one after another: a tensor of shape (tokens, vocabulary)."""
    torch = library("torch")
    with torch.no_grad():
        pieces = [model(document[None], use_cache=False).logits[0] for document in _split(torch.tensor(ids), lengths)]
    return torch.cat(pieces)


def loss_alone(model: Any, ids: Ints, labels: Ints, lengths: Ints) -> float:
    """The mean loss over all targets of a row's documents, each seen by the model alone; nan without targets."""
    torch = library("torch")
    logits = logits_alone(model, ids, lengths)
    total, count = 0.0, 0
    pairs = zip(_split(logits, lengths), _split(torch.tensor(labels), lengths), strict=True)
    for document, wanted in pairs:
        total += torch.nn.functional.cross_entropy(
            document[:-1], wanted[1:], ignore_index=IGNORED, reduction="sum"
        ).item()
        count += int((wanted[1:] != IGNORED).sum())
    return total / count if count else float("nan")


def _split(tensor: Any, lengths: Ints) -> Iterator[Any]:
    return iter(tensor.split(lengths.tolist()))
