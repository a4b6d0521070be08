"""`mdqa`: solved by reading the documents' sentences; `solve` and `CASES` also serve the contract test."""

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from chance import chisquare, ks_2samp

from lcdata.generators.material.qa_files import _order, choose_problem, read_questions
from lcdata.generators.material.relations import INDUSTRIES, RELATIONS, TOWN_ENDS, Kind, Relation
from lcdata.generators.material.world import NUM_SENTENCES, Frame, Problem, _evenly, invent
from lcdata.generators.mdqa import MDQA, WORDINGS, MDQADraft, MDQAWording
from lcdata.generators.registry import build_task
from lcdata.pipelines.scoring.measures.registry import MATCHES
from lcdata.schemas.errors import UsageError
from lcdata.schemas.evaluation import Reference
from lcdata.schemas.sample import Sample
from lcdata.schemas.stream import stream

CASES = (
    {},
    {"hops": 2},
    {"cite": True},
    {"hops": 2, "cite": True, "absent": 0.3},
)

Documents = Sequence[tuple[str, list[str]]]
"""Titles with the sentences under them."""


def solve(prompt: str) -> tuple[str, ...]:
    """What the documents say, found by matching every statement about what is asked."""
    wording, documents, question = read(prompt)
    value, numbers = follow(question, documents)
    if value is None:
        assert "the answer is: not stated." in question
        return ("not stated",)
    return (value, *map(str, numbers)) if wording.cite in question else (value,)


def read(prompt: str) -> tuple[MDQAWording, Documents, str]:
    """The wording of a prompt, its documents, and its question with all that is said beside it."""
    wording = next(wording for wording in WORDINGS if prompt.startswith(wording.head))
    context, _, question = prompt.removeprefix(wording.head).rstrip("\n").rpartition("\n\n")
    pattern = re.escape(wording.document.strip()).replace(r"\{n\}", r"(\d+)")
    pattern = pattern.replace(r"\{title\}", r"([^\n]+?)").replace(r"\{text\}", r"([^\n]+)")
    found = re.findall(f"^{pattern}$", context, re.MULTILINE)
    assert [int(number) for number, *_ in found] == list(range(1, len(found) + 1))
    documents = [(title, re.split(r"(?<=\.) ", text)) for _, title, text in found]
    assert len({title for title, _ in documents}) == len(documents)
    return wording, documents, question


def follow(question: str, documents: Documents) -> tuple[str | None, list[int]]:
    """The value that is asked for and the numbers of the documents that lead to it; None where one is missing."""
    asked = [
        (kind, relation, match["x"])
        for kind, relation in relations()
        for ask in relation.asks
        if (match := re.search(re.escape(ask).replace(r"\{x\}", "(?P<x>[^?.:]+)"), question))
    ]
    assert len(asked) == 1
    kind, relation, about = asked[0]
    numbers: list[int] = []
    for inner_kind, inner in relations():
        if inner.phrase and (match := re.fullmatch(re.escape(inner.phrase).replace(r"\{x\}", "(?P<x>.+)"), about)):
            about, number = look_up(match["x"], inner_kind, inner, documents)
            if about is None:
                return None, []
            numbers.append(number)
            break
    value, number = look_up(about, kind, relation, documents)
    return value, [*numbers, number]


def look_up(name: str, kind: Kind, relation: Relation, documents: Documents) -> tuple[str | None, int]:
    """The only value that any document states for a relation of `name`, and that document's number."""
    short = {Kind.PERSON: name.split()[-1], Kind.FIRM: "company", Kind.TOWN: "town"}[kind]
    found = [
        (match["x"], number)
        for number, (title, sentences) in enumerate(documents, 1)
        for statement in relation.statements
        if title == name or "{name}" in statement
        for sentence in sentences
        if (match := re.fullmatch(as_pattern(statement, name, short), sentence))
    ]
    assert len(found) <= 1
    return found[0] if found else (None, 0)


