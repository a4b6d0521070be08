"""From a recipe of corpora to a plan: which pieces of which documents make which rows, on lengths alone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...generators.organic.buckets import Buckets
from ...generators.organic.draw import Cell, Drawn, deal, draw_component
from ...generators.organic.upsample import Budget, Component, Targets, plan_targets
from ...packers.fit import TokenRate
from ...packers.pieces import Pieces, cut
from ...packers.plan_rows import plan_rows
from ...schemas.errors import UsageError
from ...schemas.manifest import BucketAccount, ComponentAccount
from ...schemas.recipe import FORMAT, CorpusComponent, CorpusSource, Recipe, fingerprint
from ...schemas.stream import stream
from ...schemas.tokens import EMBEDDED, TokenizerIdentity
from ..build import FEW_SHARDS, ShardJob, library_versions
from .pack import PieceWork, StoreRows
from .store import INDEX, StoredCorpus, open_corpus

_MIN_SHARD_TOKENS = 1 << 25
_MAX_SHARD_TOKENS = 3 << 26
"""About 250 MB as a file, and 768 MiB in the worker that packs it."""
_GOLDEN = 0.618034

OUTSIDE = "outside the lengths chosen"
_DROPPED = {"split": "split", "truncate": "truncated to a row", "drop": "longer than a row"}

Longs = NDArray[np.int64]


@dataclass(frozen=True)
class _Part:
    """A component with its documents: those in its range of lengths, in the order in which they are stored."""

    settings: CorpusComponent
    corpus: StoredCorpus
    documents: Longs
    """Records of the corpus's index."""
    lengths: NDArray[np.int32]
    pieces: Pieces

    @property
    def usable(self) -> NDArray[np.int32]:
        """Tokens of each document that can be drawn."""
        return (self.lengths - self.pieces.dropped).astype(np.int32)

    @property
    def component(self) -> Component:
        """As the plan of targets takes it."""
        return Component(name=self.settings.name, lengths=self.lengths, tokens=self.usable, share=self.settings.share)

    def index(self, column: str) -> NDArray[Any]:
        """A column of the index for its documents."""
        return self.corpus.sizes[column].to_numpy()[self.documents]

    def cells_of(self, buckets: Buckets) -> list[Cell]:
        """Its documents, bucket by bucket."""
        bucket = buckets.of(self.lengths)
        chunk = (self.index("unit").astype(np.int64) << 32) + self.index("row_group")
        counts = np.diff(self.pieces.starts)
        return [
            Cell(
                name=f"{self.settings.name}/{buckets.low(number)}",
                chunk=chunk[chosen],
                first=self.pieces.starts[chosen],
                count=counts[chosen],
                tokens=self.pieces.length,
            )
            for number in range(len(buckets))
            for chosen in [np.flatnonzero((bucket == number) & (counts > 0))]
        ]


@dataclass(frozen=True)
class _Shards:
    """Every piece drawn, shard by shard and in row order; arrays of shape (num_drawn,) where nothing else is said."""

    part: NDArray[np.int16]
    piece: Longs
    repeat: NDArray[np.int32]
    starts: Longs
    """The first piece of each shard, and the end, shape (shards + 1,)."""
    row_starts: Sequence[Longs]
    """Of each shard: the first piece of each row within the shard, and the end."""
    num_tokens: int
    """Of all, BOS and EOS included."""


