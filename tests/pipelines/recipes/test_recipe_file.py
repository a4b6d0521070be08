"""Recipes in YAML: those of papers as they are printed there, and mistakes named with their place."""

import json
import random
import re
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
        "recipe.yaml:3: mix.0.shares: is no field of a corpus in mix. Did you mean 'share'?"
    ),
    "name: x\nseq_length: 4k\nmix: []\ntokens: 1k": "mix: ",
    "name: x\nseq_length: lots\nmix: [{corpus: a}]\ntokens: 1k": "seq_length: must be a length",
    "name: x\nseq_length: 4k\nmix: [{corpus: a}, {corpus: a, name: b}]\ntokens: 1k": "share documents",
    "name: x\nseq_length: 4k\nmix: [{corpus: a}, {corpus: b/a}]\ntokens: 1k": "components are called a",
    "name: x\nseq_length: 4k\nmix: [{corpus: a}]": "give the stage tokens to share out",
    "name: x\nseq_length: 4k\nmix: [{task: kv, length: 4k, n: 2, share: 1}]": "has n and a share",
    "name: x\nseq_length: 4k\nmix: [{task: kv, length: 4k}, {corpus: a}]\ntokens: 1M": "kv needs a share",
    "name: x\nseq_length: 4k\nmix: [{task: kv, length: 8k, n: 2}]": "yaml:2: seq_length 4096 is below the longest",
    "name: x\nseq_length: 4k\nmix: [{task: kv, length: 4k, share: 1}]\ntokens: 1M\npacking: concat": "samples of kv",
    "name: x\nstages: [{name: a, seq_length: 4k, seed: 3, mix: [{task: kv, length: 4k, n: 2}]}]": "seed is the whole",
    "name: x\nseq_length: 4k\nstages: []": "seq_length is a stage's: move it into one of the stages",
    "name: x\nstages: [{name: a, seq_length: 4k, tokens: 1k, mix: [{corpus: a, sharee: 1}]}]": (
        "recipe.yaml:2: stages.0.mix.0.sharee: is no field of a corpus in mix. Did you mean 'share'?"
    ),
    "name: x\nseq_length: 4k\nmix: [{task: niah, preset: multikey_9, length: 4k, n: 2}]": "Did you mean 'multikey_3'",
    "name: x\npush: notes\nseq_length: 4k\nmix: [{task: kv, length: 4k, n: 2}]": "push: must be a Hub dataset",
    "name: [": "recipe.yaml:1: is not YAML",
    "- 1": "is no recipe",
}
HEAD = "name: x\nseq_length: 4k\n"
KV = "mix: [{task: kv, length: 4k, n: 2}]\n"
MISTAKES |= {
    f"{HEAD}{KV}{KV}": "recipe.yaml:4: mix is given again, first on line 3: leave one of them out",
    f"{HEAD}{KV}seed: 1\nseed: 2": "recipe.yaml:5: seed is given again, first on line 4",
    f"{HEAD}mix: [{{task: kv, length: 4k, n: 2, n: 3}}]": "n is given again, first on line 3",
    f"{HEAD}{KV}seed: yes": "recipe.yaml:4: seed: must be a whole number such as 7, got 'yes'",
    f"{HEAD}{KV}seed: true": "recipe.yaml:4: seed: must not be true, which is no number",
    f"{HEAD}mix: [{{task: kv, length: 4k, n: 2, settings: {{dict_size: }}}}]": "kv: dict_size must not be empty",
    f"{HEAD}{KV}seed:": "recipe.yaml:4: seed: must not be empty: give it a value",
    f"{HEAD}tokens: 1M\nmix: [{{corpus: a, share: ~}}]\nmax_repeats: 0": "max_repeats: must be 1 or more, got 0",
    f"{HEAD}{KV}seed: 010": "recipe.yaml:4: 010 is octal to some readers and decimal to others: write 10",
    f"{HEAD}{KV}seed: -1": "seed: must be 0 or more, got -1",
    f"{HEAD}{KV}shard_rows: true": "shard_rows: must not be true",
    f"name: 2024\nseq_length: 4k\n{KV}": "recipe.yaml:1: name: must be text: write '2024' in quotes",
    f"{HEAD}mix:\n\t- a": "recipe.yaml:4: a tab: YAML wants blanks here",
    f"{HEAD}mix: kv": "recipe.yaml:3: mix: must be a list in square brackets, got 'kv'",
    f"{HEAD}mix: [{{length: 4k, n: 2}}]": "mix.0.corpus: is missing: a part of mix is task: NAME",
    f"{HEAD}mix: []": "recipe.yaml:3: mix: must not be empty",
    f"{HEAD}mix:\n  - task: niah\n    length: 4k\n    n: 2\n    num_keys: 3": (
        "recipe.yaml:7: mix.0.num_keys: is a setting of niah: put it under settings"
    ),
    f"{HEAD}mix:\n  - task: niah\n    length: 4k\n    n: 2\n    settings: {{num_keyz: 3}}": (
        "recipe.yaml:4: niah: unknown setting 'num_keyz'. Did you mean 'num_keys'?"
    ),
    f"{HEAD}mix: [{{task: niah, length: 4k, n: 2, settings: {{absent: true}}}}]": "niah: absent must not be true",
    f"{HEAD}mix: [{{task: niah, length: 4k, n: 2, settings: {{absent: yes}}}}]": "absent: must be a number, got 'yes'",
    f"{HEAD}{KV}corpus: code": "corpus: is no field of the recipe, but of a corpus in mix: move it there",
    f"{HEAD}{KV}strategy: global": "strategy: is no field of the recipe, but of upsample: move it there",
    f"{HEAD}tokens: 1k\nupsample: per-source\nmix: [{{corpus: a}}]": "write upsample: {strategy: per-source}",
    f"{HEAD}{KV}packing: best": "packing: must be best-fit or concat, got 'best'",
    f"{HEAD}tokens: 1M\nmix: [{{task: kv, length: 4k, share: 80%}}, {{corpus: a, share: 70%}}]": (
        "the shares add up to 150 %: make them 100 %, or leave that of a out"
    ),
    f"{HEAD}tokens: 1M\nmix: [{{task: kv, length: 4k, share: 40%}}, {{task: vt, length: 4k, share: 30%}}]": (
        "the shares add up to 70 %: make them 100 %"
    ),
    f"{HEAD}tokens: 1M\nmix: [{{corpus: a, share: 100%}}, {{corpus: b}}]": "100 % and leave nothing to b",
    f"{HEAD}{KV}mixes:\n  - {{task: kv}}": "recipe.yaml:4: mixes: is no field of the recipe. Did you mean 'mix'?",
    f"{HEAD}mix: {'[' * 2000}": "is nested too deeply",
}
KV_LINE = "  - {task: kv, length: 4k, n: 2}\n"
STAGE = f"  - name: a\n    seq_length: 4k\n    {KV}"
CLASHES = {
    f"{HEAD}mix:\n{KV_LINE}  - task: vt\n    length: 4k\n    n: 2\n    share: 1": "yaml:8: vt has n and a share",
    f"{HEAD}tokens: 1k\nmix:\n  - {{corpus: a}}\n  - corpus: a\n    name: b": "yaml:6: a and b share documents",
    f"{HEAD}tokens: 1k\nmix:\n  - {{corpus: a}}\n  - {{corpus: b/a}}": "yaml:6: two components are called a",
    f"{HEAD}tokens: 1k\nmix:\n{KV_LINE}": "yaml:5: kv: n is for stages without tokens",
    f"{HEAD}tokens: 1k\nmix: [{{task: kv, length: 4k, share: 1}}]\npacking: concat": "yaml:5: packing concat",
    f"{HEAD}tokens: 1k\nmix:\n  - corpus: a\n    max_length: 1k\n    min_length: 2k": "yaml:7: mix.0: min_length 2",
    f"{HEAD}{KV}tokenizer:\n  source: embedded\n  chat_template: a": "yaml:6: chat_template is given",
    f"{HEAD}tokens: 1k\nmix: [{{corpus: a}}]\nupsample:\n  short_keep: 0.3": "yaml:6: upsample: short_keep is nothing",
    f"name: x\nstages:\n  - name: a\n    {KV}    seed: 3": "yaml:5: seed is the whole",
    f"name: x\n{KV}stages: []": "yaml:2: mix is a stage's",
    f"name: x\nstages:\n{STAGE}{STAGE}": "yaml:6: two stages are called a",
    f"{HEAD}{KV}labels: never": "yaml:4: labels can only be left out",
}
MISTAKES |= CLASHES


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