def as_pattern(statement: str, name: str, short: str) -> str:
    """A statement about this name as a pattern of its value."""
    pattern = re.escape(statement).replace(r"\{name\}", re.escape(name)).replace(r"\{x\}", "(?P<x>[A-Z][^.]+)")
    return re.sub(r"\\{It\\}|\\{it\\}", f"(?:[Tt]he )?{re.escape(short)}", pattern)


def relations() -> list[tuple[Kind, Relation]]:
    """All that can be asked for."""
    return [(kind, relation) for kind in RELATIONS for relation in RELATIONS[kind] if relation.asks]


def make(index: int, num_others: int, **settings: object) -> Sample:
    """A sample in one of the wordings with so many other documents, all whole, without any tokenizer."""
    return draft(index, num_others, **settings).render(num_others * (1 if "file" in settings else NUM_SENTENCES))


def draft(index: int, num_others: int, **settings: object) -> MDQADraft:
    """A draft in one of the wordings."""
    task = build_task("mdqa", settings)
    assert isinstance(task, MDQA)
    num_units = num_others * (1 if "file" in settings else NUM_SENTENCES)
    return task.draft(stream("mdqa", 5, index), WORDINGS[index % len(WORDINGS)], num_units)


def test_there_are_eight_wordings_beside_the_seed() -> None:
    for slot in ("head", "document", "ask", "cite"):
        assert len({getattr(wording, slot) for wording in WORDINGS if wording.id != "seed"}) >= 8
    assert "\n\nDocument 2: " in make(0, 3).prompt
    assert re.search(r"\n\nQuestion: [A-Z][^?]+\?\n$", make(0, 3).prompt)


@pytest.mark.parametrize("settings", CASES, ids=str)
def test_the_documents_alone_give_the_answer_and_only_it(settings: dict[str, object]) -> None:
    for index in range(36):
        sample = make(index, (1, 12, 60)[index % 3], **settings)
        assert solve(sample.prompt) == sample.answers
        assert tuple(sample.text[start:end] for start, end in sample.answer_spans) == sample.answers


def test_every_relation_is_asked_for_and_leads_on() -> None:
    last, first = set[str](), set[str]()
    for index in range(400):
        sample = make(index, 3, hops=2)
        assert sample.answers[0] not in sample.facts["question"]
        path = sample.facts["relations"]
        first.add(path[0])
        last.add(path[1])
    assert last == {relation.id for _, relation in relations()}
    assert first == {relation.id for _, relation in relations() if relation.phrase}


def test_evidence_is_the_sentence_of_each_hop() -> None:
    for index in range(20):
        sample = make(index, 30, hops=2)
        _, documents, _ = read(sample.prompt)
        sentences = [sample.text[start:end] for start, end in sample.evidence_spans]
        assert len(sentences) == 2
        assert sample.answers[0] in sentences[1]
        assert sample.facts["titles"][1] in sentences[0]
        for sentence, title, number in zip(sentences, sample.facts["titles"], sample.facts["documents"], strict=True):
            assert documents[number - 1][0] == title
            assert sentence in documents[number - 1][1]


@pytest.mark.parametrize("document", ["№ {n} · {title} → {text} \n", "({n}) {title}: {text}"])
def test_a_users_wording_may_be_in_any_script_and_end_with_the_text(document: str) -> None:
    made = MDQA(hops=2).draft(stream("mdqa", 5, 1), replace(WORDINGS[0], document=document), 40)
    for units in (1, 38, 40):
        sample = made.render(units)
        assert abs(len(sample.text) - int(made.chars[units])) <= 4
        sentences = [sample.text[start:end] for start, end in sample.evidence_spans]
        for sentence, title, number in zip(sentences, sample.facts["titles"], sample.facts["documents"], strict=True):
            begin = sample.prompt.index(document.partition("{text}")[0].format(n=number, title=title))
            assert sentence in sample.prompt[begin:].partition("\n")[0]


