"""Questions in the formats of SQuAD and HotpotQA: their own JSON files, and rows as `datasets` writes them.

Rows come as JSON lines, as a JSON list or as Parquet. A question counts when its answer is stated in a paragraph that
supports it: those answered by yes or no, marked impossible or with annotations that do not fit their text are left out,
and so are those that have no word of their own, such as `What is it?`.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import orjson
from pydantic import BaseModel, BeforeValidator, Discriminator, Tag, TypeAdapter

from ...schemas.sample import Span
from .plain_words import telling_words

KINDS = ("squad", "hotpotqa")
"""What a validation error's place names a row's format by."""

_BETWEEN_SENTENCES = re.compile(r"(?<=[.!?])\s+")


@dataclass(frozen=True)
class Asked:
    """A question with its answers; paragraphs are given by their number in the file."""

    question: str
    answers: tuple[str, ...]
    """The answer, and then others that are as good, as other annotators gave them."""
    support: Sequence[tuple[int, tuple[Span, ...]]]
    """Paragraphs that the answer follows from, with the sentences that say so."""
    related: Sequence[int]
    """Paragraphs of the same article, or given along with the question."""


Paragraphs = dict[tuple[str, str], int]
"""Number of each paragraph (title, text), in the order in which they come."""


def questions_in(data: bytes, paragraphs: Paragraphs) -> Iterator[Asked]:
    """The questions of a file's bytes, whose paragraphs are added to `paragraphs`.

    Raises ValidationError where it holds something else.
    """
    data = data.lstrip()
    if data.startswith(b"PAR1"):
        found = _of_rows(_ROWS.validate_python(_parquet_rows(data)), paragraphs)
    elif data.startswith(b"["):
        found = _of_rows(_ROWS.validate_json(data), paragraphs)
    elif _is_row(data.partition(b"\n")[0]):
        lines = (line for line in data.splitlines() if line.strip())
        found = _of_rows(_ROWS.validate_json(b"[%s]" % b",".join(lines)), paragraphs)
    else:
        found = _of_articles(_Articles.model_validate_json(data), paragraphs)
    return (asked for asked in found if telling_words(asked.question))


def _is_row(line: bytes) -> bool:
    """Whether a line is a row by itself."""
    try:
        return "question" in orjson.loads(line)
    except (orjson.JSONDecodeError, TypeError):
        return False


def _parquet_rows(data: bytes) -> list[dict[str, Any]]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    return pq.read_table(pa.BufferReader(data)).to_pylist()


class _Answer(BaseModel):
    text: str
    answer_start: int


class _Question(BaseModel):
    question: str
    answers: list[_Answer]


class _Paragraph(BaseModel):
    context: str
    qas: list[_Question]


class _Article(BaseModel):
    title: str
    paragraphs: list[_Paragraph]


class _Articles(BaseModel):
    """SQuAD's own file."""

    data: list[_Article]


class _Answers(BaseModel):
    text: list[str]
    answer_start: list[int]


class _SquadRow(BaseModel):
    title: str
    context: str
    question: str
    answers: _Answers


def _pairs(first: str, second: str) -> BeforeValidator:
    """Reads pairs where `datasets` has a column of each half."""

    def paired(value: Any) -> Any:
        if isinstance(value, Mapping) and isinstance(value.get(first), list) and isinstance(value.get(second), list):
            return list(zip(value[first], value[second], strict=False))
        return value

    return BeforeValidator(paired)


class _HotpotRow(BaseModel):
    question: str
    answer: str
    context: Annotated[list[tuple[str, list[str]]], _pairs("title", "sentences")]
    supporting_facts: Annotated[list[tuple[str, int]], _pairs("title", "sent_id")]


def _kind(row: Any) -> str:
    is_squad = isinstance(row, Mapping) and isinstance(row.get("context"), str)
    return KINDS[0] if is_squad else KINDS[1]


