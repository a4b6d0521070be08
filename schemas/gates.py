"""What a finished dataset must hold before anybody hands it on."""

from pydantic import Field, model_validator

from .quantity import Count, Share
from .written import Written


class QualityGates(Written):
    """Bounds that a finished dataset is judged by; those that are left out judge nothing."""

    min_fill: Share | None = None
    """Least part of the rows' room, in every stage, that tokens must fill."""

    max_repeats: float | None = Field(default=None, ge=1)
    """How often each document of a corpus, or of a bucket of one, may stand in the rows on average."""

    max_repeated_chars: int | None = Field(default=None, ge=0)
    """Characters of haystacks that may stand a second time in their document."""

    min_audited: Share | None = None
    """Least part of the samples whose ids must have been compared with those of `tokenizers`."""

    max_left_out: Share | None = None
    """Largest part of all tokens made, in every stage, that may not be in the rows."""

    max_share_error: Share | None = None
    """How far the share of a task or corpus may be from the one that was wanted."""

    min_remade: Count | None = None
    """Least number of random documents that `lcdata verify` must have made again; only a run of the service does."""

    @model_validator(mode="after")
    def _some(self) -> "QualityGates":
        if all(value is None for _, value in self):
            raise ValueError(f"must name a gate: {', '.join(type(self).model_fields)}")
        return self
