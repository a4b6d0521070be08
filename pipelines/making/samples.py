"""One sample from start to end: wording, draft, exact length, spans in tokens."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...generators.registry import build_task, stream_name
from ...generators.task import Task, Template
from ...generators.templates import choose_templates
from ...packers.tokens.conversation import messages, said, written
from ...packers.tokens.fit import Fitted, TokenRate, fit, learn_rate, same_at_the_end
from ...packers.tokens.layout import Layout
from ...packers.tokens.tokenizer import Tokenizer
from ...schemas.errors import LcdataError, UsageError
from ...schemas.mix import TaskComponent
from ...schemas.sample import Document, Draft, Sample, ids_sha256
from ...schemas.stream import stream
from ...schemas.tokens import ChatFrame

Rates = Mapping[str, TokenRate]

_MOST_FACTOR = 4
"""By how much a draft may be larger than its rate says, before a length counts as one that no text reaches."""


@dataclass(frozen=True)
class Made:
    """A document, the sample it came from, and what it took."""

    document: Document
    sample: Sample
    encodings: int
    length: int
    """Tokens that were asked for."""
    chat: ChatFrame | None
    """What is written around it, None where it is no conversation."""

    @property
    def question(self) -> str:
        """The prompt as the document has it."""
        return said(self.sample.prompt, self.chat)

    @property
    def messages(self) -> list[dict[str, Any]]:
        """The sample as a conversation of two turns, as its chat template was given it where it has one."""
        return messages(self.sample, self.chat)

    @property
    def written(self) -> Sample:
        """The sample with all that its chat template writes around it."""
        return written(self.sample, self.chat)


class SampleMaker:
    """Makes sample i of a task for one tokenizer and seed; sample i depends on nothing else than i and its length."""

    def __init__(
        self,
        component: TaskComponent,
        seed: int,
        tokenizer: Tokenizer,
        rates: Rates | None = None,
        chat: ChatFrame | None = None,
    ) -> None:
        """`rates` are those of an earlier maker; without them every wording's rate is learned when it is needed.

        `chat` is for components whose format is that.
        """
        self.component = component
        self.task: Task = build_task(component.task, component.settings, component.split)
        self.templates: Sequence[Template] = choose_templates(self.task, component.templates, component.template)
        self.tokenizer = tokenizer
        self.layout = Layout.plain(tokenizer)
        if component.format == "chat":
            assert chat is not None
            self.layout = Layout.chat(tokenizer, chat)
        self._stream_name = stream_name(self.task)
        self._seed, self._longest = seed, component.length.longest
        self._rates = dict(rates or {})

    @property
    def rates(self) -> dict[str, TokenRate]:
        """Tokens that a unit and a character cost in each wording, for the longest documents of the component."""
        return {template.id: self.rate(template) for template in self.templates}

    def rate(self, template: Template) -> TokenRate:
        """Tokens that a unit and a character cost in one wording; learned when first asked for."""
        if template.id not in self._rates:

            def draft_of(draw: int, num_units: int) -> Draft:
                rng = stream(self.task.name, self._seed, draw, f"rate/{template.id}")
                return self.task.of_sample(self._seed, draw).draft(rng, template, num_units)

            self._rates[template.id] = learn_rate(draft_of, self._longest, self.layout)
        return self._rates[template.id]

    @property
    def shortest_length(self) -> int:
        """The least length in tokens that every sample can keep."""
        return max(rate.least for rate in self.rates.values())

    def check_length(self, length: int) -> None:
        """Raise UsageError where some samples could not be as short as this."""
        if length < self.shortest_length:
            raise UsageError(
                f"{self.component.name}: length {length} is too short, a sample can take {self.shortest_length} "
                f"tokens: use a length of {self.shortest_length} or more"
            )

    def make(self, index: int, length: int) -> Made:
        """Sample `index` as a document of at most `length` tokens."""
        fitted = self._fit(index, length)
        sample, ids = fitted.sample, fitted.laid.ids
        self._check_written(sample)
        spans = self.layout.spans(sample, fitted.laid)
        document = Document(
            source=self.component.name,
            sample=index,
            ids=ids,
            loss=self.component.loss,
            prompt_length=spans.prompt_length,
            tokens_after_turn=self.layout.tokens_after_turn,
            answers=sample.answers,
            answer_spans=spans.answers,
            evidence_spans=spans.evidence,
            depth=sample.depth,
            template=sample.template,
            facts=sample.facts,
            sha256=ids_sha256(ids),
        )
        return Made(document, sample, fitted.num_encodings, length, self.layout.frame)

    def audit(self, made: Made) -> None:
        """Raise LcdataError unless `tokenizers` itself gives the document's ids."""
        if not np.array_equal(self.layout.reference_ids(made.sample), made.document.ids):
            raise LcdataError(
                f"audit: {self.component.name} sample {made.document.sample} has other ids under tokenizers than under "
                f"{self.tokenizer.engine}: run again with --engine tokenizers, and report the sample"
            )

    def probe(self) -> list[str]:
        """A short text in each wording of the task, to try engines on.

        Raises UsageError where the vocabulary cannot write its question, its answer or what the answer is found in.
        """
        samples: list[Sample] = []
        for template in self.templates:
            task = self.task.of_sample(self._seed, 0)
            draft = task.draft(stream(self.task.name, self._seed, 0, "probe"), template, 4)
            few, many = draft.render(1), draft.render(4)
            at_start = same_at_the_end(few.prompt[::-1], many.prompt[::-1])
            at_end = len(many.prompt) - same_at_the_end(few.prompt, many.prompt)
            self._check_written(many, many.prompt[:at_start], many.prompt[at_end:])
            samples.append(many)
        return [sample.text for sample in samples]

    def _check_written(self, sample: Sample, *around: str) -> None:
        """Raise UsageError where the vocabulary cannot write a sample's answer, its evidence or what is around it."""
        evidence = (sample.prompt[start:end] for start, end in sample.evidence_spans)
        for text in (sample.answer, *evidence, *around):
            if self.tokenizer.cannot_write(text):
                raise UsageError(
                    f"{self.component.name}: the vocabulary of {self.tokenizer.identity.source} cannot write all of "
                    f"{text[-60:]!r}: use another --tokenizer"
                )

    def _fit(self, index: int, length: int) -> Fitted:
        """Fit the sample's draft, drawn again with more units in the rare case that it was too small."""
        factor, task = 1, self.task.of_sample(self._seed, index)
        while True:
            rng = stream(f"{self._stream_name}/{length}", self._seed, index)
            template = self.templates[int(rng.integers(len(self.templates)))]
            rate = self.rate(template)
            capacity = rate.capacity(length) * factor
            draft = task.draft(rng, template, capacity)
            try:
                fitted = fit(draft, length, rate, self.layout)
            except UsageError as error:
                raise UsageError(f"{self.component.name} sample {index}: {error}: use a greater length") from None
            if fitted.num_units < capacity or length - fitted.size < rate.tokens_per_unit:
                return fitted
            if factor == _MOST_FACTOR:
                raise UsageError(
                    f"{self.component.name} sample {index}: {len(fitted.sample.text):,} characters make "
                    f"{len(fitted.laid):,} tokens, far fewer than shorter texts let expect of {length:,}: use a lesser "
                    "length, or a tokenizer that makes tokens of all of a long text"
                )
            factor *= 2