_Row = Annotated[Annotated[_SquadRow, Tag(KINDS[0])] | Annotated[_HotpotRow, Tag(KINDS[1])], Discriminator(_kind)]
_ROWS: TypeAdapter[list[_SquadRow | _HotpotRow]] = TypeAdapter(list[_Row])


def _number(paragraphs: Paragraphs, title: str, text: str) -> int:
    return paragraphs.setdefault((title, text), len(paragraphs))


def _of_rows(rows: Sequence[_SquadRow | _HotpotRow], paragraphs: Paragraphs) -> Iterator[Asked]:
    articles: dict[str, dict[str, list[_Question]]] = {}
    for row in rows:
        if isinstance(row, _HotpotRow):
            yield from _hotpot(row, paragraphs)
        else:
            answers = [
                _Answer(text=text, answer_start=start)
                for text, start in zip(row.answers.text, row.answers.answer_start, strict=False)
            ]
            questions = articles.setdefault(row.title, {}).setdefault(row.context, [])
            questions.append(_Question(question=row.question, answers=answers))
    content = [
        _Article(title=title, paragraphs=[_Paragraph(context=context, qas=qas) for context, qas in contexts.items()])
        for title, contexts in articles.items()
    ]
    yield from _of_articles(_Articles(data=content), paragraphs)


def _of_articles(content: _Articles, paragraphs: Paragraphs) -> Iterator[Asked]:
    for article in content.data:
        title = article.title.replace("_", " ")
        numbers = [_number(paragraphs, title, paragraph.context.strip()) for paragraph in article.paragraphs]
        for number, paragraph in zip(numbers, article.paragraphs, strict=True):
            for asked in paragraph.qas:
                if sentence := _sentence(paragraph.context, asked.answers):
                    texts = [answer.text.strip() for answer in asked.answers]
                    answers: dict[str, str] = {}
                    for text in filter(None, texts):
                        answers.setdefault(text.casefold(), text)
                    yield Asked(asked.question.strip(), tuple(answers.values()), [(number, (sentence,))], numbers)


def _sentence(context: str, answers: Sequence[_Answer]) -> Span | None:
    """The sentence of the first answer in the stripped context; None where the answer is not there or blank."""
    if not answers or not answers[0].text.strip():
        return None
    offset = len(context) - len(context.lstrip())
    text, start = context.strip(), answers[0].answer_start - offset
    end = start + len(answers[0].text)
    if start < 0 or text[start:end] != answers[0].text:
        return None
    first = max((gap.end() for gap in _BETWEEN_SENTENCES.finditer(text, 0, start)), default=0)
    gap = _BETWEEN_SENTENCES.search(text, end)
    return first, gap.start() if gap else len(text)


def _hotpot(asked: _HotpotRow, paragraphs: Paragraphs) -> Iterator[Asked]:
    numbers: dict[str, int] = {}
    sentences: dict[str, list[Span]] = {}
    stated = False
    supporting = dict(asked.supporting_facts)
    for title, parts in asked.context:
        text, sentences[title] = _joined(parts)
        numbers[title] = _number(paragraphs, title, text)
        stated |= title in supporting and asked.answer in text
    facts = [(title, place) for title, place in asked.supporting_facts if 0 <= place < len(sentences.get(title, ()))]
    if stated and asked.answer.strip() and len(facts) == len(asked.supporting_facts):
        support = [
            (numbers[title], tuple(sentences[title][place] for name, place in facts if name == title))
            for title in supporting
        ]
        yield Asked(asked.question.strip(), (asked.answer.strip(),), support, list(numbers.values()))


def _joined(sentences: Sequence[str]) -> tuple[str, list[Span]]:
    """Sentences as one text, and where each stands in it."""
    text, spans = "", list[Span]()
    for sentence in sentences:
        text += " " if text and sentence.strip() else ""
        spans.append((len(text), len(text) + len(sentence.strip())))
        text += sentence.strip()
    return text, spans
