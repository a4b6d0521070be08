"""What is looked for in a reply, beside the answers themselves."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from .kinds import Answer
from .signs import ABSENT, ANSWERS, NAMED, OTHER_DATE

SIGN = re.compile(f"[{ANSWERS}]")
SIGNS = f"{ANSWERS}{NAMED}{ABSENT}{OTHER_DATE}"
WORD = re.compile(rf"[^\W_]+(?:['-][^\W_]+)*|[{SIGNS}]")
_ANY_VALUE = r"(?<![\w.-])(?=[0-9A-Za-z-]{2})[0-9A-Za-z]*\d[0-9A-Za-z]*(?:-[0-9A-Za-z]+)*(?![\w-])(?!\.\d)"


@dataclass(frozen=True)
class Expected:
    """The answers of a sample, and what the model had read (nothing where that is not known)."""

    answers: Sequence[Answer]
    context: str = ""

    @cached_property
    def shape(self) -> re.Pattern[str] | None:
        """What looks like an answer, None where no answer has a telling shape."""
        shapes = {_ANY_VALUE} if self.only_absent else {answer.shape for answer in self.answers if answer.shape}
        return re.compile("|".join(sorted(shapes))) if shapes else None

    @cached_property
    def only_absent(self) -> bool:
        """Whether the one answer is that there is none."""
        return all(answer.kind == "absent" for answer in self.answers)

    @cached_property
    def has_names(self) -> bool:
        """Whether an answer is a name, or could have been one."""
        return self.only_absent or any(answer.kind == "name" for answer in self.answers)

    @cached_property
    def most_words(self) -> int:
        """Words that an item of a list can have, where answers are plain words; 0 where none is."""
        longest = max((len(answer.text.split()) for answer in self.answers if answer.kind == "words"), default=0)
        return longest + 3 if longest > 1 else longest

    @cached_property
    def capitals(self) -> set[int]:
        """Lengths of answers in capitals, which a reply may write small."""
        return {len(answer.text) for answer in self.answers if re.fullmatch(r"[A-Z]{2,}", answer.text)}

    @cached_property
    def read(self) -> str:
        """The context without regard to case and line ends."""
        return " ".join(self.context.casefold().split())

    @cached_property
    def has_read_numbers(self) -> bool:
        """Whether the answers that are numbers stand in the context, as those of counting do not."""
        numbers = [answer.text for answer in self.answers if answer.text.isdigit()]
        return bool(self.read and numbers) and all(map(self.is_read_number, numbers))

    def is_read_number(self, digits: str) -> bool:
        """Whether a number stands in the context."""
        return re.search(rf"(?<![\w.]){digits}(?![\w.]\w)", self.read) is not None

    def may_be_read(self, words: str) -> bool:
        """Whether words stand in the context, or it is not known."""
        return not self.read or self.is_read(words)

    def is_read(self, words: str) -> bool:
        """Whether words stand in the context."""
        return " ".join(words.casefold().split()) in self.read
