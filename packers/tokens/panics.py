"""Panics of libraries written in Rust, which reach Python as exceptions that are no `Exception`."""

from collections.abc import Generator
from contextlib import contextmanager

from ...schemas.errors import UsageError

_NAME = "PanicException"
"""Every such library has a class of its own of this name."""


def is_panic(error: BaseException) -> bool:
    """Whether an exception is a library's panic."""
    return type(error).__name__ == _NAME


@contextmanager
def no_panic(source: str) -> Generator[None]:
    """UsageError where a library panics on the tokenizer that `source` names; what else is raised stays as it is."""
    try:
        yield
    except BaseException as error:
        if not is_panic(error):
            raise
        why = " ".join(str(error).split())
        raise UsageError(
            f"the tokenizer {source!r} is damaged, no library can read it ({why}): save it again with "
            "tokenizer.save('tokenizer.json')"
        ) from None
