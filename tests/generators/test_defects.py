"""The contract notices what is wrong with the originals, when it is put into our tasks on purpose."""

import importlib.util
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from lcdata.generators.registry import task_class


def file_of(name: str) -> ModuleType:
    """Another test file of this folder."""
    spec = importlib.util.spec_from_file_location(f"of_{name}", Path(__file__).with_name(f"test_{name}.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


CONTRACT = file_of("contract")


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


ESSAY = {"haystack": "essay", "corpus": file_of("niah").CORPUS}


@pytest.mark.parametrize(
    ("spoilt", "name", "settings", "check"),
    [
        (ConstantOrder, "cwe", {"num_common": 5, "freq_common": 6, "freq_other": 1}, "nothing_predicts_the_answer"),
        (Repeating, "kv", {"key_digits": 3}, "documents_are_exact"),
        (FromTheStart, "niah", ESSAY, "seeds_share_nothing"),
    ],
)
def test_the_contract_fails_where_a_task_is_spoilt(
    spoilt: type[Spoilt],
    name: str,
    settings: dict[str, Any],
    check: str,
    small: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    contract = getattr(CONTRACT, f"test_{check}")
    contract(name, settings, small)
    kind = task_class(name)
    draft = kind.draft
    monkeypatch.setattr(kind, "draft", lambda task, rng, *rest: draft(task, spoilt(rng), *rest))
    with pytest.raises(AssertionError):
        contract(name, settings, small)
