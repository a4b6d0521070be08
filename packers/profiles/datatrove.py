"""datatrove and nanotron: raw ids, where each document ends, and the loss mask, in files of one data file each.

Documents are one stream to them, which they cut into windows of their own length; positions restart where a document
ends by the index.
"""

from pathlib import Path

import humanize

from .profile import Profile, RowsInfo, raw_ids
from .rows import Shards


def _write(shards: Shards, folder: Path, info: RowsInfo) -> list[str]:
    off_loss = 0
    for number, groups in enumerate(shards):
        path = folder / f"{number:05d}_rows.ds"
        num_tokens = 0
        with (
            open(path, "wb") as ids,
            open(f"{path}.index", "wb") as ends,
            open(f"{path}.loss", "wb") as mask,
        ):
            for rows in groups:
                ids.write(raw_ids(rows, f"<u{info.token_bytes}"))
                ends.write((rows.ends[1:] + num_tokens).astype("<u8").tobytes())
                mask.write(rows.in_loss.tobytes())
                num_tokens += len(rows.ids)
                off_loss += int((rows.in_loss != (rows.positions > 0)).sum())
        lines = (f"{info.tokenizer}|{info.token_bytes}", str(num_tokens), humanize.metric(num_tokens, unit="T"))
        Path(f"{path}.metadata").write_text("\n".join(lines))
    if not off_loss:
        return []
    return [
        f"{off_loss:,} tokens are off the loss by .ds.loss, which the datasets of datatrove and nanotron do not read"
    ]


def _settings(path: str, info: RowsInfo) -> str:
    return f"""\
from datatrove.utils.dataset import DatatroveFolderDataset

windows = DatatroveFolderDataset(
    "{path}", seq_len={info.seq_length}, token_size={info.token_bytes}, return_positions=True
)
"""


PROFILE = Profile(write=_write, settings=_settings, settings_suffix=".py")
