"""How far a reply in free text gives the reference answers.

A reply is read as a person would: the answers are looked for as whole words, case aside, and whatever else it states in
the same manner counts against it. What has a telling shape (numbers, UUIDs, names in capitals, words joined by dashes)
is stated wherever it stands; other words only where they are an item of a list. Wording around the answers, numbering,
quotes, JSON, thinking before the answer and what the question itself names are no statements. Left out: synonyms, other
spellings, and whether an answer is denied.
"""

import json
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from ...schemas.evaluation import Rating, Reference, leaves


def rate(reply: str, reference: Reference) -> Rating:
    """`exact`, `recall`, `precision` and `f1` of the answers, and `citations` where some are asked for.

    `exact` is 1 where the reply states all answers and nothing else, in any order unless the reference is `ordered`.
    """
    cited = {str(number) for number in reference.citations}
    answers = _distinct(reference.answers)
    in_words = [answer for answer in answers if answer not in cited]
    text = _join_thousands(_without_numbering(_normal(_final_words(reply))), answers)
    found, rest = _take(text, in_words, reference.asked)
    numbers, rest = _take_citations(rest) if cited else (set[str](), rest)
    plain, rest = _take(rest, sorted(cited - numbers), reference.asked)
    numbers |= set(plain)
    found += [answer for answer in answers if answer in cited & numbers]
    wrong = _statements(rest, in_words) | (numbers - cited if len(in_words) < len(answers) else set())
    rating = _measures(len(found), len(wrong), len(answers))
    if reference.ordered and found != [_folded(answer) for answer in answers]:
        rating["exact"] = 0.0
    return rating | ({"citations": float(numbers == cited)} if cited else {})


def _measures(num_found: int, num_wrong: int, num_answers: int) -> dict[str, float]:
    recall, precision = num_found / num_answers, num_found / max(num_found + num_wrong, 1)
    f1 = 2 * recall * precision / ((recall + precision) or 1)
    return {"exact": float(recall == precision == 1), "recall": recall, "precision": precision, "f1": f1}


def rate_substrings(reply: str, reference: Reference) -> Rating:
    """RULER's two scores: the share of answers that are part of the reply, and whether any is; case is ignored."""
    found = [answer.lower() in reply.lower() for answer in reference.answers]
    return {"string_match_all": sum(found) / len(found), "string_match_part": float(any(found))}


MATCHES: Mapping[str, Callable[[str, Reference], Rating]] = {"exact": rate, "substring": rate_substrings}
"""Ways to compare a reply with a reference. The first measure of each is its main one."""


_ANSWER, _NAMED, _BULLET = "\ue000", "\ue001", "\ue002"
"""Characters of no script: for an answer found, for what is only named (by the question, or again), for a bullet."""

_CHARACTERS = str.maketrans(
    dict.fromkeys((_ANSWER, _NAMED, _BULLET, "\u200b", "\u2060", "\ufeff", '"', "“", "”", "`"))
    | {"‘": "'", "’": "'", "‐": "-", "‑": "-", "\r": "\n", "、": ","}
)
_EMPHASIS = re.compile(r"\*+(?=\S)|(?<=\S)\*+")


def _normal(text: str) -> str:
    """The text without quotes and emphasis, characters that look alike made the same, spaces single."""
    text = unicodedata.normalize("NFKC", text).translate(_CHARACTERS)
    return re.sub(r"[^\S\n]+", " ", _EMPHASIS.sub("", text)).strip()


_ARTICLE = re.compile(r"^(?:an?|the) (?=\S)", re.IGNORECASE)


def _distinct(answers: Iterable[str]) -> list[str]:
    """The answers as they are looked for: without an article before them, none twice."""
    bare = [_join_thousands(_ARTICLE.sub("", _normal(answer)) or answer, ()) for answer in answers]
    return list({_folded(answer): answer for answer in bare}.values())


def _folded(words: str) -> str:
    """A text as it is compared: case and spaces do not count."""
    return " ".join(words.casefold().split())


def _final_words(reply: str) -> str:
    """What a reply says after thinking; of a reply in JSON its values, a line each."""
    *_, after = _THOUGHT_END.split(reply)
    text = "" if after == reply and _THOUGHT_BEGIN.match(reply) else after
    text = re.sub(r"```\w*", "", text).strip()
    if text.startswith(("[", "{")):
        try:
            return "\n".join(leaves(json.loads(text, parse_int=str, parse_float=str)))
        except (ValueError, RecursionError):
            return text
    return text