def recipe_from(folder: Path, content: str, changes: tuple[str, ...] = ()) -> Recipe:
    """The recipe of a file in a folder."""
    folder.mkdir(exist_ok=True)
    (folder / "recipe.yaml").write_text(content)
    return read_recipe(folder / "recipe.yaml", changes=changes)


def test_what_people_write_in_other_words_is_understood(tmp_path: Path) -> None:
    for content in (
        f"x-common: &common {{length: [1k, 4k], n: 2}}\n{HEAD}seed: 1e5\nmix: [{{<<: *common, task: kv}}]",
        f"{HEAD}seed: 100000\nmix: [{{task: kv, n: 2, length: '1k,4k'}}]",
    ):
        recipe = recipe_from(tmp_path, content)
        assert (recipe.seed, str(stage_of(recipe).tasks[0].length)) == (10**5, "1k,4k")


def test_shares_that_papers_round_are_whole(tmp_path: Path) -> None:
    thirds = ", ".join(f"{{task: {task}, length: 4k, share: 33.3%}}" for task in ("kv", "vt", "niah"))
    assert len(stage_of(recipe_from(tmp_path, f"{HEAD}tokens: 1M\nmix: [{thirds}]")).tasks) == 3


@pytest.mark.parametrize("content", [f"{HEAD}{KV}", f"name: x\nstages: [{{name: x, seq_length: 4k, {KV.strip()}}}]"])
def test_a_recipe_of_one_stage_is_changed_with_the_stage_or_without(content: str, tmp_path: Path) -> None:
    for change in ("labels=always", "stages.0.labels=always"):
        assert stage_of(recipe_from(tmp_path, content, (change,))).labels == "always"
    with pytest.raises(UsageError, match="--set seed is given 2 times: give it once"):
        recipe_from(tmp_path, content, ("seed=1", "seed=2"))
    with pytest.raises(UsageError, match=r"--set stages\.\d\.labels=always: "):
        recipe_from(tmp_path, content, ("stages.7.labels=always",))
    with pytest.raises(UsageError, match=r"recipe.yaml with --set seed: seed: must not be empty: give it a value, or"):
        recipe_from(tmp_path, content, ("seed=",))
    with pytest.raises(UsageError, match=r"recipe.yaml with --set foo.bar: foo: is no field of the recipe"):
        recipe_from(tmp_path, content, ("foo.bar=1",))


