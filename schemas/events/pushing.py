"""What a push tells: what would go to the Hub, how the upload goes, and what readers see then."""

from typing import Literal

from .event import Event


class PushPlanned(Event):
    """What a push would do, or is about to do."""

    event: Literal["push_plan"] = "push_plan"
    path: str
    """Folder of the dataset."""
    repository: str
    """The Hub dataset, `org/name`."""
    revision: str
    """The branch or pull request that it goes to; `pull request` where that is not opened yet."""
    build: str
    """Name of the build's own folders there."""
    creates: bool
    """Whether the repository is not there yet."""
    files: int
    """Files that go there before readers see anything."""
    bytes: int
    """Bytes of these files; the Hub takes what it has already for nothing."""
    there: int
    """Files of the build that are there already."""
    changed: list[str]
    """What the one commit writes that readers see: card, manifest, recipe, report."""
    deleted: int
    """Files of older builds and of interrupted pushes that this commit removes."""
    tag: str | None
    """The tag that the build gets, None where it has it or gets none."""
    notes: list[str]
    """What is odd, or near a limit of the Hub."""


class FilesUploaded(Event):
    """Files are on the Hub, where no reader looks yet."""

    event: Literal["uploaded"] = "uploaded"
    files: int
    """Files so far, of this push."""
    bytes: int
    """Bytes of these files."""


class Pushed(Event):
    """The Hub has the dataset, and readers see it whole."""

    event: Literal["pushed"] = "pushed"
    repository: str
    """The Hub dataset, `org/name`."""
    url: str
    """Its page, or the pull request's."""
    revision: str
    """The branch or pull request that has it."""
    commit: str
    """The commit that holds it."""
    build: str
    """Name of the build's own folders there."""
    tag: str | None
    """The tag of that commit, None where it has none."""
    is_new: bool
    """Whether anything had to be done."""
    files: int
    """Files of data that were uploaded by this push."""
    bytes: int
    """Bytes of these files."""
