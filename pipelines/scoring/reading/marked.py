"""The last answer that a reply marks, as text."""

import re

from .answering import marked_text
from .flat import flat
from .signs import OF_NO_SCRIPT
from .thinking import without_thinking


def last_answer(reply: str) -> str:
    """What the last mark of a reply holds; without a mark its last line that is not blank."""
    text = flat(without_thinking(reply))
    found = marked_text(text)
    if found is None:
        lines = [line for line in text.split("\n") if re.sub(f"[{OF_NO_SCRIPT}\\s]", "", line)]
        found = lines[-1] if lines else ""
    return re.sub(f"[{OF_NO_SCRIPT}]", "\n", found).strip()