def test_citations_are_singular_or_plural() -> None:
    assert re.fullmatch(r".+, see result \d+\.", make(1, 5, cite=True).answer)
    assert re.fullmatch(r".+, see results \d+ and \d+\.", make(1, 5, cite=True, hops=2).answer)


def test_a_shorter_sample_has_the_first_of_the_same_documents() -> None:
    made = draft(4, 50, hops=2)
    orders: list[list[str]] = []
    for count in (50, 20):
        sample = made.render(count * NUM_SENTENCES)
        orders.append([title for title, _ in read(sample.prompt)[1] if title not in sample.facts["titles"]])
    assert [len(order) for order in orders] == [50, 20]
    assert orders[0][:20] == orders[1]


def test_the_last_of_the_other_documents_may_lack_its_last_sentences() -> None:
    for index, settings in product((0, 4, 7), CASES):
        made = draft(index, 4, **settings)
        whole = read(made.render(4 * NUM_SENTENCES).prompt)[1]
        for units in range(1, 4 * NUM_SENTENCES, 3):
            sample = made.render(units)
            assert abs(sample.chars_with_room - int(made.chars[units])) <= 4
            assert solve(sample.prompt) == sample.answers
            others = [document for document in read(sample.prompt)[1] if document[0] not in sample.facts["titles"]]
            assert [title for title, _ in others] == [
                title for title, _ in whole if title not in sample.facts["titles"]
            ][: len(others)]
            num_whole = NUM_SENTENCES - bool(settings.get("absent"))
            last = units % NUM_SENTENCES or NUM_SENTENCES
            assert all(len(sentences) == num_whole for _, sentences in others[:-1])
            assert len(others[-1][1]) in ({last, last - 1} if settings.get("absent") else {last})
            for (start, end), title in zip(sample.evidence_spans, sample.facts["titles"], strict=False):
                sentences = next(sentences for other, sentences in whole if other == title)
                assert sample.text[start:end] in sentences


def test_depths_put_the_documents_where_they_say() -> None:
    for depth, numbers in ((0.0, [1, 2]), (0.5, [101, 102]), (1.0, [201, 202])):
        sample = make(3, 200, depths=[depth], hops=2)
        assert sample.depth == pytest.approx((depth, depth), abs=0.02)
        assert sorted(sample.facts["documents"]) == numbers
    drawn = [make(index, 50, **MDQA.presets["litm_edges"]).depth[0] for index in range(60)]
    assert {round(depth) for depth in drawn} == {0, 1}
    assert all(depth < 0.05 or depth > 0.95 for depth in drawn)


def test_of_two_documents_at_one_place_either_comes_first() -> None:
    firsts = [np.argmin(make(index, 8, hops=2, depths=[0.5]).facts["documents"]) for index in range(200)]
    assert chisquare(np.bincount(firsts, minlength=2)).pvalue > 1e-4


def test_the_asked_statement_stands_anywhere_in_its_document() -> None:
    places: list[int] = []
    of_relation: dict[str, set[int]] = {}
    for index in range(400):
        sample = make(index, 4)
        start, end = sample.evidence_spans[0]
        sentences = read(sample.prompt)[1][sample.facts["documents"][0] - 1][1]
        places.append(sentences.index(sample.text[start:end]))
        of_relation.setdefault(sample.facts["relations"][0], set()).add(places[-1])
    assert chisquare(np.bincount(places)[1:]).pvalue > 1e-4
    assert set(places) == {1, 2, 3, 4, 5, 6}
    assert min(map(len, of_relation.values())) >= 4


def test_values_of_a_kind_are_stated_as_often_as_each_other() -> None:
    kinds = stream("kinds", 0, 0).integers(0, Kind.LOOK, (300, NUM_SENTENCES))
    chosen = _evenly(stream("names", 0, 0), kinds, 40)
    for kind in (Kind.PERSON, Kind.FIRM, Kind.TOWN, Kind.DATE):
        counts = np.bincount(chosen[kinds == kind], minlength=40)
        assert 1 < max(counts) <= min(counts) + 1
    assert [make(index, 120).facts["num_rivals"] > 50 for index in range(9)] == [True] * 9


