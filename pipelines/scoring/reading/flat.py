"""A reply as plain lines: JSON, tables, LaTeX, HTML and emphasis are taken off, marked answers get signs around "
"them.
"""

import json
import re
import unicodedata
from collections.abc import Iterable, Iterator

from .signs import BOLD, BOLD_END, BULLET, MARK, MARK_END, OF_NO_SCRIPT

_CHARACTERS = str.maketrans(
    dict.fromkeys('\u200b\u2060\ufeff\u00ad“”„«»"`')
    | dict.fromkeys("‘’ʼ", "'")
    | dict.fromkeys("‐‑", "-")
    | {"\r": "\n", "、": ",", "，": ",", "：": ":", "。": ". ", "−": "-", "⇒": "→", "✅": "", "✓": ""}
)

ANSWER_KEYS = {
    "answer", "answers", "final_answer", "final answer", "finalanswer", "result", "results", "output", "response",
    "solution", "prediction",
}  # fmt: skip
REMARK_KEYS = (
    r"confidence(?: level| score)?|certainty|probability|score|reason(?:ing)?|explanation|evidence|quote|context|note|"
    r"notes|thought|thoughts|analysis|comment|count|counts|frequency|frequencies|occurrences|times|rank|no\.?|#|index|"
    r"location|position|status|total|step|method|question|task|justification|rationale|verification|"
    r"remark|summary|n|nr\.?|times seen|number of (?:times|occurrences)"
)
REMARK = re.compile(rf"\s*(?:{REMARK_KEYS})\s*", re.IGNORECASE)
"""What heads a remark about an answer: a key of JSON, a label, a column of a table."""


def flat(text: str) -> str:
    """The text as plain lines, with signs for marked answers, bold lines and bullets."""
    text = re.sub(f"[{OF_NO_SCRIPT}]", "", text)
    text = _json(text)
    text = unicodedata.normalize("NFKC", text).translate(_CHARACTERS)
    text = _latex(_html(text))
    text = re.sub(r"\n{3,}", "\n\n", re.sub(r"[^\S\n]+", " ", text))
    text = _tables(_bold_lines(text))
    text = _without_emphasis(_boxes(text))
    return _bullets(_headings(text))


def normal(words: str) -> str:
    """Words as they stand in a flat text: characters that look alike are the same, no quotes, spaces single."""
    words = unicodedata.normalize("NFKC", re.sub(f"[{OF_NO_SCRIPT}]", "", words)).translate(_CHARACTERS)
    return " ".join(_without_emphasis(words).split())


def _json(text: str) -> str:
    """The text with JSON, alone, in fences or at its end, as lines of keys and values."""
    text = re.sub(r"~~~|```[^\S\n]*(?:\w+(?=\s))?", "```", text)
    parts = text.split("```")
    parts = [_json_lines(part) or part for part in parts]
    if len(parts) == 1:
        parts = [_json_at_end(parts[0])]
    return "\n".join(parts)


def _json_at_end(text: str) -> str:
    head, brace, tail = text.rstrip().rpartition("\n{")
    if not brace:
        return text
    lines = _json_lines("{" + tail)
    return f"{head}\n{lines}" if lines else text


def _json_lines(text: str) -> str | None:
    text = text.strip()
    if not text.startswith(("[", "{")):
        return None
    try:
        value = json.loads(text, parse_int=str, parse_float=str)
    except (ValueError, RecursionError):
        return None
    if isinstance(value, dict):
        keys = [key for key in value if key.strip().lower() in ANSWER_KEYS]
        if keys:
            value = {key: inner for key, inner in value.items() if key in keys or not REMARK.fullmatch(key)}
            return f"\n{MARK}" + "\n".join(_entries(value)) + f"{MARK_END}\n"
    return "\n" + "\n".join(_entries(value)) + "\n"


def _entries(value: object, depth: int = 0) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            leaves = list(_leaves(inner))
            if REMARK.fullmatch(key) or (_SOURCES.fullmatch(key) and not all(map(str.isdigit, leaves))):
                continue
            if isinstance(inner, dict) and depth < 20:
                yield f"{key}:"
                yield from _entries(inner, depth + 1)
            else:
                yield f"- {key}: {', '.join(leaves)}"
    elif isinstance(value, list) and depth < 20:
        for inner in value:
            yield from (
                _entries(inner, depth + 1)
                if isinstance(inner, dict | list)
                else (f"- {leaf}" for leaf in _leaves(inner))
            )
    else:
        yield from (f"- {leaf}" for leaf in _leaves(value))


def _leaves(value: object) -> Iterator[str]:
    if isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _leaves(inner)
    else:
        yield "none" if value is None else str(value)


_SOURCES = re.compile(r"sources?|references?|citations?|documents?|quotes?", re.IGNORECASE)
_TAG = re.compile(r"</?(?:b|i|em|strong|u|code|span|sup|sub|mark|small)>", re.IGNORECASE)
_BREAK = re.compile(r"<(?:br ?/?|/?p|/?li|/?ul|/?ol|/?tr|/?div|hr ?/?)>", re.IGNORECASE)
_TAGGED = re.compile(
    r"<(answer|final[_ ]?answer|final|result|response|solution|output)>(.*?)(?:</\1>|\Z)", re.DOTALL | re.IGNORECASE
)


