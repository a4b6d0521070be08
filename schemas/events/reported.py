"""What a report was written of."""

from typing import Literal

from .event import Event


class Reported(Event):
    """A page and pictures of a dataset were written."""

    event: Literal["reported"] = "reported"
    path: str
    """The page."""
    pictures: list[str]
    """The pictures beside it."""
    bytes: int
    """Bytes of the page."""
    against: str | None
    """Folder of the dataset that it is compared with, None for no other."""
    rows: int
    """Packed sequences of the dataset."""
    documents: int
    """Samples, and documents and pieces of longer ones, all of which were counted."""
    sampled_documents: int
    """Documents whose text was read."""
    without_text: str | None
    """Why the page shows ids and no text, None where it shows text."""
