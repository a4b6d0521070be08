"""How much of a question can be found by its words: those that stand in the evidence too.

NoLiMa (Modarressi et al. 2025) gives this share for benchmarks: a model that matches words alone finds a needle whose
question repeats them, and not one whose question says the same in other words.
"""

import re

from ...packers.dataset import Dataset
from ...packers.rows.row import RowDocument

NOLIMA, PLAIN = 0.069, 0.905
"""The share in NoLiMa's own needles and in those of the plain needle in a haystack, as its paper gives them."""

_WORD = re.compile(r"\w+")
_TAIL = 400
"""Tokens before the answer among which the question is looked for."""
_MOST_SPANS = 64


def question_of(document: RowDocument, dataset: Dataset) -> str:
    """The last paragraph of a sample's prompt, in which every task asks its question."""
    tail = document.decode(document.ids[max(document.prompt_length - _TAIL, 0) : document.prompt_length])
    after = _between_turns(dataset)
    tail = tail.strip().removesuffix(after).strip()
    return tail.rsplit("\n\n", 1)[-1]


def overlap(document: RowDocument, dataset: Dataset) -> float | None:
    """The share of the question's different words that stand in the evidence; None for a document without either."""
    if not document.evidence_spans or not document.prompt_length:
        return None
    asked = _words(question_of(document, dataset))
    spans = document.evidence_spans[:_MOST_SPANS]
    evidence = set[str]().union(*(_words(document.decode(document.ids[start:end])) for start, end in spans))
    return len(asked & evidence) / len(asked) if asked else None


def _words(text: str) -> set[str]:
    return set(_WORD.findall(text.casefold()))


def _between_turns(dataset: Dataset) -> str:
    """What a chat template writes between question and answer, without its control tokens."""
    chat = dataset.manifest.chat
    text = "" if chat is None else chat.between
    for token in dataset.manifest.tokenizer.control_tokens:
        text = text.replace(token, "")
    return text.strip()