def test_paths_are_relative_to_the_recipe_and_those_of_changes_to_where_one_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    mine = tmp_path / "mine"
    for file in (mine / "texts" / "a.txt", mine / "b.jsonl", mine / "essays.txt", tmp_path / "b.jsonl"):
        file.parent.mkdir(exist_ok=True, parents=True)
        file.write_text("A text of some words. " * 200)
    ingest_of = "ingest: [{name: a, inputs: [texts, 'tex*/a.txt', b.jsonl, org/name, 's3://texts/a']}]\n"
    essay = "mix: [{task: niah, length: 4k, n: 2, settings: {haystack: essay, corpus: essays.txt}}, {corpus: a}]"
    recipe = recipe_from(Path("mine"), f"{HEAD}tokens: 1M\n{ingest_of}{essay.replace('n: 2', 'share: 50%')}")
    assert recipe.ingest[0].inputs == ("mine/texts", "mine/tex*/a.txt", "mine/b.jsonl", "org/name", "s3://texts/a")
    assert stage_of(recipe).tasks[0].settings["corpus"] == "mine/essays.txt"
    assert stage_of(recipe).corpora[0].corpus == "mine/store/a"
    changed = read_recipe(Path("mine/recipe.yaml"), Path("elsewhere"), ["ingest.0.inputs=[b.jsonl]"])
    assert changed.ingest[0].inputs == ("b.jsonl",)
    assert stage_of(changed).corpora[0].corpus == "elsewhere/a"


