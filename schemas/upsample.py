"""How documents of some lengths are drawn more often than they occur."""

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, field_validator, model_validator

from .problems import ClashError
from .quantity import Length, parse_length
from .written import Written

_SHORT_KEEP = 0.1
_LONG = 4096
_USERS = {
    "long_from": ("per-source", "global", "long-only"),
    "short_keep": ("per-source", "global"),
    "weights": ("weights",),
}
"""Strategies that read each setting."""


def _low_edge(value: str | int) -> int:
    return 0 if str(value).strip() == "0" else parse_length(value)


LowEdge = Annotated[int, BeforeValidator(_low_edge, json_schema_input_type=int | str)]
"""A bucket's smallest length: `0`, `4096`, `64k`."""
Weight = Annotated[float, Field(ge=0, allow_inf_nan=False)]
"""A share that counts beside the other weights, whatever they add up to."""


class Upsample(Written):
    """Which lengths are preferred, inside every component of a mixture."""

    strategy: Literal["natural", "per-source", "global", "long-only", "weights"] = "natural"
    """`natural`: as they occur. `per-source`: shorter documents count for less, the components' shares stay (Fu et al.
    2024). `global`: shorter documents count for less, and components that have many of them too. `long-only`: no
    shorter documents at all (ProLong). `weights`: a share for every range of lengths."""

    long_from: Length | None = None
    """Tokens from which a document is long: by default 4096, and for `long-only` the length of a row."""

    short_keep: float = Field(default=_SHORT_KEEP, ge=0, le=1)
    """What a token of a shorter document counts for, beside one of a long document."""

    weights: dict[LowEdge, Weight] | None = None
    """Shares of the tokens by the smallest length of a range, which ends where the next begins: `{0: 0.2, 4k: 0.3,
    64k: 0.5}`. Documents below the first range are left out."""

    @field_validator("weights")
    @classmethod
    def _some_weight(cls, weights: dict[int, float] | None) -> dict[int, float] | None:
        if weights is not None and not sum(weights.values()) > 0:
            raise ValueError(f"must hold a weight above zero, such as {{0: 0.5, 64k: 0.5}}, got {weights}")
        return weights

    @model_validator(mode="after")
    def _settings_fit_the_strategy(self) -> "Upsample":
        given = {"long_from": self.long_from, "short_keep": self.short_keep, "weights": self.weights}
        for name, users in _USERS.items():
            if self.strategy not in users and given[name] != (_SHORT_KEEP if name == "short_keep" else None):
                raise ClashError(
                    f"{name} is nothing to the strategy {self.strategy}: leave it out, or choose {', '.join(users)}",
                    name,
                )
        if self.strategy == "weights" and self.weights is None:
            raise ClashError("the strategy weights needs weights, such as {0: 0.2, 4k: 0.3, 64k: 0.5}", "strategy")
        return self

    def long_threshold(self, seq_length: int) -> int:
        """Tokens from which a document is long, in rows of `seq_length` tokens; 0 where all are alike."""
        if self.strategy not in _USERS["long_from"]:
            return 0
        return self.long_from or (seq_length if self.strategy == "long-only" else _LONG)
