"""`verify`: prove that a dataset is what its manifest says, file by file, row by row, and sample by sample."""

import hashlib
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from ..packers.fit import TokenRate
from ..packers.parquet import document_table
from ..packers.rows import IGNORED, loss_starts_at
from ..packers.tokenizer import Tokenizer, load_tokenizer
from ..packers.vocabulary import find_vocabulary
from ..schemas.errors import LcdataError
from ..schemas.manifest import MANIFEST, Manifest, ShardRecord
from ..schemas.recipe import TaskSource
from ..schemas.sample import ids_sha256
from ..schemas.tables import DOCUMENT_SCHEMA, row_schema
from ..schemas.tokens import TokenizerChoice
from .build import library_versions
from .engine import Engine
from .files import hash_file
from .organic.recount import Pieces, differs_from_store, wrong_accounts, wrong_against_store
from .samples import SampleMaker
from .workspace import read_manifest

Ints = NDArray[np.int64]


@dataclass
class Verdict:
    """What was checked, and every promise found broken."""

    rows: int = 0
    documents: int = 0
    tokens: int = 0
    regenerated: int = 0
    problems: list[str] = field(default_factory=list[str])

    @property
    def holds(self) -> bool:
        """Whether nothing was found broken."""
        return not self.problems


@dataclass(frozen=True)
class ShardVerdict:
    """One shard's part of a verdict, and the samples it holds."""

    rows: int
    documents: int
    tokens: int
    problems: list[str]
    samples: Ints
    """Of a task."""
    counts: Ints | None = None
    """Of organic documents: tokens drawn and used, shape (components, buckets, 2)."""
    keys: NDArray[np.uint64] | None = None
    """Hashes of what each organic document is a piece of."""


def verify(folder: Path, num_samples: int = 16, tokenizer: str | None = None, workers: int = 0) -> Verdict:
    """Check every hash, row and record of a dataset and make `num_samples` random samples again."""
    manifest = read_manifest(folder)
    verdict = Verdict(problems=[*_wrong_files(folder, manifest), *_wrong_totals(manifest)])
    shards: list[ShardVerdict] = []
    with Engine() as engine:
        for _, shard in engine.run(_check_shard, (folder, manifest), manifest.shards, workers):
            verdict.rows += shard.rows
            verdict.documents += shard.documents
            verdict.tokens += shard.tokens
            verdict.problems += shard.problems
            shards.append(shard)
    if verdict.holds:
        verdict.problems += _wrong_whole(manifest, shards)
    if verdict.holds and num_samples:
        if manifest.accounts:
            verdict.problems += wrong_against_store(manifest)
        remake = _remaker(manifest, tokenizer)
        for _ in range(min(num_samples, manifest.documents)):
            record = _record(folder, manifest, secrets.randbelow(manifest.documents))
            verdict.problems += remake(record)
            verdict.regenerated += 1
    return verdict


def _wrong_whole(manifest: Manifest, shards: Sequence[ShardVerdict]) -> Iterator[str]:
    """What only all shards together show: samples that are missing, accounts that differ."""
    source = manifest.recipe.source
    if isinstance(source, TaskSource):
        made = np.sort(np.concatenate([shard.samples for shard in shards]))
        if not np.array_equal(made, np.arange(source.n)):
            yield f"the document table does not hold each of {source.n:,} samples once"
        return
    counts = [shard.counts for shard in shards if shard.counts is not None]
    keys = [shard.keys for shard in shards if shard.keys is not None]
    yield from wrong_accounts(manifest, np.sum(counts, axis=0), np.concatenate(keys))


def _remaker(manifest: Manifest, tokenizer: str | None) -> Callable[[dict[str, Any]], Iterator[str]]:
    """What makes a document again from its record and says how it differs."""
    if isinstance(manifest.recipe.source, TaskSource):
        maker = maker_of(manifest, tokenizer)
        return lambda record: _regenerate(manifest, maker, record)
    return lambda record: filter(None, [differs_from_store(manifest, record)])


def _wrong_files(folder: Path, manifest: Manifest) -> Iterator[str]:
    """Files that are missing, changed, or not the manifest's."""
    parquet = [file for shard in manifest.shards for file in (shard.data, shard.docs)]
    listed = {file.path for file in (*parquet, *manifest.files)}
    for file in manifest.files:
        path = folder / file.path
        if not path.is_file():
            yield f"{file.path} is missing"
        elif hash_file(path) != file.sha256:
            yield f"{file.path} was changed"
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_file() and name != MANIFEST and name not in listed and not name.startswith((".cache/", ".git")):
            yield f"{name} does not belong to the dataset"


def _wrong_totals(manifest: Manifest) -> Iterator[str]:
    """Sums of the manifest that are not the sums of its shards."""
    for name in ("documents", "tokens", "loss_tokens", "encodings", "audited"):
        total = sum(getattr(shard, name) for shard in manifest.shards)
        if total != getattr(manifest, name):
            yield f"{MANIFEST}: {name} is {getattr(manifest, name):,}, its shards have {total:,}"
    ledger = manifest.ledger
    if ledger.made != ledger.packed + sum(ledger.dropped.values()) or ledger.packed != manifest.tokens:
        yield f"{MANIFEST}: the ledger does not balance"


