"""Numbers as people write them: lengths are binary (`128k` = 131072 tokens), counts decimal (`1e5`, `2.5B`)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated

from pydantic import BeforeValidator, Field, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

_NUMBER = re.compile(r"(\d[\d_]*(?:\.\d+)?(?:e\+?\d{1,2})?)\s*([a-z]*)", re.IGNORECASE | re.ASCII)
_BINARY = {"": 1, "k": 2**10, "ki": 2**10, "m": 2**20, "mi": 2**20, "g": 2**30, "gi": 2**30}
_DECIMAL = {"": 1, "k": 10**3, "m": 10**6, "b": 10**9, "g": 10**9, "t": 10**12}
MOST = 2**62
"""The greatest number of things or tokens that can be asked for."""


def parse_length(value: str | int) -> int:
    """A number of tokens: `4096`, `4k`, `128Ki`, `1M` (binary units); ValueError unless whole and positive."""
    return _parse(value, _BINARY, "a length such as 4096, 32k or 1M")


def parse_count(value: str | int) -> int:
    """A number of things: `1000`, `1e5`, `10k`, `2.5B` (decimal units); ValueError unless whole and positive."""
    return _parse(value, _DECIMAL, "a count such as 1000, 1e5 or 2.5M")


def parse_seed(value: str | int) -> int:
    """A whole number from 0 on: `0`, `7`, `1e5`; ValueError otherwise."""
    if isinstance(value, int) or str(value).strip() == "0":
        return int(value)
    try:
        return _parse(value, {"": 1}, "")
    except ValueError:
        raise ValueError(f"must be a whole number such as 7, got {str(value)!r}") from None


def _parse(value: str | int, units: Mapping[str, int], wanted: str) -> int:
    match = _NUMBER.fullmatch(str(value).strip())
    factor = units.get(match[2].lower()) if match else None
    if match is None or factor is None:
        raise ValueError(f"must be {wanted}, got {str(value)!r}")
    number = Decimal(match[1].replace("_", "")) * factor
    if number != number.to_integral_value() or not 0 < number <= MOST:
        raise ValueError(f"must be {wanted}, whole and above zero, got {str(value)!r}")
    return int(number)


def format_length(tokens: int) -> str:
    """The shortest way to write a length: 131072 is `128k`, 1000 is `1000`."""
    for unit, factor in (("M", 2**20), ("k", 2**10)):
        if tokens >= factor and tokens % factor == 0:
            return f"{tokens // factor}{unit}"
    return str(tokens)


Count = Annotated[int, BeforeValidator(parse_count, json_schema_input_type=int | str)]
"""A number of things, which may be written as `parse_count` reads it."""
Seed = Annotated[int, BeforeValidator(parse_seed, json_schema_input_type=int | str), Field(ge=0, lt=2**63)]
"""What decides the randomness: a whole number from 0 on."""
Length = Annotated[int, BeforeValidator(parse_length, json_schema_input_type=int | str)]
"""A number of tokens, which may be written as `parse_length` reads it."""


def parse_share(value: str | float) -> float:
    """A part of a whole: `0.3` or `30%`; ValueError unless it is from 0 to 1."""
    text = str(value).strip()
    try:
        share = float(text[:-1]) / 100 if text.endswith("%") else float(text)
    except ValueError:
        share = -1.0
    if not 0 <= share <= 1:
        raise ValueError(f"must be a share such as 0.3 or 30%, got {text!r}")
    return share


def parse_number_or_share(value: str) -> int | float:
    """Some of many: `3` as a number, `0.03` or `3%` as a share; ValueError otherwise."""
    text = value.strip()
    if text.isascii() and text.isdecimal():
        return int(text)
    try:
        return parse_share(text)
    except ValueError:
        raise ValueError(f"must be a number such as 3 or a share such as 0.3 or 30%, got {text!r}") from None


Share = Annotated[float, BeforeValidator(parse_share, json_schema_input_type=float | str)]
"""A part of a whole, which may be written as `parse_share` reads it."""

Depth = Annotated[float, Field(ge=0, le=1)]
"""Where something stands in the context: 0 at its beginning, 1 as late as it can be."""


class IntRange:
    """A closed range of whole numbers, written `3..4`, or `3` for one number."""

    __slots__ = ("high", "low")

    def __init__(self, low: int, high: int) -> None:
        if low > high:
            raise ValueError(f"must go from the smaller to the larger number, got {low}..{high}")
        self.low, self.high = low, high

    @classmethod
    def parse(cls, value: "IntRange | str | int") -> "IntRange":
        """The range that `3..4`, `3` or 3 means, a range itself unchanged; ValueError otherwise."""
        if isinstance(value, IntRange):
            return value
        match = re.fullmatch(r"\s*(\d{1,18})\s*(?:\.\.\s*(\d{1,18})\s*)?", str(value), re.ASCII)
        if match is None:
            raise ValueError(f"must be a whole number or a range such as 3..4, got {value!r}")
        return cls(int(match[1]), int(match[2] or match[1]))

    def __str__(self) -> str:
        return str(self.low) if self.low == self.high else f"{self.low}..{self.high}"

    def __repr__(self) -> str:
        return f"IntRange({self.low}, {self.high})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, IntRange) and (self.low, self.high) == (other.low, other.high)

    def __hash__(self) -> int:
        return hash((self.low, self.high))

    @classmethod
    def __get_pydantic_core_schema__(cls, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(cls.parse, serialization=core_schema.to_string_ser_schema())

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {"type": ["integer", "string"], "pattern": r"^\d+(\.\.\d+)?$"}


@dataclass(frozen=True)
class Within:
    """Restricts an IntRange setting to low..high, both included."""

    low: int
    high: int

    def check(self, value: IntRange) -> IntRange:
        """The range, ValueError where a part of it lies outside."""
        if not self.low <= value.low <= value.high <= self.high:
            raise ValueError(f"must lie within {self.low}..{self.high}, got {value}")
        return value

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self.check, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {**handler(schema), "range": f"{self.low}..{self.high}"}
