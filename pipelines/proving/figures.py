"""What a task's samples ask of a model, in figures: without the question, of the text, of the loss."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from ...generators.registry import build_task, preset_settings, tasks
from ...generators.templates import choose_templates
from ...packers.tokens.tokenizer import load_tokenizer
from ...schemas.sample import Sample
from ...schemas.stream import stream
from ...schemas.tokens import TokenizerChoice
from .shortcuts import Shortcut, best_shortcut
from .strings_of_kind import kind_of, strings_of_kind

_STEPS = 200
"""Prefixes of a text that are tried."""


NUM_SAMPLES = 1200
"""Samples that figures are measured on; four times as many halve the smallest shortcut that is seen."""
NUM_CHARS = 12_000
"""Characters of each, about 3k tokens."""
_NUM_HASHED = 3
_FILE = Path(__file__).parent / "figures.json"


@dataclass(frozen=True)
class Figures:
    """Figures of some samples of a task."""

    guessed: float | None
    """Share of answers that the best guess without the question names, None where no answer has a place in the text."""
    by_chance: float | None
    """The same of a guess that draws."""
    text_needed: float
    """Mean share of the text, from its beginning, after which the answer is certain; see `needed_share`."""
    loss_tokens: float
    """Mean tokens of the answer and of EOS, as a plain document trains them under the embedded tokenizer."""
    drawn: str
    """`hash_of` the samples: with others, the figures have to be measured again."""

    @classmethod
    def of(cls, samples: Sequence[Sample], shortcut: Shortcut | None) -> "Figures":
        """The figures of these samples, whose best shortcut is known."""
        tokenizer = load_tokenizer(TokenizerChoice())
        return cls(
            None if shortcut is None else round(shortcut.rate, 4),
            None if shortcut is None else round(shortcut.chance, 4),
            round(float(np.mean([needed_share(sample) for sample in samples])), 4),
            round(float(np.mean([len(tokenizer.encode(sample.answer)) + 1 for sample in samples])), 2),
            hash_of(samples),
        )


def hash_of(samples: Sequence[Sample]) -> str:
    """By the first few samples whether they are those that figures were measured on."""
    return hashlib.sha256("\0".join(sample.text for sample in samples[:_NUM_HASHED]).encode()).hexdigest()[:16]


def is_current(name: str, preset: str) -> bool:
    """Whether the figures that were written down are of the samples that the preset draws now."""
    found = measured(name, preset)
    samples = drawn_samples(name, _settings(name, preset), _NUM_HASHED, NUM_CHARS)
    return found is not None and found.drawn == hash_of(samples)


def measured(name: str, preset: str) -> Figures | None:
    """The figures of a task's preset, or of its `defaults`, as they were written down; None where they were not yet."""
    found = json.loads(_FILE.read_text()).get(name, {}).get(preset)
    return None if found is None else Figures(**found)


def write_figures() -> None:
    """Measure every preset of every task again, which takes a few minutes, and write the figures down."""
    found: dict[str, dict[str, object]] = {}
    for name, kind in tasks().items():
        found[name] = {preset: asdict(measure(name, preset)) for preset in ("defaults", *kind.presets)}
    _FILE.write_text(json.dumps(found, indent=1) + "\n")


def measure(name: str, preset: str) -> Figures:
    """The figures of a task's preset, or of its `defaults`."""
    samples = drawn_samples(name, _settings(name, preset), NUM_SAMPLES, NUM_CHARS)
    return Figures.of(samples, best_shortcut(samples))


def _settings(name: str, preset: str) -> Mapping[str, object]:
    return {} if preset == "defaults" else preset_settings(name, preset)


def drawn_samples(name: str, settings: Mapping[str, object], num_samples: int, num_chars: int) -> list[Sample]:
    """The first samples of a task, of about so many characters, as many units each, without any tokenizer."""
    task = build_task(name, settings)
    templates = choose_templates(task)
    probe = task.draft(stream(name, 0, 0, "figures/probe"), templates[0], 64)
    per_unit = (int(probe.chars[64]) - int(probe.chars[32])) / 32
    num_units = max(1, round((num_chars - int(probe.chars[0])) / per_unit))
    samples: list[Sample] = []
    for index in range(num_samples):
        rng = stream(name, 0, index, "figures")
        template = templates[int(rng.integers(len(templates)))]
        samples.append(task.draft(rng, template, num_units).render(num_units))
    return samples


def needed_share(sample: Sample) -> float:
    """The share of the context, from its beginning, after which the answer is certain to who has the question.

    With evidence it is what stands before its end. Without, the answer is what occurs most often, and it is the
    shortest prefix from which on every one has the answers on top. 1 where nothing tells, as in samples whose key
    is absent.
    """
    start, end = sample.context_span
    if sample.evidence_spans:
        return (max(last for _, last in sample.evidence_spans) - start) / (end - start)
    places = strings_of_kind(kind_of(sample.answers[0]), sample.context)
    if not set(sample.answers) <= set(places):
        return 1.0
    steps = np.linspace(0, end - start, _STEPS + 1)
    counts = np.array([np.searchsorted(found, steps) for found in places.values()])
    is_answer = np.array([string in set(sample.answers) for string in places], np.bool_)
    others = counts[~is_answer].max(axis=0, initial=0)
    on_top = counts[is_answer].min(axis=0) > others
    return float(steps[len(on_top) - int(np.argmin(on_top[::-1]))] / steps[-1]) if on_top[-1] else 1.0
