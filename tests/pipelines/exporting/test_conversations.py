"""Rows of conversations are what `transformers` makes of the exported messages, for templates of every shape in use."""

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from chat_templates import SHAPES, Shape
from tokenizers import AddedToken
from tokenizers import Tokenizer as Reference

from lcdata.packers.dataset import Dataset, open_dataset
from lcdata.pipelines.build import build_dataset
from lcdata.pipelines.exporting.samples import export
from lcdata.pipelines.proving.verify import verify
from lcdata.pipelines.run.where import Where
from lcdata.schemas.recipe import Recipe

TODAY = date.today()

Build = Callable[..., Dataset]


def save(folder: Path, base: Path, shape: Shape) -> Path:
    """A tokenizer with a shape's tokens, its names for them, and its template, as `save_pretrained` writes it."""
    folder.mkdir()
    tokenizer = Reference.from_file(str(base / "tokenizer.json"))
    for token in shape.tokens:
        is_text = isinstance(token, AddedToken) and not token.special
        (tokenizer.add_tokens if is_text else tokenizer.add_special_tokens)([token])
    tokenizer.save(str(folder / "tokenizer.json"))
    config = {"tokenizer_class": "PreTrainedTokenizerFast", **shape.named}
    (folder / "tokenizer_config.json").write_text(json.dumps(config))
    (folder / "chat_template.jinja").write_text(shape.template)
    return folder


@pytest.fixture
def build(tmp_path: Path, trained: Path) -> Build:
    """Build a dataset of a few conversations in a template."""

    def built(
        shape: Shape,
        base: str = "gpt2-like",
        mix: list[dict[str, Any]] | None = None,
        chat_date: date | str = TODAY,
        **component: Any,
    ) -> Dataset:
        tokenizer = save(tmp_path / "tokenizer", trained / base, shape)
        mix = mix or [{"task": "kv", "length": "400..900", "n": 3, "format": "chat", **component}]
        choice = {"source": str(tokenizer), "chat_date": chat_date}
        recipe = {"name": "talk", "seq_length": 1000, "tokenizer": choice, "mix": mix}
        build_dataset(Recipe.model_validate(recipe), tmp_path / "out", where=Where(0))
        return open_dataset(tmp_path / "out")

    return built


def exported(dataset: Dataset, to: str, out: Path) -> list[dict[str, Any]]:
    export(dataset, to, out)
    return [json.loads(line) for line in out.read_text().splitlines()]


@pytest.mark.needs("transformers")
@pytest.mark.filterwarnings("ignore:fastokens cannot run this tokenizer", "ignore:.*:DeprecationWarning")
@pytest.mark.parametrize("base", ["gpt2-like", "sentencepiece-like"])
@pytest.mark.parametrize("name", SHAPES)
def test_rows_are_what_transformers_makes_of_the_exported_messages(
    build: Build, tmp_path: Path, name: str, base: str
) -> None:
    from transformers import AutoTokenizer

    shape = SHAPES[name]
    dataset = build(shape, base)
    chat = dataset.manifest.chat
    assert chat is not None
    assert chat.content == ("parts" if shape.in_parts else "text")
    assert chat.after.endswith(shape.after_turn)
    theirs = AutoTokenizer.from_pretrained(str(tmp_path / "tokenizer"))
    lines = exported(dataset, "chat", tmp_path / "chat.jsonl")
    assert len(lines) == 3
    documents = {document.index: document for row in dataset.configs["talk"].rows() for document in row.documents}
    for line in lines:
        document = documents[line["index"]]
        text = theirs.apply_chat_template(line["messages"], tokenize=False)
        ids = theirs.apply_chat_template(line["messages"], tokenize=True, return_dict=False)
        eos = [dataset.manifest.tokenizer.eos_id]
        assert document.ids.tolist() in (ids, ids + eos), text
        end = len(document.ids) - chat.tokens_after_turn
        learned = [label != -100 for label in document.labels.tolist()]
        assert learned == [document.prompt_length <= place < end for place in range(len(learned))]
        after = theirs.decode(document.ids[end:].tolist())
        assert after.strip() == ("" if document.ids.tolist() == ids + eos else shape.after_turn.strip())
        assert (
            theirs.decode(document.ids[document.prompt_length : end].tolist())
            .strip()
            .startswith(line["messages"][1]["content"][0]["text"] if shape.in_parts else line["messages"][1]["content"])
        )


def test_a_question_is_exported_as_the_template_gets_it(build: Build, tmp_path: Path) -> None:
    """Questions of kv end with a line break, which a conversation leaves out and a plain text has."""
    plain, chat = {"name": "plain", "format": "plain"}, {"name": "chat", "format": "chat"}
    dataset = build(SHAPES["chatml"], mix=[{"task": "kv", "length": 600, "n": 2, **kind} for kind in (plain, chat)])
    evaluation, talk = (exported(dataset, to, tmp_path / f"{to}.jsonl") for to in ("eval", "chat"))
    assert [line["input"] for line in evaluation] == [line["messages"][0]["content"] for line in talk]
    for line, other in zip(evaluation, talk, strict=True):
        question, answer = line["input"], other["messages"][1]["content"]
        document = next(
            document
            for row in dataset.configs["talk"].rows()
            for document in row.documents
            if document.index == line["index"]
        )
        if line["task"] == "plain":
            assert question.endswith("\n")
            assert document.text == question + answer
        else:
            assert question == question.strip()
            assert document.text == f"user\n{question}\nassistant\n{answer}\n"


def test_the_loss_ends_at_the_token_that_ends_the_turn(build: Build) -> None:
    dataset = build(SHAPES["chatml"])
    controls = dataset.load_tokenizer().control_tokens
    for row in dataset.configs["talk"].rows():
        for document in row.documents:
            [*_, last, after] = document.ids.tolist()
            assert last == controls["<|im_end|>"]
            assert document.labels.tolist()[-2:] == [last, -100]
            assert document.loss_end == len(document.ids) - 1
            assert dataset.decode([after]) == "\n"
    learned = sum((row.labels != -100).sum() for row in dataset.configs["talk"].rows())
    assert dataset.manifest.total("loss_tokens") == learned
    assert verify(dataset).problems == []


def test_all_tokens_are_in_the_loss_where_that_is_wanted(build: Build) -> None:
    dataset = build(SHAPES["chatml"], loss="all")
    assert dataset.manifest.total("loss_tokens") == dataset.manifest.total("tokens") - 3
    assert verify(dataset).problems == []


@pytest.mark.parametrize("day", ["2025-02-03", "2031-12-24"])
def test_a_template_is_told_the_recipes_date(build: Build, day: str) -> None:
    dataset = build(SHAPES["channels"], chat_date=day)
    assert dataset.manifest.chat is not None
    assert day in dataset.manifest.chat.before
    assert str(dataset.manifest.recipe.tokenizer.chat_date) == day
    assert verify(dataset).problems == []
