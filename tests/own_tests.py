"""A task's own test file as a module, for tests over all tasks."""

import importlib.util
from functools import cache
from pathlib import Path
from types import ModuleType


@cache
def own_tests(name: str) -> ModuleType:
    """The file, which holds the task's `solve` and `CASES`; loaded once for all who ask."""
    path = Path(__file__).parent / "generators" / f"test_{name}.py"
    spec = importlib.util.spec_from_file_location(f"own_{name}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
