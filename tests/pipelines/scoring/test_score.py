"""Replies are read as a person would read them, and every sample counts, also one without a reply."""

import json
import random
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from conftest import Run
from hypothesis import given
from hypothesis import settings as sampling
from hypothesis import strategies as st
from own_tests import own_tests

from lcdata.generators.registry import tasks
from lcdata.packers.dataset import open_dataset
from lcdata.packers.tokens.tokenizer import load_tokenizer
from lcdata.pipelines.build import build_dataset
from lcdata.pipelines.exporting.samples import export
from lcdata.pipelines.making.samples import Made, SampleMaker
from lcdata.pipelines.run.where import Where
from lcdata.pipelines.scoring.heat_map import check_plot, draw_heat_map
from lcdata.pipelines.scoring.rate import rate, rate_substrings
from lcdata.pipelines.scoring.score import score, wilson
from lcdata.schemas.errors import UsageError
from lcdata.schemas.evaluation import Reference
from lcdata.schemas.mix import TaskComponent
from lcdata.schemas.recipe import Recipe
from lcdata.schemas.tokens import TokenizerChoice

Write = Callable[[str, list[Any]], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write objects, or lines as they stand, to a file in the folder where `lcdata` runs."""

    def to_file(name: str, lines: list[Any]) -> Path:
        text = "".join((line if isinstance(line, str) else json.dumps(line)) + "\n" for line in lines)
        (tmp_path / name).write_text(text)
        return tmp_path / name

    return to_file


def cases() -> list[Any]:
    """Every task with its defaults, its presets and the cases of its own tests."""
    return [
        pytest.param(name, settings, id=f"{name}-{settings}")
        for name, kind in tasks().items()
        for settings in ({}, *kind.presets.values(), *own_tests(name).CASES)
    ]


@cache
def made_samples(name: str, settings: str, source: str) -> tuple[list[Made], list[Reference]]:
    """Samples of a task and their references."""
    task = TaskComponent.model_validate({"task": name, "settings": json.loads(settings), "length": "1500", "n": 1})
    maker = SampleMaker(task, 5, load_tokenizer(TokenizerChoice(source=source)))
    made = [maker.make(index, max(1500, maker.shortest_length)) for index in range(16)]
    return made, [
        Reference.of_document(index=index, answers=one.answers, length=len(one.ids), depth=one.depth, facts=one.facts)
        for index, one in enumerate(sample.document for sample in made)
    ]


def kinds(reference: Reference) -> list[tuple[int, bool]]:
    """How many words each answer has, and whether there are digits in it."""
    return sorted((len(answer.split()), any(map(str.isdigit, answer))) for answer in reference.answers)


@pytest.mark.parametrize(("name", "settings"), cases())
def test_answers_of_our_own_are_exact_and_those_of_others_are_not(
    name: str, settings: dict[str, Any], small: str
) -> None:
    made, references = made_samples(name, json.dumps(settings), small)
    chance = random.Random(7)
    shuffled_recall = []
    for index, (sample, reference) in enumerate(zip(made, references, strict=True)):
        answers = list(reference.answers)
        chance.shuffle(answers)
        for reply in (
            sample.sample.answer,
            f"\n {sample.sample.answer}\n",
            ", ".join(answers),
            "\n".join(f"{place}. **{answer}**" for place, answer in enumerate(answers, 1)),
            "\n- ".join(["Sure! Here is the answer:\n", *answers]) + "\n\nLet me know if you need more.",
            json.dumps({"answers": answers}),
            f"<think>Is it {references[index - 1].answers[0]}?</think>{sample.sample.answer.lower()}",
        ):
            assert rate(reply, reference)["exact"] == 1, (reply, reference)
        assert rate(sample.sample.prompt, reference)["exact"] == 0, "a copy of the text is no answer"
        other = references[index - 1]
        if set(other.answers) != set(reference.answers):
            wrong = rate(made[index - 1].sample.answer, reference)
            assert wrong["exact"] == 0
            shuffled_recall.append(wrong["recall"])
            if kinds(other) == kinds(reference):
                assert rate(", ".join([*answers, *other.answers]), reference)["exact"] == 0
            assert rate(sample.sample.answer.replace(answers[0], ""), reference)["exact"] == 0
    if shuffled_recall:
        assert len(shuffled_recall) > 3
        assert sum(shuffled_recall) / len(shuffled_recall) < 0.25


NUMBERS, PAIR, WORDS, NAMES = ("9122006", "1234567"), ("2764", "10"), ("apple", "pear", "fig"), ("KJMNV", "SMSKQ")
REPLIES = [
    # reply, answers, recall, precision
    ("The values are 9122006 and 1234567.", NUMBERS, 1, 1),
    ("There are 2 values: `1234567`, 9,122,006", NUMBERS, 1, 1),
    ('```json\n{"value": [9122006, "1234567"]}\n```', NUMBERS, 1, 1),
    ("1) 9122006 2) 1234567", NUMBERS, 1, 1),
    ("9122006,1234567", NUMBERS, 1, 1),
    ("9122006 9122006 9122006", NUMBERS, 1 / 2, 1),
    ("9122006, 1234567, 5555555 and 5555555", NUMBERS, 1, 2 / 3),
    ("91220061 1234567", NUMBERS, 1 / 2, 1 / 2),
    ("<think>9122006 1234567", NUMBERS, 0, 0),
    ("5555555</think>9122006 1234567", NUMBERS, 1, 1),
    ("", NUMBERS, 0, 0),
    ("The value is 2764, found in map_10.", PAIR, 1, 1),
    ("1. 2764\n2. 10", PAIR, 1, 1),
    ("2764 in Dictionary 1. I am sure.", PAIR, 1 / 2, 1 / 2),
    ("12764 0.10 2764.5 10-2764", PAIR, 0, 0),
    ("123", ("1234",), 0, 0),
    ("1,123", ("123",), 0, 0),
    ("123,456", ("123", "456"), 1, 1),
    ("3677 seated", ("3,677 seated",), 1, 1),
    ("The 10 most common words are: 'apple', 'pear' and 'fig'.", WORDS, 1, 1),
    ("1. apple: 30 times\n2. pear - 29\n3. fig (28)", WORDS, 1, 1),
    ("1. apple: 30 times\n2. pear - 29\n3. fig (28)\n4. plum: 3", WORDS, 1, 3 / 4),
    ("apple, pear, fig, plum and quince", WORDS, 1, 3 / 5),
    ("apple plum pear quince fig", WORDS, 1, 3 / 5),
    ("pineapple pear-tree figs", WORDS, 0, 0),
    ("By count, trip, first, although come first.", ("trip", "first", "although"), 1, 1),
    ("VAR KJMNV, VAR smskq", NAMES, 1, 1),
    ("KJMNV, SMSKQ, WWWWW", NAMES, 1, 2 / 3),
    ("KJMNVX", NAMES, 0, 0),
    ("It was Smith, Jones  and\nBrown.", ("Smith, Jones and Brown",), 1, 1),
    ("Smith, Jones and Brown, or Miller Ltd", ("Smith, Jones and Brown",), 1, 1 / 2),
    ("A careful engineer", ("a careful engineer",), 1, 1),
    ("careful engineer", ("a careful engineer",), 1, 1),
    ("It is not found.", ("Not found",), 1, 1),
    ("It is 2764, or not found.", ("Not found",), 1, 1 / 2),
    ("2764 in Dictionary 10, if it is not: Not found.", PAIR, 1, 2 / 3),
    ("large-entire", ("large-entire",), 1, 1),
    ("very-large-entire", ("large-entire",), 0, 0),
    ("large-entire, not small-part", ("large-entire",), 1, 1 / 2),
]


@pytest.mark.parametrize(("reply", "answers", "recall", "precision"), REPLIES)
def test_a_reply_states_what_a_person_reads_in_it(
    reply: str, answers: tuple[str, ...], recall: float, precision: float
) -> None:
    rating = rate(reply, Reference(answers=answers))
    assert (rating["recall"], rating["precision"]) == pytest.approx((recall, precision))
    assert rating["exact"] == (recall == precision == 1)
    assert rating["f1"] == pytest.approx(2 * recall * precision / (recall + precision) if recall else 0)


def test_what_the_question_names_may_be_repeated() -> None:
    reply = "The value of key 4936 is 2764 and it is in Dictionary [10]."
    assert rate(reply, Reference(answers=PAIR))["exact"] == 0
    assert rate(reply, Reference(answers=PAIR, asked=("4936",)))["exact"] == 1


def test_order_counts_only_where_it_is_asked_for() -> None:
    for ordered in (False, True):
        reference = Reference(answers=WORDS, ordered=ordered)
        assert rate("apple, pear, fig", reference)["exact"] == 1
        assert rate("fig, pear, apple", reference)["exact"] == (not ordered)


@pytest.mark.parametrize(
    ("reply", "citations", "exact"),
    [
        ("A careful engineer (files 12 and 31).", 1, 1),
        ("Documents 12, 31: a careful engineer", 1, 1),
        ("a careful engineer [31][12]", 1, 1),
        ("a careful engineer [12]", 0, 0),
        ("a careful engineer, see documents 12, 31, and 4", 0, 0),
        ("a lazy engineer [12, 31]", 1, 0),
        ("a careful engineer", 0, 0),
    ],
)
def test_citations_are_rated_apart_from_the_answer(reply: str, citations: int, exact: int) -> None:
    as_answers = Reference(answers=("a careful engineer", "12", "31"), citations=(12, 31))
    assert rate(reply, as_answers)["citations"] == citations
    assert rate(reply, as_answers)["exact"] == exact
    apart = Reference(answers=("a careful engineer",), citations=(12, 31))
    assert rate(reply, apart)["citations"] == citations
    assert rate(reply, apart)["exact"] == ("careful" in reply)
    assert "citations" not in rate(reply, Reference(answers=("x",)))


@sampling(max_examples=60)
@given(st.text(), st.lists(st.text(min_size=1).filter(str.strip), min_size=1), st.lists(st.text()))
def test_any_reply_can_be_rated(reply: str, answers: list[str], asked: list[str]) -> None:
    reference = Reference(answers=tuple(answers), asked=tuple(asked), citations=(3,))
    for text in (reply, ", ".join(answers)):
        rating = rate(text, reference)
        assert all(0 <= value <= 1 for value in rating.values())
        assert rating["exact"] <= min(rating["recall"], rating["precision"])


def test_substrings_are_those_of_ruler() -> None:
    reference = Reference(answers=("123", "Fig"))
    assert rate_substrings("1234 FIGS", reference) == {"string_match_all": 1, "string_match_part": 1}
    assert rate_substrings("only 123", reference) == {"string_match_all": 0.5, "string_match_part": 1}
    assert rate_substrings("", reference) == {"string_match_all": 0, "string_match_part": 0}


@pytest.mark.parametrize(("successes", "trials"), [(0, 1), (1, 1), (0, 40), (7, 20), (40, 40), (999, 1000)])
def test_intervals_are_wilsons(successes: int, trials: int) -> None:
    from scipy.stats import binomtest

    expected = binomtest(successes, trials).proportion_ci(method="wilson")
    assert wilson(successes, trials) == pytest.approx((expected.low, expected.high), abs=1e-6)


EVAL = [
    {"index": index, "outputs": [f"{index}77"], "length": length, "depth": depth, "task": "niah"}
    for index, (length, depth) in enumerate([(4000, [0.05]), (4096, [0.95, 1.0]), (4097, [0.05, 0.5]), (30000, [])])
]


def test_groups_hold_the_samples_of_their_bucket(write: Write) -> None:
    replies = [{"index": index, "prediction": f"{index}77" if index != 1 else "5"} for index in (0, 1, 2)]
    found = score(write("p", replies), write("e", EVAL))
    groups = {(group.by, group.name): (group.n, group.measures["exact"]) for group in found.groups}
    assert groups == {
        ("task", "niah"): (4, 0.5),
        ("length", "4k"): (2, 0.5),
        ("length", "8k"): (1, 1),
        ("length", "32k"): (1, 0),
        ("depth", "0.0–0.1"): (2, 1),
        ("depth", "0.5–0.6"): (1, 1),
        ("depth", "0.9–1.0"): (1, 0),
    }
    assert found.missing == [3]
    squares = {(one.length, one.depth): (one.n, one.value) for one in found.squares}
    assert squares == {(4096, 0): (1, 1), (4096, 9): (1, 0), (8192, 0): (1, 1), (8192, 5): (1, 1)}


def test_lines_with_answers_of_their_own_need_no_references(write: Write) -> None:
    lines = [{"index": 0, "pred": "the 123", "outputs": ["123"], "length": 4096}, {"pred": None, "outputs": ["5"]}]
    found = score(write("p", lines))
    assert (found.overall.n, found.overall.measures["exact"], found.missing) == (2, 0.5, [])


MISTAKES = [
    (["{"], [], "p:1: invalid JSON"),
    (
        ['{"index": 0, "prediction": "x"}', "", "[1]"],
        ["--references", "e"],
        "p:3: input should be an object; a line is such as",
    ),
    ([{"index": 0}], [], "p:1: prediction: field required; a line is such as"),
    ([{"index": "a", "prediction": ""}], [], "p:1: index: input should be a valid integer"),
    ([{"prediction": "x"}], ["--references", "e"], "p:1: has no index"),
    ([{"index": 1, "prediction": "x"}] * 2, ["--references", "e"], "p:2: sample 1 was predicted at p:1 already"),
    ([{"index": 9, "prediction": "x"}], ["--references", "e"], "p:1: e has no sample 9"),
    ([{"index": 0, "prediction": "x"}], [], "p:1: has no outputs: name the answers with --references EVAL.jsonl"),
    ([{"index": 0, "prediction": "x", "outputs": []}], [], "p:1: outputs: value should have at least 1 item"),
    ([{"prediction": "x", "outputs": ["1"], "depth": 55}], [], "p:1: depth.0: input should be less than or equal to 1"),
    ([{"index": 0, "prediction": "x"}], ["--references", "twice"], "twice:2: is the second line of sample 0"),
    ([{"index": 0, "prediction": "x"}], ["--references", "nope"], "nope cannot be read: No such file"),
    ([{"index": 0, "prediction": "x"}], ["--data", "nope"], "nope is no finished dataset"),
    ([], [], "nothing to score"),
    ([{"index": 0, "prediction": "x"}], ["--references", "e", "--plot", "p"], "--plot p must end in .png or .svg"),
    ([{"index": 0, "prediction": "x"}], ["--references", "e", "--plot", "no/p.png"], "there is no folder no"),
]


def scored_and_drawn(plot: Path | None = None, data: Path | None = None, **named: Path) -> None:
    """What the command does with these options and the predictions `p`."""
    found = score(Path("p"), data=None if data is None else open_dataset(data), **named)
    if plot is not None:
        check_plot(plot)
        draw_heat_map(found, plot)


def test_a_mistake_is_one_line_that_names_its_place(
    write: Write, lcdata: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    write("e", EVAL)
    write("twice", EVAL[:1] * 2)
    monkeypatch.chdir(tmp_path)
    for lines, options, message in MISTAKES:
        write("p", lines)
        named = {name.removeprefix("--"): Path(value) for name, value in zip(options[::2], options[1::2], strict=True)}
        with pytest.raises(UsageError) as raised:
            scored_and_drawn(**named)
        assert message in str(raised.value)
    done = lcdata("score", "p", *options)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.strip() == f"lcdata: {raised.value}"


def test_a_dataset_its_export_and_its_own_answers_agree(write: Write, lcdata: Run, small: str, tmp_path: Path) -> None:
    component = {"task": "niah", "settings": {"num_values": 4}, "length": "2k,3k", "n": 12}
    recipe = {"name": "d", "seq_length": "3k", "tokenizer": {"source": small}, "mix": [component]}
    build_dataset(Recipe.model_validate(recipe), tmp_path / "d", where=Where(0))
    data = open_dataset(tmp_path / "d")
    export(data, "eval", tmp_path / "e")
    export(data, "chat", tmp_path / "c")
    chats = map(json.loads, (tmp_path / "c").read_text().splitlines())
    replies = [{"index": chat["index"], "prediction": chat["messages"][1]["content"]} for chat in chats]
    predictions = write("p", replies[:9])
    by_file = score(predictions, tmp_path / "e")
    assert by_file == score(predictions, None, data)
    with pytest.raises(UsageError, match="both say what the answers are: name one of them"):
        score(predictions, tmp_path / "e", data)
    assert (by_file.overall.n, by_file.overall.measures["exact"], by_file.missing) == (12, 0.75, [9, 10, 11])
    told = lcdata("score", "p", "--references", "e", "--plot", "heat.png").stdout
    assert (tmp_path / "heat.png").is_file()
    for word in (
        "drawn: heat.png",
        "exact",
        "0.750 (0.468–0.911)",
        "niah",
        "2k",
        "4k",
        "3 samples have no prediction",
        "9, 10, 11",
    ):
        assert word in told
    events = [json.loads(line) for line in lcdata("score", "p", "--data", "d", "--json").stdout.splitlines()]
    assert {event["event"] for event in events[:-1]} == {"group"}
    assert (events[-1]["event"], events[-1]["measures"]["exact"], events[-1]["missing"]) == ("score", 0.75, [9, 10, 11])
    assert score(predictions, None, data, "substring").overall.measures["string_match_all"] == 0.75
