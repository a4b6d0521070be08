"""Every sample counts, also one without a reply, in groups that say how sure they are."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from conftest import Run

from lcdata.packers.dataset import open_dataset
from lcdata.pipelines.build import build_dataset
from lcdata.pipelines.exporting.samples import export
from lcdata.pipelines.run.where import Where
from lcdata.pipelines.scoring.heat_map import check_plot, draw_heat_map
from lcdata.pipelines.scoring.score import score, wilson
from lcdata.schemas.errors import UsageError
from lcdata.schemas.recipe import Recipe

Write = Callable[[str, list[Any]], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write objects, or lines as they stand, to a file in the folder where `lcdata` runs."""

    def to_file(name: str, lines: list[Any]) -> Path:
        text = "".join((line if isinstance(line, str) else json.dumps(line)) + "\n" for line in lines)
        (tmp_path / name).write_text(text)
        return tmp_path / name

    return to_file


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
