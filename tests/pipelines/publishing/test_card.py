"""The card says what every reader has to know, in a form that every reader of YAML takes for the same."""

import ast
import re
from pathlib import Path
from typing import Any

import datasets
import duckdb
import polars
import pyarrow as pa
import pytest
import yaml
from huggingface_hub import DatasetCard

import lcdata
from lcdata import open_dataset
from lcdata.pipelines.publishing.card import dataset_card
from lcdata.pipelines.publishing.metadata import features
from lcdata.schemas.errors import UsageError
from lcdata.schemas.manifest import Manifest
from lcdata.schemas.recipe import Recipe
from lcdata.schemas.tables import DOCUMENT_SCHEMA, row_schema

HOSTILE = ("1e3", "no", "2026-01-01", "0x1F", "1_000", "null", "1.5", "Infinity", "y", "017", "True")
"""Names of configs that one version of YAML or another takes for something else where they are not quoted."""


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory, trained: Path) -> Path:
    """A dataset whose configs have hostile names."""
    task = {"task": "kv", "length": 256, "n": 2}
    stages = [{"name": name, "seq_length": 256, "mix": [task]} for name in HOSTILE]
    folder = tmp_path_factory.mktemp("hostile") / "out"
    tokenizer = {"source": str(trained / "gpt2-like")}
    lcdata.build({"name": "hostile", "stages": stages, "tokenizer": tokenizer}, folder, workers=0)
    return folder


def head(folder: Path) -> str:
    """The metadata of a folder's card, as text."""
    return (folder / "README.md").read_text().split("---\n")[1]


def names(metadata: Any) -> list[str]:
    """The names of configs that metadata tells of, those of documents left out."""
    found = [config["config_name"] for config in metadata["configs"]]
    return [name for name in found if not str(name).endswith("-docs")]


def test_names_are_texts_for_yaml_1_1(dataset: Path) -> None:
    assert names(yaml.safe_load(head(dataset))) == list(HOSTILE)
    assert names(DatasetCard.load(dataset / "README.md").data.to_dict()) == list(HOSTILE)


def test_every_value_is_quoted_so_that_yaml_1_2_and_others_take_it_as_a_text(dataset: Path) -> None:
    """A quoted scalar is a text in every schema of every version; only numbers and `true` stand without quotes."""
    values = re.findall(r"^[ -]*(?:[a-z_]+: |- )(?=\S)(?![a-z_]+:)(.+)$", head(dataset), re.MULTILINE)
    plain = {value for value in values if not re.fullmatch(r'"[^"]*"', value)}
    assert len(values) > 200
    assert {value for value in plain if not value.isdecimal()} == {"true"}


def test_features_are_those_that_datasets_finds() -> None:
    for schema in (row_schema(), row_schema(with_labels=False), DOCUMENT_SCHEMA):
        assert features(schema) == datasets.Features.from_arrow_schema(schema)._to_yaml_list()


@pytest.mark.parametrize("streaming", [False, True])
def test_datasets_loads_the_folder_as_it_lies(dataset: Path, tmp_path: Path, streaming: bool) -> None:
    for name in ("1e3", "no"):
        found = datasets.load_dataset(str(dataset), name, split="train", streaming=streaming, cache_dir=str(tmp_path))
        assert found.features is not None
        assert len(list(found)) == 2
        documents = datasets.load_dataset(
            str(dataset), f"{name}-docs", split="train", streaming=streaming, cache_dir=str(tmp_path)
        )
        assert documents.features == datasets.Features.from_arrow_schema(DOCUMENT_SCHEMA)
        assert [record["source"] for record in documents] == ["kv", "kv"]


def test_duckdb_and_polars_read_the_folder(dataset: Path) -> None:
    rows, documents = dataset / "data" / "1e3" / "*.parquet", dataset / "docs" / "1e3" / "*.parquet"
    with duckdb.connect() as connection:
        [(count, tokens)] = connection.sql(f"select count(*), sum(len(input_ids)) from '{rows}'").fetchall()
    assert count == 2
    assert tokens == polars.scan_parquet(documents).select(polars.col("length").sum()).collect().item()
    assert polars.read_parquet(rows).columns == row_schema().names


