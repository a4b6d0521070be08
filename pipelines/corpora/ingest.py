"""`ingest`: a corpus read, joined, tokenized once and stored by length; resumable inside each input file."""

import os
import warnings
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import closing
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from ...generators.sources.input import HIDDEN
from ...generators.sources.inputs import Found, Input, find_inputs
from ...packers.files.texts import TextFile, Texts, about_texts, hash_texts, prepare_to_read
from ...packers.files.token_store import INDEX_SCHEMA, write_index
from ...packers.tokens.chat import chat_template_of, frame_chat
from ...packers.tokens.tokenizer import Tokenizer, load_tokenizer
from ...packers.tokens.vocabulary import find_vocabulary
from ...schemas.buckets import Buckets
from ...schemas.corpus import (
    CORPUS_FORMAT,
    CORPUS_MANIFEST,
    DEFAULT_GATES,
    BucketRecord,
    CorpusManifest,
    DamagedInput,
    Gates,
    IngestRecipe,
    InputRecord,
    PartRecord,
    PassedOverInput,
    UnitRecord,
)
from ...schemas.errors import ChangedError, LcdataError, UsageError
from ...schemas.events.event import Tell, nobody
from ...schemas.events.ingesting import Arranged, Ingested, IngestStarted, PartRead, UnitStored
from ...schemas.place import Place, file_size, read_bytes, stored_below, whole_place
from ...schemas.recipe import fingerprint
from ...schemas.records import FileRecord
from ..run.engine import Engine
from ..run.files import hash_file
from ..run.pace import Pace
from ..run.timed import timed
from ..run.versions import library_versions
from ..run.where import ANYWHERE, Where
from ..run.workspace import PLAN, Workspace, first_difference, what_is_wrong, work_of
from ..run.workspace_at import workspace_at
from .arrange import Arrangement, arrange
from .encode import NO_TOKENS, Encoding, Unit, encode_unit
from .gates import NAMED_BAD, check_bad, check_bad_counts, check_damaged, check_unwritten, first_bad
from .read import Bundle, ChatReading, Reading, read_bundle
from .store import INDEX, open_corpus

_BUNDLE_BYTES = 1 << 26
"""Bytes of input files that are read as one piece of work."""
_ENOUGH_RECORDS = 100_000
"""Records from which on too many unusable ones stop the ingest at once, else at the end of reading."""
_SMALL_BYTES = 1 << 26
"""Bytes of input up to which the work takes less time than Ray needs to start."""


def ingest(
    recipe: IngestRecipe,
    store: Place,
    tell: Tell = nobody,
    gates: Gates = DEFAULT_GATES,
    where: Where = ANYWHERE,
    engine: str = "fastokens",
    overwrite: bool = False,
) -> Ingested:
    """Store the recipe's corpus as a folder of `store`.

    Resumes an ingest of the same recipe and inputs, and does nothing where it is finished. With `overwrite` a corpus
    that was made otherwise is replaced when this one is whole, and one that is half stored goes at once. Raises
    UsageError where the folder holds something else or more of its inputs would be lost than `gates`
    let pass, ChangedError where an input changes, ResumableError where it stopped with its finished parts safe.
    """
    out = whole_place(store) / recipe.name
    workspace = workspace_at(out, overwrite)
    with timed("inputs found"):
        found = find_inputs(recipe.inputs, recipe.config, recipe.split)
    inputs = found.inputs
    tokenizer: Tokenizer | None = None
    if file_size(out / CORPUS_MANIFEST) is not None:
        tokenizer = _tried_tokenizer(recipe, engine)
        done = _finished(workspace, recipe, inputs, tokenizer, gates, overwrite)
        if done is not None:
            return _ingested(done, out, False)
    elif _is_in_the_way(out):
        raise UsageError(f"{out} is in the way: choose another --name or --out")
    ingested: Ingested | None = None
    with workspace.guarded(), Engine(where) as runner:
        runner.decide(_automatic_workers(inputs))
        runner.start(0, read_bundle)
        tokenizer = tokenizer or _tried_tokenizer(recipe, engine)
        run = _Ingest(recipe, found, tokenizer, workspace, tell)
        with workspace.locked():
            done = _finished(workspace, recipe, inputs, tokenizer, gates, overwrite)
            if done is not None:
                return _ingested(done, out, False)
            manifest = run.build(runner, gates)
            ingested = _ingested(manifest, out, True)
            workspace.publish(CORPUS_MANIFEST, manifest.sealed, manifest.listed)
    assert ingested is not None
    return ingested


