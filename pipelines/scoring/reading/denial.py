"""What a reply says not to be the answer is not stated by it."""

import re

from .signs import ABSENT, ANSWERS, BOLD, BOLD_END, BULLET, MARK, MARK_END, NAMED

_FIRM = re.compile(
    r"\bnot (?:only|just|merely|surprisingly|(?:entirely |completely |fully |absolutely |totally |100% )?(?:sure|"
    r"certain))\b|"
    r"\bno (?:doubt|problem)\b|\bwithout (?:a |any )?doubt\b|"
    r"\b(?:no|not any|n't (?:\w+ )?any|nothing|no one|nobody)(?: \w+)?(?: \w+)? (?:but|other than|except|besides|"
    r"apart from)\b|\bnone (?:but|other than)\b|\bother than (?:this|that|these|those)\b|"
    r"\b(?:cannot|can't|couldn't|could not) (?:possibly )?be anything (?:but|other than)\b|"
    r"\bno\. ?(?=[\d\[#])|\bobject no\b|\bif (?:i am|i'm) not\b|\bwhether or not\b|"
    r"\b(?:is|does|do|are|was|were)(?: not|n't) (?:repeated|mentioned|listed|stated|appear|occur|found)"
    r"(?: anywhere)? (?:else\w*|again|twice|elsewhere)\b",
    re.IGNORECASE,
)
"""Words of denial that deny nothing."""

_OUT = r"(?:rul(?:e|ed|ing) out|(?:reject|discard|dismiss)(?:ed|ing)?|(?:eliminat|exclud)(?:e|ed|ing))"
_DENIAL = re.compile(
    r"(?<![\w-])(?:not|\w+n't|cannot|never|neither|nor|rather than|instead of|except(?:ing|ion of| for)?|other than|"
    r"unlike|as opposed to|anything but|everything but|all but|far from|isnt|aint|false that|wrong that|untrue that|"
    rf"incorrect that|differs? from|different from|no (?!longer)|{_OUT})(?![\w-])",
    re.IGNORECASE,
)
_NO_ANSWER = (
    r"\b(?:is|are|was|were|does|do|did|has|have)(?: not|n't)(?: (?:the|a|an|my))?(?: \w+)??(?: (?:answers?|number|"
    r"value|"
    rf"word|one|person|town|key|correct|right|it|them|match\w*|what|that|count\w*|qualify|among|{NAMED}).*)?\s*$"
)
_ANOTHER = (
    r"\b(?:is|are|was|were|would be|seems|must be|looks) (?:wrong|incorrect|false|ruled out|excluded|out|"
    r"a distractor|unrelated|irrelevant|"
    r"(?:for|on|about|from|of|in)? ?(?:another|something|someone|somebody|a different|the other)\b)|"
    r"\b(?:belongs?|refers?|relates?|is related|corresponds?) to\b(?: (?:another|something|someone|a different|"
    r"the other))?"
)
_NO_ANSWER_IS = re.compile(f"(?P<not>{_NO_ANSWER})|{_ANOTHER}", re.IGNORECASE)
_VERB = re.compile(r"\b(?:is|are|was|were|does|do|did|has|have|can|could|would|should)(?: not|n't)\b", re.IGNORECASE)
_SIGN = re.compile(f"[{ANSWERS}]")
_SIGNS_OF_LAYOUT = f"{BULLET}{MARK}{MARK_END}{BOLD}{BOLD_END}"
_CLAUSE = re.compile(rf"(?:[^,.;:!?\n(){_SIGNS_OF_LAYOUT}]|(?<=\d)[.,:](?=\d)|(?<=\bno)\.)+", re.IGNORECASE)
_TURN = re.compile(
    r"\b(?:(?<!anything )(?<!everything )(?<!all )but(?: rather| instead)?|however|although|though|whereas|while|yet|"
    r"even if)\b|[–—]| - ",
    re.IGNORECASE,
)
_RELATIVE = re.compile(
    rf"(\b(?:unlike|other than|rather than|instead of|not|as opposed to|{_OUT}) [^.;,\n{ANSWERS}]{{1,80}}), "
    rf"(?:which|who|that|whose|at|with)\b[^,.;\n{ANSWERS}]*",
    re.IGNORECASE,
)
"""What is told of a thing that is denied."""

_QUESTION = re.compile(rf"(?<![^.!?\n;: {_SIGNS_OF_LAYOUT}])[^.!?\n;:{_SIGNS_OF_LAYOUT}]{{1,400}}\?+(?! *[Yy]es)")
_MOST_SPACES = 200
_OPEN = re.compile(r"\b(?:or|if|unless|otherwise)\b", re.IGNORECASE)


def without_questions(text: str) -> str:
    """The text without the questions that it asks, unless nothing else is said or it is long, and thus a copy."""
    if text.count(" ") > _MOST_SPACES:
        return text
    rest = _QUESTION.sub(" ", text)
    return rest if re.search(r"\w|" + f"[{ANSWERS}{ABSENT}]", rest) else text


def without_denied(text: str) -> str:
    """The text without what it says not to be the answer."""
    if not _DENIAL.search(text) and not _NO_ANSWER_IS.search(text) and ABSENT not in text:
        return text
    text = _RELATIVE.sub(r"\1", _FIRM.sub(" indeed ", text))
    return _CLAUSE.sub(lambda clause: _affirmed(clause[0]), text)


def _affirmed(clause: str) -> str:
    parts, at = list[str](), 0
    for turn in _TURN.finditer(clause):
        parts += [_of_part(clause[at : turn.start()], is_last=False), turn[0]]
        at = turn.end()
    return "".join([*parts, _of_part(clause[at:], is_last=True)])


def _of_part(part: str, *, is_last: bool) -> str:
    """What is left of a part of a clause, in which the subject, the object or both are denied."""
    if found := _NO_ANSWER_IS.search(part):
        told = ANSWERS if found["not"] else f"{ANSWERS}{NAMED}"
        denies_answer = is_last and not re.search(f"[{told}]", part[found.start() :])
        if not _SIGN.search(part) or denies_answer:
            return " ".join(["", *_OPEN.findall(part), ""])
    denial = _DENIAL.search(part)
    if not denial and ABSENT in part:
        return _before_absence(part)
    if not denial:
        return part
    before = part[: denial.start()]
    if _VERB.search(part[: denial.end()][-12:]) and not _SIGN.search(before):
        before = " "
    return f"{before} {' '.join(re.findall(NAMED, part[denial.end() :]))} "


def _before_absence(part: str) -> str:
    """What is left where the text is said not to tell something: an answer that stands before."""
    before, _, _ = part.partition(ABSENT)
    if re.search(rf"[{ANSWERS}]\W{{0,3}}(?:is|was|are|were|does|did|do|has)?\W{{0,2}}$", before):
        return " "
    if _SIGN.search(before):
        return f"{before} {' '.join(_OPEN.findall(before[-5:]))} {ABSENT} "
    is_bare = not _OPEN.sub("", part).strip(f" {ABSENT}{NAMED}")
    return f" {' '.join(_OPEN.findall(part))} {NAMED if NAMED in part else ''}{ABSENT if is_bare else ''} "
