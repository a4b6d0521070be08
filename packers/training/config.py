"""One config of a finished dataset: the files of its rows and documents, and what they were made with."""

from dataclasses import dataclass
from pathlib import Path

from ...schemas.errors import UsageError
from ...schemas.manifest import read_manifest


@dataclass(frozen=True)
class Config:
    """Rows that are trained on together."""

    name: str
    data: tuple[Path, ...]
    """Parquet files of rows, in order."""
    docs: tuple[Path, ...]
    """The document table of each."""
    seq_length: int
    """Tokens a row holds at most."""
    tokenizer: str
    """sha256 of its `tokenizer.json`."""
    vocab_size: int
    fingerprint: str
    """Of the dataset: the same fingerprint is the same data."""


def read_config(folder: Path, name: str | None = None) -> Config:
    """A config of the finished dataset in a folder, by name where it has several.

    Raises UsageError where there is no dataset or no such config, LcdataError where its manifest cannot be read.
    """
    configs = {config.name: config for config in configs_of(folder)}
    if name is None and len(configs) > 1:
        raise UsageError(f"{folder} has several configs: name one of {', '.join(configs)}")
    chosen = configs.get(next(iter(configs)) if name is None else name)
    if chosen is None:
        raise UsageError(f"{folder} has no config {name!r}: it has {', '.join(configs)}")
    return chosen


def configs_of(folder: Path) -> list[Config]:
    """Every config of a finished dataset; raises as `read_config` does."""
    manifest = read_manifest(folder)
    return [
        Config(
            name=stage.name,
            data=tuple(folder / shard.data.path for shard in record.shards),
            docs=tuple(folder / shard.docs.path for shard in record.shards),
            seq_length=stage.seq_length,
            tokenizer=manifest.tokenizer.sha256,
            vocab_size=manifest.tokenizer.vocab_size,
            fingerprint=manifest.fingerprint,
        )
        for stage, record in manifest.pairs()
    ]