def _check_shard(shared: tuple[Path, Manifest], shard: ShardRecord) -> Iterator[ShardVerdict]:
    """Check one shard's two files."""
    folder, manifest = shared
    problems: list[str] = []
    for file in (shard.data, shard.docs):
        path = folder / file.path
        if not path.is_file():
            problems.append(f"{file.path} is missing")
        elif path.stat().st_size != file.bytes or hash_file(path) != file.sha256:
            problems.append(f"{file.path} is damaged: its bytes are not those that were written")
    if problems:
        yield ShardVerdict(0, 0, 0, problems, np.array([], np.int64))
        return
    try:
        yield _check_contents(folder, manifest, shard)
    except (OSError, pa.ArrowException) as error:
        yield ShardVerdict(0, 0, 0, [f"{shard.data.path} cannot be read: {error}"], np.array([], np.int64))


def _check_contents(folder: Path, manifest: Manifest, shard: ShardRecord) -> ShardVerdict:
    rows = pq.ParquetFile(folder / shard.data.path, page_checksum_verification=True)
    docs = pq.read_table(folder / shard.docs.path, page_checksum_verification=True)
    check = _ShardCheck(manifest, shard, docs)
    check.that(rows.schema_arrow.equals(row_schema(manifest.recipe.with_labels)), "has other columns than promised")
    check.that(docs.schema.equals(DOCUMENT_SCHEMA), "has a document table with other columns than promised")
    if not check.problems:
        for group in range(rows.num_row_groups):
            check.row_group(rows.read_row_group(group))
        check.whole_shard()
    verdict = ShardVerdict(check.num_rows, check.num_documents, check.num_tokens, check.problems, check.samples)
    if check.pieces is None:
        return verdict
    return replace(verdict, counts=check.pieces.counted(manifest.accounts), keys=check.pieces.key)


class _ShardCheck:
    """Walks the row groups of a shard beside its document table."""

    def __init__(self, manifest: Manifest, shard: ShardRecord, docs: pa.Table) -> None:
        self._recipe, self._tokenizer, self._shard = manifest.recipe, manifest.tokenizer, shard
        self._is_chat = manifest.chat_template is not None
        self._docs = docs
        self.pieces = Pieces.of(docs, int(manifest.tokenizer.bos_id is not None)) if manifest.accounts else None
        self._column = {
            name: docs[name].to_numpy()
            for name in ("row", "doc", "start", "length", "prompt_length", "shard", "sample")
        }
        self._hashes: list[str] = docs["sha256"].to_pylist()
        self._content = hashlib.sha256()
        self.num_rows = self.num_documents = self.num_tokens = self._loss_tokens = 0
        self.problems: list[str] = []

    @property
    def samples(self) -> Ints:
        """The sample index of each document of a task."""
        return self._column["sample"].astype(np.int64) if self.pieces is None else np.array([], np.int64)

    def that(self, holds: bool | np.bool_, otherwise: str) -> None:
        """Note a broken promise, once for each kind."""
        problem = f"{self._shard.data.path} {otherwise}"
        if not holds and problem not in self.problems:
            self.problems.append(problem)

    def row_group(self, table: pa.Table) -> None:
        """Check rows against each other and against the document table."""
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
        self.that(bool((row_lengths <= self._recipe.seq_length).all()), "has a row longer than seq_length")

        here = slice(self.num_documents, self.num_documents + len(lengths))
        expected_row = self.num_rows + np.repeat(np.arange(len(per_row)), per_row)
        first_of_row = np.repeat(starts[last - per_row + 1], per_row)
        for name, values in {"length": lengths, "row": expected_row, "start": starts - first_of_row}.items():
            self.that(np.array_equal(self._column[name][here], values), f"differs from its document table in {name}")
        if self.problems:
            return
        self._check_tokens(ids, columns, starts, lengths, here)
        self.num_rows += len(row_ends)
        self.num_documents += len(lengths)
        self.num_tokens += len(ids)

    def _check_tokens(
        self, ids: NDArray[np.int32], columns: Mapping[str, Any], starts: Ints, lengths: Ints, here: slice
    ) -> None:
        positions = np.arange(len(ids)) - np.repeat(starts, lengths)
        found = columns["position_ids"].values.to_numpy()
        self.that(np.array_equal(found, positions), "has position_ids that do not restart at every document")
        prompts = self._column["prompt_length"][here]
        loss_starts = np.array([loss_starts_at(int(prompt), self._recipe.source.loss) for prompt in prompts])
        self._loss_tokens += int((lengths - loss_starts).sum())
        if "labels" in columns:
            expected = np.where(positions >= np.repeat(loss_starts, lengths), ids, IGNORED)
            labels = columns["labels"].values.to_numpy()
            self.that(np.array_equal(labels, expected), "has labels that differ from its document table")
        whole = slice(None) if self.pieces is None else self.pieces.is_last[here]
        self._check_ends(ids, starts, (starts + lengths - 1)[whole])
        for place, (start, length) in enumerate(zip(starts.tolist(), lengths.tolist(), strict=True), here.start):
            digest = ids_sha256(ids[start : start + length])
            self._content.update(bytes.fromhex(digest))
            self.that(digest == self._hashes[place], "has documents whose ids differ from their sha256")

    def _check_ends(self, ids: NDArray[np.int32], starts: Ints, ends: Ints) -> None:
        """BOS and EOS stand at the documents' ends alone; conversations hold them as often as their template says."""
        bos_id, eos_id = self._tokenizer.bos_id, self._tokenizer.eos_id
        is_eos = ids == eos_id
        if self._is_chat:
            counts = np.add.reduceat(is_eos, starts, dtype=np.int64)
            self.that(bool((counts == counts[0]).all()), "has conversations with unequal numbers of EOS")
            return
        self.that(bool(is_eos[ends].all()) and int(is_eos.sum()) == len(ends), "has EOS elsewhere than at ends")
        if bos_id is not None and bos_id != eos_id:
            is_bos = ids == bos_id
            holds = bool(is_bos[starts].all()) and int(is_bos.sum()) == len(starts)
            self.that(holds, "has BOS elsewhere than at starts")

    def whole_shard(self) -> None:
        """Check what only the whole shard shows."""
        if self.problems:
            return
        shard = self._shard
        self.that(self.num_documents == self._docs.num_rows == shard.documents, "does not have its documents")
        self.that(self.num_tokens == shard.tokens, "does not have its tokens")
        self.that(self._loss_tokens == shard.loss_tokens, "does not have its loss tokens")
        self.that(self._content.hexdigest() == shard.content, "does not have its content hash")
        self.that(bool((self._column["shard"] == shard.shard).all()), "has a document table of another shard")
        lengths = self._column["length"]
        for name in ("answer_spans", "evidence_spans"):
            spans = self._docs[name].combine_chunks()
            limits = np.repeat(lengths, spans.value_lengths().to_numpy())
            low, high = (spans.flatten().field(end).to_numpy() for end in ("start", "end"))
            inside = (low >= 0) & (low < high) & (high <= limits)
            self.that(bool(inside.all()), f"has {name} outside their documents")
        depth = self._docs["depth"].combine_chunks().flatten().to_numpy()
        self.that(bool(((depth >= 0) & (depth <= 1)).all()), "has a depth outside 0..1")


