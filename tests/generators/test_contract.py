"""What DESIGN promises of every task, held for each task of the folder, its cases and every tokenizer."""

import pickle
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import numpy as np
import pytest
from chance import chisquare, kstest
from own_tests import own_tests

from lcdata.generators.registry import tasks
from lcdata.packers.tokens.tokenizer import Tokenizer, load_tokenizer
from lcdata.pipelines.making.samples import Made, SampleMaker
from lcdata.pipelines.proving.figures import NUM_SAMPLES, Figures, drawn_samples, is_current, measured
from lcdata.pipelines.proving.shortcuts import Shortcut, best_shortcut
from lcdata.schemas.mix import TaskComponent
from lcdata.schemas.sample import Sample
from lcdata.schemas.tokens import TokenizerChoice


def cases() -> list[Any]:
    """Every task with every of its cases."""
    return [
        pytest.param(name, settings, id=f"{name}-{settings}") for name in tasks() for settings in own_tests(name).CASES
    ]


def presets() -> list[Any]:
    """Every task with every of its presets, and without any."""
    return [
        pytest.param(name, preset, id=f"{name}-{preset}")
        for name, kind in tasks().items()
        for preset in ("defaults", *kind.presets)
    ]


@cache
def tokenizer_of(source: str) -> Tokenizer:
    """Loaded once; tests change nothing in it."""
    return load_tokenizer(TokenizerChoice(source=source))


def source_of(name: str, settings: dict[str, Any], length: int) -> TaskComponent:
    """The task as a recipe names it."""
    return TaskComponent.model_validate({"task": name, "settings": settings, "length": str(length), "n": 1})


def maker_of(name: str, settings: dict[str, Any], source: str, length: int, seed: int = 3) -> SampleMaker:
    """A maker as a build has it."""
    return SampleMaker(source_of(name, settings, length), seed, tokenizer_of(source))


def same(one: Made, other: Made) -> bool:
    """Whether two makings of a sample agree in all they hold."""
    return one.sample == other.sample and one.document.sha256 == other.document.sha256


@pytest.mark.parametrize(("name", "settings"), cases())
def test_documents_are_exact(name: str, settings: dict[str, Any], tokenizer_source: str) -> None:
    """Length, ids, spans and labels of every document, under every tokenizer."""
    length = 3000
    maker = maker_of(name, settings, tokenizer_source, length)
    tokenizer, identity = maker.tokenizer, maker.tokenizer.identity
    head = [] if identity.bos_id is None else [identity.bos_id]
    encodings = 0
    for index in range(24):
        made = maker.make(index, length)
        document, sample = made.document, made.sample
        ids = document.ids.tolist()
        encodings += made.encodings

        rate = maker.rates[document.template]
        # What is left is no more than the next unit; the longest are mdqa's, where a document begins with its title.
        room = maker.layout.room(sample)
        assert length - max(2.5 * (rate.tokens_per_unit + rate.unit_noise), 24) <= len(ids) + room <= length
        expected = tokenizer.reference.encode(sample.text, add_special_tokens=False).ids
        assert ids == [*head, *expected, identity.eos_id]
        prompt_ids = tokenizer.reference.encode(sample.prompt, add_special_tokens=False).ids
        assert ids[: document.prompt_length] == [*head, *prompt_ids], "the prompt's tokens are those of inference"
        assert own_tests(name).solve(sample.prompt) == sample.answers

        spans = [*document.answer_spans, *document.evidence_spans]
        chars = [*sample.answer_spans, *sample.evidence_spans]
        assert len(spans) == len(chars) >= 1
        for (start, end), (first, last) in zip(spans, chars, strict=True):
            wanted = sample.text[first:last]
            assert wanted in decoded(tokenizer, ids[start:end])
            assert wanted not in decoded(tokenizer, ids[start + 1 : end])
            assert wanted not in decoded(tokenizer, ids[start : end - 1])
        texts = [sample.text[first:last] for first, last in sample.answer_spans]
        assert tuple(texts) == sample.answers
        assert all(start >= document.prompt_length for start, _ in document.answer_spans)
        assert all(end <= document.prompt_length for _, end in document.evidence_spans)
        assert len(document.depth) == len(document.evidence_spans)
        start, end = sample.context_span
        assert 0 <= start < end <= len(sample.prompt)
        assert all(start <= first < last <= end for first, last in sample.evidence_spans)
    assert encodings <= 2.2 * 24


def decoded(tokenizer: Tokenizer, ids: list[int]) -> str:
    """The text of some tokens, a first space kept that SentencePiece decoders drop."""
    anchor = tokenizer.encode("x").tolist()
    return tokenizer.reference.decode(anchor + ids).removeprefix("x")


@pytest.mark.parametrize("length", [4096, 32768, 131072])
def test_fill_is_what_design_promises(length: int) -> None:
    for name in tasks():
        maker = maker_of(name, {}, "embedded", length)
        lengths = [len(maker.make(index, length).document.ids) for index in range(12)]
        assert max(lengths) <= length
        unit = max(rate.tokens_per_unit for rate in maker.rates.values())
        assert np.mean(lengths) >= length - max(unit, length * (0.001 if length >= 32768 else 0.01))


