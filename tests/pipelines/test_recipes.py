"""Recipes in YAML: those of papers as they are printed there, and mistakes named with their place."""

import json
import random
from pathlib import Path

import pytest

from lcdata.pipelines.organic.ingest import ingest
from lcdata.pipelines.organic.plan import DocumentPlan
from lcdata.pipelines.organic.printing import JsonIngestReporter
from lcdata.pipelines.recipes import read_recipe
from lcdata.schemas.corpus import IngestRecipe
from lcdata.schemas.errors import UsageError
from lcdata.schemas.recipe import CorpusSource, Recipe

RECIPES = Path(__file__).parents[2] / "recipes"
SMALL = 64
"""The recipes' lengths are divided by this, so that a small store will do."""


def source_of(recipe: Recipe) -> CorpusSource:
    """The corpora of a recipe."""
    assert isinstance(recipe.source, CorpusSource)
    return recipe.source


@pytest.fixture(scope="module")
def store(trained: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A token store with every corpus that a recipe names, of documents up to 12k tokens."""
    folder = tmp_path_factory.mktemp("corpora")
    names = {one.corpus for path in RECIPES.glob("*.yaml") for one in source_of(read_recipe(path)).corpora}
    chance = random.Random(2)
    for name in sorted(names):
        sizes = [int(chance.lognormvariate(5, 1.6)) + 1 for _ in range(80)] + [5000, 2000, 1500, 700]
        lines = [json.dumps({"text": f"{name} {number} " + "a b " * size}) for number, size in enumerate(sizes)]
        (folder / "one.jsonl").write_text("\n".join(lines))
        recipe = {
            "name": name,
            "inputs": [str(folder / "one.jsonl")],
            "tokenizer": {"source": str(trained / "gpt2-like")},
        }
        ingest(IngestRecipe.model_validate(recipe), folder / "store", JsonIngestReporter(), workers=0)
    return folder / "store"


def scaled(path: Path, store: Path) -> Recipe:
    """A recipe with lengths and tokens that suit the store."""
    recipe = read_recipe(path, store)
    content = recipe.model_dump(mode="json")
    content["seq_length"] //= SMALL
    content["source"]["tokens"] = content["seq_length"] * 2000
    for one in content["source"]["corpora"]:
        for name in ("min_length", "max_length"):
            one[name] = one[name] and one[name] // SMALL
    if content["source"]["upsample"]["long_from"]:
        content["source"]["upsample"]["long_from"] //= SMALL
    return Recipe.model_validate(content)


@pytest.mark.parametrize("path", sorted(RECIPES.glob("*.yaml")), ids=lambda path: path.stem)
def test_the_shares_of_a_papers_recipe_are_achieved(path: Path, store: Path) -> None:
    recipe = scaled(path, store)
    shares = [one.share for one in source_of(recipe).corpora]
    assert sum(share or 0 for share in shares) == pytest.approx(1, abs=0.002)
    accounts = DocumentPlan(recipe, source_of(recipe)).accounts
    assert len(accounts) >= 7
    for account, share in zip(accounts, shares, strict=True):
        assert abs(account.share - (share or 0)) < 0.005
        for bucket, wished in [(bucket, _wished(recipe, account.name, bucket.low)) for bucket in account.buckets]:
            assert wished or bucket.drawn == 0


def _wished(recipe: Recipe, name: str, low: int) -> bool:
    """Whether a component may have documents from so many tokens on."""
    one = next(one for one in source_of(recipe).corpora if one.name == name)
    return (one.min_length or 0) <= low and (one.max_length is None or low < one.max_length)


def test_prolong_has_30_percent_code_30_books_3_textbooks_and_37_short() -> None:
    for name in ("prolong-64k", "prolong-512k"):
        corpora = source_of(read_recipe(RECIPES / f"{name}.yaml")).corpora
        share = {corpus: sum(one.share or 0 for one in corpora if one.corpus == corpus) for corpus in ("code", "books")}
        assert share == pytest.approx({"code": 0.3, "books": 0.3})
        assert sum(one.share or 0 for one in corpora if one.corpus not in share) == pytest.approx(0.4)


MISTAKES = {
    "name: x\nseq_length: 4k\nsource: {corpora: [{corpus: a, shares: 1}], tokens: 1k}": (
        "source.corpora.0.shares: is no field of a recipe. Did you mean share?"
    ),
    "name: x\nseq_length: 4k\nsource: {corpora: [], tokens: 1k}": "source.corpora: ",
    "name: x\nseq_length: lots\nsource: {corpora: [{corpus: a}], tokens: 1k}": "seq_length: must be a length",
    "name: x\nseq_length: 4k\nsource: {corpora: [{corpus: a}, {corpus: a, name: b}], tokens: 1k}": "share documents",
    "name: x\nseq_length: 4k\nsource: {corpora: [{corpus: a}, {corpus: b/a}], tokens: 1k}": "components are called a",
    "name: [": "is not YAML",
    "- 1": "is no recipe",
}


@pytest.mark.parametrize("content", MISTAKES)
def test_a_mistake_is_named_with_its_place(content: str, tmp_path: Path) -> None:
    (tmp_path / "recipe.yaml").write_text(content)
    with pytest.raises(UsageError) as failed:
        read_recipe(tmp_path / "recipe.yaml")
    assert MISTAKES[content] in str(failed.value)
    assert "\n" not in str(failed.value)
