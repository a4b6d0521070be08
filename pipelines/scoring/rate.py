"""How far a reply in free text gives the reference answers.

A reply is read as a person would. Thinking is left out. What it marks as its answer counts first, the last mark before
all; without a mark its conclusion, what it says of what was asked, or else all of it. In that part answers are looked
for in every form in which they are written, and whatever else is stated in their manner counts against it, as does what
is added later as a correction or another possibility. What is denied or taken back is not stated. Left out: synonyms,
misspellings, and answers in other languages.
"""

import re
from collections.abc import Iterable, Sequence
from functools import partial

from ...schemas.evaluation import Rating, Reference
from .reading.answering import answering, ends_in_answers
from .reading.candidates import has_candidate
from .reading.concessions import without_conceded
from .reading.corrections import last_corrected
from .reading.counts import without_counts
from .reading.denial import without_denied, without_questions
from .reading.expected import SIGN, Expected
from .reading.flat import flat, normal
from .reading.kinds import Answer, distinct
from .reading.known import with_signs
from .reading.marked import last_answer
from .reading.others import without_others
from .reading.rivals import rivals
from .reading.signs import BULLET, MARK_END, MOST_ANSWERS, NAMED, answer_number
from .reading.thinking import without_thinking


def rate(reply: str, reference: Reference) -> Rating:
    """`exact`, `recall`, `precision` and `f1` of the answers, and `citations` where some are asked for.

    `exact` is 1 where the reply states all answers and nothing else, in any order unless the reference is `ordered`.
    """
    cited, answers = _wanted(reference)
    num_answers = len(answers) + sum(number in reference.answers for number in cited)
    text = _signed(reply, answers, reference)
    numbers, text = _citations(text) if cited else (set[str](), text)
    found, wrong = _stated(text, answers, reference)
    wrong |= numbers - cited if len(answers) < num_answers else set()
    num_found = len(found) + (len(cited & numbers) if len(answers) < num_answers else 0)
    rating = measures(num_found, len(wrong), num_answers)
    if reference.ordered and found != sorted(found):
        rating["exact"] = 0.0
    return rating | ({"citations": float(numbers == cited)} if cited else {})


def _wanted(reference: Reference) -> tuple[set[str], list[Answer]]:
    """The numbers that are to be cited, and the other answers as they are looked for."""
    cited = {str(number) for number in reference.citations}
    texts = [text for text in map(normal, reference.answers) if text and text not in cited]
    return cited, distinct(texts[:MOST_ANSWERS])


def measures(num_found: int, num_wrong: int, num_answers: int) -> dict[str, float]:
    """`exact`, `recall`, `precision` and `f1` of so many answers found and others stated."""
    recall, precision = num_found / max(num_answers, 1), num_found / max(num_found + num_wrong, 1)
    f1 = 2 * recall * precision / ((recall + precision) or 1)
    return {"exact": float(recall == precision == 1), "recall": recall, "precision": precision, "f1": f1}


def rate_substrings(reply: str, reference: Reference) -> Rating:
    """RULER's two scores: the share of answers that are part of the reply, and whether any is; case is ignored."""
    found = [answer.lower() in reply.lower() for answer in reference.answers]
    return {"string_match_all": sum(found) / len(found), "string_match_part": float(any(found))}


def rate_last(reply: str, reference: Reference) -> Rating:
    """`last_answer`: 1 where the last marked answer, or the last line, states all answers and nothing else."""
    return {"last_answer": rate(last_answer(reply), reference)["exact"]}


def citations_of(reply: str, reference: Reference) -> set[str]:
    """The numbers of the documents that a reply cites."""
    _, answers = _wanted(reference)
    return _citations(_signed(reply, answers, reference))[0]


def _signed(reply: str, answers: Sequence[Answer], reference: Reference) -> str:
    """What a reply says to its reader, with signs for answers and for what the question names."""
    named = [name for name in map(normal, (*reference.asked, *_names_asked(reference.context))) if name]
    return with_signs(flat(without_thinking(reply)), answers, named)


def _stated(text: str, answers: Sequence[Answer], reference: Reference) -> tuple[list[int], set[str]]:
    """The numbers of the answers that a text states, in the order of their first places, and what it states beside."""
    if not answers:
        return [], set()
    expected = Expected(answers, reference.context)
    candidates = partial(has_candidate, expected=expected)
    whole = text
    text = without_conceded(without_questions(last_corrected(text, candidates)), candidates)
    text = without_denied(text)
    text = without_others(_without_sources(text), reference.asked, answers, candidates)
    part = answering(text, len(answers), bool(reference.asked), candidates)
    found = list(dict.fromkeys(answer_number(sign) for sign in SIGN.findall(part.text)))
    found = [number for number in found if number < len(answers)]
    is_concluded = ends_in_answers(whole, len(answers)) and not _ASKED_AGAIN.search(whole)
    return found, set(rivals(part, text if is_concluded else whole, expected)) if found else set[str]()


_ASKED_AGAIN = re.compile(rf"{NAMED}[^.!?\n]*\?\s*\Z")
"""A question about what was asked for at the very end, which nobody asks who has answered: the prompt's own."""


_SOURCES = re.compile(
    rf"^[ #*]*(?:sources?|references?|citations?|evidence|supporting \w+)\W*:[^\n]*(?:\n+[{BULLET}][^\n]*)*",
    re.IGNORECASE | re.MULTILINE,
)


def _without_sources(text: str) -> str:
    """The text without its list of sources, unless the answers stand only there."""
    rest = _SOURCES.sub("", text)
    return rest if set(SIGN.findall(rest)) == set(SIGN.findall(text)) else text


def _names_asked(context: str) -> Iterable[str]:
    """Names in the last paragraph that was read, which asks the question."""
    question = context.rstrip()[-2000:].rpartition("\n")[2]
    names = re.findall(r"(?<=\w )[A-ZÀ-Þ][\w'-]+(?: (?:of )?[A-ZÀ-Þ][\w'-]+)*", question)
    return (name.removesuffix("'s") for name in names)


_CITATION = re.compile(
    r"(?:[\[(#]|\b(?:[a-z]+|(?i:doc(?:ument)?s?))\.?s?:? #?|(?i:\b(?:files?|sections?|sources?|documents?|results?|"
    r"articles?|"
    r"cards?|clippings?|notes?|passages?|references?))\b:? #?)(?:\[?#?\d{1,9}\]?)(?:(?:, ?|,? and | ?& ?|,? plus |"
    r"; ?)(?:[a-z]+ |"
    r"(?i:files?|sections?|documents?|results?|articles?|cards?|clippings?|notes?) )?#?\[?\d{1,9}\]?)*\b"
)


_PLAIN_NUMBER = re.compile(
    rf"(?:^|(?<=[,;\n{BULLET}:])|(?<=\band))[ *]*\d{{1,4}}(?= *(?:[,;.\n{MARK_END}]|and\b|$))", re.MULTILINE
)
"""A number that is an item of its own."""


def _citations(text: str) -> tuple[set[str], str]:
    """The documents cited, as in `[2, 5]`, `#2` or `files 2 and 5`, and the text without them."""
    cited = set[str]()

    def take(match: re.Match[str]) -> str:
        cited.update(str(int(number)) for number in re.findall(r"\d+", match[0]))
        return f" {NAMED} " if match[0][0].isalnum() else ", "

    text = _CITATION.sub(take, without_counts(text))
    return cited, _PLAIN_NUMBER.sub(take, text)
