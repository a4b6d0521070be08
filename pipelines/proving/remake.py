"""Making documents of a finished dataset again, from its manifest alone, and comparing them."""

from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ...packers.dataset import Dataset
from ...packers.files.parquet import document_table
from ...packers.tokens.fit import TokenRate
from ...schemas.corpus import CORPUS_MANIFEST
from ...schemas.errors import LcdataError
from ...schemas.manifest import ComponentAccount, Manifest, StageRecord
from ...schemas.place import Place, file_size, place_of
from ..corpora.store import StoredCorpus, is_store, open_corpus
from ..making.samples import SampleMaker
from ..run.files import hash_file
from ..run.versions import library_versions
from .recount import different_from_store, wrong_against_store

SampleMakers = Mapping[tuple[str, str], SampleMaker]
"""The makers of a dataset's samples, by names of stage and component."""


def sample_makers(dataset: Dataset) -> SampleMakers:
    """The makers of a dataset's samples; LcdataError where the tokenizer or an input is not what was used."""
    manifest = dataset.manifest
    corpora = {account.corpus for stage in manifest.stages for account in stage.corpora}
    for path, sha256 in manifest.inputs.items():
        if any(path.startswith(f"{corpus}/") for corpus in corpora):
            continue
        if not Path(path).is_file() or hash_file(Path(path)) != sha256:
            raise LcdataError(f"{path} is not the file that made this dataset ({sha256[:12]}…): put that one back")
    tokenizer = dataset.load_tokenizer()
    return {
        (task.stage.name, task.component.name): SampleMaker(
            task.component,
            manifest.recipe.seed,
            tokenizer,
            {name: TokenRate(**rate) for name, rate in task.account.rates.items()},
            manifest.chat,
        )
        for task in manifest.tasks
    }


class Remaker:
    """Makes documents of a dataset again and says how they differ; what is not there for it is left out, with reasons.

    `store` is the folder that holds the corpora now, None where they are at the places of the recipe.
    """

    def __init__(self, dataset: Dataset, store: Place | None = None) -> None:
        manifest = dataset.manifest
        self.left_out: list[str] = []
        """What is not compared with anything, and why, in one line each."""
        self._manifest = manifest
        self._makers: SampleMakers = {}
        if manifest.tasks:
            with self._or_left_out("samples of tasks were not made again"):
                self._makers = sample_makers(dataset)
        self._corpora: dict[str, StoredCorpus] = {}
        for account in {account.corpus: account for stage in manifest.stages for account in stage.corpora}.values():
            with self._or_left_out("its documents were not compared"):
                self._corpora[account.corpus] = _same_corpus(account, store)

    def wrong_accounts(self) -> Iterator[str]:
        """Accounts of other tokens than their corpora have, a sentence for each."""
        for account in (account for stage in self._manifest.stages for account in stage.corpora):
            corpus = self._corpora.get(account.corpus)
            if corpus is not None:
                yield from wrong_against_store(account, corpus)

    def made_again(self, stage: StageRecord, record: Mapping[str, Any]) -> bool:
        """Whether what a document is made from is there."""
        if record["sample"] is not None:
            return (stage.name, record["source"]) in self._makers
        return _corpus_of(stage, record["source"]) in self._corpora

    def differences(self, stage: StageRecord, records: Sequence[dict[str, Any]]) -> Iterator[str]:
        """How documents of a stage, by their records, differ from what is made again; a sentence for each."""
        for record in records:
            if record["sample"] is not None:
                yield from _regenerate(self._manifest, self._makers[stage.name, record["source"]], record)
        for account in stage.corpora:
            own = [record for record in records if record["source"] == account.name]
            if own:
                yield from different_from_store(self._corpora[account.corpus], self._manifest.tokenizer, own)

    @contextmanager
    def _or_left_out(self, what: str) -> Generator[None]:
        try:
            yield
        except LcdataError as error:
            self.left_out.append(f"{what}: {error}")


def _corpus_of(stage: StageRecord, name: str) -> str | None:
    return next((account.corpus for account in stage.corpora if account.name == name), None)


def _same_corpus(account: ComponentAccount, store: Place | None) -> StoredCorpus:
    """The corpus of an account with its index read; LcdataError where it is not there, another, or damaged."""
    named = place_of(account.corpus)
    place = named if store is None else store if file_size(store / CORPUS_MANIFEST) is not None else store / named.name
    if not is_store(place):
        raise LcdataError(
            f"the corpus {place} is not there: say with --store where its store is now, or verify from the folder "
            "that the dataset was built in"
        )
    corpus = open_corpus(place)
    if corpus.manifest.fingerprint != account.fingerprint:
        raise LcdataError(f"{place} was ingested anew since, or is another: say with --store where the one of then is")
    _ = corpus.sizes
    return corpus


def _regenerate(manifest: Manifest, maker: SampleMaker, record: dict[str, Any]) -> Iterator[str]:
    """Make a sample again and compare its whole record."""
    component = maker.component
    length = component.length.of_sample(component.task, manifest.recipe.seed, record["sample"])
    made = maker.make(record["sample"], length)
    expected = document_table(record["shard"], record["row"], [[made.document]]).to_pylist()[0]
    differing = [name for name in expected if name not in ("doc", "start") and expected[name] != record[name]]
    if differing:
        versions = library_versions()
        changed = [name for name, version in manifest.versions.items() if versions[name] != version]
        hint = f" (made with other versions of {', '.join(changed)})" if changed else ""
        yield f"{component.name} sample {record['sample']} comes out differently in {', '.join(differing)}{hint}"
