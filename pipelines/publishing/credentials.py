"""Tokens for the Hub: read by the process that pushes and by no other, and told to nobody."""

import os
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

from ...schemas.secrets import HIDDEN

_TOKENS = ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "HF_OIDC_ID_TOKEN", "ACTIONS_ID_TOKEN_REQUEST_TOKEN")
"""Variables that hold a token, or what one is bought with."""


@contextmanager
def tokens_withheld() -> Generator[None]:
    """Take every token out of the environment, which processes inherit, until the block ends."""
    taken = {name: os.environ.pop(name) for name in _TOKENS if name in os.environ}
    try:
        yield
    finally:
        os.environ.update(taken)


def without_tokens(text: str) -> str:
    """A text in which no token of the environment or of a login stands."""
    from huggingface_hub import constants

    tokens = [os.environ.get(name, "") for name in _TOKENS]
    with suppress(OSError):
        tokens.append(Path(constants.HF_TOKEN_PATH).read_text())
    for token in filter(None, map(str.strip, tokens)):
        text = text.replace(token, HIDDEN)
    return text
