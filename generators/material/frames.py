"""How a needle's sentence stands among the lines of a haystack that is no prose."""

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Frame:
    """What is written around a needle, so that it has the form of what stands before it."""

    before: str = ""
    after: str = " "
    lead: str = ""
    """A pattern for the beginning of the sentence or line before the needle, which is written again before it."""
    unfit: str = ""
    """Characters that would break the form; a needle that has one of them is a line of its own."""

    def around(self, sentence: str, previous: str) -> tuple[str, str]:
        """What stands before and after a needle that follows `previous`, or precedes it at the very beginning."""
        if any(character in self.unfit for character in sentence):
            return "", "\n"
        found = re.match(self.lead, previous) if self.lead else None
        return (found[0] if found else "") + self.before, self.after


SENTENCE = Frame()
