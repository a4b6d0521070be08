"""The documents of stored corpora that a stage is made of: which pieces of which, on lengths alone."""

from collections.abc import Mapping, Sequence
from functools import cached_property

from ...schemas.buckets import Buckets
from ...schemas.manifest import ComponentAccount
from ...schemas.stage import Stage
from ...schemas.tokens import TokenizerIdentity
from ..corpora.store import StoredCorpus
from ..making.store_rows import StoreRows
from .accounts import make_accounts
from .draw import draw_component
from .selection import select
from .upsample import Budget, Targets, plan_targets


class CorpusSupply:
    """What is drawn of a stage's corpora for so many tokens of documents, BOS and EOS not counted.

    Making one raises UsageError where the corpora cannot give what the stage asks for.
    """

    def __init__(
        self,
        stage: Stage,
        corpora: Mapping[str, StoredCorpus],
        identity: TokenizerIdentity,
        shares: Sequence[float | None],
        num_tokens: int,
    ) -> None:
        self._stage, self._identity, self._num_tokens = stage, identity, num_tokens
        self.corpora = {component.corpus: corpora[component.corpus] for component in stage.corpora}
        self.selections = [
            select(component, self.corpora[component.corpus], stage.seq_length, identity.ends, stage.long_documents)
            for component in stage.corpora
        ]
        self.targets = self._targets(shares)
        self.drawn = [
            draw_component(selection.cells(self.targets.buckets, stage.number), row.tolist(), stage.seed)
            for selection, row in zip(self.selections, self.targets.target, strict=True)
        ]

    def _targets(self, shares: Sequence[float | None]) -> Targets:
        stage = self._stage
        edges = {edge for corpus in self.corpora.values() for edge in corpus.manifest.recipe.buckets}
        for component in stage.corpora:
            edges |= {edge for edge in (component.min_length, component.max_length) if edge}
        budget = Budget(tokens=self._num_tokens, max_repeats=stage.max_repeats, best_effort=stage.best_effort)
        supplies = [selection.supply(share) for selection, share in zip(self.selections, shares, strict=True)]
        return plan_targets(supplies, Buckets(tuple(sorted(edges))), stage.upsample, budget, stage.seq_length)

    @property
    def notes(self) -> list[str]:
        """What a user should know about the mixture of corpora."""
        return [*self.targets.changes, *self.targets.warnings]

    @cached_property
    def num_drawn(self) -> int:
        """Tokens drawn of all corpora, BOS and EOS not counted."""
        return sum(
            int(selection.pieces.length[cell.piece].sum())
            for selection, cells in zip(self.selections, self.drawn, strict=True)
            for cell in cells
        )

    def accounts(self, of_tasks: int, share: float) -> list[ComponentAccount]:
        """What becomes of the tokens of each corpus, in a stage of which they are to have this share beside tasks."""
        policy = self._stage.long_documents
        return make_accounts(self.selections, self.drawn, self.targets, policy, of_tasks, share)

    @property
    def strategy(self) -> str:
        """The upsampling of the stage in words."""
        upsample = self._stage.upsample
        given = upsample.model_dump(exclude_defaults=True, exclude={"strategy"})
        long_from = {"long_from": upsample.long_threshold(self._stage.seq_length)}
        chosen = given if upsample.strategy in ("natural", "weights") else {**given, **long_from}
        return " ".join([upsample.strategy, *(f"{name}={value}" for name, value in chosen.items())])

    @property
    def rows(self) -> StoreRows:
        """What reads the documents that rows are made of."""
        return StoreRows(
            bos_ids=self._identity.bos_ids,
            eos_ids=self._identity.eos_ids,
            names=tuple(selection.settings.name for selection in self.selections),
            corpora=tuple(selection.corpus.path for selection in self.selections),
            buckets=tuple(selection.corpus.buckets for selection in self.selections),
        )
