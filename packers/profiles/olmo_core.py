"""OLMo-core: raw ids, raw loss masks and the places of documents, in files of one data file each.

It finds documents by EOS, or by EOS before BOS where its tokenizer's settings name BOS, and reads the places only of
files that are not on its own disk. Pieces of longer documents therefore get an EOS: it is off the loss and nothing sees
it, so that they train as they do in the rows.
"""

import gzip
from itertools import pairwise
from pathlib import Path

import numpy as np

from .boundaries import check_ends, closed
from .profile import Profile, RowsInfo, raw_ids
from .rows import Shards


def _write(shards: Shards, folder: Path, info: RowsInfo) -> list[str]:
    dtype = f"<u{info.token_bytes}"
    num_closed = 0
    for number, groups in enumerate(shards):
        part = f"part_{number:05d}"
        with (
            open(folder / f"token_ids_{part}.npy", "wb") as ids,
            open(folder / f"labels_mask_{part}.npy", "wb") as mask,
            open(folder / f"token_ids_{part}.csv.gz", "wb") as packed,
            gzip.GzipFile(filename="", mode="wb", fileobj=packed, mtime=0) as places,
        ):
            start = 0
            for group in groups:
                rows, pieces = closed(group, info.eos_id)
                num_closed += pieces
                check_ends(rows, info, "olmo-core", by_bos=True)
                ids.write(raw_ids(rows, dtype))
                mask.write(rows.in_loss.tobytes())
                bounds = pairwise((rows.ends + start).tolist())
                places.writelines(f"{low},{high}\n".encode() for low, high in bounds)
                start += len(rows.ids)
    return [f"{num_closed:,} pieces of longer documents got an EOS that is off the loss"] if num_closed else []


def _settings(path: str, info: RowsInfo) -> str:
    return f"""\
from olmo_core.data import NumpyDatasetDType, TokenizerConfig
from olmo_core.data.composable import NumpyDocumentSourceConfig

tokenizer = TokenizerConfig(
    vocab_size={info.vocab_size},
    eos_token_id={info.eos_id},
    bos_token_id={info.bos_id},
    pad_token_id={info.eos_id},
)
source = NumpyDocumentSourceConfig(
    source_paths=["{path}/token_ids_part_*.npy"],
    label_mask_paths=["{path}/labels_mask_part_*.npy"],
    tokenizer=tokenizer,
    dtype=NumpyDatasetDType.{np.dtype(f"u{info.token_bytes}").name},
)  # generate_doc_lengths=True in the data loader's settings keeps documents apart
"""


PROFILE = Profile(write=_write, settings=_settings, settings_suffix=".py")
