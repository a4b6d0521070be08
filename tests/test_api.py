"""What `import lcdata` offers: listed, typed, explained, and loaded only when it is asked for."""

import ast
import inspect
import subprocess
import sys
from pathlib import Path

import pytest

import lcdata
from lcdata.generators.registry import settings_schema

SOURCE = Path(lcdata.__file__ or "").read_text()
WITHOUT_PYTORCH = "import sys; sys.modules['torch'] = None\n"


def run(code: str) -> str:
    """What a new Python prints."""
    return subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.strip()


def test_importing_lcdata_loads_the_standard_library_alone() -> None:
    code = """
import sys
before = set(sys.modules)
import lcdata
lcdata.__version__, dir(lcdata)
print(sorted({name for name in set(sys.modules) - before if name.split(".")[0] not in sys.stdlib_module_names}))
"""
    assert run(code) == "['lcdata']"


def test_samples_scores_and_tasks_need_neither_pytorch_nor_ray() -> None:
    code = """
import sys
import lcdata
lcdata.samples("kv")
lcdata.score({"outputs": ["42"]}, "42")
lcdata.tasks()
print(sorted({"torch", "ray", "datasets", "transformers", "click", "rich"} & set(sys.modules)))
"""
    assert run(code) == "[]"


def test_the_names_listed_are_those_that_type_checkers_see() -> None:
    (block,) = [node for node in ast.parse(SOURCE).body if isinstance(node, ast.If)]
    typed = {alias.asname: f"{node.module}.{alias.name}" for node in block.body for alias in node.names}
    listed = {**lcdata._PUBLIC, **lcdata._OF_PYTORCH}
    assert typed == {name: f"{place}.{name}" for name, place in listed.items()}
    assert {"samples", "score", "tasks", "PackedDataset"} <= set(listed)


@pytest.mark.parametrize("name", sorted(lcdata._PUBLIC))
def test_every_public_name_is_there_and_explained(name: str) -> None:
    found = getattr(lcdata, name)
    assert found.__name__ == name
    assert inspect.getdoc(found)


def test_a_name_that_is_not_there_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="module 'lcdata' has no attribute 'sample'"):
        _ = lcdata.sample


@pytest.mark.parametrize("before", ["", WITHOUT_PYTORCH], ids=["as it is", "without PyTorch"])
def test_dir_help_and_star_show_the_public_names(before: str) -> None:
    code = """
import pydoc
import lcdata
from importlib.util import find_spec
listed = {*lcdata._PUBLIC, *(lcdata._OF_PYTORCH if find_spec("torch") else ())}
names = {}
exec("from lcdata import *", names)
assert set(names) - {"__builtins__"} == listed == set(lcdata.__all__), names
assert listed <= set(dir(lcdata)) and {"PackedDataset"} & set(dir(lcdata)) == {"PackedDataset"} & listed
told = pydoc.plain(pydoc.render_doc(lcdata))
assert all(f"\\n    {name}(" in told or f"\\n    class {name}(" in told for name in listed), told
print(len(listed))
"""
    assert int(run(before + code)) >= len(lcdata._PUBLIC)


@pytest.mark.parametrize("name", sorted(lcdata._OF_PYTORCH))
def test_without_pytorch_the_cure_is_named(name: str) -> None:
    code = f"""
try:
    from lcdata import {name}
except ImportError as error:
    print(error)
"""
    assert run(WITHOUT_PYTORCH + code) == f"lcdata.{name} needs PyTorch: pip install 'lcdata[train]'"


def test_tasks_describe_what_samples_takes() -> None:
    for name, task in lcdata.tasks().items():
        assert task.name == name
        assert [setting.name for setting in task.settings] == list(settings_schema(name)["properties"])
        assert "no end" in repr(lcdata.samples(name, template=task.wordings))
        for preset, settings in task.presets.items():
            assert repr(lcdata.samples(name, preset=preset)) == repr(lcdata.samples(name, **settings))
