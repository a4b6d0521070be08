"""Verifying one shard: its two files are those that were written, and every row, mask and record is as promised."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ...packers.dataset import Config
from ...packers.files.dataset_file import Shard
from ...packers.rows.row_group import IGNORED
from ...schemas.errors import LcdataError
from ...schemas.manifest import SourceTotals
from ...schemas.place import file_size
from ...schemas.sample import ids_sha256
from ...schemas.stage import Stage
from ...schemas.tables import DOCUMENT_SCHEMA, row_schema
from ..run.files import hash_file
from .recount import PieceColumns

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class ShardVerdict:
    """One shard's part of a verdict, and the samples it holds."""

    stage: str
    rows: int = 0
    documents: int = 0
    tokens: int = 0
    problems: list[str] = field(default_factory=list[str])
    samples: Mapping[str, Ints] = field(default_factory=dict[str, Ints])
    """Indices of the samples in the shard, by task."""
    counts: Ints | None = None
    """Tokens of organic documents drawn, and of them used, shape (corpora, buckets, 2); None without corpora."""
    keys: NDArray[np.uint64] | None = None
    """Hashes of what each organic document is a piece of, None without corpora."""


def verify_shard(config: Config, shard: Shard) -> ShardVerdict:
    """Verify the two files of a shard of a config: their bytes, and all that they hold."""
    problems: list[str] = []
    for file in (shard.data, shard.docs):
        size = file_size(file.path)
        if size is None:
            problems.append(f"{file.record.path} is missing")
        elif size != file.record.bytes or hash_file(file.path) != file.record.sha256:
            problems.append(f"{file.record.path} is damaged: its bytes are not those that were written")
    if problems:
        return ShardVerdict(config.name, problems=problems)
    try:
        return _verify_contents(config, shard)
    except LcdataError as error:
        return ShardVerdict(config.name, problems=[f"{shard.data.record.path} cannot be read: {error.__cause__}"])


def _verify_contents(config: Config, shard: Shard) -> ShardVerdict:
    docs = shard.docs.read()
    problem = _unusable(config.stage, shard.data.schema(), docs)
    if problem is not None:
        return ShardVerdict(config.name, problems=[f"{shard.data.record.path} {problem}"])
    walk = _ShardWalk(config, shard, docs)
    for rows in shard.data.row_groups():
        walk.row_group(rows)
    walk.whole_shard()
    return walk.verdict()


def _unusable(stage: Stage, rows: pa.Schema, docs: pa.Table) -> str | None:
    """Why the rows cannot be compared with the document table, None where they can."""
    if not rows.equals(row_schema(stage.with_labels)):
        return "has other columns than promised"
    if not docs.schema.equals(DOCUMENT_SCHEMA):
        return "has a document table with other columns than promised"
    sources = np.array(docs["source"].to_pylist(), object)
    if not np.isin(sources, [component.name for component in stage.mix]).all():
        return "has documents of no component of the recipe"
    of_task = np.isin(sources, [task.name for task in stage.tasks])
    if not np.array_equal(docs["sample"].is_valid().to_numpy(), of_task):
        return "has a document table that takes samples for documents or the reverse"
    return None


