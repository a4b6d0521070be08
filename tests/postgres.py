"""A private PostgreSQL in a folder, on a port of this machine alone."""

import contextlib
import os
import pwd
import shutil
import socket
import subprocess
from collections.abc import Generator
from pathlib import Path


def postgres_bin(name: str) -> str | None:
    """A program of PostgreSQL, None where none is installed."""
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    return str(found[-1]) if found else shutil.which(name)


@contextlib.contextmanager
def postgres(folder: Path) -> Generator[str]:
    """The URL of an empty database; what runs it is the user `postgres` where root may not."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    data, log = folder / "data", folder / "log"
    folder.mkdir()
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
    for parent in (folder, *folder.parents):
        if parent.stat().st_uid == 0 and not parent.stat().st_mode & 0o001:
            parent.chmod(parent.stat().st_mode | 0o011)
    return "postgres"


def _run(user: str | None, name: str, *arguments: str) -> None:
    program = postgres_bin(name)
    assert program is not None
    subprocess.run([program, *arguments], check=True, user=user, cwd="/", stdout=subprocess.DEVNULL)