_THOUGHT_BEGIN = re.compile(r"\s*(?:<think(?:ing)?>|◁think▷|\[THINK\])")
_THOUGHT_END = re.compile(r"</think(?:ing)?>|◁/think▷|\[/THINK\]")
_DASHED = re.compile(r"^ ?(?:[-*+•–]|[a-z][.)]) (?=\S)", re.MULTILINE)
_NUMBERED = re.compile(r"(?:^ ?\(?(\d{1,3})[.):]|(?<=\s)\(?(\d{1,3})[.)]) (?=\S)", re.MULTILINE)


def _without_numbering(text: str) -> str:
    """The text with a mark for each dash or number that starts an item: numbers count from 1, in a line or across."""
    text = _DASHED.sub(f"\n{_BULLET}", text)
    markers, last = list[re.Match[str]](), 0
    for match in _NUMBERED.finditer(text):
        number = int(match[1] or match[2])
        if number in (1, last + 1):
            markers.append(match)
            last = number
    if len(markers) == 1 and markers[0][2]:  # `in Dictionary 1. ` is no list
        return text
    for match in reversed(markers):
        text = f"{text[: match.start()]}\n{_BULLET}{text[match.end() :]}"
    return text


def _join_thousands(text: str, answers: Iterable[str]) -> str:
    """The text with 1,234 as 1234, unless all parts of the number are answers and it is thus a list."""
    known = set(answers)

    def joined(match: re.Match[str]) -> str:
        return match[0].replace(",", ", " if known.issuperset(match[0].split(",")) else "")

    return re.sub(r"(?<![\w.,])\d{1,3}(?:,\d{3})+(?!\w|[.,]\d)", joined, text)


_CITATION = re.compile(r"(?:[\[(#]|\b(?:[a-z]+|(?i:doc(?:ument)?s?))\.? #?)\d{1,9}(?:(?:, ?|,? and | ?& ?)\d{1,9})*\b")


def _take_citations(text: str) -> tuple[set[str], str]:
    """The documents cited, as in `[2, 5]`, `#2` or `files 2 and 5`, and the text with marks for them."""
    cited = set[str]()

    def take(match: re.Match[str]) -> str:
        cited.update(str(int(number)) for number in re.findall(r"\d+", match[0]))
        return _NAMED if match[0][0].isalpha() else ", "

    rest = _CITATION.sub(take, text)
    return cited, rest


def _whole(pattern: str, is_number: bool) -> str:
    """A pattern that finds this one where it is no part of a longer word or number; an underscore parts words."""
    before, after = (r"(?<!\d[.-])", r"(?![.-]\d)") if is_number else (r"(?<![^\W_]-)", r"(?!-[^\W_])")
    return rf"(?<![^\W_]){before}(?:{pattern})(?![^\W_]){after}"


def _literal(words: str) -> str:
    spaced = r"\s+".join(map(re.escape, words.split()))
    return _whole(spaced, words.isdigit())


def _take(text: str, answers: Iterable[str], named: Iterable[str]) -> tuple[list[str], str]:
    """The answers found, in the order of their first places, and the text with marks for them and for what is named."""
    wanted = set(map(_folded, answers))
    others = [name for name in map(_normal, named) if name and _folded(name) not in wanted]
    found = dict[str, None]()

    def mark(match: re.Match[str]) -> str:
        words = _folded(match[0])
        if words not in wanted or words in found:
            return _NAMED
        found[words] = None
        return _ANSWER

    if not wanted and not others:
        return [], text
    # Of two that start at one place the longer is meant.
    longest_first = sorted([*answers, *others], key=len, reverse=True)
    rest = re.sub("|".join(map(_literal, longest_first)), mark, text, flags=re.IGNORECASE)
    return list(found), rest


_WORD = re.compile(rf"[^\W_]+(?:['-][^\W_]+)*|[{_ANSWER}{_NAMED}]")
_WORDING = 200
"""Words around the answers that pass for wording; who goes on beyond copies the text, and further words all count."""