@pytest.mark.parametrize("hops", [1, 2])
def test_the_answer_comes_up_as_often_as_what_other_documents_say(hops: int) -> None:
    counts: tuple[list[int], list[int]] = ([], [])
    for index in range(150):
        sample = make(index, 40, hops=hops)
        documents = read(sample.prompt)[1]
        other = next(document for document in documents if document[0] not in sample.facts["titles"])
        said = [look_up(other[0], kind, relation, [other])[0] for kind, relation in relations()]
        values = [value for value in said if value is not None]
        assert len(values) == 6
        assert other[0] not in values, "nothing is said of itself"
        counts[0].append(sample.prompt.count(sample.answers[0]))
        counts[1].append(sample.prompt.count(values[index % 6]))
    assert min(np.mean(some) for some in counts) > 2
    assert ks_2samp(*counts).pvalue > 1e-4


def test_the_asked_has_namesakes() -> None:
    shared = [0, 0]
    for index in range(60):
        sample = make(index, 120)
        title = sample.facts["titles"][0]
        if len(parts := title.split()) == 2:
            titles = [other for other, _ in read(sample.prompt)[1] if other != title]
            for side in (0, 1):
                shared[side] += any(parts[side] in other.split() for other in titles)
    assert min(shared) > 25


def test_an_absent_sentence_is_missing_and_the_answer_says_so() -> None:
    for hops in (1, 2):
        samples = [make(index, 20, absent=0.5, hops=hops, cite=True) for index in range(100)]
        absent = [sample for sample in samples if sample.facts["absent"]]
        assert 25 < len(absent) < 75
        for sample in samples:
            assert "not stated" in sample.prompt
            documents = read(sample.prompt)[1]
            assert len(documents) == 20 + hops
            assert {len(sentences) for _, sentences in documents} == {NUM_SENTENCES - 1}
            assert set(sample.facts["titles"]) <= {title for title, _ in documents}
        for sample in absent:
            assert sample.answers == solve(sample.prompt) == ("not stated",)
            assert sample.evidence_spans == ()


@pytest.mark.parametrize("settings", CASES, ids=str)
def test_a_drafts_characters_are_known_before_it_is_rendered(settings: dict[str, object]) -> None:
    for index in range(9):
        made = draft(index, 1200, **settings)
        assert all(abs(made.render(units).chars_with_room - int(made.chars[units])) <= 8 for units in (1, 90, 1200))


def test_a_million_tokens_have_names_enough() -> None:
    problem = invent(stream("mdqa", 1, 1), 2, 15_000, FRAME)
    titles = {title for title, _ in documents_of(problem)}
    assert len(titles) == 15_002
    with pytest.raises(UsageError, match=r"different names of a town are needed, but there are only .* shorter length"):
        invent(stream("mdqa", 1, 1), 2, 60_000, FRAME)


def test_two_long_samples_share_no_long_stretch() -> None:
    """Each 200 characters of a text hold one of its blocks of 100, which no other text has anywhere."""
    blocks = set[str]()
    for index in (0, 9, 1, 18):
        sample = make(index, 1480)
        context = sample.prompt.removeprefix(WORDINGS[index % len(WORDINGS)].head).rpartition("\n\n")[0]
        assert len(context) > 500_000
        assert not any(context[at : at + 100] in blocks for at in range(len(context) - 100))
        blocks.update(context[at : at + 100] for at in range(0, len(context) - 100, 100))
    assert len(blocks) > 20_000


def test_no_name_can_be_made_twice_or_be_of_two_kinds() -> None:
    from lcdata.generators.material.world import _people

    firsts, surnames, _ = _people()
    assert len(set(surnames)) == len(surnames) > 700
    assert not any(one != other and one.endswith(other) for one in TOWN_ENDS for other in TOWN_ENDS)
    last_words = {end.strip() for end in TOWN_ENDS if end.startswith(" ")}
    assert not {*INDUSTRIES} & last_words
    assert not {*INDUSTRIES, *last_words} & {*firsts, *surnames}


