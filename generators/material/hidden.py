"""Needles hidden in a haystack, and the sample that asks for some of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ...schemas.sample import CountTokens, Draft, Sample, Span
from .phrases import Passage
from .wording import shift


@dataclass(frozen=True, kw_only=True)
class Needle:
    """A sentence of the text that states something, or that only looks like it."""

    key: str
    values: tuple[str, ...]
    place: float
    """Where the needle stands: the share of the haystack's sentences before it."""
    sentence: str
    is_decoy: bool = False
    """Whether it looks like a needle and states nothing that is asked for."""


@dataclass(frozen=True, kw_only=True)
class Hidden:
    """Needles in order of the text, what is asked of them, and the answer."""

    head: str
    needles: Sequence[Needle]
    """Those between the same two sentences keep their order."""
    evidence: Sequence[int]
    """Numbers of the needles that the answer follows from, in its order."""
    question: str
    answer: str
    answers: tuple[str, ...]
    answer_spans: Sequence[Span]
    twin_answer: str = ""
    """The answer to the same question where what is asked for is in the text though here it is not, or the reverse."""
    facts: Mapping[str, object] = field(default_factory=dict[str, object])


class HiddenDraft(Draft):
    """A haystack and the needles, which `render` spreads over its first sentences."""

    def __init__(self, passage: Passage, hidden: Hidden, template: str, *, among_needles: bool = False) -> None:
        """`among_needles` says that the haystack's sentences could have been asked for too."""
        self._among_needles = among_needles
        self._passage, self._hidden, self._template = passage, hidden, template
        self.frame = passage.frame
        needles = (f"{needle.sentence} " for needle in hidden.needles)
        fixed = (hidden.head, "\n\n", hidden.question, "\n", max(hidden.answer, hidden.twin_answer, key=len), *needles)
        self.chars: NDArray[np.int64] = passage.ends + sum(map(len, fixed))

    def tokens(self, count: CountTokens) -> NDArray[np.int64] | None:
        """Tokens of the fragments of the first 0..capacity sentences; None where the haystack is not made of any."""
        return self._passage.tokens(count)

    def render(self, num_units: int) -> Sample:
        """The sample of the first sentences with all needles among them."""
        hidden = self._hidden
        placed = [(int(needle.place * (num_units + 1)), needle.sentence) for needle in hidden.needles]
        body, spans = self._passage.with_needles(num_units, placed)
        evidence = [spans[number] for number in hidden.evidence]
        prompt = "".join((hidden.head, *body, "\n\n", hidden.question, "\n"))
        before, num_chars = len(hidden.head), sum(map(len, body))
        num_decoys = sum(needle.is_decoy for needle in hidden.needles)
        num_needles = len(hidden.needles) - num_decoys
        return Sample(
            prompt=prompt,
            answer=hidden.answer,
            answers=hidden.answers,
            answer_spans=tuple(shift(span, len(prompt)) for span in hidden.answer_spans),
            evidence_spans=tuple(shift(span, before) for span in evidence),
            context_span=(before, before + num_chars),
            depth=tuple(start / max(num_chars - (end - start), 1) for start, end in evidence),
            template=self._template,
            twin_answer=hidden.twin_answer,
            facts={
                **hidden.facts,
                "num_needles": num_needles,
                "num_decoys": num_decoys,
                "num_rivals": num_needles + (num_units if self._among_needles else 0),
                "num_sentences": num_units,
                **self._passage.facts(num_units),
            },
        )
