"""Recipes in YAML: those of papers as they are printed there, and mistakes named with their place."""

import json
import random
from pathlib import Path

import pytest

from lcdata.pipelines.corpora.ingest import ingest
from lcdata.pipelines.planning.materials import Materials
from lcdata.pipelines.planning.plan import make_plan
from lcdata.pipelines.recipes.recipe_file import read_recipe
from lcdata.pipelines.run.where import Where
from lcdata.schemas.corpus import IngestRecipe
from lcdata.schemas.errors import UsageError
from lcdata.schemas.recipe import Recipe
from lcdata.schemas.stage import Stage

RECIPES = Path(__file__).parents[3] / "recipes"
OF_PAPERS = [RECIPES / f"{name}.yaml" for name in ("fu-per-source", "prolong-64k", "prolong-512k")]
SMALL = 64
"""The recipes' lengths are divided by this, so that a small store will do."""


def stage_of(recipe: Recipe) -> Stage:
    """The one stage of a recipe."""
    (stage,) = recipe.stages
    return stage


@pytest.fixture(scope="module")
def store(trained: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A token store with every corpus that a recipe names, of documents up to 12k tokens."""
    folder = tmp_path_factory.mktemp("corpora")
    names = {one.corpus for path in OF_PAPERS for one in stage_of(read_recipe(path)).corpora}
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
        ingest(IngestRecipe.model_validate(recipe), folder / "store", where=Where(0))
    return folder / "store"


def scaled(path: Path, store: Path) -> Recipe:
    """A recipe with lengths and tokens that suit the store."""
    recipe = read_recipe(path, store)
    content = recipe.model_dump(mode="json")
    (stage,) = content["stages"]
    stage["seq_length"] //= SMALL
    stage["tokens"] = stage["seq_length"] * 2000
    for one in stage["mix"]:
        for name in ("min_length", "max_length"):
            one[name] = one[name] and one[name] // SMALL
    if stage["upsample"]["long_from"]:
        stage["upsample"]["long_from"] //= SMALL
    return Recipe.model_validate(content)


@pytest.mark.parametrize("path", OF_PAPERS, ids=lambda path: path.stem)
def test_the_shares_of_a_papers_recipe_are_achieved(path: Path, store: Path) -> None:
    recipe = scaled(path, store)
    shares = [one.share for one in stage_of(recipe).corpora]
    assert sum(share or 0 for share in shares) == pytest.approx(1, abs=0.002)
    accounts = make_plan(Materials(recipe)).stages[0].accounts
    assert len(accounts) >= 7
    for account, share in zip(accounts, shares, strict=True):
        assert abs(account.share - (share or 0)) < 0.005
        for bucket, wished in [(bucket, _wished(recipe, account.name, bucket.low)) for bucket in account.buckets]:
            assert wished or bucket.drawn == 0


def _wished(recipe: Recipe, name: str, low: int) -> bool:
    """Whether a component may have documents from so many tokens on."""
    one = next(one for one in stage_of(recipe).corpora if one.name == name)
    return (one.min_length or 0) <= low and (one.max_length is None or low < one.max_length)


def test_prolong_has_30_percent_code_30_books_3_textbooks_and_37_short() -> None:
    for name in ("prolong-64k", "prolong-512k"):
        corpora = stage_of(read_recipe(RECIPES / f"{name}.yaml")).corpora
        share = {corpus: sum(one.share or 0 for one in corpora if one.corpus == corpus) for corpus in ("code", "books")}
        assert share == pytest.approx({"code": 0.3, "books": 0.3})
        assert sum(one.share or 0 for one in corpora if one.corpus not in share) == pytest.approx(0.4)


MISTAKES = {
    "name: x\nseq_length: 4k\nmix: [{corpus: a, shares: 1}]\ntokens: 1k": (
        "mix.0.shares: is no field of a recipe. Did you mean share?"
    ),
    "name: x\nseq_length: 4k\nmix: []\ntokens: 1k": "mix: ",
    "name: x\nseq_length: lots\nmix: [{corpus: a}]\ntokens: 1k": "seq_length: must be a length",
    "name: x\nseq_length: 4k\nmix: [{corpus: a}, {corpus: a, name: b}]\ntokens: 1k": "share documents",
    "name: x\nseq_length: 4k\nmix: [{corpus: a}, {corpus: b/a}]\ntokens: 1k": "components are called a",
    "name: x\nseq_length: 4k\nmix: [{corpus: a}]": "give the stage tokens to share out",
    "name: x\nseq_length: 4k\nmix: [{task: kv, length: 4k, n: 2, share: 1}]": "has n and a share",
    "name: x\nseq_length: 4k\nmix: [{task: kv, length: 4k}, {corpus: a}]\ntokens: 1M": "kv needs a share",
    "name: x\nseq_length: 4k\nmix: [{task: kv, length: 8k, n: 2}]": "seq_length 4096 is below the longest",
    "name: x\nseq_length: 4k\nmix: [{task: kv, length: 4k, share: 1}]\ntokens: 1M\npacking: concat": "samples of kv",
    "name: x\nstages: [{name: a, seq_length: 4k, seed: 3, mix: [{task: kv, length: 4k, n: 2}]}]": "seed is the whole",
    "name: x\nseq_length: 4k\nstages: []": "seq_length is a stage's: move it into one of the stages",
    "name: x\nstages: [{name: a, seq_length: 4k, tokens: 1k, mix: [{corpus: a, sharee: 1}]}]": (
        "stages.0.mix.0.sharee: is no field of a recipe. Did you mean share?"
    ),
    "name: x\nseq_length: 4k\nmix: [{task: niah, preset: multikey_9, length: 4k, n: 2}]": "Did you mean 'multikey_3'",
    "name: x\npush: notes\nseq_length: 4k\nmix: [{task: kv, length: 4k, n: 2}]": "push: must be a Hub dataset",
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


def test_a_chat_template_that_no_task_uses_is_an_error() -> None:
    task = {"task": "kv", "length": "1k", "n": 1}
    content = {"name": "a", "seq_length": "1k", "tokenizer": {"chat_template": "own.jinja"}}
    with pytest.raises(ValueError, match="chat_template is given and no task has format: chat"):
        Recipe.model_validate(content | {"mix": [task]})
    recipe = Recipe.model_validate(content | {"mix": [task | {"format": "chat"}]})
    assert Recipe.model_validate(recipe.model_dump(mode="json")) == recipe
