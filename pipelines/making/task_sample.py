"""A task's sample as Python programs use it: its text, its tokens, and what is known of both."""

from collections.abc import Mapping
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...packers.rows.row_group import IGNORED
from ...schemas.evaluation import Reference
from ...schemas.sample import Document, Sample, Span
from .samples import Made


class TaskSample:
    """One sample of a task: prompt and answer as text, the document that they make in tokens, and all that was decided.

    Spans are half-open and count tokens of `ids`. Two samples are equal where task and token ids are.
    """

    def __init__(self, made: Made) -> None:
        """A view of what a maker made."""
        self._made = made

    @property
    def _sample(self) -> Sample:
        return self._made.sample

    @property
    def _document(self) -> Document:
        return self._made.document

    @property
    def task(self) -> str:
        """Name of the task, such as `kv`."""
        return self._document.source

    @property
    def index(self) -> int:
        """Which sample of its task and seed it is; a slice does not change it."""
        assert self._document.sample is not None
        return self._document.sample

    @property
    def prompt(self) -> str:
        """What a model is given."""
        return self._sample.prompt

    @property
    def answer(self) -> str:
        """What a model should write after the prompt."""
        return self._sample.answer

    @property
    def text(self) -> str:
        """Prompt and answer together, as they are tokenized where the format is plain."""
        return self._sample.text

    @property
    def messages(self) -> list[dict[str, Any]]:
        """A user's turn with the prompt and an assistant's with the answer, as chat trainers and servers take them.

        Where the format is chat, they are what the chat template was given: it makes `ids` of them.
        """
        return self._made.messages

    @property
    def answers(self) -> tuple[str, ...]:
        """The reference answers, all of which are wanted: one for each of `answer_spans`."""
        return self._sample.answers

    @property
    def evidence(self) -> tuple[str, ...]:
        """The parts of the prompt that the answers rest on: one for each of `evidence_spans`."""
        return tuple(self.text[start:end] for start, end in self._sample.evidence_spans)

    @property
    def ids(self) -> NDArray[np.int32]:
        """Token ids of the document, control tokens at its ends and of its chat template included, shape (tokens,)."""
        return self._document.ids

    @property
    def length(self) -> int:
        """Tokens of the document."""
        return len(self.ids)

    @cached_property
    def labels(self) -> NDArray[np.int32]:
        """The ids that are trained on, unshifted; -100 off the loss and on the first token, shape (tokens,)."""
        labels = self.ids.copy()
        labels[: self._document.loss_start] = IGNORED
        labels[self._document.loss_end :] = IGNORED
        return labels

    @property
    def prompt_length(self) -> int:
        """Tokens before the answer: `ids[:prompt_length]` is what a model is given."""
        return self._document.prompt_length

    @property
    def answer_spans(self) -> tuple[Span, ...]:
        """The tokens in which each of `answers` stands in the answer."""
        return self._document.answer_spans

    @property
    def evidence_spans(self) -> tuple[Span, ...]:
        """The tokens in which each of `evidence` stands in the prompt."""
        return self._document.evidence_spans

    @property
    def depth(self) -> tuple[float, ...]:
        """Where each of `evidence` starts in the context: 0 at its beginning, 1 as late as it can be."""
        return self._document.depth

    @property
    def template(self) -> str:
        """Id of the sample's wording."""
        return self._sample.template

    @property
    def facts(self) -> Mapping[str, Any]:
        """All that was decided about the sample, such as keys and values, as JSON can hold it."""
        return self._document.facts

    @property
    def sha256(self) -> str:
        """sha256 of the token ids as little-endian int32; a dataset's document table has the same."""
        return self._document.sha256

    @property
    def reference(self) -> Reference:
        """What a model's reply to the sample is rated by, see `lcdata.score`."""
        return Reference.of_document(
            index=self.index,
            answers=self.answers,
            length=self.length,
            depth=self.depth,
            task=self.task,
            template=self.template,
            facts=self.facts,
            context=self.prompt,
        )

    def __eq__(self, other: object) -> bool:
        return isinstance(other, TaskSample) and (self.task, self.sha256) == (other.task, other.sha256)

    def __hash__(self) -> int:
        return hash((self.task, self.sha256))

    def __repr__(self) -> str:
        return f"TaskSample({self.task} {self.index}: {self.length:,} tokens, answers {list(self.answers)})"
