"""What one server is told when it starts: where it works, what it may read, how much it does at a time."""

import os
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path("lcdata-service")
"""Where the service works unless another folder is named."""
DATABASE = "LCDATA_DB"
"""Environment variable of a database that several servers share."""


@dataclass(frozen=True)
class Folder:
    """The service's folder: its database, the runs' logs, the datasets, the corpora of schedules that ingest.

    Servers that share a database share the folder too.
    """

    root: Path

    @property
    def database(self) -> Path:
        """The SQLite file, where no other database is named."""
        return self.root / "service.sqlite"

    @property
    def token(self) -> Path:
        """The file of the bearer token."""
        return self.root / "token"

    @property
    def servers(self) -> Path:
        """A file for each server, which it locks as long as it lives."""
        return self.root / "servers"

    def run(self, run: str) -> Path:
        """What a run leaves: its recipe and each step's log."""
        return self.root / "runs" / run

    def builds(self, owner: str) -> Path:
        """The datasets of a schedule."""
        return self.root / "builds" / owner

    def store(self, owner: str) -> Path:
        """The corpora that a schedule's recipe ingests."""
        return self.root / "stores" / owner


def service_folder(root: Path) -> Folder:
    """The service's folder by its absolute path."""
    return Folder(Path(os.path.abspath(root.expanduser())))


@dataclass(frozen=True)
class Reach:
    """What recipes that came over HTTP may reach: nothing outside these folders and no other URL."""

    folders: tuple[Path, ...] = ()
    urls: tuple[str, ...] = ()


@dataclass(frozen=True)
class Settings:
    """What a server is told."""

    folder: Folder
    database: str
    concurrency: int = 1
    reach: Reach = Reach()
    hosts: tuple[str, ...] = ()
    """Names by which browsers may call it, besides those of this machine's loopback."""
