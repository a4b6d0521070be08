"""The lengths a dataset asks for: one, a list that cycles, or a range drawn log-uniformly."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

from .quantity import format_length, parse_length
from .stream import stream

_BLOCK = 1 << 16


@lru_cache(maxsize=4)
def _log_uniform_shares(low: int, high: int) -> NDArray[np.float64]:
    """Running sum of 1/length over low..high; no logarithm, whose last bit depends on the processor."""
    return np.cumsum(1.0 / np.arange(low, high + 1))


@lru_cache(maxsize=4)
def _log_uniform_block(low: int, high: int, name: str, seed: int, block: int) -> NDArray[np.int32]:
    """The lengths of so many samples as are drawn at once; who asks for one asks for its neighbours too."""
    shares = _log_uniform_shares(low, high)
    draws = stream(name, seed, block, "length").random(_BLOCK) * shares[-1]
    return (np.searchsorted(shares, draws, side="right") + low).astype(np.int32)


@dataclass(frozen=True)
class Lengths:
    """Document lengths in tokens, BOS and EOS included: `128k`, `4k,32k,128k` or `4k..128k`."""

    values: tuple[int, ...]
    is_range: bool = False

    @classmethod
    def parse(cls, value: "Lengths | str | int | Sequence[str | int]") -> "Lengths":
        """The lengths that `128k`, `4k,32k,128k`, `[4k, 32k]` or `4k..128k` means; ValueError where it means none."""
        if isinstance(value, Lengths):
            return value
        text = str(value) if isinstance(value, str | int) else ",".join(map(str, value))
        if ".." in text:
            low, _, high = text.partition("..")
            ends = (parse_length(low), parse_length(high))
            if ends[0] > ends[1]:
                raise ValueError(f"must go from the shorter to the longer length, got {text!r}")
            return cls(ends, is_range=True)
        return cls(tuple(parse_length(part) for part in text.split(",")))

    @property
    def shortest(self) -> int:
        """The smallest length that can be asked for."""
        return min(self.values)

    @property
    def longest(self) -> int:
        """The largest length that can be asked for."""
        return max(self.values)

    def of_samples(self, name: str, seed: int, num_samples: int) -> NDArray[np.int32]:
        """The length of samples 0..num_samples-1, shape (num_samples,); sample i's never depends on the count."""
        if not self.is_range:
            return np.resize(np.array(self.values, np.int32), num_samples)
        blocks = [self._block(name, seed, block) for block in range(-(-num_samples // _BLOCK))]
        return np.concatenate(blocks)[:num_samples]

    def of_sample(self, name: str, seed: int, index: int) -> int:
        """The length of sample `index`, as `of_samples` has it."""
        if not self.is_range:
            return self.values[index % len(self.values)]
        return int(self._block(name, seed, index // _BLOCK)[index % _BLOCK])

    def _block(self, name: str, seed: int, block: int) -> NDArray[np.int32]:
        low, high = self.values
        return _log_uniform_block(low, high, name, seed, block)

    def __str__(self) -> str:
        return (".." if self.is_range else ",").join(map(format_length, self.values))

    @classmethod
    def __get_pydantic_core_schema__(cls, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(cls.parse, serialization=core_schema.to_string_ser_schema())

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {
            "type": ["integer", "string", "array"],
            "items": {"type": ["integer", "string"]},
            "examples": ["128k", "4k,32k,128k", "4k..128k"],
        }
