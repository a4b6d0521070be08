"""Which words of a question tell what it is about, and which any question may have."""

import re

_WORD = re.compile(r"\w+")
_PLAIN = frozenset(
    _WORD.findall(
        "a about after all also an and any are as at be because been before between both but by can could did do does "
        "during each for from given had has have he her him his how if in into is it its kind many may more most much "
        "name named no not of on one only or other out over she so some such than that the their them then there these "
        "they this those through to type under until up was we were what when where which while who whom whose why "
        "will with would you"
    )
)


def words(text: str) -> frozenset[str]:
    """The different words of a text, whatever their case."""
    return frozenset(_WORD.findall(text.casefold()))


def telling_words(question: str) -> frozenset[str]:
    """The words of a question that say what it is about; empty where none does."""
    return words(question) - _PLAIN
