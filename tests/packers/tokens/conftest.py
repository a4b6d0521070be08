"""Small vocabularies that differ from the trained one in what a test is about."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lcdata.packers.tokens.tokenizer import Tokenizer, load_tokenizer
from lcdata.schemas.tokens import TokenizerChoice

Load = Callable[..., Tokenizer]


def added(content: str, number: int, special: bool = False, **flags: bool) -> dict[str, Any]:
    """An entry of `added_tokens`."""
    usual = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False}
    return {"id": number, "content": content, "special": special} | usual | flags


def template(before: list[str], after: list[str], ids: dict[str, int]) -> dict[str, Any]:
    """A post-processor that puts tokens around a text."""

    def piece(token: str) -> dict[str, Any]:
        return {"SpecialToken": {"id": token, "type_id": 0}}

    around = [*map(piece, before), {"Sequence": {"id": "A", "type_id": 0}}, *map(piece, after)]
    special = {token: {"id": token, "ids": [number], "tokens": [token]} for token, number in ids.items()}
    return {"type": "TemplateProcessing", "single": around, "pair": around, "special_tokens": special}


@pytest.fixture
def load(tmp_path: Path, small: str) -> Load:
    """Write the small tokenizer with these changes, and these files beside it, and load it."""

    def load(
        changes: dict[str, Any] | None = None,
        *,
        model: dict[str, Any] | None = None,
        tokens: list[dict[str, Any]] | None = None,
        beside: dict[str, Any] | None = None,
        engine: str = "fastokens",
        **choice: Any,
    ) -> Tokenizer:
        content = json.loads((Path(small) / "tokenizer.json").read_text())
        content["added_tokens"] += tokens or []
        content["model"] |= model or {}
        (tmp_path / "tokenizer.json").write_text(json.dumps(content | (changes or {})))
        for name, held in ({"tokenizer_config.json": {"eos_token": "<|endoftext|>"}} | (beside or {})).items():
            (tmp_path / name).write_text(held if isinstance(held, str) else json.dumps(held))
        return load_tokenizer(TokenizerChoice(source=str(tmp_path), **choice), engine)

    return load
