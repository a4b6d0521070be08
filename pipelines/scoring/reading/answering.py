"""Which part of a reply answers, and which goes before and after it."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from .signs import ABSENT, ANSWERS, BOLD, BOLD_END, BULLET, MARK, MARK_END, NAMED

_LABEL = (
    r"(?:(?:my |the |so,? |thus,? |therefore,? |hence,? )*(?:final |correct |short |full |complete |direct |right |"
    r"best |overall )*"
    r"(?:answers?|response|result|solution|conclusion|verdict|reply)"
    r"|respuesta(?: final)?|r[ée]ponse(?: finale)?|(?:endg[üu]ltige )?antwort|risposta(?: finale)?|resposta(?: final)?|"
    r"antwoord|odpowied[źz]|ответ|最终答案|答案|答え|回答|정답|답)"
)
_OPEN = re.compile(
    rf"(?:(?<=[\n.!?;:,{MARK}{BOLD}{BULLET}])|^|(?<=[.!?:] )|(?<=, )) *"
    rf"(?:{_LABEL})(?: ?#?\d{{1,2}})?(?: (?:to|for) (?:the|this|"
    rf"your) question)?(?P<end>(?: ?\([^)\n]{{0,30}}\))? ?{BOLD_END}? ?(?:[:=]|[-–—](?= )|\n)"
    r"| (?:is|are|would be|should be|must be|es|est|ist|lautet|[èé])\b:?)"
    rf"|\b(?:final |correct )?answers?(?: to [^.:\n]{{1,150}}?| for [^.:\n]{{1,150}}?)? (?:is|are|would be|should be|"
    rf"must be)\b:?"
    rf"|\bcorrect(?:ed)? (?:\w+ )?(?:number|value|name|one|word|words|date|person|town|company|uuid|list|variables|"
    rf"values|numbers) ?(?:is|are|was|[:=])"
    rf"|(?:^|(?<=\n))A: ",
    re.IGNORECASE,
)
_ABOUT_IT = re.compile(
    r":? (?:based|derived|taken|drawn|from|correct|right|supported|verified|consistent|final|accurate|complete|short|"
    r"brief|clear|"
    r"certain|unambiguous|explicitly stated|directly stated|stated|found in|given in|in line)\b",
    re.IGNORECASE,
)
_CONDITION = re.compile(r"\b(?:if|unless|whether|when)\b[^.!?\n]*$", re.IGNORECASE)
_CONCLUSION = re.compile(
    rf"(?<=, )(?:so|therefore|thus|hence|which (?:means|gives|makes)) (?=(?:the|it|its|we|in|that|they|he|she)\b)|"
    rf"(?:^|(?<=[\n.!?{BULLET}{BOLD}])|(?<=[.!?] )) *(?:and )?(?:so,? (?!far|that)|therefore|thus|hence|consequently|"
    rf"accordingly|in conclusion|in summary|"
    r"to (?:summari[sz]e|conclude|sum up)|in short|overall|as a result|this means|it follows|putting (?:it|this|"
    r"these) (?:all )?together|"
    r"combining (?:this|these)|based on (?:this|these|the above)|conclusion:|summary:|final(?:ly)?:)",
    re.IGNORECASE,
)
_SIGN = re.compile(f"[{ANSWERS}]")
_SENTENCE = re.compile(r"(?<=[.!?])\)?\s+(?=[^a-z])|\n+")
_WORD = re.compile(r"[^\W_]+")
MOST_WORDS = 200
"""Words of a reply without a marked answer that pass for wording; who goes on beyond copies what was read."""


_LAST_WORDS = 40
"""Words at the end of a reply that may give the answers after any number of others."""


@dataclass(frozen=True)
class Part:
    """The part of a reply that answers, and what is said after it."""

    text: str
    after: str = ""
    is_marked: bool = False


def answering(text: str, num_answers: int, asked: bool, candidates: Callable[[str], bool]) -> Part:
    """The last marked answer, or the conclusion, or what is said of what was asked, or all of a text."""
    text = _mark_labels(text)
    for find in (_marked, _concluded, _bold):
        if part := find(text, num_answers, candidates):
            return part
    if asked and (part := _about_asked(text, num_answers, candidates)):
        return part
    return _short_enough(_without_signs(text), num_answers)


def ends_in_answers(text: str, num_answers: int) -> bool:
    """Whether the last words of a text give all answers, so that what was said before may have led to them."""
    words = [word.start() for word in re.finditer(rf"[^\W_]+|[{ANSWERS}]", text)]
    return bool(words) and _num_found(text[words[-min(_LAST_WORDS, len(words))] :]) >= num_answers


def marked_text(text: str) -> str | None:
    """What the last mark of a flat text holds, None where nothing is marked."""
    text = _mark_labels(text)
    for find in (_marked, _concluded, _last_bold):
        if part := find(text, 1, lambda words: bool(_WORD.search(words))):
            return part.text
    return None


def _last_bold(text: str, num_answers: int, candidates: Callable[[str], bool]) -> Part | None:
    del num_answers
    bold = re.findall(f"{BOLD}([^{BOLD_END}]*)", text)
    return Part(bold[-1], is_marked=True) if bold and candidates(bold[-1]) else None


def _without_signs(text: str) -> str:
    return re.sub(f"[{MARK}{MARK_END}]", "\n", text)


def _mark_labels(text: str) -> str:
    """The text with a sign after each label that leads to an answer, but not in a condition."""

    def marked(label: re.Match[str]) -> str:
        if _CONDITION.search(text, max(label.start() - 200, 0), label.start()) or _ABOUT_IT.match(text, label.end()):
            return label[0]
        return f"{label[0]}{MARK}"

    return _OPEN.sub(marked, text)


def _marked(text: str, num_answers: int, candidates: Callable[[str], bool]) -> Part | None:
    pieces = text.split(MARK)
    at = len(text)
    for number in range(len(pieces) - 1, 0, -1):
        piece = pieces[number]
        at -= len(piece) + 1
        inside, is_closed, after = piece.partition(MARK_END)
        part, rest = (inside, after) if is_closed else _segment(piece, num_answers)
        if not candidates(part):
            continue
        if num_answers > 1 and is_closed:
            part = _joined_boxes(pieces, number, part, num_answers)
        elif num_answers > 1 and _num_found(part) < num_answers:
            part = _joined_labels(pieces, number, part, num_answers)
        later = MARK.join([rest, *pieces[number + 1 :]])
        return Part(part, _without_signs(later), is_marked=True)
    return None


def _joined_boxes(pieces: Sequence[str], number: int, part: str, num_answers: int) -> str:
    """The content of this box and of those before it in the same paragraph."""
    first = max(number - num_answers, 1)
    while number > first and MARK_END in pieces[number - 1]:
        inside, _, between = pieces[number - 1].partition(MARK_END)
        if "\n\n" in between.strip(" ") or len(between) > 80 or (inside.strip() == part.strip()):
            break
        part, number = f"{inside}, {part}", number - 1
    return part


def _joined_labels(pieces: Sequence[str], number: int, part: str, num_answers: int) -> str:
    first = max(number - num_answers, 1)
    while number > first and _num_found(part) < num_answers:
        before = pieces[number - 1]
        if "\n\n" in before.strip() or before.count("\n") > 2 or not _SIGN.search(before):
            break
        part, number = f"{before}\n{part}", number - 1
    return part


def _num_found(text: str) -> int:
    return len(set(_SIGN.findall(text)))


def _segment(text: str, num_answers: int) -> tuple[str, str]:
    """What directly follows a label, up to the sentence that gives the last answer, and the rest."""
    text = text.lstrip(f" \n{BOLD}{BOLD_END}:*-")
    paragraph, rest = _first_paragraph(text)
    ends = [sentence.end() for sentence in _SENTENCE.finditer(paragraph)]
    for end in ends:
        if _num_found(paragraph[:end]) >= num_answers or (num_answers == 1 and ABSENT in paragraph[:end]):
            return paragraph[:end], paragraph[end:] + rest
    if num_answers == 1 and ends and not _SIGN.search(paragraph):
        return paragraph, rest
    return paragraph, rest


def _first_paragraph(text: str) -> tuple[str, str]:
    """The lines up to a blank one; one with a colon at its end, or an item, leads on to items."""
    lines = text.split("\n")
    end = 0
    while end < len(lines):
        if lines[end].strip():
            end += 1
            continue
        following = next((line for line in lines[end:] if line.strip()), "")
        before = next((line for line in reversed(lines[:end]) if line.strip()), "")
        if following and (before.rstrip().endswith(":") or (BULLET in following and (BULLET in before))):
            end += 1
            continue
        break
    return "\n".join(lines[:end]), "\n".join(lines[end:])


def _concluded(text: str, num_answers: int, candidates: Callable[[str], bool]) -> Part | None:
    for conclusion in reversed(list(_CONCLUSION.finditer(text))[-20:]):
        part, rest = _segment(text[conclusion.end() :], num_answers)
        if candidates(part) and (_SIGN.search(part) or not _SIGN.search(rest)):
            return Part(_without_signs(part), _without_signs(rest), is_marked=True)
    return None


def _bold(text: str, num_answers: int, candidates: Callable[[str], bool]) -> Part | None:
    """What stands in bold on a line of its own, where it gives all answers."""
    del candidates
    at = text.rfind(BOLD)
    while at >= 0:
        end = text.find(BOLD_END, at)
        part = text[at + 1 : end if end >= 0 else len(text)]
        if _num_found(part) >= num_answers:
            return Part(_without_signs(part), _without_signs(text[end + 1 :] if end >= 0 else ""), is_marked=True)
        at = text.rfind(BOLD, 0, at)
    return None


_CLAUSE = re.compile(
    rf"[{BULLET}\n;]|(?<=[.!?])\s+(?=[^a-z])|,? \b(?:but|while|whereas|although|though|however|and then)\b",
    re.IGNORECASE,
)


_WHILE = re.compile(r"((?:^|(?<=[.!?\n] )|(?<=\n))(?:While|Whereas|Although|Though|Unlike|Besides) [^,.\n]*),")


def _about_asked(text: str, num_answers: int, candidates: Callable[[str], bool]) -> Part | None:
    """The clauses that name what was asked and give anything, where these give all answers."""
    text = _WHILE.sub(r"\1;", text)
    ends = [match.start() for match in _CLAUSE.finditer(text)] + [len(text)]
    starts = [0, *ends[:-1]]
    chosen = [
        (start, end) for start, end in zip(starts, ends, strict=True)
        if NAMED in text[start:end] and candidates(text[start:end].replace(ABSENT, ""))
    ]  # fmt: skip
    others = sum(
        candidates(text[start:end])
        for start, end in zip(starts[:200], ends, strict=False)
        if NAMED not in text[start:end]
    )
    if others > len(chosen) or len(_WORD.findall(text[:20_000])) > MOST_WORDS:
        return None
    part = "\n".join(text[start:end].lstrip(f"{BULLET}\n") for start, end in chosen)
    if not chosen or _num_found(part) < num_answers:
        return None
    return Part(_without_signs(part), _without_signs(text[chosen[-1][1] :]))


def _short_enough(text: str, num_answers: int) -> Part:
    """All of a text; of a long one the last or first paragraph, where that is short and gives all answers."""
    if len(_WORD.findall(text[:20_000])) <= MOST_WORDS:
        return Part(text)
    paragraphs = [paragraph for paragraph in re.split(r"\n\s*\n", text) if paragraph.strip()]
    for paragraph in (paragraphs[-1], paragraphs[0]):
        if _num_found(paragraph) >= num_answers and len(_WORD.findall(paragraph)) <= 60 and len(paragraphs) > 1:
            return Part(paragraph, is_marked=True)
    return Part(text)
