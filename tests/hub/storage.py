"""Large files of the loopback Hub: as they are for LFS, and in the client's own local store for xet."""

import hashlib
import shutil
import struct
import tempfile
from collections.abc import Iterator
from pathlib import Path

_RECORD = 48
_HAS_VERIFICATION, _HAS_METADATA = 1 << 31, 1 << 30


class Storage:
    """Files by their sha256, below a folder."""

    def __init__(self, folder: Path) -> None:
        self._files, self.cas = folder / "files", folder / "cas"
        for made in (self._files, self.cas):
            made.mkdir(parents=True, exist_ok=True)

    def path(self, sha256: str) -> Path:
        """A file as it is, fetched from the xet store if that alone has it."""
        path = self._files / sha256
        if not path.exists() and (xet := self.xet_hash(sha256)) is not None:
            self._fetch(xet, path)
        return path

    def put(self, sha256: str, data: bytes) -> bool:
        """Keep a file; False where it is not the one that its name says."""
        if hashlib.sha256(data).hexdigest() != sha256:
            return False
        (self._files / sha256).write_bytes(data)
        return True

    def has(self, sha256: str) -> bool:
        """Whether a file is here."""
        return (self._files / sha256).exists() or self.xet_hash(sha256) is not None

    def forget(self) -> None:
        """Lose all files that are kept as they are, so that they have to be uploaded again."""
        for path in self._files.iterdir():
            path.unlink()

    def xet_hash(self, sha256: str) -> str | None:
        """By which hash the xet store knows a file, None where it does not."""
        for shard in sorted(self.cas.rglob("*.mdb")):
            for xet, found in _files_of_shard(shard.read_bytes()):
                if found == sha256:
                    return xet
        return None

    def _fetch(self, xet: str, path: Path) -> None:
        """Put a file of the xet store together, from a copy: the store is locked by the client that writes it."""
        import hf_xet

        with tempfile.TemporaryDirectory(dir=self._files.parent) as copy:
            shutil.copytree(self.cas, copy, dirs_exist_ok=True)
            with hf_xet.XetSession().new_file_download_group(
                endpoint=f"local://{copy}", token="token", token_expiry_unix_secs=2**40
            ) as group:
                group.start_download_file(hf_xet.XetFileInfo(xet), str(path))


def _files_of_shard(data: bytes) -> Iterator[tuple[str, str]]:
    """The (xet hash, sha256) of every file that a shard of the xet store tells of."""
    place = _RECORD  # after the header
    while data[place : place + 32] != b"\xff" * 32:
        name = _hash_text(data[place : place + 32])
        flags, entries = struct.unpack_from("<II", data, place + 32)
        place += _RECORD * (1 + entries * (2 if flags & _HAS_VERIFICATION else 1))
        if flags & _HAS_METADATA:
            yield name, _hash_text(data[place : place + 32])
            place += _RECORD


def _hash_text(data: bytes) -> str:
    return "".join(f"{word:016x}" for word in struct.unpack("<4Q", data))
