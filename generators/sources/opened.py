"""The bytes of a file, in blocks: as they are stored, hashed as they pass, and what they decompress to.

Memory is bounded whatever a file claims: a small piece is decompressed at a time, and a file that grows without end or
asks for a huge window is refused by name.
"""

import bz2
import hashlib
import lzma
import os
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Protocol

import zstandard

from ...schemas.errors import ChangedError, UsageError
from ...schemas.place import is_url
from .input import Compression, Input
from .remote import DamagedError, open_stored, reading, version_of

_BLOCK = 1 << 20
_PIECE: dict[Compression, int] = {"gz": 1 << 16, "zst": 1 << 12, "xz": 1 << 16, "bz2": 1 << 16}
"""Compressed bytes that are taken at a time; they make at most 64 MiB of .gz, 128 MiB of .zst."""

FREE_BYTES = 64 * 2**20
"""Bytes that may come out of a file before its ratio is looked at."""
MOST_RATIO = 500
"""Bytes that may come out of a compressed byte."""
_LARGEST_WINDOW = 128 * 2**20


@dataclass(frozen=True)
class Stretch:
    """The beginning of a file as it was stored when it was read."""

    bytes: int
    sha256: str


class StoredBytes:
    """The blocks of a file as they are stored; it can be iterated once, and goes on where it was left."""

    def __init__(self, source: Input, before: Stretch | None = None) -> None:
        """Read a file, which must still begin as it did before; ChangedError from where on it does not."""
        self._source, self._before = source, before
        self._hash = hashlib.sha256()
        self._num_bytes = 0
        self._blocks = self._read()

    def __iter__(self) -> Iterator[bytes]:
        return self._blocks

    @property
    def so_far(self) -> Stretch:
        """What was read of the file until now."""
        return Stretch(self._num_bytes, self._hash.hexdigest())

    def sha256(self) -> str:
        """Hash of the whole file, what was not read is read now; ChangedError where its size is another one."""
        for _ in self._blocks:
            pass
        return self._hash.hexdigest()

    def _read(self) -> Iterator[bytes]:
        source, before = self._source, self._before
        with open_stored(source.url) as file:
            while True:
                until = before.bytes - self._num_bytes if before and self._num_bytes < before.bytes else _BLOCK
                with reading(source.url):
                    block = file.read(min(_BLOCK, until))
                if not block:
                    break
                self._hash.update(block)
                self._num_bytes += len(block)
                if before and self._num_bytes == before.bytes and self.so_far != before:
                    raise changed(source)
                yield block
        if (before and self._num_bytes < before.bytes) or (source.num_bytes and self._num_bytes != source.num_bytes):
            raise changed(source)


def state_of(source: Input) -> tuple[int, ...]:
    """What the file system of this machine notes of every change of a file; nothing of a file elsewhere."""
    if is_url(source.url):
        return ()
    with reading(source.url):
        status = os.stat(source.url)
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns


def check_unchanged(source: Input, began: tuple[int, ...]) -> None:
    """ChangedError where a file is no longer the one that was found, or is in another state than when reading began."""
    if version_of(source.url) != (source.num_bytes, source.version) or state_of(source) != began:
        raise changed(source)


def changed(source: Input) -> ChangedError:
    """The error to raise where a file is not the one that was found or was read before."""
    return ChangedError(f"inputs: {source.name} changed while it was read: run the same command when it is whole")


class _Decoder(Protocol):
    """What decompresses one member, frame or stream of a file."""

    @property
    def eof(self) -> bool: ...

    @property
    def unused_data(self) -> bytes: ...

    def decompress(self, data: bytes, /) -> bytes: ...


def decompressed(source: Input, stored: Iterable[bytes]) -> Iterator[bytes]:
    """The content of a file, in blocks of at most 1 MiB; DamagedError from where on it cannot be read."""
    if source.compression is None:
        yield from stored
        return
    num_in = num_out = 0
    new_decoder = _decoders(source.compression)
    decoder = new_decoder()
    starts = _STARTS[source.compression]
    for piece in _pieces(stored, _PIECE[source.compression]):
        if num_in == 0 and not any(piece.startswith(start[: len(piece)]) for start in starts):
            raise DamagedError(f"it is no .{source.compression} file, whatever its name says")
        num_in += len(piece)
        while piece:
            if decoder.eof:
                if source.compression in _PADDED:
                    piece = piece.lstrip(b"\0")
                    if not piece:
                        break
                decoder = new_decoder()
            for block in _decoded(source, decoder, piece):
                num_out += len(block)
                refuse_bomb(source, num_in, num_out)
                yield from _pieces([block], _BLOCK)
            piece = decoder.unused_data if decoder.eof else b""
    if not decoder.eof:
        raise DamagedError("it ends too early")


_STARTS: dict[Compression, tuple[bytes, ...]] = {
    "gz": (b"\x1f\x8b",),
    "zst": (b"\x28\xb5\x2f\xfd", *(bytes([0x50 + number]) + b"\x2a\x4d\x18" for number in range(16))),
    "xz": (b"\xfd7zXZ\0",),
    "bz2": (b"BZh",),
}
"""What the first member, frame or stream of a file begins with; in .zst a frame to be skipped may be the first."""
_PADDED = ("gz", "xz")
"""Formats after whose members zeros may follow."""


def refuse_bomb(source: Input, num_in: int, num_out: int) -> None:
    """UsageError where `num_in` stored bytes make so many as only a bomb does."""
    if num_out > FREE_BYTES and num_out > MOST_RATIO * num_in:
        grows = f"grows to more than {MOST_RATIO} times its size when it is decompressed"
        raise UsageError(f"inputs: {source.name} {grows}: leave it out, or decompress it yourself")


def _pieces(blocks: Iterable[bytes], size: int) -> Iterator[bytes]:
    for block in blocks:
        for start in range(0, len(block), size):
            yield block[start : start + size]


def _decoders(compression: Compression) -> Callable[[], _Decoder]:
    """What makes a decoder for each member or frame, of which a file may have as many as records."""
    if compression == "gz":
        return partial(zlib.decompressobj, wbits=16 + zlib.MAX_WBITS)
    if compression == "bz2":
        return bz2.BZ2Decompressor
    if compression == "xz":
        return partial(lzma.LZMADecompressor, format=lzma.FORMAT_XZ, memlimit=_LARGEST_WINDOW)
    decompressor = zstandard.ZstdDecompressor(max_window_size=_LARGEST_WINDOW)
    return partial(decompressor.decompressobj, write_size=_BLOCK)


def _decoded(source: Input, decoder: _Decoder, piece: bytes) -> Iterator[bytes]:
    try:
        if not isinstance(decoder, (bz2.BZ2Decompressor, lzma.LZMADecompressor)):
            yield decoder.decompress(piece)
            return
        yield decoder.decompress(piece, _BLOCK)
        while not (decoder.eof or decoder.needs_input):
            yield decoder.decompress(b"", _BLOCK)
    except (zlib.error, zstandard.ZstdError, lzma.LZMAError, OSError, EOFError) as error:
        if "too much memory" in str(error) or "Memory usage limit" in str(error):
            window = f"needs a window of more than {_LARGEST_WINDOW >> 20} MiB"
            raise UsageError(f"inputs: {source.name} {window}: compress it again with a smaller one") from None
        raise DamagedError(str(error)) from None
