"""One config of a finished dataset: the files of its rows and documents, and what they were made with."""

from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from ...schemas.errors import LcdataError, UsageError
from ...schemas.manifest import MANIFEST, Manifest


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
    configs = {config.name: config for config in _configs(folder)}
    if name is None and len(configs) > 1:
        raise UsageError(f"{folder} has several configs: name one of {', '.join(configs)}")
    chosen = configs.get(next(iter(configs)) if name is None else name)
    if chosen is None:
        raise UsageError(f"{folder} has no config {name!r}: it has {', '.join(configs)}")
    return chosen


def _configs(folder: Path) -> list[Config]:
    """Everything that is read from the manifest."""
    path = folder / MANIFEST
    try:
        manifest = Manifest.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        raise UsageError(f"{folder} is no finished dataset: it has no {MANIFEST}") from None
    except OSError as error:
        raise LcdataError(f"{path} cannot be read: {error.strerror}") from None
    except ValidationError:
        raise LcdataError(f"{path} is damaged or of another version: run `lcdata verify {folder}`") from None
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