class DocumentPlan:
    """A build of documents from stored corpora."""

    engine = "fastokens"
    chat_template: str | None = None

    def __init__(self, recipe: Recipe, source: CorpusSource) -> None:
        self.recipe = recipe
        self._source = source
        corpora = {one.corpus: open_corpus(Path(one.corpus)) for one in source.corpora}
        self._corpora = corpora
        self.identity = _common_tokenizer(recipe, list(corpora.values()))
        self._parts = [self._part(one, corpora[one.corpus]) for one in source.corpora]
        self.targets = self._targets()
        self._drawn = [
            draw_component(part.cells_of(self.targets.buckets), row.tolist(), recipe.seed)
            for part, row in zip(self._parts, self.targets.target, strict=True)
        ]

    @property
    def _num_bos(self) -> int:
        return int(self.identity.bos_id is not None)

    def _part(self, settings: CorpusComponent, corpus: StoredCorpus) -> _Part:
        tokens = corpus.sizes["tokens"].to_numpy()
        low, high = settings.min_length or 0, settings.max_length or np.iinfo(np.int32).max
        documents = np.flatnonzero((tokens >= low) & (tokens < high))
        if not len(documents):
            raise UsageError(
                f"{settings.name}: {settings.corpus} has no document of {low:,} to {high - 1:,} tokens: "
                "choose other lengths"
            )
        lengths = tokens[documents]
        pieces = cut(lengths, self.recipe.seq_length, self._num_bos, self._source.long_documents)
        return _Part(settings, corpus, documents, lengths, pieces)

    def _targets(self) -> Targets:
        source = self._source
        edges = {edge for corpus in self._corpora.values() for edge in corpus.manifest.recipe.buckets}
        for one in source.corpora:
            edges |= {edge for edge in (one.min_length, one.max_length) if edge}
        budget = Budget(tokens=source.tokens, max_repeats=source.max_repeats, best_effort=source.best_effort)
        components = [part.component for part in self._parts]
        buckets = Buckets(tuple(sorted(edges)))
        return plan_targets(components, buckets, source.upsample, budget, self.recipe.seq_length)

    @property
    def notes(self) -> list[str]:
        """What a user should know about the mixture."""
        return [*self.targets.changes, *self.targets.warnings]

    @cached_property
    def accounts(self) -> list[ComponentAccount]:
        """What becomes of the tokens of each corpus."""
        drawn = [[_tokens(part, one) for one in cells] for part, cells in zip(self._parts, self._drawn, strict=True)]
        total = max(sum(map(sum, drawn)), 1)
        wanted = self.targets.wanted.sum(1) / max(self.targets.wanted.sum(), 1)
        return [
            ComponentAccount(
                name=part.settings.name,
                corpus=part.settings.corpus,
                fingerprint=part.corpus.manifest.fingerprint,
                wanted_share=round(float(wanted[number]), 6),
                share=round(sum(drawn[number]) / total, 6),
                buckets=self._bucket_accounts(number),
            )
            for number, part in enumerate(self._parts)
        ]

    def _bucket_accounts(self, number: int) -> list[BucketAccount]:
        part, buckets = self._parts[number], self.targets.buckets
        everything = part.corpus.sizes["tokens"].to_numpy()
        documents, tokens = _count(everything, everything, buckets)
        _, inside = _count(part.lengths, part.lengths, buckets)
        _, lost = _count(part.lengths, part.pieces.dropped, buckets)
        accounts: list[BucketAccount] = []
        for bucket, drawn in enumerate(self._drawn[number]):
            dropped = {OUTSIDE: tokens[bucket] - inside[bucket], _DROPPED[self._source.long_documents]: lost[bucket]}
            used = _tokens(part, Drawn(piece=drawn.piece[drawn.repeat == 0], repeat=drawn.repeat))
            accounts.append(
                BucketAccount(
                    low=buckets.low(bucket),
                    high=buckets.high(bucket),
                    documents=documents[bucket],
                    tokens=tokens[bucket],
                    wanted=int(self.targets.wanted[number, bucket]),
                    drawn=_tokens(part, drawn),
                    used=used,
                    unused=tokens[bucket] - used - sum(dropped.values()),
                    dropped={reason: count for reason, count in dropped.items() if count},
                )
            )
        return accounts

    @cached_property
    def _shards(self) -> _Shards:
        """Deal every cell to the shards, and plan the rows of each."""
        part, piece, repeat, tokens = self._all_drawn()
        turns = np.arange(len(self.targets.buckets) * len(self._parts)) * _GOLDEN % 1
        cells = [one for cells in self._drawn for one in cells]
        ends = np.cumsum([len(one.piece) for one in cells])
        num_shards = self._num_shards(int(tokens.sum(dtype=np.int64)))
        shard = np.concatenate(
            [
                deal(tokens[end - len(one.piece) : end], num_shards, float(turn))
                for one, end, turn in zip(cells, ends.tolist(), turns, strict=True)
            ]
        )
        order = np.lexsort((stream("mixture", self.recipe.seed, 0, "documents").permutation(len(shard)), shard))
        starts = np.searchsorted(shard[order], np.arange(num_shards + 1))
        row_starts: list[Longs] = []
        for number, (start, end) in enumerate(zip(starts[:-1].tolist(), starts[1:].tolist(), strict=True)):
            own = order[start:end]
            rng = stream("mixture", self.recipe.seed, number, "rows")
            in_rows, row_start = plan_rows(tokens[own], self.recipe.seq_length, rng)
            order[start:end] = own[in_rows]
            row_starts.append(row_start)
        return _Shards(part[order], piece[order], repeat[order], starts, row_starts, int(tokens.sum(dtype=np.int64)))

    def _all_drawn(self) -> tuple[NDArray[np.int16], Longs, NDArray[np.int32], NDArray[np.int32]]:
        """Part, piece, repeat and tokens in a row of all pieces drawn, cell after cell."""
        parts: list[NDArray[np.int16]] = []
        tokens: list[NDArray[np.int32]] = []
        for number, (part, cells) in enumerate(zip(self._parts, self._drawn, strict=True)):
            in_rows = part.pieces.row_tokens(self._num_bos)
            parts += [np.full(len(one.piece), number, np.int16) for one in cells]
            tokens += [in_rows[one.piece] for one in cells]
        cells = [one for cells in self._drawn for one in cells]
        return (
            np.concatenate(parts),
            np.concatenate([one.piece for one in cells]),
            np.concatenate([one.repeat for one in cells]),
            np.concatenate(tokens),
        )

    def _num_shards(self, num_tokens: int) -> int:
        if self.recipe.shard_rows:
            return max(1, round(num_tokens / (self.recipe.shard_rows * self.recipe.seq_length)))
        shard_tokens = min(max(num_tokens // FEW_SHARDS, _MIN_SHARD_TOKENS), _MAX_SHARD_TOKENS)
        return max(1, round(num_tokens / shard_tokens))

    @property
    def num_rows(self) -> int:
        """Rows of the dataset."""
        return sum(len(starts) - 1 for starts in self._shards.row_starts)

    @property
    def num_shards(self) -> int:
        """Data files of the dataset."""
        return len(self._shards.row_starts)

    @property
    def num_tokens(self) -> int:
        """Of the dataset, BOS and EOS included."""
        return self._shards.num_tokens

    @property
    def summary(self) -> str:
        """What will be made, in words."""
        names = ", ".join(f"{account.name} {account.share:.1%}" for account in self.accounts)
        return f"{self.num_tokens:,} tokens of {names} ({self._source.upsample.strategy}), {self.num_rows:,} rows"

    @property
    def strategy(self) -> str:
        """The upsampling in words."""
        upsample = self._source.upsample
        given = upsample.model_dump(exclude_defaults=True, exclude={"strategy"})
        long_from = {"long_from": upsample.long_threshold(self.recipe.seq_length)}
        chosen = given if upsample.strategy in ("natural", "weights") else {**given, **long_from}
        return " ".join([upsample.strategy, *(f"{name}={value}" for name, value in chosen.items())])

    @property
    def facts(self) -> dict[str, Any]:
        """The same for programs."""
        return {"components": {account.name: account.share for account in self.accounts}, "notes": self.notes}

    @property
    def inputs(self) -> dict[str, str]:
        """sha256 of the corpora's indexes."""
        return {f"{path}/{INDEX}": corpus.manifest.index.sha256 for path, corpus in self._corpora.items()}

    @property
    def rates(self) -> Mapping[str, TokenRate]:
        """None: nothing is fitted."""
        return {}

    @cached_property
    def content(self) -> dict[str, Any]:
        """All that decides the bytes, as JSON holds it."""
        return {
            "format": FORMAT,
            "recipe": self.recipe.model_dump(mode="json"),
            "tokenizer": self.identity.model_dump(mode="json"),
            "corpora": {path: corpus.manifest.fingerprint for path, corpus in self._corpora.items()},
            "shards": self.num_shards,
            "versions": library_versions(),
        }

    @cached_property
    def fingerprint(self) -> str:
        """Of the content."""
        return fingerprint(self.content)

    @property
    def source(self) -> StoreRows:
        """What reads the documents."""
        return StoreRows(
            bos_id=self.identity.bos_id,
            eos_id=self.identity.eos_id,
            names=tuple(part.settings.name for part in self._parts),
            corpora=tuple(part.corpus.path for part in self._parts),
            buckets=tuple(part.corpus.buckets for part in self._parts),
        )

    def job(self, shard: int) -> ShardJob:
        """One shard's pieces."""
        shards = self._shards
        chosen = slice(shards.starts[shard], shards.starts[shard + 1])
        part, piece = shards.part[chosen], shards.piece[chosen]
        work = PieceWork.empty(part, shards.repeat[chosen], shards.row_starts[shard])
        for number, one in enumerate(self._parts):
            own = np.flatnonzero(part == number)
            pieces, document = one.pieces, one.pieces.document[piece[own]]
            for column in ("bucket", "unit", "row_group", "row"):
                getattr(work, column)[own] = one.index(column)[document]
            work.offset[own], work.length[own] = pieces.offset[piece[own]], pieces.length[piece[own]]
            work.is_last[own], work.document_tokens[own] = pieces.is_last[piece[own]], one.lengths[document]
        tokens = int(work.row_tokens(self._num_bos).sum(dtype=np.int64))
        return ShardJob(shard, self.num_shards, len(work.row_starts) - 1, tokens, work)


def make_document_plan(recipe: Recipe, source: CorpusSource) -> DocumentPlan:
    """Decide a build of documents; UsageError where the corpora cannot give what the recipe asks for."""
    return DocumentPlan(recipe, source)


def _common_tokenizer(recipe: Recipe, corpora: Sequence[StoredCorpus]) -> TokenizerIdentity:
    """The tokenizer of all corpora; UsageError where they have several or the recipe names another."""
    first, *others = corpora
    identity = first.manifest.tokenizer
    for other in others:
        if other.manifest.tokenizer.model_dump(exclude={"source"}) != identity.model_dump(exclude={"source"}):
            raise UsageError(
                f"{first.path} and {other.path} were ingested with different tokenizers "
                f"({identity.source}, {other.manifest.tokenizer.source}): ingest one of them again"
            )
    if recipe.tokenizer.source not in (EMBEDDED, identity.source):
        raise UsageError(
            f"the corpora were ingested with the tokenizer {identity.source}, not {recipe.tokenizer.source}: "
            "ingest them again with that one"
        )
    return identity


def _tokens(part: _Part, drawn: Drawn) -> int:
    return int(part.pieces.length[drawn.piece].sum(dtype=np.int64))


def _count(lengths: NDArray[np.int32], tokens: NDArray[Any], buckets: Buckets) -> tuple[list[int], list[int]]:
    """Documents and tokens in each bucket."""
    bucket = buckets.of(lengths)
    summed = np.bincount(bucket, tokens, minlength=len(buckets)).astype(np.int64)
    return np.bincount(bucket, minlength=len(buckets)).tolist(), summed.tolist()
