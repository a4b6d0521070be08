"""What was written for evaluation and for other trainers."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from .event import Event


class Exported(Event):
    """Samples of a dataset were written as JSON lines."""

    event: Literal["exported"] = "exported"
    path: str
    """The file that was written, `-` for stdout."""
    to: str
    """What a line holds: `eval`, `chat` or `text`."""
    samples: int
    """Lines written."""
    tokens: int
    """Tokens of these samples, BOS and EOS included."""
    bytes: int
    """Bytes written."""


class RowCounts(BaseModel):
    """What was written of a config."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    rows: int = 0
    """Packed sequences."""
    documents: int = 0
    """Samples, and documents and pieces of longer ones."""
    tokens: int = 0
    """Tokens, BOS and EOS included."""
    loss_tokens: int = 0
    """Tokens that are trained on."""


class ExportedRows(Event):
    """Rows of a dataset were written as another project reads them."""

    event: Literal["exported"] = "exported"
    path: str
    """The folder that was written."""
    to: str
    """Name of the project that reads the rows."""
    configs: dict[str, RowCounts]
    """What was written of each config, by name."""
    bytes: int
    """Bytes written."""
    notes: list[str] = Field(default_factory=list)
    """What the reader leaves unread."""
