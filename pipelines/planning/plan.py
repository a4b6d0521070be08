"""From a recipe to a plan: which documents make which rows of which shard of which stage."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ...packers.tokens.tokenizer import Tokenizer, load_tokenizer
from ...schemas.counted import counted
from ...schemas.errors import UsageError
from ...schemas.events.building import StageFacts
from ...schemas.manifest import ComponentAccount, TaskAccount, dataset_content, stage_content
from ...schemas.recipe import Recipe, fingerprint
from ...schemas.stage import Stage
from ...schemas.tokens import ChatFrame, TokenizerIdentity
from ..corpora.store import INDEX
from ..making.makers import Makers, check_tasks, makers_of
from ..making.stage_rows import SampleWork, StageRows, StageWork
from ..making.store_rows import PieceWork
from ..making.work import ShardJob
from ..run.files import hash_files
from ..run.timed import timed
from ..run.versions import AUDIT_EVERY, library_versions
from .corpora import CorpusSupply
from .materials import Materials, is_same
from .population import population
from .room import check_room
from .shards import ShardedPopulation, shards_of_cells, shards_of_samples
from .shares import shares_of
from .tasks import TaskSupply, supply_task

_FEW_SHARDS = 16
"""Number of shards that a smaller dataset is cut into, about, so that a few workers can share them."""
_NEAR = 0.005
"""How far a share may be from what is wanted without a note."""
_MAX_SHARD_BYTES = 400_000_000
_MIN_SHARD_TOKENS = 1 << 25
_MAX_READ_TOKENS = 3 << 26
"""Tokens of a shard with documents of corpora: about 250 MB as a file, and 768 MiB in the worker that packs it."""


@dataclass(frozen=True)
class StagePlan:
    """A stage, decided: its samples, documents, rows and shards."""

    stage: Stage
    tasks: Sequence[TaskSupply]
    corpora: CorpusSupply | None
    identity: TokenizerIdentity
    tokenizer: Tokenizer | None
    chat: ChatFrame | None

    @cached_property
    def shards(self) -> ShardedPopulation:
        """The stage's samples and pieces of documents, each in its shard and row."""
        if self.corpora is None:
            samples = population(self.tasks, (), (), self.identity.ends)
            return shards_of_samples(samples, self.stage, self._num_shards(samples.num_tokens))
        whole = population(self.tasks, self.corpora.selections, self.corpora.drawn, self.identity.ends)
        return shards_of_cells(whole, self.stage, self._num_shards(whole.num_tokens), self.identity.ends)

    def _num_shards(self, num_tokens: int) -> int:
        """As many shards as make files of 200 to 400 MB, or a sixteenth of a smaller dataset each.

        Every shard audits a sample at least, so none has fewer rows than there are samples to an audit if it can.
        """
        seq_length = self.stage.seq_length
        if self.stage.shard_rows:
            return max(1, round(num_tokens / (self.stage.shard_rows * seq_length)))
        largest, smallest = _MAX_READ_TOKENS, _MIN_SHARD_TOKENS
        if self.corpora is None:
            # A power of two, so that another version of the compressor hardly ever moves it.
            largest = 1 << math.floor(math.log2(_MAX_SHARD_BYTES / self._bytes_per_token))
            smallest = max(smallest, AUDIT_EVERY * seq_length)
        shard_tokens = min(max(num_tokens // _FEW_SHARDS, smallest), largest)
        return max(1, round(num_tokens / shard_tokens))

    @property
    def _bytes_per_token(self) -> float:
        each = [supply.bytes_per_token(self.stage) for supply in self.tasks]
        return float(np.average(each, weights=[supply.num_tokens for supply in self.tasks]))

    @property
    def num_rows(self) -> int:
        """Rows of the stage."""
        return self.shards.num_rows

    @property
    def num_shards(self) -> int:
        """Data files of the stage."""
        return len(self.shards)

    @cached_property
    def num_tokens(self) -> int:
        """Tokens of the stage, BOS and EOS included; of samples, the lengths asked for."""
        return self.shards.content.num_tokens

    @property
    def num_samples(self) -> int:
        """Samples of all tasks of the stage."""
        return sum(len(supply.lengths) for supply in self.tasks)

    @property
    def _sample_tokens(self) -> int:
        return sum(supply.num_tokens for supply in self.tasks)

    @cached_property
    def num_shared(self) -> int:
        """Tokens of which components have shares: BOS and EOS of corpora's documents are not counted."""
        return self._sample_tokens + (0 if self.corpora is None else self.corpora.num_drawn)

    @cached_property
    def accounts(self) -> list[ComponentAccount]:
        """What becomes of the tokens of each corpus of the stage."""
        if self.corpora is None:
            return []
        share = 1 - sum(supply.wanted_share or 0.0 for supply in self.tasks)
        return self.corpora.accounts(self._sample_tokens, share)

    @cached_property
    def task_accounts(self) -> list[TaskAccount]:
        """What is made of each task of the stage, as far as it is planned."""
        return [supply.account(supply.num_tokens / self.num_shared) for supply in self.tasks]

    @cached_property
    def notes(self) -> list[str]:
        """What a user should know about the mixture of the stage."""
        missed = [
            f"{account.name}: {account.share:.2%} of the tokens instead of {account.wanted_share:.2%}"
            for account in (*self.task_accounts, *self.accounts)
            if abs(account.share - account.wanted_share) > _NEAR
        ]
        if missed and self.tasks:
            missed.append("whole samples come no nearer to the shares: raise the stage's tokens or shorten the samples")
        return [*([] if self.corpora is None else self.corpora.notes), *missed]

    @property
    def components(self) -> dict[str, float]:
        """The share of each component of the stage, by name."""
        return {account.name: account.share for account in (*self.task_accounts, *self.accounts)}

    @property
    def summary(self) -> str:
        """What will be made of the stage, in words."""
        rows = counted(self.num_rows, "row")
        if self.stage.tokens is None and len(self.tasks) == 1:
            length = self.tasks[0].component.length
            lengths = ", ".join(f"{value:,}" for value in length.values)
            return f"{counted(self.num_samples, 'sample')} of {length} tokens ({lengths}), {rows}"
        names = ", ".join(f"{name} {share:.1%}" for name, share in self.components.items())
        strategy = "" if self.corpora is None else f" ({self.stage.upsample.strategy})"
        return f"{counted(self.num_tokens, 'token')} of {names}{strategy}, {rows}"

    @property
    def facts(self) -> StageFacts:
        """What will be made of the stage, for whoever is told."""
        return StageFacts(
            name=self.stage.name,
            components=self.components,
            samples=self.num_samples,
            rows=self.num_rows,
            shards=self.num_shards,
            tokens=self.num_tokens,
            notes=self.notes,
            summary=self.summary,
        )

    @property
    def content(self) -> dict[str, object]:
        """All that decides the stage's bytes besides the recipe, as JSON holds it."""
        corpora = {} if self.corpora is None else self.corpora.corpora
        return stage_content(
            tasks={supply.component.name: supply.content for supply in self.tasks},
            corpora={path: corpus.manifest.fingerprint for path, corpus in corpora.items()},
            shards=self.num_shards,
        )

    @property
    def source(self) -> StageRows:
        """What makes the rows of the stage."""
        return StageRows(
            tasks=[supply.component for supply in self.tasks],
            rates=[supply.rates for supply in self.tasks],
            seed=self.stage.seed,
            tokenizer=None if self.tokenizer is None else self.tokenizer.spec,
            chat=self.chat,
            store=None if self.corpora is None else self.corpora.rows,
        )

    def job(self, shard: int) -> ShardJob:
        """The job of making one shard: its documents, row by row."""
        content, row_starts = self.shards.of(shard), self.shards.row_starts[shard]
        is_sample = content.component < len(self.tasks)
        samples = SampleWork(content.component[is_sample], content.document[is_sample], content.length[is_sample])
        work = StageWork(row_starts, is_sample, samples, self._pieces(shard))
        return ShardJob(self.stage.number, shard, self.num_shards, len(row_starts) - 1, content.num_tokens, work)

    def _pieces(self, shard: int) -> PieceWork | None:
        """A shard's pieces of documents, with where each document is in its store; None where there are no corpora."""
        if self.corpora is None:
            return None
        content = self.shards.of(shard)
        content = content.take(np.flatnonzero(content.component >= len(self.tasks)))
        component = content.component - np.int16(len(self.tasks))
        work = PieceWork.empty(component, content.repeat, content.offset, content.length, content.is_last)
        for number, selection in enumerate(self.corpora.selections):
            own = np.flatnonzero(component == number)
            document = content.document[own]
            for column in ("bucket", "unit", "row_group", "row"):
                getattr(work, column)[own] = selection.index(column)[document]
            work.document_tokens[own] = selection.lengths[document]
        return work


@dataclass(frozen=True)
class Plan:
    """A build, decided: the same for every worker count, order and process."""

    recipe: Recipe
    stages: Sequence[StagePlan]
    identity: TokenizerIdentity
    engine: str
    """What encodes, or encoded the corpora: `tokenizers` where any of them needed it, else `fastokens`."""
    chat: ChatFrame | None

    @property
    def num_shards(self) -> int:
        """Data files of all stages."""
        return sum(stage.num_shards for stage in self.stages)

    @property
    def num_tokens(self) -> int:
        """Tokens of all stages, BOS and EOS included; of samples, the lengths asked for."""
        return sum(stage.num_tokens for stage in self.stages)

    @property
    def notes(self) -> list[str]:
        """What a user should know about the mixtures, each with its stage's name where there are several stages."""
        several = len(self.stages) > 1
        return [f"{plan.stage.name}: {note}" if several else note for plan in self.stages for note in plan.notes]

    @cached_property
    def inputs(self) -> dict[str, str]:
        """sha256 of the files that samples are made from, and of the corpora's indexes."""
        files = {path for plan in self.stages for supply in plan.tasks for path in supply.input_files}
        corpora = {
            f"{path}/{INDEX}": corpus.manifest.index.sha256
            for plan in self.stages
            if plan.corpora is not None
            for path, corpus in plan.corpora.corpora.items()
        }
        return {**hash_files(sorted(files)), **corpora}

    @cached_property
    def content(self) -> dict[str, object]:
        """All that decides the dataset's bytes, as JSON holds it."""
        stages = {plan.stage.name: plan.content for plan in self.stages}
        return dataset_content(self.recipe, self.identity, self.chat, self.inputs, stages, library_versions())

    @cached_property
    def fingerprint(self) -> str:
        """Fingerprint of `content`: the same fingerprint is the same data."""
        return fingerprint(self.content)

    def shards(self) -> list[tuple[StagePlan, int]]:
        """Every shard of every stage: the stage's plan, and the shard's number in it."""
        return [(stage, shard) for stage in self.stages for shard in range(stage.num_shards)]


def make_plan(materials: Materials, engine: str = "fastokens") -> Plan:
    """Decide a build; raises where the settings, the tokenizer, the lengths or the shares cannot be meant."""
    recipe, stored = materials.recipe, materials.stored_tokenizer
    for stage in recipe.stages:
        check_room(stage, materials.corpora)
    makers = _makers(materials, engine) if any(stage.tasks for stage in recipe.stages) else None
    if makers is not None and stored is not None and not is_same(makers.tokenizer.identity, stored):
        raise UsageError(
            f"the corpora were ingested with the tokenizer {stored.source}, the tasks would be made with "
            f"{makers.tokenizer.identity.source}: name the corpora's in the recipe"
        )
    identity = makers.tokenizer.identity if makers else stored
    assert identity is not None
    engines = {corpus.manifest.engine for corpus in materials.corpora.values()}
    engines |= {makers.tokenizer.engine} if makers else set()
    counts = Counter[str]()
    return Plan(
        recipe=recipe,
        stages=[_plan_stage(stage, materials, identity, makers, counts) for stage in recipe.stages],
        identity=identity,
        engine="tokenizers" if "tokenizers" in engines else "fastokens",
        chat=makers.chat if makers else None,
    )


def _makers(materials: Materials, engine: str) -> Makers:
    check_tasks(materials.recipe)
    with timed("tokenizer loaded and tried"):
        recipe, vocabulary = materials.recipe, materials.vocabulary
        return makers_of(recipe, load_tokenizer(recipe.tokenizer, engine, vocabulary), vocabulary)


def _plan_stage(
    stage: Stage, materials: Materials, identity: TokenizerIdentity, makers: Makers | None, counts: Counter[str]
) -> StagePlan:
    """Decide a stage; `counts` are the samples of each task in the stages before."""
    shares = shares_of(stage) if stage.tokens is not None else None
    tasks: list[TaskSupply] = []
    for number, component in enumerate(stage.tasks):
        assert makers is not None
        maker = makers.of(stage, component)
        wanted = shares.tasks[number] if shares else None
        tasks.append(supply_task(stage, component, maker, counts[component.task], wanted))
        counts[component.task] += len(tasks[-1].lengths)
    corpora = None
    if stage.corpora:
        assert shares is not None
        assert stage.tokens is not None
        rest = stage.tokens - sum(supply.num_tokens for supply in tasks)
        if rest <= 0:
            raise UsageError(f"{stage.name}: whole samples take all of its tokens: raise them or shorten the samples")
        corpora = CorpusSupply(stage, materials.corpora, identity, shares.corpora, rest)
        if not tasks and not corpora.num_drawn:
            raise UsageError(
                f"{stage.name}: no document is so short that {counted(rest, 'token')} could be it: ask for more"
            )
    tokenizer, chat = (makers.tokenizer, makers.chat) if makers and tasks else (None, None)
    return StagePlan(stage, tasks, corpora, identity, tokenizer, chat)
