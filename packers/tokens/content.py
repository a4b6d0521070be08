"""What a `tokenizer.json` holds, and the same file for text: control tokens out of text's reach."""

import gc
import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import tokenizers

from ...schemas.errors import UsageError

_NO_TEXT = "\ufdd0\ufdd1"
"""Unicode keeps these two for a program's own use: no text holds them."""


@dataclass(frozen=True)
class Content:
    """A `tokenizer.json`, as it is and parsed."""

    data: bytes
    json: dict[str, Any]

    @classmethod
    def of(cls, data: bytes) -> Self:
        """Parse the bytes of a file; ValueError where they are no tokenizer."""
        # Collecting garbage among a million new strings would double the time.
        gc.disable()
        try:
            content = json.loads(data)
        finally:
            gc.enable()
        if not isinstance(content, dict) or not isinstance(content.get("model"), dict):
            raise ValueError("it has no model")
        content["added_tokens"] = content.get("added_tokens") or []
        return cls(data, content)

    @property
    def added(self) -> list[dict[str, Any]]:
        """The tokens that were added to the model's, each with its `content` and flags."""
        return self.json["added_tokens"]

    @property
    def model(self) -> dict[str, Any]:
        """The model, such as BPE, with its settings and its vocabulary."""
        return self.json["model"]

    @cached_property
    def vocab(self) -> dict[str, int]:
        """The ids of the model's own tokens."""
        vocab = self.model["vocab"]
        return vocab if isinstance(vocab, dict) else {piece: token for token, (piece, _) in enumerate(vocab)}

    @cached_property
    def merged(self) -> frozenset[str]:
        """The tokens that the model puts together of smaller ones, as which text makes them."""
        return frozenset(_of_merge(pair)[2] for pair in self.model.get("merges", ()))

    def vocab_size(self, reference: tokenizers.Tokenizer) -> int:
        """One more than the largest token id that `tokenizers` makes of the file."""
        added = (reference.token_to_id(token["content"]) or 0 for token in self.added)
        return 1 + max(max(self.vocab.values(), default=0), *added, 0)

    def refuse_chance(self, source: str) -> None:
        """Raise UsageError where the tokenizer draws lots, so that a text has other tokens each time."""
        if self.model.get("dropout"):
            raise UsageError(
                f"the tokenizer {source!r} has a dropout of {self.model['dropout']}, which gives a text other tokens "
                'each time: set "dropout" to null in its tokenizer.json'
            )

    @property
    def switched_off(self) -> list[str]:
        """What the file would do to a text's tokens beside making them, and is not let do, in words."""
        truncation, padding = self.json.get("truncation"), self.json.get("padding")
        words = [f"the truncation to {truncation.get('max_length')} tokens"] if truncation else []
        return [*words, *(["the padding"] if padding else [])]

    def for_text(
        self, control: Collection[str], reference: tokenizers.Tokenizer, out_of_reach: Iterable[str] = ()
    ) -> str:
        """The file with exactly these tokens special, which both engines can take for text, ids as `reference` has.

        The model loses the tokens `out_of_reach`, which it would make of text all by itself. What needs no change is
        returned as it is.
        """
        gone = set(out_of_reach)
        added = [
            token | {"special": token["content"] in control, "id": reference.token_to_id(token["content"])}
            for token in self.added
            if token["content"] not in gone
        ]
        if added == self.added and not gone:
            return self.data.decode()
        model = self._model_without(gone) if gone else self.model
        return json.dumps(self.json | {"added_tokens": added, "model": model}, ensure_ascii=False)

    def _model_without(self, gone: set[str]) -> dict[str, Any]:
        """The model in which tokens have names that no text holds, their ids and all others kept."""

        def named(piece: str) -> str:
            return f"{_NO_TEXT}{piece}" if piece in gone else piece

        model, vocab = self.model, self.model["vocab"]
        if isinstance(vocab, dict):
            renamed: object = {named(piece): token for piece, token in vocab.items()}
        else:
            renamed = [[named(piece), score] for piece, score in vocab]
        changed: dict[str, object] = {"vocab": renamed}
        if isinstance(model.get("unk_token"), str):
            changed["unk_token"] = named(model["unk_token"])
        if "merges" in model:
            changed["merges"] = [pair for pair in model["merges"] if gone.isdisjoint(_of_merge(pair))]
        return model | changed


def _of_merge(pair: str | list[str]) -> tuple[str, str, str]:
    """The two tokens that a merge takes, which old files write as one text, and the one that it makes."""
    left, right = pair.split(" ") if isinstance(pair, str) else pair
    return left, right, left + right