class _ShardWalk:
    """Walks the row groups of a shard beside its document table, and notes what does not hold."""

    def __init__(self, config: Config, shard: Shard, docs: pa.Table) -> None:
        stage = config.stage
        self._stage, self._record, self._shard = stage, config.record, shard.record
        manifest = config.dataset.manifest
        self._tokenizer = manifest.tokenizer
        self._docs = docs
        self._column = {
            name: docs[name].to_numpy() for name in ("row", "doc", "start", "length", "prompt_length", "shard")
        }
        self._hashes: list[str] = docs["sha256"].to_pylist()
        self._content = hashlib.sha256()
        self._num_rows = self._num_documents = self._num_tokens = self._loss_tokens = 0
        self.problems: list[str] = []

        # Of each document, in the order of the table.
        numbers = {component.name: number for number, component in enumerate(stage.mix)}
        self._source: Ints = np.array([numbers[name] for name in docs["source"].to_pylist()], np.int64)
        self._is_sample: NDArray[np.bool_] = docs["sample"].is_valid().to_numpy()
        chat = np.array([getattr(component, "format", "plain") == "chat" for component in stage.mix])
        loss_on_all = np.array([component.loss == "all" for component in stage.mix])
        self._is_chat = chat[self._source]
        prompts = np.where(loss_on_all[self._source], 0, self._column["prompt_length"])
        self._loss_start = np.maximum(prompts, 1)
        after_turn = 0 if manifest.chat is None else manifest.chat.tokens_after_turn
        learns_turn = self._is_chat & ~loss_on_all[self._source]
        self._loss_end = self._column["length"] - np.where(learns_turn, after_turn, 0)
        self._has_eos = np.ones(len(docs), np.bool_)
        self._pieces: PieceColumns | None = None
        if self._record.corpora:
            organic = docs.filter(pa.array(~self._is_sample))
            self._pieces = PieceColumns.of(organic, self._tokenizer.ends)
            self._has_eos[~self._is_sample] = self._pieces.is_last

    def that(self, holds: bool | np.bool_, otherwise: str) -> None:
        """Note a promise of the shard that is broken, once for each kind."""
        problem = f"{self._shard.data.path} {otherwise}"
        if not holds and problem not in self.problems:
            self.problems.append(problem)

    def row_group(self, table: pa.Table) -> None:
        """Verify the rows of the next row group by themselves and against the document table."""
        columns = {name: table[name].combine_chunks() for name in table.column_names}
        ids: NDArray[np.int32] = columns["input_ids"].values.to_numpy()
        row_ends = columns["input_ids"].offsets.to_numpy()[1:]
        lengths = columns["seq_lengths"].values.to_numpy().astype(np.int64)
        per_row = np.diff(columns["seq_lengths"].offsets.to_numpy())
        ends = np.cumsum(lengths)
        starts = ends - lengths
        self.that(bool((lengths > 0).all()), "has a document of no tokens")
        last = np.cumsum(per_row) - 1
        if len(ends) != 0 and not (len(last) == len(row_ends) and np.array_equal(ends[last], row_ends)):
            self.that(False, "has rows whose seq_lengths do not add up")
            return
        row_lengths = np.diff(row_ends, prepend=0)
        self.that(bool((row_lengths <= self._stage.seq_length).all()), "has a row longer than seq_length")

        here = slice(self._num_documents, self._num_documents + len(lengths))
        expected_row = self._num_rows + np.repeat(np.arange(len(per_row)), per_row)
        first_of_row = np.repeat(starts[last - per_row + 1], per_row)
        for name, values in {"length": lengths, "row": expected_row, "start": starts - first_of_row}.items():
            self.that(np.array_equal(self._column[name][here], values), f"differs from its document table in {name}")
        if self.problems:
            return
        self._verify_tokens(ids, columns, starts, lengths, here)
        self._num_rows += len(row_ends)
        self._num_documents += len(lengths)
        self._num_tokens += len(ids)

    def _verify_tokens(
        self, ids: NDArray[np.int32], columns: Mapping[str, pa.Array], starts: Ints, lengths: Ints, here: slice
    ) -> None:
        positions = np.arange(len(ids)) - np.repeat(starts, lengths)
        found = columns["position_ids"].values.to_numpy()
        self.that(np.array_equal(found, positions), "has position_ids that do not restart at every document")
        loss_starts, loss_ends = self._loss_start[here], self._loss_end[here]
        self._loss_tokens += int((loss_ends - loss_starts).sum())
        if "labels" in columns:
            in_loss = (positions >= np.repeat(loss_starts, lengths)) & (positions < np.repeat(loss_ends, lengths))
            expected = np.where(in_loss, ids, IGNORED)
            labels = columns["labels"].values.to_numpy()
            self.that(np.array_equal(labels, expected), "has labels that differ from its document table")
        self._verify_ends(ids, starts, lengths, here)
        for place, (start, length) in enumerate(zip(starts.tolist(), lengths.tolist(), strict=True), here.start):
            digest = ids_sha256(ids[start : start + length])
            self._content.update(bytes.fromhex(digest))
            self.that(digest == self._hashes[place], "has documents whose ids differ from their sha256")

    def _verify_ends(self, ids: NDArray[np.int32], starts: Ints, lengths: Ints, here: slice) -> None:
        """Verify that BOS and EOS stand at documents' ends alone; in conversations, as often as the template says."""
        if len(starts) == 0:
            return
        bos, eos = self._tokenizer.bos_ids, self._tokenizer.eos_ids
        is_plain = ~self._is_chat[here]
        has_eos = self._has_eos[here][is_plain]

        def counted(token: int) -> Ints:
            return np.add.reduceat(ids == token, starts, dtype=np.int64)

        def holds(token: int, first: Ints, tokens: tuple[int, ...]) -> bool:
            """Whether these tokens stand at these places, and this one of them where it belongs alone."""
            wanted = bos.count(token) + eos.count(token) * has_eos
            there = ids.take(first[:, None] + np.arange(len(tokens)), mode="clip")
            return bool((there == tokens).all()) and np.array_equal(counted(token)[is_plain], wanted)

        ends = (starts + lengths)[is_plain][has_eos]
        self.that(holds(eos[-1], ends - len(eos), eos), "has EOS elsewhere than at ends")
        if bos:
            self.that(holds(bos[0], starts[is_plain], bos), "has BOS elsewhere than at starts")
        num_eos = counted(eos[-1])
        for source in np.unique(self._source[here][~is_plain]):
            counts = num_eos[self._source[here] == source]
            self.that(bool((counts == counts[0]).all()), "has conversations with unequal numbers of EOS")

    def whole_shard(self) -> None:
        """Verify what only the whole shard shows: its totals, its content, and its spans and depths."""
        if self.problems:
            return
        shard = self._shard
        self.that(self._num_documents == self._docs.num_rows == shard.documents, "does not have its documents")
        self.that(self._num_tokens == shard.tokens, "does not have its tokens")
        self.that(self._loss_tokens == shard.loss_tokens, "does not have its loss tokens")
        self.that(self._content.hexdigest() == shard.content, "does not have its content hash")
        self.that(bool((self._column["shard"] == shard.shard).all()), "has a document table of another shard")
        lengths = self._column["length"]
        self.that(self._by_source(lengths) == shard.sources, "does not have its tokens of each component")
        for name in ("answer_spans", "evidence_spans"):
            spans = self._docs[name].combine_chunks()
            limits = np.repeat(lengths, spans.value_lengths().to_numpy())
            low, high = (spans.flatten().field(end).to_numpy() for end in ("start", "end"))
            inside = (low >= 0) & (low < high) & (high <= limits)
            self.that(bool(inside.all()), f"has {name} outside their documents")
        depth = self._docs["depth"].combine_chunks().flatten().to_numpy()
        self.that(bool(((depth >= 0) & (depth <= 1)).all()), "has a depth outside 0..1")

    def _by_source(self, lengths: NDArray[np.integer]) -> dict[str, SourceTotals]:
        totals: dict[str, SourceTotals] = {}
        for number, component in enumerate(self._stage.mix):
            own = self._source == number
            if own.any():
                tokens = int(lengths[own].sum(dtype=np.int64))
                loss_tokens = int((self._loss_end[own] - self._loss_start[own]).sum(dtype=np.int64))
                totals[component.name] = SourceTotals(documents=int(own.sum()), tokens=tokens, loss_tokens=loss_tokens)
        return dict(sorted(totals.items()))

    def verdict(self) -> ShardVerdict:
        """The verdict on the rows that were walked."""
        name = self._stage.name
        if self.problems:
            return ShardVerdict(name, self._num_rows, self._num_documents, self._num_tokens, self.problems)
        sample = self._docs["sample"].to_numpy()
        return ShardVerdict(
            stage=name,
            rows=self._num_rows,
            documents=self._num_documents,
            tokens=self._num_tokens,
            samples={
                component.name: sample[self._source == number].astype(np.int64)
                for number, component in enumerate(self._stage.mix)
                if component in self._stage.tasks
            },
            counts=None if self._pieces is None else self._pieces.counted(self._record.corpora),
            keys=None if self._pieces is None else self._pieces.key,
        )