@pytest.mark.parametrize(("name", "settings"), cases())
def test_a_sample_depends_on_its_index_alone(name: str, settings: dict[str, Any], small: str) -> None:
    forward = maker_of(name, settings, small, 1500)
    again = SampleMaker(
        source_of(name, settings, 1500), 3, forward.tokenizer, pickle.loads(pickle.dumps(forward.rates))
    )
    again.task = pickle.loads(pickle.dumps(forward.task))
    made = {index: forward.make(index, 1500) for index in range(8)}
    assert all(same(again.make(index, 1500), made[index]) for index in reversed(range(8)))
    assert len({one.document.sha256 for one in made.values()}) == 8


@pytest.mark.parametrize(("name", "settings"), cases())
def test_seeds_share_nothing(name: str, settings: dict[str, Any], small: str) -> None:
    lines: list[set[str]] = []
    for seed in (1, 2):
        maker = maker_of(name, settings, small, 1500, seed)
        bodies = [maker.make(index, 1500).sample.prompt for index in range(6)]
        lines.append({body[at : at + 60] for body in bodies for at in range(200, len(body) - 500, 60)})
    assert len(lines[0]) > 50
    assert not lines[0] & lines[1]


@pytest.mark.parametrize(("name", "settings"), cases())
def test_nothing_predicts_the_answer(name: str, settings: dict[str, Any], small: str) -> None:
    """Over 500 samples depth is uniform, templates are even, answers do not repeat and no two orders are alike."""
    rate = next(iter(maker_of(name, settings, small, 1200).rates.values()))
    length = round(rate.least + 60 * rate.tokens_per_unit)
    maker = maker_of(name, settings, small, length)
    made = [maker.make(index, length) for index in range(500)]
    depths = [depth[index % len(depth)] for index, one in enumerate(made) if (depth := one.document.depth)]
    if depths:
        assert len(depths) > 100
        assert kstest(depths, "uniform").pvalue > 1e-4
    templates = np.unique([one.document.template for one in made], return_counts=True)[1]
    assert len(templates) >= 8
    assert chisquare(templates).pvalue > 1e-4
    answers = [one.sample.answers for one in made if one.document.depth]
    assert len(set(answers)) >= 0.9 * len(answers)
    orders: dict[str, Counter[tuple[int, ...]]] = defaultdict(Counter)
    for one in (one for one in made if not one.document.facts.get("absent")):
        orders[one.document.template][order_of_words(one.sample.prompt)] += 1
    assert all(max(counts.values()) <= 0.2 * counts.total() for counts in orders.values()), "a constant permutation"


MOST_CHANCE = 0.1
"""What a guess may name by chance where retrieval is claimed: one in ten strings of the answer's kind, or fewer."""


FEW = 100


def few_of(name: str, settings: Mapping[str, object]) -> list[Sample]:
    """A few samples with these settings, of about 1,300 tokens each."""
    return drawn_samples(name, settings, FEW, 5_000)


def shortcut_of(name: str, settings: Mapping[str, object]) -> Shortcut | None:
    """The best guess without the question at a few samples with these settings."""
    return best_shortcut(few_of(name, settings))


def most_by_chance(chance: float, num_samples: int) -> float:
    """The rate that guesses at chance stay below in all but one of a million tries.

    Shares of several answers vary less than that, since they are of a like chance each.
    """
    from scipy import stats

    return float(stats.binom.isf(1e-6, num_samples, chance) + 1) / num_samples


@pytest.mark.parametrize(("name", "settings"), cases())
def test_no_guess_without_the_question_is_better_than_chance(name: str, settings: dict[str, Any], small: str) -> None:
    """Nothing in the text tells which of the strings that could be answers are: not their number, place or look.

    Where these are few, as where there is a single needle, retrieval is not claimed.
    """
    shortcut = shortcut_of(name, settings)
    if shortcut is not None and shortcut.chance <= MOST_CHANCE:
        assert shortcut.rate <= most_by_chance(shortcut.chance, shortcut.num_samples), shortcut


@pytest.mark.parametrize(("name", "preset"), presets())
def test_presets_need_their_question_unless_they_say_otherwise(name: str, preset: str) -> None:
    """A preset is at chance, and chance is small, or it is named as one that a benchmark has otherwise.

    Its figures are those of the documentation, measured on its samples as they are now; of a new task on a few.
    """
    found, num_samples = measured(name, preset), NUM_SAMPLES
    assert found is None or is_current(name, preset), "run `make figures gallery`"
    kind = tasks()[name]
    if found is None:
        samples, num_samples = few_of(name, {} if preset == "defaults" else kind.presets[preset]), FEW
        found = Figures.of(samples, best_shortcut(samples))
    if found.guessed is None or found.by_chance is None:
        assert preset not in kind.guessable
    elif preset in kind.guessable:
        most = min(most_by_chance(found.by_chance, num_samples), MOST_CHANCE)
        assert found.guessed > most, "it could drop its name"
    else:
        assert found.guessed <= most_by_chance(found.by_chance, num_samples), found
        assert found.by_chance <= MOST_CHANCE, found


