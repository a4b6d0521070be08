"""Counts over the document table of a config, taken row group by row group in memory that does not grow with it."""

from collections import Counter
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ...packers.dataset import Config
from ...packers.files.dataset_file import Shard
from .distinct import Distinct

Ints = NDArray[np.int64]

NUM_DEPTHS = 10
OCTAVES = 41
FINE = 10_000
"""Parts of a whole that shares of rows are counted in."""
_PLACES = 4096
"""Tokens after the prompt up to which answers' places are told apart."""
_COLUMNS = (
    *("row", "source", "length", "prompt_length", "answers", "answer_spans", "evidence_spans", "depth"),
    *("template", "repeat", "continued", "sha256"),
)


@dataclass(frozen=True)
class Loss:
    """Which tokens of a component's documents are trained on."""

    of_all: bool
    """All but the first, or those of the answer."""
    after: int
    """Tokens at the end that are not."""


class Tally:
    """Everything that is counted of a config; arrays are indexed by the number that is counted."""

    def __init__(self, config: Config) -> None:
        self.config = config
        stage, chat = config.stage, config.dataset.manifest.chat
        self.sources = tuple(component.name for component in stage.mix)
        self._losses = [
            Loss(
                component.loss == "all",
                chat.tokens_after_turn if chat and getattr(component, "format", "plain") == "chat" else 0,
            )
            for component in stage.mix
        ]
        sources, most = len(self.sources), stage.seq_length + 1
        self.lengths: Ints = np.zeros((sources, most), np.int64)
        """Documents by their tokens, shape (sources, seq_length + 1)."""
        self.loss: Ints = np.zeros(most, np.int64)
        """Documents by their tokens in the loss."""
        self.loss_tokens: Ints = np.zeros(sources, np.int64)
        self.depth: Ints = np.zeros((sources, OCTAVES, NUM_DEPTHS), np.int64)
        """Evidence by exponent of the power of two that its document does not exceed, and by tenth of the depth."""
        self.distance: Ints = np.zeros(most, np.int64)
        """Evidence by the tokens from where it begins to the end of the prompt."""
        self.answer_place: Ints = np.zeros(_PLACES, np.int64)
        """Answers by the tokens between the prompt and them."""
        self.first_characters: Counter[str] = Counter()
        self.answer_sources: Ints = np.zeros(sources, np.int64)
        """Answers of each source."""
        self.wordings: Counter[tuple[str, str]] = Counter()
        self.repeats: Ints = np.zeros((sources, 64), np.int64)
        """Documents by how often they were drawn before."""
        self.repeated_tokens: Ints = np.zeros(sources, np.int64)
        self.continued: Ints = np.zeros(sources, np.int64)
        """Documents that go on from an earlier piece."""
        self.distinct = Distinct()
        self.row_tokens: Ints = np.zeros(most, np.int64)
        """Rows by their tokens."""
        self.row_documents: Ints = np.zeros(1, np.int64)
        """Rows by their documents."""
        self.row_cost: Ints = np.zeros(FINE + 1, np.int64)
        """Rows by the sum of squared lengths, in parts of the square of a row's length."""
        self.cost = 0.0
        """The sum of squared lengths of all documents."""

    @classmethod
    def of(cls, config: Config) -> "Tally":
        """The tally of a whole config; LcdataError where its document table cannot be read."""
        tally = cls(config)
        for shard in config.shards:
            tally.add(shard)
        return tally

    def add(self, shard: Shard) -> None:
        """Count the documents and rows of a shard."""
        rows = shard.data.record.rows
        tokens, documents, cost = (np.zeros(rows, kind) for kind in (np.int64, np.int64, np.float64))
        for table in shard.docs.row_groups(_COLUMNS):
            row, lengths = (table[name].to_numpy() for name in ("row", "length"))
            tokens += np.bincount(row, lengths, rows).astype(np.int64)
            documents += np.bincount(row, minlength=rows)
            cost += np.bincount(row, lengths.astype(np.float64) ** 2, rows)
            self._add_documents(table, lengths)
        self.row_tokens += np.bincount(tokens, minlength=len(self.row_tokens))
        self.row_documents = _added(self.row_documents, np.bincount(documents))
        whole = float(self.config.seq_length) ** 2
        self.row_cost += np.bincount(np.round(cost / whole * FINE).astype(np.int64), minlength=FINE + 1)
        self.cost += float(cost.sum())

    def _add_documents(self, table: pa.Table, lengths: NDArray[np.int32]) -> None:
        source = self._numbers(table["source"].combine_chunks().dictionary_encode())
        prompts = table["prompt_length"].to_numpy()
        self._add_lengths(source, lengths, prompts)
        self._add_evidence(table, source, lengths, prompts)
        self._add_answers(table, source, prompts)
        wordings = pa.table({"source": table["source"], "template": table["template"]}).filter(
            table["template"].is_valid()
        )
        for group in wordings.group_by(["source", "template"]).aggregate([([], "count_all")]).to_pylist():
            self.wordings[group["source"], group["template"]] += group["count_all"]
        repeat = table["repeat"].to_numpy()
        np.add.at(self.repeats, (source, np.minimum(repeat, 63)), 1)
        self.repeated_tokens += _by(source, lengths * (repeat > 0), len(self.sources))
        self.continued += _by(source, table["continued"].to_numpy(), len(self.sources))
        self.distinct.add(table["sha256"])

    def _numbers(self, names: pa.DictionaryArray) -> Ints:
        """The number of each document's source."""
        of_names = np.array([self.sources.index(name) for name in names.dictionary.to_pylist()], np.int64)
        return of_names[names.indices.to_numpy()]

    def _add_lengths(self, source: Ints, lengths: NDArray[np.int32], prompts: NDArray[np.int32]) -> None:
        for number, loss in enumerate(self._losses):
            own = source == number
            of_source = lengths[own].astype(np.int64)
            start = 1 if loss.of_all else np.maximum(prompts[own], 1)
            in_loss = of_source - start - (0 if loss.of_all else loss.after)
            self.lengths[number] += np.bincount(of_source, minlength=self.lengths.shape[1])
            self.loss += np.bincount(in_loss, minlength=len(self.loss))
            self.loss_tokens[number] += int(in_loss.sum())

    def _add_evidence(
        self, table: pa.Table, source: Ints, lengths: NDArray[np.int32], prompts: NDArray[np.int32]
    ) -> None:
        depths = table["depth"].combine_chunks()
        each = np.repeat(np.arange(len(lengths)), depths.value_lengths().to_numpy())
        tenth = np.minimum((depths.flatten().to_numpy() * NUM_DEPTHS).astype(np.int64), NUM_DEPTHS - 1)
        octave = np.ceil(np.log2(np.maximum(lengths[each], 1))).astype(np.int64)
        np.add.at(self.depth, (source[each], octave, tenth), 1)
        spans = table["evidence_spans"].combine_chunks()
        each = np.repeat(np.arange(len(lengths)), spans.value_lengths().to_numpy())
        distance = np.maximum(prompts[each] - spans.flatten().field("start").to_numpy(), 0)
        self.distance += np.bincount(distance, minlength=len(self.distance))

    def _add_answers(self, table: pa.Table, source: Ints, prompts: NDArray[np.int32]) -> None:
        answers, spans = table["answers"].combine_chunks(), table["answer_spans"].combine_chunks()
        firsts = pc.call_function("utf8_slice_codeunits", [answers.flatten()], pc.SliceOptions(0, 1))
        for found in firsts.value_counts().to_pylist():
            self.first_characters[found["values"]] += found["counts"]
        self.answer_sources += _by(source, answers.value_lengths().to_numpy(), len(self.sources))
        each = np.repeat(np.arange(len(prompts)), spans.value_lengths().to_numpy())
        places = np.clip(spans.flatten().field("start").to_numpy() - prompts[each], 0, _PLACES - 1)
        self.answer_place += np.bincount(places, minlength=_PLACES)

    @property
    def all_lengths(self) -> Ints:
        """Documents of all sources by their tokens, shape (seq_length + 1,)."""
        return self.lengths.sum(axis=0)

    @property
    def tokens(self) -> Ints:
        """Tokens of each source's documents by the document's tokens, shape (sources, seq_length + 1)."""
        return self.lengths * np.arange(self.lengths.shape[1])


def _by(source: Ints, values: NDArray[np.generic], sources: int) -> Ints:
    return np.bincount(source, values.astype(np.float64), sources).astype(np.int64)


def _added(first: Ints, second: Ints) -> Ints:
    longer, shorter = (first, second) if len(first) >= len(second) else (second, first)
    longer = longer.copy()
    longer[: len(shorter)] += shorter
    return longer