def test_its_lines_run(dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every block is Python; the lines that load run, on the folder in place of the Hub."""
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path)
    blocks = re.findall(r"```python\n(.*?)```", (dataset / "README.md").read_text(), re.DOTALL)
    assert len(blocks) == 3
    for block in blocks:
        ast.parse(block)
    said: dict[str, Any] = {}
    exec(blocks[0].replace("PATH_OR_HUB_ID", str(dataset)), said)
    assert len(list(said["rows"])) == len(list(said["documents"])) == 2


@pytest.mark.slow
@pytest.mark.needs("torch", "transformers", "trl")
@pytest.mark.filterwarnings("ignore")  # of trainers about themselves
@pytest.mark.parametrize("block", [1, 2])
def test_its_lines_train(block: int, dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast, Trainer

    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    text = re.findall(r"```python\n(.*?)```", (dataset / "README.md").read_text(), re.DOTALL)[block]
    text = text.replace("PATH_OR_HUB_ID", str(dataset)).replace(".train()", "")
    text = text.replace("train_batch_size=1", "train_batch_size=1, use_cpu=True, bf16=False")
    tiny = LlamaConfig(
        vocab_size=1024, hidden_size=16, intermediate_size=16, num_hidden_layers=1, num_attention_heads=2
    )
    source = str(Path(open_dataset(dataset).manifest.tokenizer.source, "tokenizer.json"))
    tokenizer = PreTrainedTokenizerFast(tokenizer_file=source, eos_token="<|endoftext|>")  # a real model names its own
    text = text.replace("train_dataset=rows)", "train_dataset=rows, processing_class=tokenizer)")
    said: dict[str, Any] = {"model": LlamaForCausalLM(tiny), "tokenizer": tokenizer}
    lines = text.strip().splitlines()
    lines[-1] = f"trainer = {lines[-1]}"
    exec("\n".join(lines), said)
    trainer = said["trainer"]
    assert isinstance(trainer, Trainer)
    batch = next(iter(trainer.get_train_dataloader()))
    assert "attention_mask" not in batch
    ends = torch.nonzero(batch["position_ids"][0] == 0)
    assert len(ends) == 1


LICENSED = {
    "name": "mixed",
    "seq_length": "1k",
    "tokens": "10k",
    "ingest": [{"name": "books", "inputs": ["b.jsonl"], "license": "cc-by-4.0", "source_url": "https://books.test/a"}],
    "mix": [{"corpus": "store/books", "share": 0.5}, {"corpus": "code", "license": "Some Licence 1.0"}],
}


def _card_of(recipe: dict[str, Any], dataset: Path) -> str:
    """The card of a recipe, as far as it tells of sources: with the manifest of another dataset."""
    manifest = open_dataset(dataset).manifest
    made = Recipe.model_validate(recipe)
    stage = manifest.stages[0].model_copy(update={"name": made.stages[0].name, "tasks": []})
    changed: Manifest = manifest.model_copy(update={"recipe": made, "stages": [stage]})
    return dataset_card(changed)


def test_sources_are_told_with_their_licences(dataset: Path) -> None:
    card = _card_of(LICENSED, dataset)
    assert "| books | cc-by-4.0 | https://books.test/a |" in card
    assert "| code | Some Licence 1.0 | not stated |" in card
    assert yaml.safe_load(card.split("---\n")[1])["license"] == "other"
    named = yaml.safe_load(_card_of({**LICENSED, "license": "Our Own 2.0"}, dataset).split("---\n")[1])
    assert (named["license"], named["license_name"]) == ("other", "Our Own 2.0")
    one = {**LICENSED, "mix": [LICENSED["mix"][0] | {"share": None}]}
    assert yaml.safe_load(_card_of(one, dataset).split("---\n")[1])["license"] == "cc-by-4.0"


def test_licences_and_links_change_no_fingerprint_and_unset_they_are_not_written() -> None:
    licensed = Recipe.model_validate(LICENSED)
    bare = {
        **LICENSED,
        "ingest": [{"name": "books", "inputs": ["b.jsonl"]}],
        "mix": [{"corpus": "store/books", "share": 0.5}, {"corpus": "code"}],
    }
    assert Recipe.model_validate(bare).content == licensed.content
    assert licensed.ingest[0].content == Recipe.model_validate(bare).ingest[0].content
    assert "license" not in str(Recipe.model_validate(bare).model_dump(mode="json"))
    assert Recipe.model_validate(licensed.model_dump(mode="json")) == licensed


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("license", "a|b"),
        ("license", "two\nlines"),
        ("license", "<script>"),
        ("source_url", "ftp://x.test"),
        ("source_url", "https://x.test/ a"),
        ("source_url", "javascript:alert(1)"),
    ],
)
def test_what_could_break_a_card_is_no_licence_and_no_link(field: str, value: str) -> None:
    with pytest.raises(ValueError, match="must be a li"):
        Recipe.model_validate({**LICENSED, "mix": [{"corpus": "code", field: value}]})


def test_a_link_is_written_without_a_password() -> None:
    recipe = Recipe.model_validate(
        {**LICENSED, "mix": [{"corpus": "code", "source_url": "https://me:secret@code.test/x?key=secret"}]}
    )
    assert "secret" not in recipe.model_dump_json()


def test_two_stages_cannot_share_a_config(tmp_path: Path) -> None:
    task = {"task": "kv", "length": 256, "n": 2}
    stages = [{"name": name, "seq_length": 256, "mix": [task]} for name in ("a", "a-docs")]
    with pytest.raises(UsageError, match="two configs are called a-docs"):
        lcdata.build({"name": "twice", "stages": stages}, tmp_path / "out", workers=0)


def test_the_schema_of_documents_has_no_type_that_the_card_cannot_say() -> None:
    assert {str(pa.int32()), "string", "bool", "int64"} >= {
        str(column.type) for column in DOCUMENT_SCHEMA if not pa.types.is_list(column.type)
    }