FRAME = Frame(after_title="\n", after_text="")


def documents_of(problem: Problem) -> list[tuple[str, str]]:
    """Titles and texts of all documents in FRAME, those that answer last."""
    others = [tuple(document.split("\n")) for document in problem.others]
    return [*others, *((page.title, page.text) for page in problem.support)]


def squad(num_paragraphs: int) -> dict[str, Any]:
    """A file like SQuAD with a question on each paragraph, four paragraphs to an article."""
    problem = invent(stream("squad", 0, 0), 1, num_paragraphs, FRAME)
    articles: list[dict[str, Any]] = []
    for place, (title, text) in enumerate(documents_of(problem)[:num_paragraphs]):
        if place % 4 == 0:
            articles.append({"title": title.replace(" ", "_"), "paragraphs": []})
        start = text.index(". ") + 2
        answer = text[start : text.index(". ", start)]
        asked = {"question": f"What is said of {title}?", "answers": [{"text": answer, "answer_start": start + 1}]}
        articles[-1]["paragraphs"].append({"context": f" {text}", "qas": [asked, {"question": "?", "answers": []}]})
    return {"version": "x", "data": articles}


def hotpot(num_questions: int) -> list[dict[str, Any]]:
    """A file like HotpotQA, ten paragraphs to a question; half have no answer in them, one names no sentence."""
    questions: list[dict[str, Any]] = []
    for index in range(num_questions):
        problem = invent(stream("hotpot", 0, index), 2, 8, FRAME)
        context = [[title, re.split(r"(?<=\.)(?= )", text)] for title, text in documents_of(problem)]
        facts = [[page.title, page.text[: page.evidence[0][0]].count(". ")] for page in problem.support]
        facts[0][1] += 99 * (index == 2)
        answer = {0: "yes", 1: " "}.get(index % 4, problem.answer)
        questions.append(
            {"question": problem.question, "answer": answer, "context": context, "supporting_facts": facts}
        )
    return questions


def saved(tmp_path: Path, content: object) -> str:
    """A file of this JSON."""
    path = tmp_path / "questions.json"
    path.write_text(json.dumps(content))
    return str(path)


def test_questions_come_from_a_file_like_squad(tmp_path: Path) -> None:
    file = saved(tmp_path, squad(80))
    assert build_task("mdqa", {"file": file}).input_files() == (Path(file),)
    related = 0
    for index in range(18):
        sample = make(index, 30, file=file)
        title = sample.facts["question"].removeprefix("What is said of ").rstrip("?")
        assert sample.prompt.count(sample.answers[0]) == 1
        assert title in sample.answers[0] or title in sample.prompt
        start, end = sample.evidence_spans[0]
        assert sample.text[start:end] == f"{sample.answers[0]}."
        related += sample.prompt.count(sample.facts["titles"][0]) >= 4
    assert related >= 15, "but for paragraphs that could answer, those of the same article come first"


def test_questions_of_two_hops_come_from_a_file_like_hotpotqa(tmp_path: Path) -> None:
    file = saved(tmp_path, hotpot(16))
    for index in range(18):
        sample = make(index, 40, file=file, hops=2, cite=True)
        assert sample.answers[0] not in ("yes", " ")
        assert solve_titles(sample) == sample.facts["titles"]
        sentences = [sample.text[start:end] for start, end in sample.evidence_spans]
        assert len(sentences) == 2
        assert sample.facts["titles"][1] in sentences[0]
        assert sample.answers[0] in sentences[1]
        assert sample.prompt.count(sample.answers[0]) == sum(
            page.count(sample.answers[0]) for page in supporting_texts(sample)
        )