def _statements(rest: str, answers: Sequence[str]) -> set[str]:
    """What the rest of a reply states in the manner of the answers."""
    words = [word.casefold() for word in _WORD.findall(rest) if word not in (_ANSWER, _NAMED)]
    stated = set(words[_WORDING:]) - _SMALL_TALK | set(map(str.casefold, _DENIAL.findall(rest)))
    given = [answer for answer in answers if not _NO_ANSWER.match(answer)]
    shapes = {answer: _shape(answer) for answer in given} or dict.fromkeys(answers, _HAS_DIGIT)
    for shape in {_whole(shape, answer.isdigit()) for answer, shape in shapes.items() if shape is not None}:
        stated.update(match[0].casefold() for match in re.finditer(shape, rest))
    wordy = [answer for answer, shape in shapes.items() if shape is None]
    return stated | (_stated_items(rest, wordy) if wordy else set())


_NO_ANSWER = re.compile(r"(?:no|none|not|nothing|unknown)\b", re.IGNORECASE)
_DENIAL = re.compile(r"\bnot (?:found|given|mentioned|stated)\b", re.IGNORECASE)
_HAS_DIGIT = r"(?=[0-9A-Za-z]{2})[0-9A-Za-z]*\d[0-9A-Za-z]*(?:-[0-9A-Za-z]+)*"
"""Pattern of words with a digit, which nobody states who says that there is no answer."""

_IDENTIFIER = re.compile(r"[0-9A-Za-z]+(?:-[0-9A-Za-z]+)*")


def _shape(answer: str) -> str | None:
    """A pattern of all that looks like this answer, None where that would be any words."""
    if answer.isdigit():
        return rf"\d{{{max(1, len(answer) - 1)},{len(answer) + 1}}}"
    if re.fullmatch(r"[A-Z]{2,}", answer):
        return rf"[A-Z]{{{len(answer)}}}"
    if re.fullmatch(r"[A-Za-z]+(?:-[A-Za-z]+)+", answer):
        return "-".join(["[A-Za-z]+"] * (answer.count("-") + 1))
    if _IDENTIFIER.fullmatch(answer) and re.search(r"\d", answer):
        return r"(?=[A-Za-z-]*\d)" + "-".join(rf"[0-9A-Za-z]{{{len(part)}}}" for part in answer.split("-"))
    return None


_BETWEEN_ITEMS = re.compile(rf"[\n,;|()\[\]{{}}<>{_BULLET}]|[.!?…](?=\s|$)|\s[-–—/]\s|->|\b(?:and|or)\b", re.IGNORECASE)
_SMALL_TALK = {
    "a", "above", "all", "also", "an", "answer", "answers", "any", "are", "as", "be", "below", "both", "by", "can",
    "certainly", "correct", "do", "each", "final", "following", "for", "found", "good", "need", "help", "helps", "here",
    "hope", "i", "if", "in", "is", "it", "know", "last", "let", "list", "me", "mentioned", "more", "most", "my",
    "not", "of", "ok", "okay", "result", "so", "sure", "text", "thanks", "that", "the", "there", "therefore",
    "these", "they", "this", "thus", "times", "to", "was", "were", "what", "which", "with", "word", "words", "yes",
    "you", "your",
}  # fmt: skip


def _stated_items(rest: str, answers: Sequence[str]) -> set[str]:
    """Items of lists as short as the answers, and words between two answers; what a colon follows leads to a list."""
    longest = max(len(answer.split()) for answer in answers)
    with_digits = any(re.search(r"\d", answer) for answer in answers)
    stated = set[str]()
    for item, in_list in _items(rest):
        words = _WORD.findall(item if in_list else item.rpartition(":")[2])
        if words.count(_ANSWER) > 1:
            stated.update(_between_answers(words))
        elif len(words) <= longest and not {_ANSWER, _NAMED}.intersection(words):
            stated.add(" ".join(words))
    return {
        words.casefold()
        for words in stated - {_ANSWER, _NAMED}
        if not _SMALL_TALK.issuperset(words.casefold().split()) and (with_digits or not re.search(r"\d", words))
    }


def _items(text: str) -> Iterator[tuple[str, bool]]:
    """What stands between separators; a bullet's item ends at its colon and is surely one of a list."""
    start, in_list = 0, False
    for match in _BETWEEN_ITEMS.finditer(text):
        yield _item(text[start : match.start()], in_list)
        start, in_list = match.end(), match[0] == _BULLET
    yield _item(text[start:], in_list)


def _item(text: str, in_list: bool) -> tuple[str, bool]:
    return (text.partition(":")[0] if in_list else text), in_list


def _between_answers(words: list[str]) -> list[str]:
    last = len(words) - words[::-1].index(_ANSWER)
    return words[words.index(_ANSWER) : last]
