"""What is installed is what is in the tree, and nothing else."""

import subprocess
import sys
import tomllib
import zipfile
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from tree import PARTS, ROOT, copy_of_the_package, run_on


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


def test_a_plain_install_reads_urls_of_http() -> None:
    about = project()["project"]
    assert isinstance(about, dict)
    (fsspec,) = [one for one in map(Requirement, about["dependencies"]) if one.name == "fsspec"]
    needed = [Requirement(text) for text in metadata.requires("fsspec") or ()]
    with_http = [one.name for one in needed if one.marker and one.marker.evaluate({"extra": "http"})]
    assert "http" in fsspec.extras
    assert with_http
    assert all(metadata.version(name) for name in with_http)


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
    entry_points = next(name for name in names if name.endswith("entry_points.txt"))
    assert "lcdata = lcdata.__main__:main" in zipfile.ZipFile(next(tmp_path.glob("*.whl"))).read(entry_points).decode()


def test_what_is_imported_is_declared_and_what_is_declared_is_imported(tmp_path: Path) -> None:
    run = run_on(copy_of_the_package(tmp_path), "deptry", ".", "--no-ansi")
    assert run.returncode == 0, run.stdout + run.stderr


@pytest.mark.parametrize(
    ("module", "problem"),
    [
        ("scrapy", "DEP001 'scrapy' imported but missing"),
        ("pandas", "DEP003 'pandas' imported but it is a transitive dependency"),
        ("duckdb", "DEP004 'duckdb' imported but declared as a dev dependency"),
    ],
)
def test_an_import_that_is_not_declared_is_named(tmp_path: Path, module: str, problem: str) -> None:
    package = copy_of_the_package(tmp_path)
    with (package / "packers/rows/concat.py").open("a") as source:
        source.write(f"\ndef late():\n    import {module}\n")
    run = run_on(package, "deptry", ".", "--no-ansi")
    assert run.returncode == 1
    assert problem in run.stderr, run.stdout + run.stderr


def test_a_dependency_that_nothing_imports_is_named(tmp_path: Path) -> None:
    package = copy_of_the_package(tmp_path)
    content = (package / "pyproject.toml").read_text()
    (package / "pyproject.toml").write_text(
        content.replace("\ndependencies = [\n", '\ndependencies = [\n  "grpcio",\n')
    )
    run = run_on(package, "deptry", ".", "--no-ansi")
    assert run.returncode == 1
    assert "DEP002 'grpcio' defined as a dependency but not used" in run.stderr, run.stdout + run.stderr
