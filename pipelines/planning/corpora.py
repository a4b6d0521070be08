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
        num_bos = int(identity.bos_id is not None)
        self.selections = [
            select(one, self.corpora[one.corpus], stage.seq_length, num_bos, stage.long_documents)
            for one in stage.corpora
        ]
        self.targets = self._targets(shares)
        self.drawn = [
            draw_component(selection.cells(self.targets.buckets, stage.number), row.tolist(), stage.seed)
            for selection, row in zip(self.selections, self.targets.target, strict=True)
        ]

    def _targets(self, shares: Sequence[float | None]) -> Targets:
        stage = self._stage
        edges = {edge for corpus in self.corpora.values() for edge in corpus.manifest.recipe.buckets}
        for one in stage.corpora:
            edges |= {edge for edge in (one.min_length, one.max_length) if edge}
        budget = Budget(tokens=self._num_tokens, max_repeats=stage.max_repeats, best_effort=stage.best_effort)
        components = [selection.component(share) for selection, share in zip(self.selections, shares, strict=True)]
        return plan_targets(components, Buckets(tuple(sorted(edges))), stage.upsample, budget, stage.seq_length)

    @property
    def notes(self) -> list[str]:
        """What a user should know about the mixture."""
        return [*self.targets.changes, *self.targets.warnings]

    @cached_property
    def num_drawn(self) -> int:
        """Tokens drawn, BOS and EOS not counted."""
        return sum(
            int(selection.pieces.length[one.piece].sum())
            for selection, cells in zip(self.selections, self.drawn, strict=True)
            for one in cells
        )

    def accounts(self, of_tasks: int, share: float) -> list[ComponentAccount]:
        """What becomes of the tokens of each corpus, in a stage of which they are to have this share beside tasks."""
        policy = self._stage.long_documents
        return make_accounts(self.selections, self.drawn, self.targets, policy, of_tasks, share)

    @property
    def strategy(self) -> str:
        """The upsampling in words."""
        upsample = self._stage.upsample
        given = upsample.model_dump(exclude_defaults=True, exclude={"strategy"})
        long_from = {"long_from": upsample.long_threshold(self._stage.seq_length)}
        chosen = given if upsample.strategy in ("natural", "weights") else {**given, **long_from}
        return " ".join([upsample.strategy, *(f"{name}={value}" for name, value in chosen.items())])

    @property
    def rows(self) -> StoreRows:
        """What reads the documents."""
        return StoreRows(
            bos_id=self._identity.bos_id,
            eos_id=self._identity.eos_id,
            names=tuple(one.settings.name for one in self.selections),
            corpora=tuple(one.corpus.path for one in self.selections),
            buckets=tuple(one.corpus.buckets for one in self.selections),
        )
