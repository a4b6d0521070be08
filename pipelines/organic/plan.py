"""From a recipe of corpora to a plan: which pieces of which documents make which rows, on lengths alone."""

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from ...generators.organic.buckets import Buckets
from ...generators.organic.draw import draw_component
from ...generators.organic.upsample import Budget, Targets, plan_targets
from ...packers.fit import TokenRate
from ...schemas.manifest import ComponentAccount
from ...schemas.recipe import FORMAT, CorpusSource, Recipe, fingerprint
from ..build import ShardJob, library_versions
from .accounts import make_accounts
from .components import common_tokenizer, select
from .pack import PieceWork, StoreRows
from .shards import Shards, make_shards
from .store import INDEX, open_corpus


class DocumentPlan:
    """A build of documents from stored corpora.

    Making one raises UsageError where the corpora cannot give what the recipe asks for.
    """

    chat_template: str | None = None

    def __init__(self, recipe: Recipe, source: CorpusSource) -> None:
        self.recipe = recipe
        self._source = source
        corpora = {one.corpus: open_corpus(Path(one.corpus)) for one in source.corpora}
        self._corpora = corpora
        self.identity = common_tokenizer(recipe, list(corpora.values()))
        self._selections = [
            select(one, corpora[one.corpus], recipe.seq_length, self._num_bos, source.long_documents)
            for one in source.corpora
        ]
        self.targets = self._targets()
        self._drawn = [
            draw_component(selection.cells(self.targets.buckets), row.tolist(), recipe.seed)
            for selection, row in zip(self._selections, self.targets.target, strict=True)
        ]

    @property
    def engine(self) -> str:
        """What encoded the corpora: `tokenizers` where any was by that."""
        engines = {corpus.manifest.engine for corpus in self._corpora.values()}
        return "tokenizers" if "tokenizers" in engines else "fastokens"

    @property
    def _num_bos(self) -> int:
        return int(self.identity.bos_id is not None)

    def _targets(self) -> Targets:
        source = self._source
        edges = {edge for corpus in self._corpora.values() for edge in corpus.manifest.recipe.buckets}
        for one in source.corpora:
            edges |= {edge for edge in (one.min_length, one.max_length) if edge}
        budget = Budget(tokens=source.tokens, max_repeats=source.max_repeats, best_effort=source.best_effort)
        components = [selection.component for selection in self._selections]
        buckets = Buckets(tuple(sorted(edges)))
        return plan_targets(components, buckets, source.upsample, budget, self.recipe.seq_length)

    @property
    def notes(self) -> list[str]:
        """What a user should know about the mixture."""
        return [*self.targets.changes, *self.targets.warnings]

    @cached_property
    def accounts(self) -> list[ComponentAccount]:
        """What becomes of the tokens of each corpus."""
        return make_accounts(self._selections, self._drawn, self.targets, self._source.long_documents)

    @cached_property
    def _shards(self) -> Shards:
        return make_shards(self._selections, self._drawn, self._num_bos, self.recipe)

    @property
    def num_rows(self) -> int:
        """Rows of the dataset."""
        return self._shards.num_rows

    @property
    def num_shards(self) -> int:
        """Data files of the dataset."""
        return len(self._shards)

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
            names=tuple(one.settings.name for one in self._selections),
            corpora=tuple(one.corpus.path for one in self._selections),
            buckets=tuple(one.corpus.buckets for one in self._selections),
        )

    def job(self, shard: int) -> ShardJob:
        """One shard's pieces."""
        shards = self._shards
        chosen = slice(shards.starts[shard], shards.starts[shard + 1])
        component, piece = shards.component[chosen], shards.piece[chosen]
        work = PieceWork.empty(component, shards.repeat[chosen], shards.row_starts[shard])
        for number, one in enumerate(self._selections):
            own = np.flatnonzero(component == number)
            pieces, document = one.pieces, one.pieces.document[piece[own]]
            for column in ("bucket", "unit", "row_group", "row"):
                getattr(work, column)[own] = one.index(column)[document]
            work.offset[own], work.length[own] = pieces.offset[piece[own]], pieces.length[piece[own]]
            work.is_last[own], work.document_tokens[own] = pieces.is_last[piece[own]], one.lengths[document]
        tokens = int(work.row_tokens(self._num_bos).sum(dtype=np.int64))
        return ShardJob(shard, self.num_shards, len(work.row_starts) - 1, tokens, work)
