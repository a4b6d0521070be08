"""A folder's name passes from the old one to the new one, and what killed writers left goes."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from lcdata.pipelines.run import places
from lcdata.pipelines.run.files import temporary_path, whole_file
from lcdata.pipelines.run.leftovers import held, sweep
from lcdata.pipelines.run.places import take_place
from lcdata.pipelines.run.whole_folder import whole_folder

Contents = Callable[[Path], dict[str, bytes]]


def two(folder: Path) -> tuple[Path, Path]:
    """A new folder and the old one, whose name it is to have."""
    new, old = folder / "new", folder / "old"
    for path in (new, old):
        path.mkdir()
        (path / "file").write_text(path.name)
    return new, old


def test_two_folders_change_names(tmp_path: Path, contents: Contents) -> None:
    new, old = two(tmp_path)
    take_place(new, old)
    assert contents(tmp_path) == {"old/file": b"new", "new/file": b"old"}


WATCHING = """
import sys
from pathlib import Path
from lcdata.pipelines.run.places import take_place

renames = list[str]()
sys.addaudithook(lambda event, arguments: renames.append(event) if event == "os.rename" else None)
take_place(Path("new"), Path("old"))
print(renames)
"""


def test_a_name_is_never_without_a_folder_where_two_can_be_exchanged(tmp_path: Path) -> None:
    """Python tells of each rename that it does; the exchange is done by the system alone, in one step."""
    two(tmp_path)
    done = subprocess.run([sys.executable, "-c", WATCHING], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
    assert (tmp_path / "old/file").read_text() == "new"


def test_two_folders_change_names_in_steps_where_the_system_has_none(
    tmp_path: Path, contents: Contents, monkeypatch: pytest.MonkeyPatch
) -> None:
    new, old = two(tmp_path)
    monkeypatch.setattr(places, "_RENAME_EXCHANGE", 1 << 20)
    take_place(new, old)
    assert contents(tmp_path) == {"old/file": b"new", "new/file": b"old"}


def test_a_folder_takes_a_free_name(tmp_path: Path, contents: Contents) -> None:
    new, _ = two(tmp_path)
    take_place(new, tmp_path / "free")
    assert contents(tmp_path) == {"old/file": b"old", "free/file": b"new"}


HOLDER = """
import sys
from pathlib import Path
from lcdata.pipelines.run.leftovers import held
with held(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_leftovers_of_the_dead_are_removed_and_those_of_the_living_stay(tmp_path: Path) -> None:
    dead, living, foreign = temporary_path(tmp_path / "out"), temporary_path(tmp_path / "out"), tmp_path / ".out.mine"
    for path in (dead, living, foreign):
        path.mkdir()
        (path / "file").touch()
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(living)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with whole_folder(tmp_path / "out") as place:
            sweep([place])
            (place / "new").touch()
        assert {path.name for path in tmp_path.iterdir()} == {"out", living.name, ".out.mine"}
        holder.kill()
    with whole_folder(tmp_path / "out") as place:
        (place / "newer").touch()
    assert {path.name for path in tmp_path.iterdir()} == {"out", ".out.mine"}
    assert os.listdir(tmp_path / "out") == ["newer"]


def test_a_file_s_leftovers_are_removed_too(tmp_path: Path) -> None:
    dead, link = temporary_path(tmp_path / "e.jsonl"), temporary_path(tmp_path / "e.jsonl")
    dead.touch()
    (tmp_path / "mine").touch()
    link.symlink_to(tmp_path / "mine")
    with whole_file(tmp_path / "e.jsonl") as file, whole_file(tmp_path / "e.jsonl") as other:
        file.write(b"one")
        other.write(b"other")
    assert {path.name for path in tmp_path.iterdir()} == {"e.jsonl", "mine", link.name}
    assert (tmp_path / "e.jsonl").read_bytes() == b"one"


def test_a_folder_that_is_held_is_not_swept(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    with held(tmp_path / "folder"):
        sweep([tmp_path / "folder"])
        assert (tmp_path / "folder").is_dir()
    sweep([tmp_path / "folder"])
    assert not (tmp_path / "folder").exists()
