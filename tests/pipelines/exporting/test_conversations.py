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

    def built(shape: Shape, base: str = "gpt2-like", **component: Any) -> Dataset:
        tokenizer = save(tmp_path / "tokenizer", trained / base, shape)
        mix = [{"task": "kv", "length": "400..900", "n": 3, "format": "chat", **component}]
        choice = {"source": str(tokenizer), "chat_date": TODAY}
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
