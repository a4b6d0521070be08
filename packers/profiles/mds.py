"""MosaicML's MDS as ProLong's trainer reads it: a sample a row, with its documents' bounds and its loss mask.

Written by hand, byte for byte as mosaicml-streaming's MDSWriter does: 0.13.0 wants an older NumPy than this package.
"""

import json
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .profile import Profile, RowsInfo
from .rows import Rows, Shards

_SIZE_LIMIT = 1 << 26
"""Bytes of a file at most, unless it holds a single row that is longer."""
_COLUMNS = {
    "indices": "ndarray:uint32",
    "input_ids": "ndarray:uint32",
    "length": "int",
    "mask": "ndarray:uint8",
}
_SETTINGS: dict[str, object] = {
    "version": 2,
    "format": "mds",
    "compression": None,
    "hashes": [],
    "size_limit": _SIZE_LIMIT,
    "column_names": list(_COLUMNS),
    "column_encodings": list(_COLUMNS.values()),
    "column_sizes": [8 if kind == "int" else None for kind in _COLUMNS.values()],
}
_HEADER = json.dumps(_SETTINGS, sort_keys=True).encode()


def _write(shards: Shards, folder: Path, info: RowsInfo) -> list[str]:
    files = list[dict[str, object]]()
    samples = list[bytes]()
    size = 0
    for sample in (sample for groups in shards for rows in groups for sample in _samples(rows)):
        if samples and 8 + len(_HEADER) + size + len(sample) + 4 > _SIZE_LIMIT:
            files.append(_write_file(folder, len(files), samples))
            samples, size = [], 0
        samples.append(sample)
        size += len(sample) + 4
    if samples:
        files.append(_write_file(folder, len(files), samples))
    (folder / "index.json").write_text(json.dumps({"version": 2, "shards": files}, sort_keys=True))
    return []


def _samples(rows: Rows) -> Iterator[bytes]:
    """Each row as a sample of MDS: the sizes of its columns but `length`, then the columns."""
    bounds = np.stack((rows.ends[:-1], rows.ends[1:]), axis=1)
    for (first, after), (low, high) in zip(pairwise(rows.row_starts), pairwise(rows.row_ends), strict=True):
        indices = _array((bounds[first:after] - low).astype("<u4"))
        ids = _array(rows.ids[low:high].astype("<u4"))
        mask = _array(rows.in_loss[low:high].astype(np.uint8))
        sizes = np.array([len(indices), len(ids), len(mask)], "<u4")
        yield b"".join((sizes.tobytes(), indices, ids, np.int64(high - low).astype("<i8").tobytes(), mask))


def _array(values: NDArray[np.unsignedinteger]) -> bytes:
    """An array of MDS: number of axes and the width of their lengths in one byte, the lengths, the values."""
    width = next(width for width in (0, 1, 2) if max(values.shape) < 1 << (8 << width))
    shape = np.array(values.shape, f"<u{1 << width}")
    return bytes([values.ndim << 2 | width]) + shape.tobytes() + values.tobytes()


def _write_file(folder: Path, number: int, samples: list[bytes]) -> dict[str, object]:
    """Write a file of samples: their number, where each begins and the last ends, the columns' kinds, the samples.

    Returns what `index.json` says of the file.
    """
    name = f"shard.{number:05d}.mds"
    before = 4 + 4 * (len(samples) + 1) + len(_HEADER)
    starts = before + np.cumsum([0, *map(len, samples)])
    with open(folder / name, "wb") as file:
        file.write(np.array([len(samples), *starts], "<u4").tobytes() + _HEADER)
        file.writelines(samples)
    raw = {"basename": name, "bytes": int(starts[-1]), "hashes": {}}
    return {"samples": len(samples), "raw_data": raw, "zip_data": None, **_SETTINGS}


def _settings(path: str, info: RowsInfo) -> str:
    return f"""\
# ProLong: --tokenized_mds_train {path} --apply_instruct_masks --per_device_max_tokens {info.seq_length}
from streaming import StreamingDataset

rows = StreamingDataset(local="{path}", shuffle=True, batch_size=1)
"""


PROFILE = Profile(write=_write, settings=_settings, settings_suffix=".py")