def _is_in_the_way(out: Place) -> bool:
    """Whether something else than a corpus, or an ingest that was stopped, has the place of one."""
    if isinstance(out, Path):
        return out.exists()
    return bool(stored_below(out)) and file_size(work_of(out) / PLAN) is None


def _finished(
    workspace: Workspace[Place],
    recipe: IngestRecipe,
    inputs: Sequence[Input],
    tokenizer: Tokenizer,
    gates: Gates,
    overwrite: bool,
) -> CorpusManifest | None:
    """The manifest of the corpus where it is stored already, None where it is to be stored.

    UsageError where another one, or one that is not whole, has its place and is not to be overwritten.
    """
    out = workspace.out
    done = _stored(out, overwrite) if file_size(out / CORPUS_MANIFEST) is not None else None
    if done is None:
        return None
    difference = _difference(done, recipe, inputs, tokenizer)
    wrong = difference or what_is_wrong(out, done.listed, overwrite)
    if wrong is None:
        check_damaged(done.damaged, len(done.inputs), gates)
        check_bad_counts(done.records, Counter(done.bad), done.first_bad, gates)
        workspace.remove_after_publication()
        return done
    if overwrite:
        return None
    what = "was made otherwise" if difference else "is not whole"
    raise UsageError(
        f"{recipe.name} is stored and {what}: {wrong}. Use another --name or --out, or replace it with --overwrite"
    )


def _ingested(manifest: CorpusManifest, out: Place, is_new: bool) -> Ingested:
    content = manifest.model_dump(mode="json", exclude={"inputs", "files", "index"})
    return Ingested(out=str(out), ingested=is_new, manifest=content)


def _tried_tokenizer(recipe: IngestRecipe, engine: str) -> Tokenizer:
    """The recipe's tokenizer, its engine tried against `tokenizers`, in as little memory as encoding takes."""
    with timed("tokenizer loaded and tried"):
        tokenizer = load_tokenizer(recipe.tokenizer, engine).tried()
    tokenizer.forget_vocabulary()
    return tokenizer


def _chat_reading(recipe: IngestRecipe, tokenizer: Tokenizer) -> ChatReading | None:
    """How conversations are laid out; None for texts as they are, UsageError where there is no chat template."""
    if recipe.format == "plain":
        return None
    template = chat_template_of(recipe.tokenizer, find_vocabulary(recipe.tokenizer.source), tokenizer.identity)
    frame_chat(template, tokenizer)  # raises where it cannot be used with this vocabulary
    return ChatReading(template, tokenizer.spec)


def _content(
    recipe: IngestRecipe, inputs: Sequence[Input], tokenizer: Tokenizer, chat: ChatReading | None
) -> dict[str, object]:
    """All that decides the corpus's bytes, as JSON holds it."""
    return {
        **(
            {}
            if chat is None
            else {"chat_template": chat.template.text, "chat_variables": dict(chat.template.variables)}
        ),
        "format": CORPUS_FORMAT,
        "recipe": recipe.content,
        "tokenizer": tokenizer.identity.model_dump(mode="json"),
        "engine": tokenizer.engine,
        "inputs": {source.name: {"bytes": source.num_bytes, "version": source.version} for source in inputs},
        "versions": library_versions(),
    }


def _stored(out: Place, overwrite: bool) -> CorpusManifest | None:
    """The manifest of the corpus that is there, None where it is to be overwritten and cannot be read."""
    try:
        return open_corpus(out).manifest
    except LcdataError:
        if not overwrite:
            raise
        return None