def solve_titles(sample: Sample) -> list[str]:
    """Titles of the documents that an answer cites."""
    documents = read(sample.prompt)[1]
    return [documents[int(number) - 1][0] for number in sample.answers[1:]]


def supporting_texts(sample: Sample) -> list[str]:
    """Titles and texts of the documents that answer."""
    documents = read(sample.prompt)[1]
    return [" ".join([documents[number - 1][0], *documents[number - 1][1]]) for number in sample.facts["documents"]]


def test_samples_of_a_file_that_changed_change_with_it(tmp_path: Path) -> None:
    file = saved(tmp_path, squad(60))
    before = make(0, 20, file=file)
    changed = squad(60)
    changed["data"] = changed["data"][::-1]
    Path(file).write_text(json.dumps(changed))
    assert make(0, 20, file=file) != before


@pytest.mark.parametrize(
    ("content", "hops", "message"),
    [
        (None, 1, r"mdqa: cannot read .*questions.json \(No such file or directory\): give the path of a local file"),
        ("{", 1, r"mdqa: .* is neither like SQuAD nor like HotpotQA \(at the beginning: Invalid JSON.*\): give a JSON"),
        ('{"data": [{"title": "x"}]}', 1, r"mdqa: .* HotpotQA \(at data.0.paragraphs: Field required\): give a JSON"),
        ('[{"question": "x"}]', 2, r"mdqa: .* HotpotQA \(at 0.answer: Field required\): give a JSON"),
        ('{"data": []}', 1, r"mdqa: .* has no question with an answer that takes one paragraph: use another file"),
        (lambda: json.dumps(squad(8)), 2, r"mdqa: .* no question with an answer that takes two paragraphs: use hops=1"),
        (lambda: json.dumps(hotpot(4)), 1, r"mdqa: .* no question with an answer that takes one paragraph: use hops=2"),
    ],
)
def test_a_file_that_does_not_serve_is_refused_at_once(
    tmp_path: Path, content: str | Callable[[], str] | None, hops: int, message: str
) -> None:
    path = tmp_path / "questions.json"
    if content is not None:
        path.write_text(content if isinstance(content, str) else content())
    with pytest.raises(UsageError, match=message) as refusal:
        build_task("mdqa", {"hops": hops, "file": str(path)})
    assert "\n" not in str(refusal.value)


def test_a_file_of_too_few_paragraphs_says_what_it_lacks(tmp_path: Path) -> None:
    with pytest.raises(
        UsageError, match=r"40 paragraphs that cannot answer .* are needed, but .* only 1[0-9]: use a shorter"
    ):
        make(0, 40, file=saved(tmp_path, squad(20)))


def test_rows_of_datasets_are_read_as_the_files_are(tmp_path: Path) -> None:
    own, rows = squad(40), list[dict[str, Any]]()
    for article in own["data"]:
        for paragraph in article["paragraphs"]:
            for asked in paragraph["qas"]:
                answers = {name: [answer[name] for answer in asked["answers"]] for name in ("text", "answer_start")}
                rows.append(
                    {
                        "title": article["title"],
                        "context": paragraph["context"],
                        "question": asked["question"],
                        "answers": answers,
                    }
                )
    wanted = read_questions(Path(saved(tmp_path, own)))
    for name, write in (
        ("rows.jsonl", lambda path: path.write_text("".join(f"{json.dumps(row)}\n" for row in rows))),
        ("rows.json", lambda path: path.write_text(json.dumps(rows))),
        ("rows.parquet", lambda path: pq.write_table(pa.Table.from_pylist(rows), path)),
    ):
        write(tmp_path / name)
        found = read_questions(tmp_path / name)
        assert (found.titles, found.texts, found.by_hops) == (wanted.titles, wanted.texts, wanted.by_hops)
    assert len(wanted.by_hops[1]) == 40


