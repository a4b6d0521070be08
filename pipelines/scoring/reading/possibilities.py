"""What a reply leaves open: other possibilities beside an answer."""

import re
from collections.abc import Iterator

from .signs import ABSENT, ANSWERS, NAMED

_MAY = re.compile(
    r"\b(?:or|alternatively|perhaps|maybe|possibly|probably|might|may|could|other(?:wise)?|another|also|instead|"
    r"some(?:one)?|else|plus|additionally|as well|likely|guess|unless|potentially|if not)\b",
    re.IGNORECASE,
)
_LEADS_ON = re.compile(
    r"^(?:(?:or|and|also|maybe|perhaps|possibly|alternatively|probably|plus|else|instead|however|but|yet|though|"
    r"although|still|then|unless|if not|wait|actually|no)\b,? ?)+",
    re.IGNORECASE,
)
_OF_ANSWERS = rf"(?P<one>[{ANSWERS}])[^.;,\n{ANSWERS}]{{0,20}}\bor\b[^.;,\n{ANSWERS}]{{0,20}}(?!(?P=one))[{ANSWERS}]"
_OR_OTHER = rf"[{ANSWERS}][^.;\n{ANSWERS}{ABSENT}]{{0,30}}\bor\b[^.;\n{ANSWERS}{ABSENT}]{{0,20}}[{ABSENT}{NAMED}]"
_OTHER_OR = rf"[{ABSENT}{NAMED}][^.;\n{ANSWERS}]{{0,20}}\bor\b[^.;\n{ANSWERS}]{{0,20}}[{ANSWERS}]"
_UNLESS = (
    rf"[{ANSWERS}][^.\n{ANSWERS}{ABSENT}]{{0,40}}\b(?:if|unless|otherwise)\b[^.\n{ANSWERS}{ABSENT}]{{0,40}}{ABSENT}"
)
_OR_ANYTHING = (
    rf"[{ANSWERS}][^.\n{ANSWERS}]{{0,12}}\bor (?:(?:maybe|perhaps|possibly) )?(?:something|someone|somebody|another|"
    r"other|some other|(?:one|any) of|a different|any|similar)\b"
)
_DIRECT = (
    rf"[{ANSWERS}][\"')\]]{{0,3}},? (?:or|and/or)\b(?! so\b)(?![^.\n]{{0,3}}[{ANSWERS}])(?= ?\(?[^\W_])|"
    rf"[^\W_][\"')\]]{{0,3}},? (?:or|and/or) (?:(?:the|a|an|even|maybe|perhaps|possibly|else|it is|in|by|"
    rf"at) ){{0,3}}[{ANSWERS}]"
)
_OR_ELSE = rf"[.?!\n]\W{{0,3}}or [^.\n{ANSWERS}]{{0,20}}[{ANSWERS}]"
_OPEN = re.compile(
    "|".join((_DIRECT, _OR_ELSE, _OF_ANSWERS, _OR_OTHER, _OTHER_OR, _UNLESS, _OR_ANYTHING)), re.IGNORECASE
)


_UNDECIDED = re.compile(
    r"\b(?:also (?:be )?(?:possible|plausible|an option|correct|right)|another (?:possibility|option|"
    r"candidate) (?:is|would)|"
    r"equally (?:possible|likely|plausible)|just as (?:likely|possible)|torn between|(?:cannot|can't) (?:decide|"
    r"tell which)|"
    r"not sure which)\b",
    re.IGNORECASE,
)
_LEAD = re.compile(
    r"^(?:(?:it|that|this|they|(?:the |my )?(?:answer|word|value|number|one|guess|result))(?:'s| is| was| are"
    r"| (?:should|must|could|may|might|can|would)(?: also| well)*(?: be)?)* (?:also |probably |likely |"
    r"rather )*)?(?=\S)",
    re.IGNORECASE,
)


def hedged(text: str) -> bool:
    """Whether a text adds a possibility to what was said."""
    return _MAY.search(text) is not None


def without_lead(text: str) -> str:
    """The text without words such as `or`, `maybe` and `it could be` at its beginning."""
    return _LEAD.sub("", _LEADS_ON.sub("", text))


def open_ended(text: str) -> Iterator[str]:
    """Answers that are left open: one or the other, or something else, or none."""
    yield from (found[0] for pattern in (_OPEN, _UNDECIDED) for found in pattern.finditer(text))
