"""A repository of the loopback Hub: a history of commits, each with its whole tree, and names for some of them."""

import hashlib
from dataclasses import dataclass, field
from datetime import UTC, datetime

LFS_ENDINGS = (".parquet", ".png", ".zst")
"""What the Hub's default `.gitattributes` of a dataset sends to large storage, of what lcdata makes."""
GITATTRIBUTES = "".join(f"*{ending} filter=lfs diff=lfs merge=lfs -text\n" for ending in LFS_ENDINGS).encode()


def git_oid(data: bytes) -> str:
    """The id that Git gives a blob."""
    return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()


def lfs_pointer(sha256: str, size: int) -> bytes:
    """What Git holds of a file in large storage."""
    return f"version https://git-lfs.github.com/spec/v1\noid sha256:{sha256}\nsize {size}\n".encode()


@dataclass(frozen=True)
class Entry:
    """A file of a tree."""

    oid: str
    size: int
    data: bytes | None = None
    """The content of a small file; a large one is in the storage, by its sha256."""
    sha256: str | None = None

    @classmethod
    def small(cls, data: bytes) -> "Entry":
        """A file that Git holds itself."""
        return cls(git_oid(data), len(data), data)

    @classmethod
    def large(cls, sha256: str, size: int) -> "Entry":
        """A file in large storage."""
        return cls(git_oid(lfs_pointer(sha256, size)), size, sha256=sha256)


@dataclass(frozen=True)
class Commit:
    """A state of all files."""

    oid: str
    parent: str | None
    summary: str
    tree: dict[str, Entry]
    date: str


@dataclass
class PullRequest:
    """A proposed change; its commits are a ref of their own."""

    num: int
    title: str
    author: str
    status: str = "draft"


@dataclass
class Repository:
    """What a repository holds; `history` has the commits of each ref, oldest first."""

    name: str
    private: bool
    commits: dict[str, Commit] = field(default_factory=dict)
    refs: dict[str, str] = field(default_factory=dict)
    """Commits by `refs/heads/…`, `refs/tags/…` and `refs/pr/…`."""
    pull_requests: list[PullRequest] = field(default_factory=list)

    @classmethod
    def empty(cls, name: str, private: bool) -> "Repository":
        """A repository as the Hub creates it."""
        made = cls(name, private)
        made.commit("refs/heads/main", "initial commit", {".gitattributes": Entry.small(GITATTRIBUTES)})
        return made

    def ref(self, revision: str) -> str | None:
        """The ref that a revision names, None where none is called so."""
        names = (f"refs/heads/{revision}", f"refs/tags/{revision}", revision)
        return next((name for name in names if name in self.refs), None)

    def at(self, revision: str) -> Commit | None:
        """The commit of a branch, a tag, a ref or an oid."""
        name = self.ref(revision)
        return self.commits.get(self.refs[name] if name else revision)

    def commit(self, ref: str, summary: str, tree: dict[str, Entry]) -> Commit:
        """Put a tree on a ref."""
        parent, date = self.refs.get(ref), datetime.now(UTC)
        said = f"{parent}{ref}{summary}{sorted((path, entry.oid) for path, entry in tree.items())}{date}"
        made = Commit(hashlib.sha1(said.encode()).hexdigest(), parent, summary, tree, f"{date:%Y-%m-%dT%H:%M:%S.000Z}")
        self.commits[made.oid] = made
        self.refs[ref] = made.oid
        return made

    def history(self, revision: str = "main") -> list[Commit]:
        """The commits of a revision, oldest first."""
        found, commit = [], self.at(revision)
        while commit is not None:
            found.append(commit)
            commit = self.commits.get(commit.parent or "")
        return found[::-1]