def test_hotpotqa_of_datasets_is_read_as_its_file_is(tmp_path: Path) -> None:
    own = hotpot(12)
    rows = [
        {
            **asked,
            "context": {
                "title": [title for title, _ in asked["context"]],
                "sentences": [sentences for _, sentences in asked["context"]],
            },
            "supporting_facts": {
                "title": [title for title, _ in asked["supporting_facts"]],
                "sent_id": [place for _, place in asked["supporting_facts"]],
            },
        }
        for asked in own
    ]
    wanted = read_questions(Path(saved(tmp_path, own)))
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "rows.parquet")
    found = read_questions(tmp_path / "rows.parquet")
    assert (found.titles, found.texts, found.by_hops) == (wanted.titles, wanted.texts, wanted.by_hops)
    assert wanted.by_hops[2]


def like_questions(tmp_path: Path) -> str:
    """A file of firms whose years are all asked for in the same words, and whose seats are not."""

    def asked(question: str, answer: str, text: str) -> dict[str, Any]:
        return {"question": question, "answers": [{"text": answer, "answer_start": text.index(answer)}]}

    paragraphs: list[dict[str, Any]] = []
    for number in range(30):
        year, town = str(1800 + number), f"Town {number}"
        text = f"Firm {number} was founded in {year}. Its seat is {town}."
        questions = ("In which year was the firm founded?", year), (f"Where is the seat of firm {number}?", town)
        qas = [asked(question, answer, text) for question, answer in questions]
        paragraphs.append({"context": text, "qas": qas})
    return saved(tmp_path, {"data": [{"title": "Firms", "paragraphs": paragraphs}]})


def test_no_paragraph_answers_a_question_otherwise(tmp_path: Path) -> None:
    file = read_questions(Path(like_questions(tmp_path)))
    frame = Frame(": ", "\n")
    rng, questions = np.random.default_rng(0), file.of_split(1, "train")
    assert len({asked.question for asked in questions}) > 1
    for place, asked in enumerate(questions):
        turn = (0, _order(len(questions), 0, 0).tolist().index(place))
        if "year" in asked.question:
            with pytest.raises(UsageError, match=r"10 paragraphs that cannot answer .* are needed, but .* has only 0"):
                choose_problem(rng, file, 1, 10, frame, "train", turn)
        else:
            problem = choose_problem(rng, file, 1, 10, frame, "train", turn)
            assert problem.question == asked.question
            assert len(problem.others) == 10


def test_questions_come_in_turn_and_in_another_order_for_each_seed(tmp_path: Path) -> None:
    file = saved(tmp_path, squad(60))
    task = build_task("mdqa", {"file": file})
    count = len(read_questions(Path(file)).of_split(1, "train"))

    def asked(seed: int) -> list[str]:
        tasks = (task.of_sample(seed, number) for number in range(2 * count))
        drafts = (task.draft(stream("mdqa", seed, 0), WORDINGS[1], 8) for task in tasks)
        return [str(draft.render(4).facts["question"]) for draft in drafts]

    first, other = asked(0), asked(1)
    assert len(set(first[:count])) == len(set(first[count:])) == count
    assert first[:count] != first[count:]
    assert first[:count] != other[:count]


def test_all_that_annotators_answered_is_an_answer(tmp_path: Path) -> None:
    content = squad(20)
    for article in content["data"]:
        for paragraph in article["paragraphs"]:
            answer = paragraph["qas"][0]["answers"][0]
            shorter = {**answer, "text": answer["text"][:-4].strip()}
            paragraph["qas"][0]["answers"] = [answer, shorter, {**answer, "text": answer["text"].upper()}]
    sample = make(0, 10, file=saved(tmp_path, content))
    assert sample.facts["aliases"] == [[sample.answers[0][:-4].strip()]]
    reference = Reference.of_document(answers=sample.answers, facts=sample.facts, depth=sample.depth)
    for reply, rating in ((sample.answers[0], 1.0), (sample.answers[0][:-4], 1.0), ("Nothing of it.", 0.0)):
        assert MATCHES["exact"](reply, reference)["exact"] == rating
