"""One sample from start to end: wording, draft, exact length, spans in tokens."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ..generators.task import Task, Template
from ..packers.fit import Fitted, TokenRate, fit, learn_rate
from ..packers.tokenizer import Tokenizer
from ..schemas.errors import LcdataError, UsageError
from ..schemas.sample import Document, Draft, Sample, ids_sha256
from ..schemas.stream import stream

Rates = Mapping[str, TokenRate]


@dataclass(frozen=True)
class Made:
    """A document, the sample it came from, and the number of encodings it took."""

    document: Document
    sample: Sample
    encodings: int


def learn_rates(task: Task, seed: int, tokenizer: Tokenizer, num_tokens: int) -> dict[str, TokenRate]:
    """Tokens a unit and a character cost in each wording of the task, for documents of up to `num_tokens`."""

    def rate_of(template: Template) -> TokenRate:
        def draft_of(draw: int, num_units: int) -> Draft:
            return task.draft(stream(task.name, seed, draw, f"rate/{template.id}"), template, num_units)

        return learn_rate(draft_of, max(num_tokens - tokenizer.num_ends, 1), tokenizer.encode)

    return {template.id: rate_of(template) for template in task.templates}


class SampleMaker:
    """Makes sample i of a task for one tokenizer and seed; sample i depends on nothing else than i and its length."""

    def __init__(self, task: Task, seed: int, tokenizer: Tokenizer, rates: Rates) -> None:
        self.task, self.seed, self.tokenizer, self.rates = task, seed, tokenizer, rates

    @property
    def shortest_length(self) -> int:
        """A length that every sample can keep, BOS and EOS included."""
        return max(rate.least for rate in self.rates.values()) + self.tokenizer.num_ends

    def check_length(self, length: int) -> None:
        """Raise UsageError where some samples could not be as short as this."""
        if length < self.shortest_length:
            raise UsageError(
                f"{self.task.name}: length {length} is too short, a sample can take {self.shortest_length} tokens: "
                f"use --length {self.shortest_length} or more"
            )

    def make(self, index: int, length: int) -> Made:
        """Sample `index` as a document of at most `length` tokens."""
        fitted = self._fit(index, length - self.tokenizer.num_ends)
        sample = fitted.sample
        text, prompt_chars = sample.text, len(sample.prompt)
        spans = ((prompt_chars, len(text)), *sample.answer_spans, *sample.evidence_spans)
        num_before = self.tokenizer.num_ends - 1
        answer, *rest = (
            (start + num_before, end + num_before) for start, end in self.tokenizer.token_spans(text, fitted.ids, spans)
        )
        ids = self.tokenizer.document_ids(fitted.ids)
        document = Document(
            source=self.task.name,
            sample=index,
            ids=ids,
            prompt_length=answer[0],
            answers=sample.answers,
            answer_spans=tuple(rest[: len(sample.answer_spans)]),
            evidence_spans=tuple(rest[len(sample.answer_spans) :]),
            depth=sample.depth,
            template=sample.template,
            facts=sample.facts,
            sha256=ids_sha256(ids),
        )
        return Made(document, sample, fitted.num_encodings)

    def audit(self, made: Made) -> None:
        """Raise LcdataError unless `tokenizers` itself gives the document's ids."""
        expected = self.tokenizer.document_ids(self.tokenizer.encode_reference(made.sample.text))
        if not np.array_equal(expected, made.document.ids):
            raise LcdataError(
                f"audit: {self.task.name} sample {made.document.sample} has other ids under tokenizers than under "
                f"{self.tokenizer.engine}: run again with --engine tokenizers, and report the sample"
            )

    def _fit(self, index: int, num_tokens: int) -> Fitted:
        """Fit the sample's draft, drawn again with more units in the rare case that it was too small."""
        factor = 1
        while True:
            rng = stream(self.task.name, self.seed, index)
            template = self.task.templates[int(rng.integers(len(self.task.templates)))]
            rate = self.rates[template.id]
            capacity = rate.capacity(num_tokens) * factor
            draft = self.task.draft(rng, template, capacity)
            try:
                fitted = fit(draft, num_tokens, rate, self.tokenizer.encode)
            except UsageError as error:
                raise UsageError(f"{self.task.name} sample {index}: {error}: use a greater --length") from None
            if fitted.num_units < capacity or num_tokens - len(fitted.ids) < rate.tokens_per_unit:
                return fitted
            factor *= 2
