"""Characters of no script that stand for what was recognised in a reply."""

MARK, MARK_END = "\ue000", "\ue001"
"""Where a marked answer begins, and where it ends if that is marked too."""

BOLD, BOLD_END = "\ue002", "\ue003"
"""Around what stands in bold alone on its line."""

BULLET = "\ue004"
"""Where an item of a list begins."""

NAMED = "\ue005"
"""What the question names."""

ABSENT = "\ue006"
"""A statement that the text does not say it."""

OTHER_DATE = "\ue007"
"""A date that is no answer."""

_FIRST_ANSWER = 0xF0000
MOST_ANSWERS = 0xFFF0

ANSWERS = f"{chr(_FIRST_ANSWER)}-{chr(_FIRST_ANSWER + MOST_ANSWERS)}"
"""The range of characters that stand for answers, to be put into the brackets of a pattern."""

OF_NO_SCRIPT = "\ue000-\ue00f" + ANSWERS


def answer_sign(number: int) -> str:
    """The character of the answer of this number."""
    return chr(_FIRST_ANSWER + number)


def answer_number(sign: str) -> int:
    """The number of the answer that a character stands for."""
    return ord(sign) - _FIRST_ANSWER
