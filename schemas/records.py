"""What finished work leaves behind: files as they were written, and pieces of work that need not be done again."""

from pydantic import BaseModel, ConfigDict


class JsonRecord(BaseModel):
    """Something that happened, as JSON keeps it."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class FileRecord(JsonRecord):
    """A file as it was written."""

    path: str
    """Relative to the folder of the dataset or the corpus."""
    sha256: str
    """Of its bytes."""
    bytes: int
    """Its size."""
    rows: int
    """Records of a Parquet file, 0 of any other."""


class WorkRecord(JsonRecord):
    """What a finished piece of work leaves behind, so that it is not done again."""

    plan: str
    """Fingerprint of the plan that it belongs to."""
