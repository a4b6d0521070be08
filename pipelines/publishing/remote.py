"""A Hub dataset as one commit of it has it."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from ...schemas.place import Place, read_bytes

CARD = "README.md"


def sha256_of(data: bytes) -> str:
    """sha256 of bytes."""
    return hashlib.sha256(data).hexdigest()


def git_oid(data: bytes) -> str:
    """The id that Git gives a file of these bytes."""
    return hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()


@dataclass(frozen=True)
class HubFile:
    """A file on the Hub, and what the Hub says of its content."""

    size: int
    oid: str
    """Git's id, of a large file that of its pointer."""
    sha256: str | None
    """Of a large file's content, None for a small one."""

    def holds(self, sha256: str, local: Place) -> bool:
        """Whether its content has this hash; of a small file, whether it is a local one's that has it."""
        if self.sha256 is not None:
            return self.sha256 == sha256
        data = read_bytes(local)
        return self.oid == git_oid(data) and sha256_of(data) == sha256

    def is_of(self, data: bytes) -> bool:
        """Whether its content is these bytes."""
        return self.sha256 == sha256_of(data) if self.sha256 is not None else self.oid == git_oid(data)


@dataclass(frozen=True)
class Remote:
    """What a revision of a Hub dataset holds at one commit."""

    commit: str | None
    """None where there is no such dataset or revision yet."""
    files: Mapping[str, HubFile] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    """Commits by the names of tags."""