def maker_of(manifest: Manifest, source: str | None) -> SampleMaker:
    """A maker of the manifest's samples; LcdataError where the tokenizer or an input is not what was used."""
    for path, sha256 in manifest.inputs.items():
        if not Path(path).is_file() or hash_file(Path(path)) != sha256:
            raise LcdataError(f"{path} is not the file that made this dataset ({sha256[:12]}…): put that one back")
    tokenizer = _same_tokenizer(manifest, source or manifest.tokenizer.source)
    rates = {name: TokenRate(**rate) for name, rate in manifest.rates.items()}
    recipe = manifest.recipe
    return SampleMaker(recipe.task, recipe.seed, tokenizer, rates, manifest.chat_template)


def _same_tokenizer(manifest: Manifest, source: str) -> Tokenizer:
    identity = manifest.tokenizer
    if hashlib.sha256(find_vocabulary(source).data).hexdigest() != identity.sha256:
        raise LcdataError(
            f"the tokenizer {source!r} is not the one that made this dataset (sha256 {identity.sha256[:12]}…): "
            "name that one with --tokenizer"
        )
    return load_tokenizer(TokenizerChoice(source=source, bos=identity.bos or "none", eos=identity.eos))


def _record(folder: Path, manifest: Manifest, place: int) -> dict[str, Any]:
    """The document table's record of the document at this place of the dataset."""
    for shard in manifest.shards:
        if place < shard.documents:
            return pq.read_table(folder / shard.docs.path).slice(place, 1).to_pylist()[0]
        place -= shard.documents
    raise AssertionError("the place lies within the dataset")


def _regenerate(manifest: Manifest, maker: SampleMaker, record: dict[str, Any]) -> Iterator[str]:
    """Make a sample again and compare its whole record."""
    source = manifest.recipe.task
    length = source.length.of_sample(source.task, manifest.recipe.seed, record["sample"])
    made = maker.make(record["sample"], length)
    expected = document_table(record["shard"], record["row"], [[made.document]]).to_pylist()[0]
    differing = [name for name in expected if name not in ("doc", "start") and expected[name] != record[name]]
    if differing:
        versions = library_versions()
        changed = [name for name, version in manifest.versions.items() if versions[name] != version]
        hint = f" (made with other versions of {', '.join(changed)})" if changed else ""
        yield f"sample {record['sample']} comes out differently in {', '.join(differing)}{hint}"
