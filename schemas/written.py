"""What people write: models of which nothing is ignored, and nothing is taken for what it is not."""

from typing import Any, get_args

from pydantic import BaseModel, ConfigDict, ValidationInfo, field_validator


class Written(BaseModel):
    """Fields that a person gives: unknown ones are errors, and `true` is no number."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    @field_validator("*", mode="before")
    @classmethod
    def _true_is_no_number(cls, value: Any, info: ValidationInfo) -> Any:
        if isinstance(value, bool) and not takes_bool(cls.model_fields[str(info.field_name)].annotation):
            raise ValueError(f"must not be {str(value).lower()}, which is no number and no text")
        return value


def takes_bool(annotation: Any) -> bool:
    """Whether a field of this type may be true or false."""
    return annotation in (bool, Any, object) or any(takes_bool(part) for part in get_args(annotation))
