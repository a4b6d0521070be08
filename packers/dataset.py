"""A finished dataset: its manifest, its configs with their rows, and the documents in these, opened once.

Whatever reads a finished dataset asks here; where its files lie is known to `files/dataset_file.py` alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ..schemas.errors import LcdataError, UsageError
from ..schemas.manifest import MANIFEST, Manifest, StageRecord, read_manifest
from ..schemas.place import Place, place_of
from ..schemas.sample import Loss
from ..schemas.stage import Stage
from .files.dataset_file import DatasetFile, Shard
from .rows.row import Row, RowDocument
from .rows.row_arrays import COLUMNS, RowArrays, row_arrays

if TYPE_CHECKING:  # a dataset is opened without loading `tokenizers`
    from upath import UPath

    from .tokens.tokenizer import Tokenizer


def open_dataset(folder: str | Path | UPath, *, tokenizer: str | None = None) -> Dataset:
    """Open a finished dataset, such as `lcdata gen` and `lcdata build` make.

    `folder` may be a URL of an object store, or of a dataset on the Hub: `s3://bucket/name`, `hf://datasets/org/name@rev`.
    Only its manifest is read. `tokenizer` says where the dataset's tokenizer is now (a `tokenizer.json`, a folder or a
    Hub id), where it is not at the place that it was made with; it is loaded when a text is first asked for.

    Raises UsageError where the folder holds no finished dataset, LcdataError where its manifest is damaged.
    """
    place = place_of(folder)
    manifest = read_manifest(place)
    if [stage.name for stage in manifest.recipe.stages] != [stage.name for stage in manifest.stages]:
        raise LcdataError(
            f"{place / MANIFEST} is damaged (it has other stages than its recipe): make the dataset again"
        )
    return Dataset(place, manifest, tokenizer)


class Dataset:
    """A finished dataset; made by `open_dataset`.

    `folder` is where it is (a `Path`, or a `UPath` of an object store), `manifest` everything that `lcdata.json` says
    of it, `configs` its configs by name, in the order of training. Pickles; the tokenizer is then loaded anew.
    """

    def __init__(self, folder: Place, manifest: Manifest, tokenizer: str | None = None) -> None:
        self.folder, self.manifest = folder, manifest
        self.configs: Mapping[str, Config] = {
            stage.name: Config(self, stage, record) for stage, record in manifest.pairs()
        }
        self._tokenizer_source = tokenizer or manifest.tokenizer.source

    @property
    def name(self) -> str:
        """The name that the recipe gives the dataset."""
        return self.manifest.recipe.name

    @property
    def fingerprint(self) -> str:
        """Fingerprint of recipe, tokenizer and corpora: the same fingerprint is the same data."""
        return self.manifest.fingerprint

    @property
    def num_documents(self) -> int:
        """Documents of the dataset, in all its configs."""
        return self.manifest.total("documents")

    def config(self, name: str | None = None) -> Config:
        """A config by its name, which may be left out where there is one; UsageError where there is no such config."""
        if name is None and len(self.configs) > 1:
            raise UsageError(f"{self.folder} has several configs: name one of {', '.join(self.configs)}")
        name = next(iter(self.configs)) if name is None else name
        if name not in self.configs:
            raise UsageError(f"{self.folder} has no config {name!r}: it has {', '.join(self.configs)}")
        return self.configs[name]

    def sample_number(self, config: str, source: str, sample: int) -> int:
        """The number through the whole dataset of a task's sample, by which exports and predictions know it."""
        return self._number_of_sample_0[config, source] + sample

    @cached_property
    def _number_of_sample_0(self) -> Mapping[tuple[str, str], int]:
        """Numbers of sample 0, by config and task; below 0 where an earlier config has the first samples of a task."""
        return {
            (task.stage.name, task.component.name): task.number - task.account.first for task in self.manifest.tasks
        }

    @cached_property
    def tokenizer(self) -> Tokenizer:
        """The tokenizer that made the dataset, by `tokenizers`, which is soonest loaded; raises as `load_tokenizer`."""
        return self.load_tokenizer("tokenizers")

    def load_tokenizer(self, engine: str = "fastokens") -> Tokenizer:
        """The tokenizer that made the dataset, with an engine of its own: `fastokens` or `tokenizers`.

        Raises LcdataError where there is another one at its place, UsageError or HubError where there is none.
        """
        from .tokens.tokenizer import reopen_tokenizer
        from .tokens.vocabulary import find_vocabulary

        identity, source = self.manifest.tokenizer, self._tokenizer_source
        vocabulary = find_vocabulary(source)
        if vocabulary.sha256 != identity.sha256:
            raise LcdataError(
                f"the tokenizer {source!r} is not the one that made this dataset (sha256 {identity.sha256[:12]}…): "
                "say where that one is with --tokenizer, or tokenizer= in Python"
            )
        return reopen_tokenizer(identity, vocabulary, engine)

    def decode(self, ids: Sequence[int] | NDArray[np.integer]) -> str:
        """The text of token ids, control tokens such as BOS and EOS left out; raises as `load_tokenizer`."""
        return self.tokenizer.decode(np.asarray(ids, np.int32))

    def __repr__(self) -> str:
        configs = ", ".join(f"{config.name}: {config.num_rows:,} rows" for config in self.configs.values())
        return f"Dataset({str(self.folder)!r}, {configs})"

    def __getstate__(self) -> dict[str, object]:
        return {name: value for name, value in vars(self).items() if name != "tokenizer"}


