"""No wording that is trained on by default has eight words in a row of a public benchmark's prompt.

`benchmark_ngrams.txt` holds hashes of all such rows of the prompts of RULER, OneRuler, NoLiMa, BABILong, LongBench,
HELMET, MRCR, GraphWalks, InfiniteBench, Lost in the Middle, artificial needles and the pressure test, so that no text
of theirs is here. A slot counts as a word.
"""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from lcdata.generators.registry import build_task, tasks
from lcdata.generators.task import Template
from lcdata.generators.templates import BENCHMARKS, choose_templates
from lcdata.schemas.yaml_text import parse_yaml

LENGTH = 8
PUBLIC = {
    line
    for line in (Path(__file__).parent / "benchmark_ngrams.txt").read_text().splitlines()
    if not line.startswith("#")
}
RECIPES = sorted(Path(__file__).parents[2].joinpath("recipes").glob("*.yaml"))


def ngrams(text: str) -> Iterator[str]:
    """Every eight words in a row of a text in which slots are in braces."""
    words = re.findall(r"[a-z0-9_']+", re.sub(r"\{[^}]*\}\w*", " _ ", text.lower()))
    for start in range(len(words) - LENGTH + 1):
        yield " ".join(words[start : start + LENGTH])


def hashed(ngram: str) -> str:
    """The first bytes of its sha256."""
    return hashlib.sha256(ngram.encode()).hexdigest()[:16]


def patterns(template: Template) -> list[str]:
    """All that a wording says, and its parts one after another as a prompt has them."""
    values: list[Any] = [getattr(template, field.name) for field in fields(template) if field.name != "id"]
    texts = [text for value in values for text in ([value] if isinstance(value, str) else value)]
    return [*texts, " {context} ".join(texts)]


def known(template: Template) -> set[str]:
    """The rows of words that a benchmark has too."""
    return {ngram for pattern in patterns(template) for ngram in ngrams(pattern) if hashed(ngram) in PUBLIC}


@pytest.mark.parametrize("name", tasks())
def test_wordings_share_no_eight_words_with_a_benchmark(name: str) -> None:
    settings: list[dict[str, object]] = [{}]
    if name == "niah":
        settings += [{"needle_type": "list"}, {"needle_type": "association"}]
    for some in settings:
        templates = choose_templates(build_task(name, some))
        assert len(templates) >= 8
        for template in templates:
            assert not known(template), template.id


@pytest.mark.parametrize("name", ["kv", "niah", "vt"])
def test_the_hashes_find_the_wordings_that_are_a_benchmarks(name: str) -> None:
    seed = next(template for template in tasks()[name].templates if template.id == BENCHMARKS)
    assert known(seed)


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_ready_recipes_name_no_benchmarks_wording_and_no_guessable_preset(path: Path) -> None:
    content = parse_yaml(path.read_text(), path.name).content
    assert isinstance(content, dict)
    components = [entry for stage in content.get("stages", [content]) for entry in stage["mix"] if "task" in entry]
    for entry in components:
        assert BENCHMARKS not in entry.get("template", [])
        assert entry.get("preset", "defaults") not in tasks()[entry["task"]].guessable, entry
