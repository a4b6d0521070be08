"""What a reply concedes beside its answer: `it is Ann, even though Bob appears as well`."""

import re
from collections.abc import Callable

from .signs import ANSWERS

_CONCESSION = re.compile(
    r"(?P<main>(?<![^.;\n])[^.;\n]{1,400}?),? ?\b(?:even though|although|though|even if|despite|over)\b"
    r"(?P<rest>[^.;,\n]*)",
    re.IGNORECASE,
)
_SIGN = re.compile(f"[{ANSWERS}]")


def without_conceded(text: str, candidates: Callable[[str], bool]) -> str:
    """The text without answers that are only conceded by who gives something else."""

    def kept(found: re.Match[str]) -> str:
        conceded = _SIGN.search(found["rest"]) and not _SIGN.search(found["main"]) and candidates(found["main"])
        return found["main"] if conceded else found[0]

    return _CONCESSION.sub(kept, text)