class Config:
    """One config of a finished dataset: the rows that a stage of its recipe was made into.

    `dataset` is what it is part of, `stage` what was asked for, `record` what came of it, `shards` its data files, each
    with its document table. Rows are numbered from 0 through all data files.
    """

    def __init__(self, dataset: Dataset, stage: Stage, record: StageRecord) -> None:
        self.dataset, self.stage, self.record = dataset, stage, record
        self.shards = tuple(Shard.of(dataset.folder, shard) for shard in record.shards)
        self._loss: Mapping[str, Loss] = {component.name: component.loss for component in stage.mix}
        chat = dataset.manifest.chat
        conversations = [task.name for task in stage.tasks if task.format == "chat"]
        self._tokens_after_turn = dict.fromkeys(conversations, 0 if chat is None else chat.tokens_after_turn)

    @property
    def name(self) -> str:
        """Name of the config, for example `kv-128k`."""
        return self.stage.name

    @property
    def seq_length(self) -> int:
        """Tokens that a row of the config holds at most."""
        return self.stage.seq_length

    @property
    def num_rows(self) -> int:
        """Rows of the config, in all its data files."""
        return self.record.rows

    @property
    def num_documents(self) -> int:
        """Documents of the config, in all its rows."""
        return self.record.documents

    @property
    def num_tokens(self) -> int:
        """Tokens of the config, in all its rows."""
        return self.record.tokens

    @property
    def vocab_size(self) -> int:
        """One more than the largest token id of the tokenizer."""
        return self.dataset.manifest.tokenizer.vocab_size

    @property
    def fingerprint(self) -> str:
        """Fingerprint of the whole dataset: the same fingerprint is the same data."""
        return self.dataset.fingerprint

    @property
    def data(self) -> tuple[DatasetFile, ...]:
        """The Parquet files of rows, in order."""
        return tuple(shard.data for shard in self.shards)

    @property
    def docs(self) -> tuple[DatasetFile, ...]:
        """The Parquet files of the document table, one for each data file."""
        return tuple(shard.docs for shard in self.shards)

    def row(self, index: int) -> Row:
        """Row `index`, in file order; one row group is read for it.

        Raises IndexError where there is no such row, LcdataError where its file cannot be read.
        """
        shard, place = self.shard_of(index)
        [arrays] = row_arrays(shard.data.slice(place, place + 1, COLUMNS), [0])
        return self._row(index, shard, place, arrays)

    def rows(self) -> Iterator[Row]:
        """All rows in file order, each row group read once; LcdataError where a file cannot be read."""
        index = 0
        for shard in self.shards:
            place = 0
            for table in shard.data.row_groups(COLUMNS):
                for arrays in row_arrays(table, range(len(table))):
                    yield self._row(index, shard, place, arrays)
                    index, place = index + 1, place + 1

    def take(self, indices: Iterable[int]) -> Iterator[Row]:
        """These rows in file order, each row group that holds some of them read once; raises as `row`."""
        places: dict[int, list[tuple[int, int]]] = {}
        for index in sorted(set(indices)):
            shard, place = self.shard_of(index)
            places.setdefault(shard.record.shard, []).append((index, place))
        for number, wanted in places.items():
            yield from self._take(self.shards[number], wanted)

    def _take(self, shard: Shard, wanted: Sequence[tuple[int, int]]) -> Iterator[Row]:
        """Rows of a shard, each by its number in the config and in the shard."""
        ends = np.cumsum(shard.data.group_sizes())
        groups: NDArray[np.int64] = np.searchsorted(ends, [place for _, place in wanted], "right")
        for group in np.unique(groups).tolist():
            own = [pair for pair, of in zip(wanted, groups.tolist(), strict=True) if of == group]
            first = int(ends[group - 1]) if group else 0
            arrays = row_arrays(shard.data.row_group(group, COLUMNS), [place - first for _, place in own])
            for (index, place), row in zip(own, arrays, strict=True):
                yield self._row(index, shard, place, row)

    def shard_of(self, index: int) -> tuple[Shard, int]:
        """The shard that holds a row, and the row's number in it; IndexError where there is no such row."""
        ends = np.cumsum([shard.data.record.rows for shard in self.shards])
        if not 0 <= index < ends[-1]:
            raise IndexError(f"row {index} of {self.num_rows}")
        number = int(np.searchsorted(ends, index, "right"))
        shard = self.shards[number]
        return shard, index - int(ends[number]) + shard.data.record.rows

    def document_table(self, *columns: str) -> pa.Table:
        """The document table, or these columns of it, a record a document in row order; see `lcdata.schemas.tables`."""
        return pa.concat_tables([docs.read(columns or None) for docs in self.docs])

    def loss_tokens(self, table: pa.Table) -> NDArray[np.int64]:
        """Tokens in the loss of each document, int64 of shape (documents,).

        table: a part of the document table that has `source`, `length` and `prompt_length`.
        """
        sources = table["source"].combine_chunks().dictionary_encode()
        names = sources.dictionary.to_pylist()
        of_all = np.array([self._loss.get(name, "all") == "all" for name in names], np.bool_)[sources.indices]
        after_turn = np.array([self._tokens_after_turn.get(name, 0) for name in names], np.int64)[sources.indices]
        lengths, prompts = (table[name].to_numpy().astype(np.int64) for name in ("length", "prompt_length"))
        return np.where(of_all, lengths - 1, lengths - after_turn - np.maximum(prompts, 1))

    def _row(self, index: int, shard: Shard, place: int, arrays: RowArrays) -> Row:
        return Row(
            input_ids=arrays.input_ids,
            labels=arrays.labels,
            seq_lengths=arrays.seq_lengths,
            index=index,
            read_documents=partial(self._documents, shard, place, arrays),
        )

    def _documents(self, shard: Shard, place: int, arrays: RowArrays) -> Iterator[RowDocument]:
        """The documents of a row, its number in the shard given."""
        records = shard.documents(place).to_pylist()
        lengths = [record["length"] for record in records]
        are_those = lengths == arrays.seq_lengths.tolist() and sum(lengths) == len(arrays.input_ids)
        if not are_those or any(record["source"] not in self._loss for record in records):
            folder = self.dataset.folder
            raise LcdataError(f"{shard.docs.path} is a table of other documents: run `lcdata verify {folder}`")
        for record in records:
            inside = slice(record["start"], record["start"] + record["length"])
            source, sample = record["source"], record["sample"]
            yield RowDocument.of(
                record,
                ids=arrays.input_ids[inside],
                labels=arrays.labels[inside],
                loss=self._loss[source],
                tokens_after_turn=self._tokens_after_turn.get(source, 0),
                index=None if sample is None else self.dataset.sample_number(self.name, source, sample),
                decode=self.dataset.decode,
            )

    def __repr__(self) -> str:
        return f"Config({self.name!r}, {self.num_rows:,} rows of at most {self.seq_length:,} tokens)"
