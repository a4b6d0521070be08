"""What is installed is what is in the tree, and nothing else."""

import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
PARTS = ("generators", "packers", "pipelines", "schemas")


def project() -> dict[str, object]:
    """pyproject.toml."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text())


def test_the_list_of_packages_is_the_tree() -> None:
    found = {
        "lcdata." + ".".join(path.parent.relative_to(ROOT).parts)
        for part in PARTS
        for path in (ROOT / part).rglob("__init__.py")
    }
    tool = project()["tool"]
    assert isinstance(tool, dict)
    assert set(tool["setuptools"]["packages"]) == {"lcdata", *found}


def test_only_the_package_lies_at_the_root() -> None:
    assert {path.name for path in ROOT.glob("*.py")} == {"__init__.py", "__main__.py"}


def test_a_wheel_holds_the_parts_and_the_vocabulary_with_its_notice(tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "--no-deps",
        "--no-build-isolation",
        "--quiet",
        "-w",
        str(tmp_path),
    ]
    tracked = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    source = tmp_path / "source"
    for name in filter(None, tracked.split("\0")):
        if (ROOT / name).is_file():
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            (source / name).write_bytes((ROOT / name).read_bytes())
    subprocess.run([*command, str(source)], check=True)
    names = set(zipfile.ZipFile(next(tmp_path.glob("*.whl"))).namelist())
    assert {"lcdata/__main__.py", "lcdata/py.typed", "lcdata/generators/kv.py"} <= names
    assert {f"lcdata/recipes/{path.name}" for path in (ROOT / "recipes").iterdir()} <= names
    assert {"lcdata/packers/tokens/tekken.json.zst", "lcdata/packers/tokens/tekken.NOTICE"} <= names
    assert not [name for name in names if "test" in name or "benchmark" in name]
    metadata = next(name for name in names if name.endswith("entry_points.txt"))
    assert "lcdata = lcdata.__main__:main" in zipfile.ZipFile(next(tmp_path.glob("*.whl"))).read(metadata).decode()


def test_imports_run_one_way() -> None:
    """Schemas <- generators, packers <- pipelines <- __main__; Ray stays in one file."""
    allowed = {"schemas": set(), "generators": {"schemas"}, "packers": {"schemas"}, "pipelines": set(PARTS)}
    for part in PARTS:
        for path in (ROOT / part).rglob("*.py"):
            text = path.read_text()
            used = {other for other in PARTS if f"from ..{other}" in text}
            assert used <= allowed[part] | {part}, path
            assert ("import ray" in text) == (path.name == "engine.py"), path
            assert "import click" not in text or path.parent.name == "commands", path