def test_all_files_that_a_recipe_names_are_relative_to_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine").mkdir()
    for name in ("tokens.json", "own.jinja"):
        (tmp_path / "mine" / name).touch()
    asked = {"question": "What is the tower made of?", "answers": [{"text": "stone", "answer_start": 21}]}
    paragraphs = [{"context": "The tower is made of stone.", "qas": [asked]}]
    questions = {"data": [{"title": "Towers", "paragraphs": paragraphs}]}
    (tmp_path / "mine/questions.json").write_text(json.dumps(questions))
    (tmp_path / "mine/wordings.yaml").write_text("- {id: own}")
    chat = "{task: kv, length: 1k, n: 2, format: chat, templates: wordings.yaml}"
    of_file = "{task: mdqa, length: 1k, n: 2, settings: {file: questions.json}}"
    named = "tokenizer: {source: tokens.json, chat_template: own.jinja}\n"
    recipe = recipe_from(Path("mine"), f"{HEAD}{named}mix: [{chat}, {of_file}]")
    kv, mdqa = stage_of(recipe).tasks
    assert (recipe.tokenizer.source, recipe.tokenizer.chat_template) == ("mine/tokens.json", "mine/own.jinja")
    assert (kv.templates, mdqa.settings["file"]) == (({"id": "own"},), "mine/questions.json")


def test_a_corpus_is_looked_for_in_the_store_beside_the_recipe(tmp_path: Path) -> None:
    content = f"{HEAD}tokens: 1M\nmix: [{{corpus: books}}]"
    assert stage_of(recipe_from(tmp_path, content)).corpora[0].corpus == "books"
    (tmp_path / "store/books").mkdir(parents=True)
    (tmp_path / "store/books/corpus.json").write_text("{}")
    assert stage_of(recipe_from(tmp_path, content)).corpora[0].corpus == str(tmp_path / "store/books")


def test_all_corpora_that_are_missing_are_named_at_once(tmp_path: Path) -> None:
    recipe = recipe_from(tmp_path, f"{HEAD}tokens: 1M\nmix: [{{corpus: books}}, {{corpus: code}}]")
    file = re.escape(str(tmp_path / "recipe.yaml"))
    with pytest.raises(UsageError, match=rf"no stored corpora are at books \({file}:4\), code \({file}:4\): make them"):
        _ = Materials(recipe).corpora
    recipe = recipe_from(tmp_path, f"{HEAD}tokens: 1M\nmix:\n  - corpus: books")
    with pytest.raises(UsageError, match=rf"^{file}:5: .*books is no stored corpus .*: make it with `lcdata ingest`"):
        _ = Materials(recipe).corpora
    recipe = recipe_from(tmp_path, f"{HEAD}tokens: 1M\ningest: [{{name: a, inputs: [b]}}]\nmix: [{{corpus: a}}]")
    with pytest.raises(UsageError, match="store/a not stored yet: `lcdata build` of this recipe does it first"):
        _ = Materials(recipe).corpora
