"""From a recipe to a plan: which samples make which rows of which shard, before any of them exists."""

import importlib.metadata
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
from ..schemas.errors import LcdataError
from ..schemas.recipe import FORMAT, Recipe, fingerprint
from ..schemas.stream import stream
from .files import hash_files
from .samples import SampleMaker

_MAX_SHARD_BYTES = 400_000_000
_MIN_SHARD_TOKENS = 1 << 25
AUDIT_EVERY = 256
"""One document in so many is encoded again by `tokenizers`, starting with the first of every shard."""
_FEW_SHARDS = 16
"""Smaller datasets are cut into about so many shards, so that a few workers can share them."""


@dataclass(frozen=True)
class Plan:
    """A build, decided: the same for every worker count, order and process."""

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
    def _task(self) -> Task:
        return build_task(self.recipe.source.task, self.recipe.source.settings)

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


def make_plan(recipe: Recipe, engine: str = "fastokens") -> Plan:
    """Decide a build; raises where the settings, the tokenizer or the lengths cannot be meant."""
    source = recipe.source
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
    return Plan(recipe, tokenizer, chat_template, rates, lengths, order, row_starts, rows_per_shard)


def _rows_per_shard(num_rows: int, num_tokens: int, seq_length: int, bytes_per_token: float) -> int:
    """Rows of a shard of 200 to 400 MB, or of a sixteenth of a smaller dataset.

    Every shard audits a document at least, so none has fewer rows than there are documents to an audit if it can.
    The largest is a power of two in tokens, so that another version of the compressor hardly ever moves it.
    """
    largest = 1 << math.floor(math.log2(_MAX_SHARD_BYTES / bytes_per_token))
    smallest = max(_MIN_SHARD_TOKENS, AUDIT_EVERY * seq_length)
    shard_tokens = min(max(num_tokens // _FEW_SHARDS, smallest), largest)
    num_shards = max(1, round(num_tokens / shard_tokens))
    return -(-num_rows // num_shards)


def _bytes_per_token(maker: SampleMaker, recipe: Recipe, length: int) -> float:
    """What a token takes on disk, from a row of one sample."""
    document = maker.make(0, length).document
    group = RowGroup(length, recipe.source.loss, recipe.with_labels)
    group.add_row([document])
    sink = io.BytesIO()
    with row_writer(sink, recipe.with_labels, recipe.cdc) as writer:
        writer.write_table(group.take())
    return sink.tell() / len(document.ids)


def chat_template_of(recipe: Recipe) -> str | None:
    """The template that documents are laid out in, where they are conversations."""
    return find_chat_template(recipe.tokenizer) if recipe.source.format == "chat" else None


def checked_maker(recipe: Recipe, engine: str, chat_template: str | None) -> SampleMaker:
    """A maker of the recipe's samples, its engine tried against `tokenizers` on hostile strings and its own wording."""
    tokenizer = load_tokenizer(recipe.tokenizer, engine)
    maker = SampleMaker(recipe.source, recipe.seed, tokenizer, chat_template=chat_template)
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
    return SampleMaker(recipe.source, recipe.seed, slower, chat_template=chat_template)


def library_versions() -> dict[str, str]:
    """Of the libraries whose versions can change a byte."""
    try:
        return {
            name: importlib.metadata.version(name)
            for name in ("lcdata", "faker", "fastokens", "numpy", "pyarrow", "tokenizers")
        }
    except importlib.metadata.PackageNotFoundError as error:
        raise LcdataError(f"{error.name} is not installed: run `pip install .` in the checkout") from None
