"""Lines for evaluation are read by the genuine RULER tasks and scorers of lm-evaluation-harness."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from lcdata.packers.dataset import open_dataset
from lcdata.pipelines.build import build_dataset
from lcdata.pipelines.exporting.samples import export
from lcdata.pipelines.run.where import Where
from lcdata.schemas.recipe import Recipe

CHAT = "{% for m in messages %}{{ m.role }}: {{ m.content }}{{ eos_token }}\n{% endfor %}"


def evaluation_lines(folder: Path, tokenizer: str, **component: object) -> list[dict[str, Any]]:
    """The lines of a dataset of one task, a half of them of 4k and a half of 8k tokens."""
    (folder / "chat.jinja").write_text(CHAT)
    choice = {"source": tokenizer}
    if component.get("format") == "chat":
        choice["chat_template"] = str(folder / "chat.jinja")
    mix = [{"length": "4k,8k", "n": 6, **component}]
    recipe = {"name": "asked", "seq_length": "8k", "tokenizer": choice, "mix": mix}
    build_dataset(Recipe.model_validate(recipe), folder / "out", where=Where(0))
    export(open_dataset(folder / "out"), "eval", folder / "eval.jsonl")
    return [json.loads(line) for line in (folder / "eval.jsonl").read_text().splitlines()]


def task_settings(name: str, lines: list[dict[str, Any]]) -> dict[str, Any]:
    """What lm-evaluation-harness says of a task of RULER, its functions and all, with these lines as its data."""
    import datasets
    from lm_eval.tasks.ruler import common_utils

    class Loader(yaml.SafeLoader):
        """Reads `!function`."""

    def function(loader: Loader, node: yaml.ScalarNode) -> Any:
        module, name = loader.construct_scalar(node).split(".")
        return getattr(common_utils, name) if module == "common_utils" else None

    Loader.add_constructor("!function", function)
    folder = Path(common_utils.__file__).parent
    settings = yaml.load((folder / f"{name}.yaml").read_text(), Loader)
    if "include" in settings:
        settings = yaml.load((folder / settings.pop("include")).read_text(), Loader) | settings
    return settings | {"custom_dataset": lambda **_: {"test": datasets.Dataset.from_list(lines)}}


@pytest.mark.needs("lm_eval")
@pytest.mark.filterwarnings("ignore:.*:DeprecationWarning", "ignore:.*:FutureWarning")
@pytest.mark.parametrize("layout", ["plain", "chat"])
def test_the_genuine_ruler_task_asks_and_rates(tmp_path: Path, small: str, layout: str) -> None:
    from lm_eval.api.task import ConfigurableTask

    lines = evaluation_lines(tmp_path, small, task="niah", settings={"num_values": 2}, format=layout)
    task = ConfigurableTask(config=task_settings("niah_single_1", lines))
    docs = list(task.test_docs())
    assert [doc["max_length"] for doc in docs] == [4096, 8192] * 3
    for doc, line in zip(docs, lines, strict=True):
        first, second = line["outputs"]
        assert task.doc_to_text(doc) == line["input"]
        assert task.doc_to_prefix(doc) == ""
        request = task.construct_requests(doc, task.fewshot_context(doc, 0, chat_template=None))
        assert request.args[0].startswith(line["input"])
        length = str(line["max_length"])
        for reply, rating in ((f"{first} and {second}", 1.0), (first, 0.5), ("no idea", 0.0)):
            assert task.process_results(doc, [reply])[length] == rating
    aggregate = task.aggregation()["8192"]
    ratings = [task.process_results(doc, [doc["outputs"][0]]).get("8192", -1) for doc in docs]
    assert aggregate(ratings) == 0.5


@pytest.mark.needs("lm_eval")
@pytest.mark.filterwarnings("ignore:.*:DeprecationWarning", "ignore:.*:FutureWarning")
def test_its_task_of_questions_divides_by_the_number_of_accepted_answers(tmp_path: Path) -> None:
    """As docs/samples.md says: of three accepted answers one is rated 0.33."""
    settings = task_settings("qa_squad", [])
    doc = {"max_length": 4096, "outputs": ["Paris", "Lyon", "Nice"]}
    assert settings["process_results"](doc, ["Paris"])["4096"] == pytest.approx(1 / 3)