def _difference(
    done: CorpusManifest, recipe: IngestRecipe, inputs: Sequence[Input], tokenizer: Tokenizer
) -> str | None:
    """Where a stored corpus is not that of this recipe, tokenizer and inputs, in words; None where it is."""
    before = {
        "recipe": done.recipe.content,
        "tokenizer": done.tokenizer.model_dump(mode="json"),
        "chat_template": done.chat_template,
        "inputs": {record.url: record.sha256 for record in done.inputs},
    }
    stored, chat = {record.url: record for record in done.inputs}, _chat_reading(recipe, tokenizer)
    now = {
        "recipe": recipe.content,
        "tokenizer": tokenizer.identity.model_dump(mode="json"),
        "chat_template": None if chat is None else chat.template.text,
        "inputs": {source.name: _sha256(source, stored.get(source.name)) for source in inputs},
    }
    return None if before == now else first_difference(before, now)


def _sha256(source: Input, record: InputRecord | None) -> str:
    """sha256 of an input's bytes, which are read again only where its version is another one."""
    if record is None:
        return "not read"
    if (source.num_bytes, source.version) == (record.bytes, record.version):
        return record.sha256
    return hash_file(Path(source.url)) if Path(source.url).is_file() else source.version


def _automatic_workers(inputs: Sequence[Input]) -> int:
    """Workers for these inputs: 0 for work of a few seconds, which Ray takes to start, and all cores for more."""
    small = all(source.num_bytes for source in inputs) and sum(source.num_bytes for source in inputs) <= _SMALL_BYTES
    return 0 if small else len(os.sched_getaffinity(0))


def _why_none(parts: Sequence[PartRecord]) -> str:
    """Why inputs hold no document, as far as a reason was met, and what to do."""
    bad = sum((Counter(part.bad) for part in parts), Counter[str]())
    reasons = [f"{count:,} {reason}" for reason, count in bad.most_common(3)]
    reasons += [f"{damaged.url} {damaged.reason}" for part in parts for damaged in part.damaged][:2]
    return f" ({'; '.join(reasons)}): check the inputs, --text and --id" if reasons else ": check --text"


