"""From a recipe of a task to a plan: which samples make which rows of which shard, before any of them exists."""

import io
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..generators.registry import build_task, task_settings
from ..generators.task import Task
from ..packers.fit import TokenRate
from ..packers.parquet import row_writer
from ..packers.plan_rows import plan_rows
from ..packers.rows import RowGroup
from ..packers.tokenizer import HOSTILE, Tokenizer, TokenizerSpec, load_tokenizer
from ..packers.vocabulary import find_chat_template
from ..schemas.manifest import ComponentAccount
from ..schemas.recipe import FORMAT, Recipe, fingerprint
from ..schemas.stream import stream
from ..schemas.tokens import TokenizerIdentity
from .build import AUDIT_EVERY, FEW_SHARDS, ShardJob, library_versions
from .files import hash_files
from .samples import SampleMaker, SampleRows, SampleWork

_MAX_SHARD_BYTES = 400_000_000
_MIN_SHARD_TOKENS = 1 << 25


@dataclass(frozen=True)
class SamplePlan:
    """A build of one task."""

    recipe: Recipe
    tokenizer: Tokenizer
    chat_template: str | None
    rates: Mapping[str, TokenRate]
    lengths: NDArray[np.int32]
    """Of sample i, shape (n,)."""
    order: NDArray[np.int64]
    """Samples in row order, shape (n,)."""
    row_starts: NDArray[np.int64]
    """Where each row starts in `order`, and the end, shape (rows + 1,)."""
    rows_per_shard: int

    @property
    def num_rows(self) -> int:
        """Rows of the dataset."""
        return len(self.row_starts) - 1

    @property
    def num_shards(self) -> int:
        """Data files of the dataset."""
        return -(-self.num_rows // self.rows_per_shard)

    @property
    def num_tokens(self) -> int:
        """The lengths asked for, added up: what the dataset has at most."""
        return int(self.lengths.sum(dtype=np.int64))

    def shard_rows(self, shard: int) -> list[NDArray[np.int64]]:
        """The samples of each row of a shard."""
        first = shard * self.rows_per_shard
        starts = self.row_starts[first : first + self.rows_per_shard + 1]
        return [self.order[start:end] for start, end in pairwise(starts)]

    @property
    def identity(self) -> TokenizerIdentity:
        """Of the tokenizer."""
        return self.tokenizer.identity

    @property
    def engine(self) -> str:
        """What encodes."""
        return self.tokenizer.engine

    @property
    def accounts(self) -> list[ComponentAccount]:
        """None: there are no corpora."""
        return []

    @property
    def summary(self) -> str:
        """What will be made, in words."""
        source = self.recipe.task
        lengths = ", ".join(f"{length:,}" for length in source.length.values)
        return f"{source.n:,} samples of {source.length} tokens ({lengths}), {self.num_rows:,} rows"

    @property
    def facts(self) -> dict[str, Any]:
        """The same for programs."""
        return {"samples": self.recipe.task.n, "lengths": list(self.recipe.task.length.values)}

    @property
    def notes(self) -> list[str]:
        """Nothing to say."""
        return []

    @property
    def source(self) -> SampleRows:
        """What makes the samples."""
        return SampleRows(self.recipe, self.tokenizer.spec, self.chat_template, self.rates)

    def job(self, shard: int) -> ShardJob:
        """One shard's samples."""
        rows = self.shard_rows(shard)
        lengths = [self.lengths[row] for row in rows]
        tokens = int(sum(int(some.sum()) for some in lengths))
        return ShardJob(shard, self.num_shards, len(rows), tokens, SampleWork(rows, lengths))

    @property
    def _task(self) -> Task:
        return build_task(self.recipe.task.task, self.recipe.task.settings)

    @cached_property
    def inputs(self) -> dict[str, str]:
        """sha256 of the files that samples are made from."""
        return hash_files(self._task.input_files())

    @cached_property
    def content(self) -> dict[str, Any]:
        """All that decides the bytes, as JSON holds it."""
        return {
            "format": FORMAT,
            "recipe": self.recipe.model_dump(mode="json"),
            "tokenizer": self.tokenizer.identity.model_dump(mode="json"),
            "settings": task_settings(self._task),
            "chat_template": self.chat_template,
            "inputs": self.inputs,
            "shards": self.num_shards,
            "rates": {name: rate.as_dict() for name, rate in self.rates.items()},
            "versions": library_versions(),
        }

    @cached_property
    def fingerprint(self) -> str:
        """Of the content."""
        return fingerprint(self.content)


def make_plan(recipe: Recipe, engine: str = "fastokens") -> SamplePlan:
    """Decide a build; raises where the settings, the tokenizer or the lengths cannot be meant."""
    source = recipe.task
    build_task(source.task, source.settings)
    chat_template = chat_template_of(recipe)
    maker = checked_maker(recipe, engine, chat_template)
    tokenizer, rates = maker.tokenizer, maker.rates
    maker.check_length(source.length.shortest)
    lengths = source.length.of_samples(source.task, recipe.seed, source.n)
    order, row_starts = plan_rows(lengths, recipe.seq_length, stream(source.task, recipe.seed, 0, "rows"))
    rows_per_shard = recipe.shard_rows or _rows_per_shard(
        len(row_starts) - 1,
        int(lengths.sum(dtype=np.int64)),
        recipe.seq_length,
        _bytes_per_token(maker, recipe, int(lengths[0])),
    )
    return SamplePlan(recipe, tokenizer, chat_template, rates, lengths, order, row_starts, rows_per_shard)


def _rows_per_shard(num_rows: int, num_tokens: int, seq_length: int, bytes_per_token: float) -> int:
    """Rows of a shard of 200 to 400 MB, or of a sixteenth of a smaller dataset.

    Every shard audits a document at least, so none has fewer rows than there are documents to an audit if it can.
    The largest is a power of two in tokens, so that another version of the compressor hardly ever moves it.
    """
    largest = 1 << math.floor(math.log2(_MAX_SHARD_BYTES / bytes_per_token))
    smallest = max(_MIN_SHARD_TOKENS, AUDIT_EVERY * seq_length)
    shard_tokens = min(max(num_tokens // FEW_SHARDS, smallest), largest)
    num_shards = max(1, round(num_tokens / shard_tokens))
    return -(-num_rows // num_shards)


def _bytes_per_token(maker: SampleMaker, recipe: Recipe, length: int) -> float:
    """What a token takes on disk, from a row of one sample."""
    document = maker.make(0, length).document
    group = RowGroup(length, recipe.task.loss, recipe.with_labels)
    group.add_row([document])
    sink = io.BytesIO()
    with row_writer(sink, recipe.with_labels, recipe.cdc) as writer:
        writer.write_table(group.take())
    return sink.tell() / len(document.ids)


def chat_template_of(recipe: Recipe) -> str | None:
    """The template that documents are laid out in, where they are conversations."""
    return find_chat_template(recipe.tokenizer) if recipe.task.format == "chat" else None


def checked_maker(recipe: Recipe, engine: str, chat_template: str | None) -> SampleMaker:
    """A maker of the recipe's samples, its engine tried against `tokenizers` on hostile strings and its own wording."""
    tokenizer = load_tokenizer(recipe.tokenizer, engine)
    maker = SampleMaker(recipe.task, recipe.seed, tokenizer, chat_template=chat_template)
    if tokenizer.engine == "tokenizers":
        return maker
    different = tokenizer.disagreement([*HOSTILE, *maker.probe()])
    if different is None:
        return maker
    import warnings

    warnings.warn(
        f"fastokens and tokenizers differ on {different[:40]!r}: using tokenizers, which is slower",
        stacklevel=2,
    )
    slower = Tokenizer(TokenizerSpec(tokenizer.spec.data, tokenizer.identity, "tokenizers"))
    return SampleMaker(recipe.task, recipe.seed, slower, chat_template=chat_template)