def _html(text: str) -> str:
    text = _BREAK.sub("\n", _TAG.sub("", text))
    return _TAGGED.sub(lambda found: f"\n{MARK}{found[2].strip()}{MARK_END}\n", text)


_WRAPPED = re.compile(
    r"\\(?:text|textbf|textit|texttt|mathrm|mathbf|mathtt|operatorname|textrm|emph|mbox) ?\{([^{}]*)\}"
)


def _latex(text: str) -> str:
    if "\\" not in text and "$" not in text:
        return text
    for _ in range(3):
        text = _WRAPPED.sub(r"\1", text)
    text = re.sub(r"\\[()\[\]]|\$\$?(?!\d+(?:\.\d\d)\b)", " ", text)
    text = (
        re.sub(r"\{,\}|\\,|\\!", ",", text) if re.search(r"\d(?:\{,\}|\\,)\d", text) else re.sub(r"\\[,;!]", " ", text)
    )
    return re.sub(r"\\(?:quad|qquad|\\)", ", ", text).replace("\\_", "_").replace("\\%", "%").replace("\\#", "#")


_BOX = re.compile(r"\\(?:boxed|fbox)\s*\{")


def _boxes(text: str) -> str:
    """The text with signs around the content of each box, whose braces may hold others."""
    parts, at = list[str](), 0
    while box := _BOX.search(text, at):
        end = _closing(text, box.end())
        parts += [text[at : box.start()], MARK, text[box.end() : end].strip().strip("{}"), MARK_END]
        at = end + 1
    return "".join([*parts, text[at:]])


def _closing(text: str, start: int) -> int:
    depth = 1
    for brace in re.compile(r"[{}]").finditer(text, start, start + 20_000):
        depth += 1 if brace[0] == "{" else -1
        if not depth:
            return brace.start()
    return len(text)


_BOLD_LINE = re.compile(r"^ ?(?:#+ )?(?:\*\*|__)([^*\n]{1,400}?)(?:\*\*|__)[.!]? ?$", re.MULTILINE)
_EMPHASIS = re.compile(r"\*+(?=\S)|(?<=\S)\*+|(?<!\w)__?(?=\w)|(?<=\w)__?(?!\w)|~~")


def _bold_lines(text: str) -> str:
    return _BOLD_LINE.sub(
        lambda line: line[0] if line[1].rstrip().endswith(":") else f"{BOLD}{line[1]}{BOLD_END}", text
    )


def _without_emphasis(text: str) -> str:
    return _EMPHASIS.sub("", re.sub(r"^ ?\* (?=\S)", "- ", text, flags=re.MULTILINE))


_HEADING = re.compile(r"^ ?(#{1,6}) +(?=\S)|^ ?> ?", re.MULTILINE)


def _headings(text: str) -> str:
    """The text without the signs of headings and quotes; four signs before a value mark an answer, as in GSM8K."""
    return _HEADING.sub(lambda sign: MARK if sign[1] == "####" else "", text)


_RULE = re.compile(r"[\s|:+=-]*-[\s|:+=-]*")


def _tables(text: str) -> str:
    """The text with each row of a table as an item of a list, without its head and its columns of remarks."""
    if "|" not in text:
        return text
    lines, rows = list[str](), list[list[str]]()
    for line in [*text.split("\n"), ""]:
        if line.count("|") >= 2 or (line.strip() and rows and "|" in line):
            rows.append([cell.strip() for cell in line.strip().strip("|").split("|")])
            continue
        lines += _rows(rows)
        rows = []
        lines.append(line)
    return "\n".join(lines)


def _rows(rows: list[list[str]]) -> Iterable[str]:
    ruled = [number for number, row in enumerate(rows) if _RULE.fullmatch("|".join(row))]
    if not ruled:
        return [" | ".join(row) for row in rows]
    heads = rows[ruled[0] - 1] if ruled[0] else []
    body = [row for number, row in enumerate(rows) if number > ruled[0] and number not in ruled]
    kept = [place for place, head in enumerate(heads) if not REMARK.fullmatch(head.strip("*_ "))]
    cut = [[row[place] for place in kept if place < len(row)] if heads else row for row in body]
    across = [
        f"{heads[place]}: {row[place]}" for row in body for place in kept if place < len(row)
    ] if len(body) == 1 and len(kept) > 2 else []  # fmt: skip
    return ["", *(f"- {cell}" for cell in across)] if across else ["", *(f"- {': '.join(row)}" for row in cut), ""]


_DASHED = re.compile(r"^ ?(?:[-*+•–·▪◦]|\(?[a-z][.)]) (?=\S)", re.MULTILINE)
_NUMBERED = re.compile(r"(?:^ ?\(?(\d{1,3})[.):]|(?<=\s)\(?(\d{1,3})[.)]) (?=\S)", re.MULTILINE)


def _bullets(text: str) -> str:
    """The text with a sign for each dash or number that starts an item: numbers count from 1, in a line or across."""
    text = _DASHED.sub(f"\n{BULLET}", text)
    markers, last = list[re.Match[str]](), 0
    for match in _NUMBERED.finditer(text):
        number = int(match[1] or match[2])
        if number in (1, last + 1):
            markers.append(match)
            last = number
    if len(markers) == 1 and markers[0][2]:  # `in Dictionary 1. ` is no list
        return text
    parts, at = list[str](), 0
    for match in markers:
        parts += [text[at : match.start()], f"\n{BULLET}"]
        at = match.end()
    return "".join([*parts, text[at:]])