class _Ingest:
    """One ingest, in its workspace."""

    def __init__(
        self,
        recipe: IngestRecipe,
        found: Found,
        tokenizer: Tokenizer,
        workspace: Workspace[Place],
        tell: Tell,
    ) -> None:
        self._recipe, self._inputs, self._tokenizer = recipe, found.inputs, tokenizer
        self._passed_over = dict(Counter(one.reason for one in found.passed_over))
        self._first_passed_over = [PassedOverInput(url=url, reason=why) for url, why in found.passed_over[:NAMED_BAD]]
        self._chat = _chat_reading(recipe, tokenizer)
        self._content = _content(recipe, found.inputs, tokenizer, self._chat)
        self._plan = fingerprint(self._content)
        self._workspace, self._tell = workspace, tell

    def build(self, runner: Engine, gates: Gates) -> CorpusManifest:
        """Read, arrange, encode, and write the manifest, in the locked workspace."""
        self._workspace.claim(self._content)
        self._tell(
            IngestStarted(
                name=self._recipe.name,
                inputs=len(self._inputs),
                bytes=sum(source.num_bytes for source in self._inputs),
                passed_over=self._passed_over,
                first_passed_over=self._first_passed_over,
                workers=runner.where.local_workers,
                address=runner.where.address,
            )
        )
        self._warn_of_passed_over()
        parts = self._read(runner, gates)
        files = [TextFile(self._workspace.root / part.file.path, part.documents) for part in parts]
        with timed("documents arranged"):
            arrangement = arrange(about_texts(files), self._recipe)
        self._warn_of_too_long(files, arrangement)
        if not arrangement.units:
            raise UsageError(f"{self._recipe.name}: no input holds a document that can be used{_why_none(parts)}")
        self._tell(
            Arranged(
                documents=sum(map(len, arrangement.units)),
                bytes=sum(int(unit.num_bytes.sum()) for unit in arrangement.units),
                units=len(arrangement.units),
                dropped=arrangement.dropped,
            )
        )
        units = self._encode(runner, files, arrangement)
        check_unwritten(self._recipe.name, self._tokenizer.identity.source, units, gates)
        if not any(unit.documents for unit in units):
            raise UsageError(f"{self._recipe.name}: the tokenizer makes no tokens of any document: check --tokenizer")
        return self._finish(parts, arrangement, units)

    def _read(self, runner: Engine, gates: Gates) -> list[PartRecord]:
        """Read the inputs; returns all parts of all bundles, those of earlier runs as far as they are whole."""
        parts: dict[int, list[PartRecord]] = {}
        for part in self._workspace.records(PartRecord, self._plan):
            so_far = parts.setdefault(part.bundle, [])
            if len(so_far) == part.part and self._is_read(part.file):
                so_far.append(part)
                self._tell(_part_read(part, resumed=True))
        bundles = [
            Bundle(number, self._inputs[first:end], first, before[-1] if before else None)
            for number, (first, end) in enumerate(_bundles(self._inputs))
            for before in [parts.setdefault(number, [])]
            if not (before and before[-1].is_last)
        ]
        reading = Reading(self._recipe, self._plan, self._workspace.out, self._chat)
        check_bad((part for some in parts.values() for part in some), gates, _ENOUGH_RECORDS)
        prepare_to_read()
        try:
            with closing(runner.run(read_bundle, reading, bundles, self._workspace.probe)) as read:
                for _, part in read:
                    self._workspace.check()
                    parts[part.bundle].append(part)
                    self._tell(_part_read(part, resumed=False))
                    if part.bad:
                        check_bad((part for some in parts.values() for part in some), gates, _ENOUGH_RECORDS)
        except ChangedError:
            self._workspace.remove()  # what was read of it before is not what would be read now
            raise
        in_order = [part for number in sorted(parts) for part in sorted(parts[number], key=lambda part: part.part)]
        check_damaged(_damaged(in_order), len(self._inputs), gates)
        check_bad(in_order, gates, 1)
        return in_order

    def _is_read(self, file: FileRecord) -> bool:
        """Whether a part of texts is as it was written: by what it holds, or in a store by its version there."""
        root = self._workspace.root
        if isinstance(root, Path):
            return hash_texts(root / file.path) == file.sha256
        return self._workspace.holds_beside(file)

    def _warn_of_passed_over(self) -> None:
        count = {reason: number for reason, number in self._passed_over.items() if reason != HIDDEN}
        if not count:
            return
        reasons = ", ".join(f"{number:,} {reason}" for reason, number in count.items())
        named = [one.url for one in self._first_passed_over if one.reason != HIDDEN][:3]
        warnings.warn(
            f"not all that lies among the inputs is read: {reasons}, such as {', '.join(named)}", stacklevel=2
        )

    def _warn_of_too_long(self, files: Sequence[TextFile], arrangement: Arrangement) -> None:
        first = arrangement.first_too_long
        if not len(first):
            return
        about = Texts(files, first).values(("group", "id", "input", "line"), np.arange(len(first)))
        for group, name, source, line in zip(*about.values(), strict=True):
            place = f"{self._inputs[source].name}:{line}"
            warnings.warn(f"{group or name or place} is left out: it is longer than --max-doc-bytes", stacklevel=2)

    def _encode(self, runner: Engine, files: Sequence[TextFile], arrangement: Arrangement) -> list[UnitRecord]:
        units: dict[int, UnitRecord] = {}
        for unit in self._workspace.records(UnitRecord, self._plan):
            if self._workspace.holds(*unit.files) and self._workspace.holds_beside(unit.index):
                units[unit.unit] = unit
                self._tell(_unit_stored(unit, resumed=True))
        urls = tuple(source.name for source in self._inputs)
        encoding = Encoding(self._recipe, self._tokenizer.spec, self._plan, self._workspace.out, tuple(files), urls)
        jobs = [Unit(number, some) for number, some in enumerate(arrangement.units) if number not in units]
        pace = Pace("bytes")
        with closing(runner.run(encode_unit, encoding, jobs, self._workspace.probe)) as encoded:
            for _, news in encoded:
                self._workspace.check()
                if isinstance(news, UnitRecord):
                    units[news.unit] = news
                    self._tell(_unit_stored(news, resumed=False))
                else:
                    self._tell(pace.advance(news))
        return [units[number] for number in range(len(arrangement.units))]

    def _finish(
        self, parts: Sequence[PartRecord], arrangement: Arrangement, units: Sequence[UnitRecord]
    ) -> CorpusManifest:
        index, buckets = self._write_index(units)
        inputs = _finished_inputs(self._inputs, parts)
        versions = library_versions()
        bad = sum((Counter(part.bad) for part in parts), Counter[str]())
        manifest = CorpusManifest(
            lcdata=versions.pop("lcdata"),
            format=CORPUS_FORMAT,
            fingerprint="",
            recipe=self._recipe,
            tokenizer=self._tokenizer.identity,
            chat_template=None if self._chat is None else self._chat.template.text,
            engine=self._tokenizer.engine,
            versions=versions,
            inputs=inputs,
            records=sum(part.records for part in parts),
            bad=dict(bad),
            first_bad=first_bad(parts),
            damaged=_damaged(parts),
            passed_over=self._passed_over,
            first_passed_over=self._first_passed_over,
            documents_read=arrangement.documents_read,
            dropped={**arrangement.dropped, **_if_any(NO_TOKENS, sum(unit.without_tokens for unit in units))},
            dropped_bytes={
                **arrangement.dropped_bytes,
                **_if_any(NO_TOKENS, sum(unit.bytes_without_tokens for unit in units)),
            },
            documents=sum(unit.documents for unit in units),
            tokens=sum(unit.tokens for unit in units),
            bytes=sum(unit.bytes for unit in units),
            audited=sum(unit.audited for unit in units),
            unwritten=sum(unit.unwritten for unit in units),
            documents_unwritten=sum(unit.documents_unwritten for unit in units),
            buckets=buckets,
            index=index,
            files=[file for unit in units for file in unit.files],
        )
        manifest = manifest.model_copy(update={"fingerprint": fingerprint(manifest.content)})
        self._workspace.sync()
        return manifest

    def _write_index(self, units: Sequence[UnitRecord]) -> tuple[FileRecord, list[BucketRecord]]:
        """Write one index out of all units'; returns it, and what each bucket holds by it."""
        workspace, buckets = self._workspace, Buckets(self._recipe.buckets)
        tables = (_index_of(workspace.root / unit.index.path) for unit in units)
        with workspace.attempt(INDEX) as sink:
            totals = write_index(sink, tables)
            record = sink.commit(sum(unit.documents for unit in units))
        return record, [
            BucketRecord(
                low=buckets.low(bucket), high=buckets.high(bucket), documents=documents, tokens=tokens, bytes=size
            )
            for bucket, (documents, tokens, size) in sorted(totals.items())
        ]


