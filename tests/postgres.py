"""A private PostgreSQL in a folder, on a port of this machine alone."""

import contextlib
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Generator
from pathlib import Path


def postgres_bin(name: str) -> str | None:
    """A program of PostgreSQL, None where none is installed."""
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    return str(found[-1]) if found else shutil.which(name)


@contextlib.contextmanager
def postgres() -> Generator[str]:
    """The URL of an empty database; what runs it is the user `postgres` where root may not.

    Its folder is none of pytest's, whose next run takes the way there from everybody but its own user.
    """
    with tempfile.TemporaryDirectory(prefix="lcdata-postgres-", ignore_cleanup_errors=True) as folder:
        yield from _postgres(Path(folder))


def _postgres(folder: Path) -> Generator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    data, log = folder / "data", folder / "log"
    user = _user(folder)
    _run(user, "initdb", "-D", str(data), "-A", "trust", "-U", "postgres", "-E", "UTF8", "--no-sync")
    options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off -c max_connections=60"
    _run(user, "pg_ctl", "-D", str(data), "-l", str(log), "-o", options, "-w", "start")
    try:
        yield f"postgresql://postgres@127.0.0.1:{port}/lcdata"
    finally:
        _run(user, "pg_ctl", "-D", str(data), "-m", "immediate", "-w", "stop")


def _user(folder: Path) -> str | None:
    """Whom to run it as: PostgreSQL refuses root."""
    if os.geteuid() != 0:
        return None
    account = pwd.getpwnam("postgres")
    os.chown(folder, account.pw_uid, account.pw_gid)
    return "postgres"


def _run(user: str | None, name: str, *arguments: str) -> None:
    program = postgres_bin(name)
    assert program is not None
    subprocess.run([program, *arguments], check=True, user=user, cwd="/", stdout=subprocess.DEVNULL)
