"""The database of schedules and runs: SQLite in the service's folder, or a PostgreSQL that several servers share."""

import logging
import os
import sqlite3
import sys
from collections.abc import Generator
from contextlib import contextmanager
from typing import NoReturn

import sqlalchemy
from dbos import DBOS, DBOSClient
from dbos._serialization import DBOSPortableJSONSerializer, DefaultSerializer
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from ...schemas.errors import LcdataError, UsageError
from ...schemas.secrets import without_secrets
from .settings import DATABASE, Folder

APPLICATION = "lcdata"
VERSION = "lcdata-1"
"""Of the steps of a run: a server goes on only with runs of its own version, whose steps are in the same order."""
_LEAST_SQLITE = (3, 42)
_CURES = {
    "database is locked": "another program holds it: end that one, or run this again when it is done",
    "disk is full": "free some space and run this again",
}
"""What to do, by what SQLite says."""


def database_url(folder: Folder) -> str:
    """The URL of the database: what `LCDATA_DB` says, else the SQLite file in the folder."""
    url = os.environ.get(DATABASE) or f"sqlite:///{folder.database}"
    try:
        kind = sqlalchemy.make_url(url).get_backend_name()
    except ArgumentError:
        kind = ""
    if kind not in ("sqlite", "postgresql"):
        raise UsageError(f"{DATABASE} must be postgresql://USER:PASSWORD@HOST/NAME, got {without_secrets(url)!r}")
    return url


def check_sqlite(
    url: str,
    sqlite: tuple[int, ...] = sqlite3.sqlite_version_info,
    python: tuple[int, ...] = sys.version_info[:2],
) -> None:
    """Raise LcdataError where this Python's SQLite is too old for DBOS, which asks newer Pythons for 3.42."""
    if url.startswith("sqlite") and python >= (3, 12) and sqlite < _LEAST_SQLITE:
        found, version = ".".join(map(str, sqlite)), ".".join(map(str, python))
        raise LcdataError(
            f"the service needs SQLite 3.42 or newer with Python {version}, and this Python has SQLite {found}: "
            f"run it with Python 3.11, with a Python that brings a newer SQLite (uv's and conda's do), "
            f"or set {DATABASE}=postgresql://USER:PASSWORD@HOST/NAME"
        )


def prepare(folder: Folder, url: str) -> None:
    """Make the database where there is none, bring it up to date, and see that nothing in it can run as code."""
    check_sqlite(url)
    refuse_pickles()
    folder.root.mkdir(parents=True, exist_ok=True)
    log = logging.getLogger("dbos")
    log.setLevel(logging.ERROR)
    log.addFilter(_in_a_line)
    try:
        if url.startswith("sqlite"):
            _make_sqlite(folder, url)
        DBOS.migrate(url)
    except (SQLAlchemyError, sqlite3.Error) as error:
        raise unreachable(url, error) from None


def _in_a_line(record: logging.LogRecord) -> bool:
    """Make a line of what DBOS logs with tracebacks, and with what it wrote into the database."""
    error = record.exc_info[1] if record.exc_info else None
    said = record.getMessage().splitlines()[0]
    record.msg, record.args, record.exc_info = f"{said} {str(error or '').partition(chr(10))[0]}".strip(), (), None
    return True


def _make_sqlite(folder: Folder, url: str) -> None:
    """Make the file readable for its owner alone, and let readers in while something is written."""
    path = sqlalchemy.make_url(url).database or str(folder.database)
    os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    connection = sqlite3.connect(path, timeout=30)
    try:
        if connection.execute("PRAGMA journal_mode").fetchone() != ("wal",):
            connection.execute("PRAGMA journal_mode=WAL")
    finally:
        connection.close()


def unreachable(url: str, error: Exception) -> LcdataError:
    """The error to raise for a database that does not answer."""
    reason = " ".join(str(getattr(error, "orig", None) or error).split())
    cure = f"see that it runs and may be written, or name another one with {DATABASE}"
    for sign, better in _CURES.items():
        cure = better if sign in reason else cure
    return LcdataError(f"the database {without_secrets(url)} cannot be used ({without_secrets(reason)}): {cure}")


@contextmanager
def connected(folder: Folder, url: str) -> Generator[DBOSClient]:
    """A connection to the database, made where there is none."""
    prepare(folder, url)
    try:
        client = DBOSClient(
            system_database_url=url,
            serializer=DBOSPortableJSONSerializer(),
            application_name=APPLICATION,
            retry_connection_errors=False,
        )
    except SQLAlchemyError as error:
        raise unreachable(url, error) from None
    try:
        yield client
    except SQLAlchemyError as error:
        raise unreachable(url, error) from None
    finally:
        client.destroy()


def refuse_pickles() -> None:
    """Keep DBOS from loading a row that says of itself that it is a pickle, which it does whatever it writes itself."""

    def refuse(cls: DefaultSerializer, serialized_data: str) -> NoReturn:
        raise ValueError("the database holds a pickle, which the service neither writes nor reads")

    DefaultSerializer.deserialize = refuse
