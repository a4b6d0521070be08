"""Reading inputs into files of texts, each safe when it is full: a killed ingest goes on in the middle of an input."""

import hashlib
from collections import Counter
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import orjson

from ...generators.sources.inputs import Input
from ...generators.sources.opened import Stretch
from ...generators.sources.records import Bad, Damage, Reader, Record
from ...packers.files.stored_texts import Batches, write_about
from ...packers.files.texts import Text, about, num_texts, write_texts
from ...packers.tokens.template_process import ChatTemplate
from ...packers.tokens.tokenizer import TokenizerSpec, open_tokenizer
from ...packers.tokens.turns import ConversationError, Conversations
from ...schemas.corpus import BadRecord, DamagedInput, IngestRecipe, InputRecord, PartRecord
from ...schemas.place import Place
from ..run.files import storage_error
from ..run.workspace import TEXTS
from ..run.workspace_at import workspace_at
from .gates import NAMED_BAD

PART_BYTES = 1 << 25
"""Bytes of text from which on a part is full."""


@dataclass(frozen=True)
class Reading:
    """What all bundles of an ingest share."""

    recipe: IngestRecipe
    plan: str
    out: Place
    chat: "ChatReading | None" = None
    """How conversations are laid out, None where texts are read as they are."""


@dataclass(frozen=True)
class ChatReading:
    """The chat template that conversations are laid out in, and the tokenizer whose control tokens it writes."""

    template: ChatTemplate
    tokenizer: TokenizerSpec


@dataclass(frozen=True)
class Bundle:
    """Inputs that are read one after another, as far as they are not read yet."""

    number: int
    inputs: Sequence[Input]
    first_input: int
    """Number of the bundle's first input among all inputs."""
    last_part: PartRecord | None = None
    """The last part that an earlier run made safe, None where there is none."""


def read_bundle(reading: Reading, bundle: Bundle) -> Generator[PartRecord]:
    """Read the inputs of a bundle; yields the record of each part that is safe on disk."""
    try:
        yield from _Part(reading, bundle).parts()
    except OSError as error:
        raise storage_error(error, reading.out) from None


@dataclass
class _Tally:
    """What the part in work holds, and what was met on its way."""

    texts: list[Text] = field(default_factory=list[Text])
    bytes: int = 0
    records: int = 0
    bad: Counter[str] = field(default_factory=Counter[str])
    first_bad: list[BadRecord] = field(default_factory=list[BadRecord])
    finished: list[InputRecord] = field(default_factory=list[InputRecord])
    damaged: list[DamagedInput] = field(default_factory=list[DamagedInput])


