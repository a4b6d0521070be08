"""Where the bytes of a file go."""

from typing import Protocol


class Sink(Protocol):
    """A binary file object that is written from start to end: what pyarrow asks of one, and all that it gets."""

    @property
    def closed(self) -> bool:
        """Whether nothing more can be written."""
        ...

    def write(self, data: bytes, /) -> int:
        """Append bytes; returns their number."""
        ...

    def flush(self) -> None:
        """Hand what was written to the system."""

    def close(self) -> None:
        """End the file."""