def order_of_words(text: str) -> tuple[int, ...]:
    """Each word by the place where it first stands: what is left of a text when its words are drawn anew."""
    first: dict[str, int] = {}
    return tuple(first.setdefault(word, len(first)) for word in re.findall(r"\w+", text))


def test_every_task_explains_its_settings() -> None:
    from lcdata.generators.registry import settings_schema

    for name in tasks():
        properties = settings_schema(name)["properties"]
        assert properties
        assert all(entry.get("description") for entry in properties.values())
        assert len(tasks()[name].templates) >= 8


class Spoilt:
    """A generator of random numbers of which something is not random."""

    def __init__(self, rng: np.random.Generator) -> None:
        """Spoil `rng`."""
        self._rng = rng

    def __getattr__(self, name: str) -> Any:
        return getattr(self._rng, name)


class ConstantOrder(Spoilt):
    """Shuffles with a seed of its own, as RULER does its lists of words."""

    def permutation(self, count: int) -> Any:
        """The same for every sample."""
        return np.random.default_rng(42).permutation(count)


class Repeating(Spoilt):
    """Draws names that may come twice, as RULER's distractors may."""

    def choice(self, pool: int, count: int, replace: bool) -> Any:
        """With replacement, whatever was asked for."""
        return self._rng.choice(pool, count, replace=True)


class FromTheStart(Spoilt):
    """Starts at the beginning, as RULER's essays do."""

    def integers(self, *arguments: Any, **options: Any) -> Any:
        """Zero for a single number below a bound."""
        drawn = self._rng.integers(*arguments, **options)
        return 0 if len(arguments) == 1 else drawn


class Sorted(Spoilt):
    """Draws many numbers in order, so that the first needle, which is asked for, comes first."""

    def random(self, *shape: Any) -> Any:
        """In order along the first axis where there are several."""
        drawn = self._rng.random(*shape)
        return np.sort(drawn, axis=0) if shape else drawn


ESSAY = {"haystack": "essay", "corpus": own_tests("niah").CORPUS}


@pytest.mark.parametrize(
    ("spoilt", "name", "settings", "contract"),
    [
        (ConstantOrder, "cwe", {"num_common": 5, "freq_common": 6, "freq_other": 1}, test_nothing_predicts_the_answer),
        (Repeating, "kv", {"key_digits": 3}, test_documents_are_exact),
        (FromTheStart, "niah", ESSAY, test_seeds_share_nothing),
        (Sorted, "niah", {"num_keys": 16}, test_no_guess_without_the_question_is_better_than_chance),
    ],
)
def test_the_contract_fails_where_a_task_is_spoilt(
    spoilt: type[Spoilt],
    name: str,
    settings: dict[str, Any],
    contract: Callable[[str, dict[str, Any], str], None],
    small: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What is wrong with the originals is noticed when it is put into our tasks on purpose."""
    contract(name, settings, small)
    kind = tasks()[name]
    draft = kind.draft
    monkeypatch.setattr(kind, "draft", lambda task, rng, *rest: draft(task, spoilt(rng), *rest))
    with pytest.raises(AssertionError):
        contract(name, settings, small)


def test_the_contract_fails_where_only_the_asked_key_has_something_in_common(monkeypatch: pytest.MonkeyPatch) -> None:
    """As subkeys were drawn once: others shared them with the asked key, and none with each other."""
    from lcdata.generators import kv

    def draw(rng: np.random.Generator, pool: range, num_pairs: int, task: kv.KV) -> Any:
        subkeys, sharing = task.subkeys, task.sharing
        asked = rng.choice(np.array(pool), subkeys, replace=False)
        shared = np.argsort(rng.random((num_pairs, subkeys)), axis=1) < rng.integers(1, subkeys, (num_pairs, 1))
        shared &= rng.random((num_pairs, 1)) < sharing
        return asked, np.where(shared, asked, rng.choice(np.array(pool), (num_pairs, subkeys), replace=False))

    settings = {"subkeys": 2, "key_digits": 5}
    test_no_guess_without_the_question_is_better_than_chance("kv", settings, "")
    monkeypatch.setattr(kv, "_draw_keys", draw)
    shortcut = shortcut_of("kv", settings)
    assert shortcut is not None
    assert shortcut.rate > 0.5 > 3 * most_by_chance(shortcut.chance, FEW)
    assert shortcut.rule in ("most rarest of 2 words before", "all together")


@pytest.mark.parametrize("preset", ["single_2", "multivalue", "pressure_test"])
def test_a_needle_that_looks_like_no_other_sentence_is_told_without_the_question(preset: str) -> None:
    shortcut = shortcut_of("niah", tasks()["niah"].presets[preset])
    assert shortcut is not None
    assert shortcut.rate > 0.5
