"""What a profile is: the layout in which another project reads finished rows, and how to make it read them."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Self

import numpy as np
from numpy.typing import NDArray

from ...schemas.errors import LcdataError
from ..dataset import Config
from .rows import Rows, Shards


@dataclass(frozen=True, kw_only=True)
class RowsInfo:
    """What a profile has to know of the config that is exported, besides its rows."""

    name: str
    """Name of the config."""
    seq_length: int
    """Tokens that a row holds at most."""
    num_shards: int
    """Data files of the config."""
    fingerprint: str
    """Fingerprint of the dataset: the same fingerprint is the same rows."""
    tokenizer: str
    """Where the tokenizer came from."""
    vocab_size: int
    bos_id: int | None
    eos_id: int

    @classmethod
    def of(cls, config: Config) -> Self:
        """What a finished dataset's config says of itself."""
        tokenizer = config.dataset.manifest.tokenizer
        return cls(
            name=config.name,
            seq_length=config.seq_length,
            num_shards=len(config.shards),
            fingerprint=config.fingerprint,
            tokenizer=tokenizer.source,
            vocab_size=tokenizer.vocab_size,
            bos_id=tokenizer.bos_id,
            eos_id=tokenizer.eos_id,
        )

    @property
    def token_bytes(self) -> Literal[2, 4]:
        """Bytes of a token id in a raw file."""
        return 2 if self.vocab_size <= 1 << 16 else 4

    def shard_name(self, number: int, suffix: str) -> str:
        """Name of an exported data file, made as the dataset's own are."""
        return f"train-{number:05d}-of-{self.num_shards:05d}{suffix}"


@dataclass(frozen=True, kw_only=True)
class Profile:
    """How another project is served: what writes rows as it reads them, and the settings that make it read them."""

    write: Callable[[Shards, Path, RowsInfo], list[str]]
    """Write rows into an empty folder, and return what must be said of how they are read there.

    UsageError where the consumer would read something else than the rows say.
    """
    settings: Callable[[str, RowsInfo], str]
    """The settings by which the consumer reads an exported folder, given its path."""
    settings_suffix: str
    """Suffix of the file that the settings are written to."""


def raw_ids(rows: Rows, dtype: str) -> bytes:
    """The token ids of rows as bytes of a type of NumPy; LcdataError where an id does not fit."""
    if len(rows.ids) and (rows.ids.min() < 0 or rows.ids.max() > np.iinfo(dtype).max):
        raise LcdataError(f"{rows.path} has ids beyond the tokenizer's vocabulary: run `lcdata verify`")
    ids: NDArray[np.integer] = rows.ids.astype(dtype)
    return ids.tobytes()
