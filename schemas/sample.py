"""What a task makes: a draft that can be cut to any number of units, and the sample it renders to."""

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Span = tuple[int, int]
"""Start and end, which is not part of it: characters of a text, or tokens of a document."""
Loss = Literal["answer", "all"]
"""Which tokens are trained on: the answer's and EOS, or all but the document's first."""


@dataclass(frozen=True, kw_only=True)
class Sample:
    """One prompt with its answer and everything that was decided about it; spans count characters of `text`."""

    prompt: str
    answer: str
    answers: tuple[str, ...]
    """Reference answers, one for each answer span."""
    answer_spans: tuple[Span, ...]
    evidence_spans: tuple[Span, ...]
    context_span: Span = (0, 0)
    """What the question is about: the part of the prompt that can be read without knowing the question."""
    depth: tuple[float, ...]
    """Where each evidence starts in the context: 0 at its beginning, 1 as late as it can be."""
    template: str
    twin_answer: str = ""
    """The answer that the sample would have if what it asks for were in the text, or were not; its prompt is no longer
    than this allows, so that a prompt's length does not tell which of the two it is. Empty where there is no twin."""
    facts: Mapping[str, object] = field(default_factory=dict[str, object])
    """All that was decided, of values that JSON can hold."""

    @property
    def text(self) -> str:
        """Prompt and answer as they are tokenized."""
        return self.prompt + self.answer

    @property
    def chars_with_room(self) -> int:
        """Characters of prompt and answer, or of the answer that its twin would have if that is longer."""
        return len(self.prompt) + max(len(self.answer), len(self.twin_answer))

    @property
    def context(self) -> str:
        """The part of the prompt that the question is about."""
        start, end = self.context_span
        return self.prompt[start:end]


@dataclass(frozen=True, eq=False)
class Fragments:
    """What texts are put together from; known by identity, so that the tokens of each are counted once."""

    strings: tuple[str, ...]
    """The fragments, or the words that they are made of."""
    made_of: NDArray[np.int32] | None = None
    """The words of each fragment as places in `strings`, shape (fragments, most words); None where they are those."""


CountTokens = Callable[[Fragments], NDArray[np.int64]]
"""Counts the tokens of each fragment by itself, or of its words, shape (fragments,)."""


class Draft(ABC):
    """A sample of yet undecided size: its first k units make a whole sample for every k from 1 to its capacity.

    Fewer units give a prefix of the same haystack.
    """

    chars: NDArray[np.int64]
    """Characters that the sample of 0..capacity units has with room for its twin's answer, shape (capacity + 1,).

    Exact to a few, but for what is written around needles that take the form of the line before them.
    """

    @abstractmethod
    def render(self, num_units: int) -> Sample:
        """The sample of the first `num_units` units."""

    def tokens(self, count: CountTokens) -> NDArray[np.int64] | None:
        """Tokens of the fragments of 0..capacity units, shape (capacity + 1,); None where the draft is not made of any.

        They tell the tokens of the sample better than its characters do.
        """
        return None


def ids_sha256(ids: NDArray[np.int32]) -> str:
    """sha256 of token ids as little-endian int32."""
    return hashlib.sha256(ids.astype("<i4", copy=False).data).hexdigest()


@dataclass(frozen=True, kw_only=True)
class Document:
    """A finished sample, or a piece of an organic document, as tokens; spans count tokens from the document's start."""

    source: str
    """The task or the component of the mixture that it comes from."""
    ids: NDArray[np.int32]
    """Token ids, BOS and EOS included, shape (length,)."""
    sha256: str
    """Hash of the ids, see `ids_sha256`."""
    sample: int | None = None
    """Index of the sample in its task; None for organic documents."""
    loss: Loss = "all"
    prompt_length: int = 0
    """Tokens before the answer; 0 for organic documents."""
    tokens_after_turn: int = 0
    """Tokens after the one that ends the answer's turn; 0 but for conversations."""
    answers: tuple[str, ...] = ()
    answer_spans: tuple[Span, ...] = ()
    evidence_spans: tuple[Span, ...] = ()
    depth: tuple[float, ...] = ()
    template: str | None = None
    facts: Mapping[str, object] = field(default_factory=dict[str, object])
    source_id: str | None = None
    """What an organic document is called in its corpus."""
    source_offset: int | None = None
    """Tokens of the organic document before this piece of it."""
    repeat: int = 0
    """How often the organic document was drawn before."""
    continued: bool = False
    """Whether the organic document was cut, and this piece goes on from an earlier one."""

    @property
    def loss_start(self) -> int:
        """The first token whose label is its id; the document's very first never is."""
        return 1 if self.loss == "all" else max(self.prompt_length, 1)

    @property
    def loss_end(self) -> int:
        """The first token after those whose labels are their ids: what follows a turn's end is no model's to write."""
        return len(self.ids) - (0 if self.loss == "all" else self.tokens_after_turn)
