"""What an ingest tells: what was found, read and stored."""

from typing import Any, Literal

from ..corpus import DamagedInput, PassedOverInput
from .event import Event


class IngestStarted(Event):
    """Inputs will be read."""

    event: Literal["ingest"] = "ingest"
    name: str
    """Name of the corpus."""
    inputs: int
    """Inputs that were found."""
    bytes: int
    """Bytes of the inputs as they are stored; 0 for those whose size nobody knows."""
    passed_over: dict[str, int]
    """What lies among the inputs and is not read, by reason."""
    first_passed_over: list[PassedOverInput]
    """The first of it."""
    workers: int | None
    """Processes on this machine, 0 for the command's own; None on a cluster."""
    address: str | None
    """Address of the cluster."""


class PartRead(Event):
    """A part of the texts is safe."""

    event: Literal["read"] = "read"
    texts: int
    """Records that could be used."""
    bytes: int
    """Bytes of text."""
    bad: int
    """Records that could not be used."""
    damaged: list[DamagedInput]
    """Inputs that ended in the part and could not be read whole."""
    resumed: bool
    """Whether an earlier run read the part."""


class Arranged(Event):
    """Everything is read, and it is known which documents will be encoded."""

    event: Literal["arranged"] = "arranged"
    documents: int
    """Documents to be encoded."""
    bytes: int
    """Bytes of the documents' text, about."""
    units: int
    """Pieces of work that the documents are encoded in."""
    dropped: dict[str, int]
    """Documents left out, by reason."""


class UnitStored(Event):
    """A unit of documents is safe in the store."""

    event: Literal["unit"] = "unit"
    unit: int
    """Number of the unit, from 0."""
    documents: int
    """Documents of the unit."""
    tokens: int
    """Tokens, BOS and EOS not counted."""
    bytes: int
    """Bytes of text."""
    resumed: bool
    """Whether an earlier run stored the unit."""


class Ingested(Event):
    """The corpus is stored."""

    event: Literal["ingested"] = "ingested"
    out: str
    """Folder of the corpus."""
    ingested: bool
    """Whether anything had to be done."""
    manifest: dict[str, Any]
    """What `corpus.json` says but for inputs and files."""
