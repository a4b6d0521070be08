"""What people write: models of which nothing is ignored, and nothing is taken for what it is not."""

from types import NoneType
from typing import Any, get_args

from pydantic import BaseModel, ConfigDict, ValidationInfo, field_validator


class Written(BaseModel):
    """Fields that a person gives: unknown ones are errors, and `true` is no number."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    @field_validator("*", mode="before")
    @classmethod
    def _true_and_nothing_are_no_numbers(cls, value: Any, info: ValidationInfo) -> Any:
        why_not = taken_for_another(value, cls.model_fields[str(info.field_name)].annotation)
        if why_not is not None:
            raise ValueError(why_not)
        return value


def taken_for_another(value: Any, annotation: Any) -> str | None:
    """Why a value is none of this type though it could be taken for one: `true`, or nothing at all; None otherwise."""
    if isinstance(value, bool) and not _takes(annotation, bool):
        return f"must not be {str(value).lower()}, which is no number and no text"
    if value is None and not _takes(annotation, NoneType):
        return "must not be empty: give it a value, or leave it out"
    return None


def _takes(annotation: Any, kind: type) -> bool:
    return annotation in (kind, Any, object) or any(_takes(part, kind) for part in get_args(annotation))