class _Part:
    """The part of a bundle that is in work, and those after it."""

    def __init__(self, reading: Reading, bundle: Bundle) -> None:
        self._reading, self._bundle = reading, bundle
        self._workspace = workspace_at(reading.out)
        before = bundle.last_part
        self._number = 0 if before is None else before.part + 1
        self._input = bundle.first_input if before is None else before.input
        self._line = 0 if before is None else before.line
        self._usable = 0 if before is None else before.usable
        self._damage = [] if before is None else list(before.damage)
        self._stored = None if before is None else Stretch(before.stored_bytes, before.stored_sha256)
        self._tally = _Tally()
        self._conversations: Conversations | None = None

    def parts(self) -> Generator[PartRecord]:
        """Read the inputs from where the last part ended; yields the record of each part that is safe."""
        chat = self._reading.chat
        if chat is None:
            yield from self._parts()
            return
        with Conversations(chat.template, open_tokenizer(chat.tokenizer)) as self._conversations:
            yield from self._parts()

    def _parts(self) -> Generator[PartRecord]:
        first, inputs = self._bundle.first_input, self._bundle.inputs
        while self._input < first + len(inputs):
            source = inputs[self._input - first]
            recipe = self._reading.recipe
            is_chat = self._conversations is not None
            reader = Reader(source, recipe.fields, recipe.max_doc_bytes, self._line, self._stored, is_chat=is_chat)
            for record in reader:
                self._take(source, self._laid_out(record))
                if self._tally.bytes >= PART_BYTES:
                    self._stored = reader.so_far
                    yield self._write(is_last=False)
            self._finish(source, reader.sha256)
        yield self._write(is_last=True)

    def _finish(self, source: Input, sha256: str) -> None:
        """Enter an input that was read, and go on to the next."""
        self._tally.finished.append(
            InputRecord(
                url=source.name, bytes=source.num_bytes, version=source.version, sha256=sha256, records=self._line
            )
        )
        if self._damage:
            others = f"; and {len(self._damage) - 3:,} times more" if len(self._damage) > 3 else ""
            reason = "; ".join(self._damage[:3]) + others
            self._tally.damaged.append(DamagedInput(url=source.name, records=self._usable, reason=reason))
        self._input, self._line, self._usable, self._damage, self._stored = self._input + 1, 0, 0, [], None

    def _laid_out(self, record: Record | Bad | Damage) -> Record | Bad | Damage:
        """A record of messages as the text that the chat template makes of them."""
        if self._conversations is None or not isinstance(record, Record):
            return record
        try:
            return replace(record, text=self._conversations.text(orjson.loads(record.text)).encode())
        except orjson.JSONDecodeError:
            return Bad(record.line, "no list of messages with a role and content of text")
        except ConversationError as error:
            return Bad(record.line, str(error))

    def _take(self, source: Input, record: Record | Bad | Damage) -> None:
        tally = self._tally
        self._line = record.line
        if isinstance(record, Damage):
            self._damage.append(record.reason)
            return
        tally.records += 1
        if isinstance(record, Bad):
            tally.bad[record.reason] += 1
            if len(tally.first_bad) < NAMED_BAD:
                tally.first_bad.append(BadRecord(url=source.name, line=record.line, reason=record.reason))
            return
        self._usable += 1
        tally.bytes += len(record.text)
        tally.texts.append(
            Text(
                text=record.text,
                id=record.id or "",
                group=record.group or "",
                order="" if record.order is None else str(record.order),
                number=record.order if isinstance(record.order, int) else 0,
                input=self._input,
                line=record.line,
                sha256=hashlib.sha256(record.text).digest(),
            )
        )

    def _write(self, is_last: bool) -> PartRecord:
        """Make the texts so far safe, and begin the next part."""
        tally, number, bundle = self._tally, self._number, self._bundle.number
        name = f"{bundle:05d}-{number:05d}"
        # A part that a power cut damages differs from the hashes of its texts, and is read again.
        with self._workspace.attempt_beside(f"{TEXTS}/{name}.arrow", is_lasting=False) as sink:
            about_hash = write_texts(sink, tally.texts)
            is_here = isinstance(self._workspace.root, Path)
            file = sink.commit(len(tally.texts), num_texts if is_here else self._write_about(name))
            file = file.model_copy(update={"sha256": about_hash})
        record = PartRecord(
            bundle=bundle,
            part=number,
            plan=self._reading.plan,
            file=file,
            documents=len(tally.texts),
            bytes=tally.bytes,
            input=self._input,
            line=self._line,
            stored_bytes=self._stored.bytes if self._stored else 0,
            stored_sha256=self._stored.sha256 if self._stored else "",
            usable=self._usable,
            damage=self._damage,
            finished=tally.finished,
            damaged=tally.damaged,
            records=tally.records,
            bad=dict(tally.bad),
            first_bad=tally.first_bad,
            is_last=is_last,
        )
        self._workspace.record(f"part-{name}", record)
        self._tally, self._number = _Tally(), number + 1
        return record

    def _write_about(self, name: str) -> Callable[[Path], int]:
        """What counts the texts in a part's file, and writes beside it what is known about them.

        Who plans fetches that alone from an object store, and who encodes the batches that it tells of.
        """

        def write(path: Path) -> int:
            batches = Batches.of(path)
            with self._workspace.attempt_beside(f"{TEXTS}/{name}.about", is_lasting=False) as sink:
                write_about(sink, about(self._tally.texts), batches)
                sink.commit(0, lambda _: 0)
            return sum(batches.num_texts)

        return write
