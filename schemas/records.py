"""What finished work leaves behind: files as they were written, and pieces of work that need not be done again."""

from pydantic import BaseModel, ConfigDict


class JsonRecord(BaseModel):
    """Something that happened, as JSON keeps it."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class FileRecord(JsonRecord):
    """One Parquet file as it was written."""

    path: str
    """Relative to the dataset's folder."""
    sha256: str
    bytes: int
    rows: int


class WorkRecord(JsonRecord):
    """What a finished piece of work leaves behind, so that it is not done again."""

    plan: str
    """Fingerprint of the plan that it belongs to."""
