"""What two datasets have in common, such as a training and an evaluation set."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, computed_field

from .event import Event


class Shared(BaseModel):
    """How much of one kind of thing stands in both datasets."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    what: str
    """What was counted: `documents`, `questions`, `answers`, `spans` of 50 characters, or `essays` by character."""
    of_first: int
    """Different ones in the first dataset, as far as it was read."""
    of_second: int
    """Different ones in the second dataset, as far as it was read."""
    shared: int
    """Those that stand in both."""
    most: float | None = None
    """The greatest share that is allowed; None where any is."""
    examples: list[str] = Field(default_factory=list)
    """Some of those that stand in both, where they can be read."""

    @computed_field
    @property
    def share(self) -> float:
        """The part of the smaller dataset's that stands in the other one, from 0 to 1."""
        smaller = min(self.of_first, self.of_second)
        return self.shared / smaller if smaller else 0.0

    @computed_field
    @property
    def holds(self) -> bool:
        """Whether no more is shared than is allowed."""
        return self.most is None or self.share <= self.most


class Compared(Event):
    """Two datasets were compared."""

    event: Literal["compared"] = "compared"
    first: str
    """Folder of the first dataset."""
    second: str
    """Folder of the second dataset."""
    read: list[int]
    """Documents of each of the two whose text was read for spans."""
    documents: list[int]
    """Documents that each of the two has."""
    found: list[Shared]
    """What was counted."""
    left_out: list[str] = Field(default_factory=list)
    """What could not be counted, and why, in one line each."""

    @computed_field
    @property
    def holds(self) -> bool:
        """Whether no more is shared than is allowed, of anything."""
        return all(shared.holds for shared in self.found)