def _index_of(path: Place) -> pa.Table:
    """A unit's part of the index."""
    source = path if isinstance(path, Path) else pa.BufferReader(read_bytes(path))
    return pq.read_table(source, schema=INDEX_SCHEMA)


def _part_read(part: PartRecord, resumed: bool) -> PartRead:
    return PartRead(
        texts=part.documents,
        bytes=part.bytes,
        bad=sum(part.bad.values()),
        damaged=part.damaged,
        resumed=resumed,
    )


def _unit_stored(unit: UnitRecord, resumed: bool) -> UnitStored:
    return UnitStored(unit=unit.unit, documents=unit.documents, tokens=unit.tokens, bytes=unit.bytes, resumed=resumed)


def _if_any(reason: str, count: int) -> dict[str, int]:
    return {reason: count} if count else {}


def _bundles(inputs: Sequence[Input]) -> list[tuple[int, int]]:
    """Cut the inputs into runs that are read as one piece of work."""
    bundles: list[tuple[int, int]] = []
    first = size = 0
    for number, source in enumerate(inputs):
        size += source.num_bytes
        if size >= _BUNDLE_BYTES or source.format == "dataset" or number == len(inputs) - 1:
            bundles.append((first, number + 1))
            first, size = number + 1, 0
    return bundles


def _damaged(parts: Iterable[PartRecord]) -> list[DamagedInput]:
    return [damaged for part in parts for damaged in part.damaged]


def _finished_inputs(inputs: Sequence[Input], parts: Iterable[PartRecord]) -> list[InputRecord]:
    """One record for each input, in their order."""
    finished = [record for part in parts for record in part.finished]
    assert [record.url for record in finished] == [source.name for source in inputs]
    return finished
