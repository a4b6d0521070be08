"""The bytes of a file, in blocks: as they are stored, hashed as they pass, and what they decompress to.

Memory is bounded whatever a file claims: a small piece is decompressed at a time, and a file that grows without end or
asks for a huge window is refused by name.
"""

import hashlib
import zlib
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Protocol

import zstandard

from ...schemas.errors import UsageError
from .input import Compression, Input
from .remote import DamagedError, open_stored, reading

_BLOCK = 1 << 20
_PIECE: dict[Compression, int] = {"gz": 1 << 16, "zst": 1 << 12}
"""Compressed bytes that are taken at a time; they make at most 64 MiB of .gz, 128 MiB of .zst."""

FREE_BYTES = 64 * 2**20
"""Bytes that may come out of a file before its ratio is looked at."""
MOST_RATIO = 500
"""Bytes that may come out of a compressed byte."""
_LARGEST_WINDOW = 128 * 2**20


class StoredBytes:
    """The blocks of a file as they are stored; it can be iterated once, and goes on where it was left."""

    def __init__(self, url: str) -> None:
        self._hash = hashlib.sha256()
        self._blocks = self._read(url)

    def __iter__(self) -> Iterator[bytes]:
        return self._blocks

    def sha256(self) -> str:
        """Hash of the whole file: what was not read is read now."""
        for _ in self._blocks:
            pass
        return self._hash.hexdigest()

    def _read(self, url: str) -> Iterator[bytes]:
        with open_stored(url) as file:
            while True:
                with reading(url):
                    block = file.read(_BLOCK)
                if not block:
                    return
                self._hash.update(block)
                yield block


class _Decoder(Protocol):
    """What decompresses one member of a .gz file, or one frame of a .zst file."""

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
    for piece in _pieces(stored, _PIECE[source.compression]):
        num_in += len(piece)
        while piece:
            if decoder.eof:
                decoder = new_decoder()
            block = _decoded(source, decoder, piece)
            piece = decoder.unused_data if decoder.eof else b""
            num_out += len(block)
            refuse_bomb(source, num_in, num_out)
            yield from _pieces([block], _BLOCK)
    if not decoder.eof:
        raise DamagedError("it ends too early")


def refuse_bomb(source: Input, num_in: int, num_out: int) -> None:
    """UsageError where `num_in` stored bytes make so many as only a bomb does."""
    if num_out > FREE_BYTES and num_out > MOST_RATIO * num_in:
        grows = f"grows to more than {MOST_RATIO} times its size when it is decompressed"
        raise UsageError(f"inputs: {source.url} {grows}: leave it out, or decompress it yourself")


def _pieces(blocks: Iterable[bytes], size: int) -> Iterator[bytes]:
    for block in blocks:
        for start in range(0, len(block), size):
            yield block[start : start + size]


def _decoders(compression: Compression) -> Callable[[], _Decoder]:
    """What makes a decoder for each member or frame, of which a file may have as many as records."""
    if compression == "gz":
        return partial(zlib.decompressobj, wbits=16 + zlib.MAX_WBITS)
    decompressor = zstandard.ZstdDecompressor(max_window_size=_LARGEST_WINDOW)
    return partial(decompressor.decompressobj, write_size=_BLOCK)


def _decoded(source: Input, decoder: _Decoder, piece: bytes) -> bytes:
    try:
        return decoder.decompress(piece)
    except (zlib.error, zstandard.ZstdError) as error:
        if "too much memory" in str(error):
            window = f"needs a window of more than {_LARGEST_WINDOW >> 20} MiB"
            raise UsageError(f"inputs: {source.url} {window}: compress it again without --long or --ultra") from None
        raise DamagedError(str(error)) from None
