"""What is called finished is whole, and is there once however many processes make it."""

import json
import logging
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import Run

from lcdata.pipelines.build import build_dataset
from lcdata.pipelines.commands.interrupts import Terminated
from lcdata.pipelines.corpora.ingest import ingest
from lcdata.pipelines.run.local_workspace import LocalWorkspace
from lcdata.pipelines.run.where import Where
from lcdata.schemas.corpus import IngestRecipe
from lcdata.schemas.errors import LcdataError, ResumableError, UsageError
from lcdata.schemas.events.building import Built, ShardFinished
from lcdata.schemas.events.event import Event, Tell, nobody
from lcdata.schemas.events.ingesting import Ingested, UnitStored
from lcdata.schemas.recipe import Recipe

Contents = Callable[[Path], dict[str, bytes]]


@pytest.fixture
def recipe(small: str) -> Recipe:
    """Of three shards."""
    kv = {"task": "kv", "length": "512", "n": 12}
    return Recipe.model_validate(
        {"name": "kv", "seq_length": "512", "shard_rows": 4, "tokenizer": {"source": small}, "mix": [kv]}
    )


def build(recipe: Recipe, out: Path, tell: Tell = nobody, overwrite: bool = False) -> Built:
    """Build in this process."""
    return build_dataset(recipe, out, tell, Where(0), overwrite=overwrite)


def test_a_dataset_that_is_not_whole_is_not_called_finished(recipe: Recipe, tmp_path: Path, contents: Contents) -> None:
    out = tmp_path / "out"
    build(recipe, out)
    whole = contents(out)
    assert not build(recipe, out).built
    for name in ("data/kv/train-00001-of-00003.parquet", "docs/kv/train-00000-of-00003.parquet", "README.md"):
        for kept in (None, whole[name][:-1]):
            (out / name).unlink()
            if kept is not None:
                (out / name).write_bytes(kept)
            with pytest.raises(UsageError, match=f"is finished and its file {name} is missing or damaged.*--overwrite"):
                build(recipe, out)
            assert build(recipe, out, overwrite=True).built
            assert contents(out) == whole


def test_overwriting_makes_a_damaged_file_again_that_has_its_size(
    recipe: Recipe, tmp_path: Path, contents: Contents
) -> None:
    build(recipe, tmp_path / "out")
    whole = contents(tmp_path / "out")
    file = tmp_path / "out/data/kv/train-00001-of-00003.parquet"
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)
    assert build(recipe, tmp_path / "out", overwrite=True).built
    assert contents(tmp_path / "out") == whole
    assert not build(recipe, tmp_path / "out", overwrite=True).built


@pytest.mark.parametrize("kind", ["data", "docs"])
def test_a_shard_that_vanishes_under_a_build_is_made_again(
    recipe: Recipe, tmp_path: Path, contents: Contents, kind: str
) -> None:
    def remove(event: Event) -> None:
        if isinstance(event, ShardFinished) and event.shard == 1:
            (tmp_path / f".out.lcdata/dataset/{kind}/kv/train-00000-of-00003.parquet").unlink()

    with pytest.raises(ResumableError, match=r"was removed or cut meanwhile: run the same command again"):
        build(recipe, tmp_path / "out", remove)
    assert not (tmp_path / "out").exists()
    build(recipe, tmp_path / "out")
    build(recipe, tmp_path / "whole")
    assert contents(tmp_path / "out") == contents(tmp_path / "whole")


def test_tokens_that_vanish_under_an_ingest_are_made_again(tmp_path: Path, small: str, contents: Contents) -> None:
    lines = [json.dumps({"text": f"document {number} " * 9}) for number in range(50)]
    (tmp_path / "a.jsonl").write_text("\n".join(lines))
    corpus = IngestRecipe.model_validate(
        {"name": "c", "inputs": [str(tmp_path / "a.jsonl")], "tokenizer": {"source": small}}
    )

    def remove(event: Event) -> None:
        if isinstance(event, UnitStored):
            next((tmp_path / "store").glob(".c.lcdata/dataset/tokens/*/*.parquet")).unlink()

    with pytest.raises(ResumableError, match="was removed or cut meanwhile"):
        ingest(corpus, tmp_path / "store", remove, where=Where(0))
    assert not (tmp_path / "store/c").exists()
    ingest(corpus, tmp_path / "store", where=Where(0))
    ingest(corpus, tmp_path / "whole", where=Where(0))
    assert contents(tmp_path / "store/c") == contents(tmp_path / "whole/c")


class _Meanwhile(logging.Handler):
    """Does something once when a step is over, such as a build's plan, between looks at what is finished."""

    def __init__(self, act: Callable[[], object], after: str) -> None:
        super().__init__(logging.INFO)
        self._act, self._after = [act], after

    def emit(self, record: logging.LogRecord) -> None:
        if record.getMessage().startswith(self._after) and self._act:
            self._act.pop()()


Meanwhile = Callable[..., None]


@pytest.fixture
def meanwhile(caplog: pytest.LogCaptureFixture) -> Iterator[Meanwhile]:
    """Has something done while the next build plans, or after another step."""
    logger, before = logging.getLogger("lcdata"), [*logging.getLogger("lcdata").handlers]
    with caplog.at_level(logging.INFO, "lcdata"):
        yield lambda act, after="planned": logger.addHandler(_Meanwhile(act, after))
        for handler in {*logger.handlers} - {*before}:
            logger.removeHandler(handler)


def test_who_comes_second_finds_it_finished(recipe: Recipe, tmp_path: Path, meanwhile: Meanwhile) -> None:
    first = list[Built]()
    meanwhile(lambda: first.append(build(recipe, tmp_path / "out")))
    second = build(recipe, tmp_path / "out")
    assert (first[0].built, second.built) == (True, False)
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_who_comes_second_finds_the_corpus_stored(tmp_path: Path, small: str, meanwhile: Meanwhile) -> None:
    (tmp_path / "a.txt").write_text("some words of one's own " * 9)
    corpus = IngestRecipe.model_validate(
        {"name": "c", "inputs": [str(tmp_path / "a.txt")], "tokenizer": {"source": small}}
    )
    first = list[Ingested]()
    meanwhile(lambda: first.append(ingest(corpus, tmp_path / "store", where=Where(0))), "tokenizer loaded")
    second = ingest(corpus, tmp_path / "store", where=Where(0))
    assert (first[0].ingested, second.ingested) == (True, False)
    assert [path.name for path in (tmp_path / "store").iterdir()] == ["c"]


def test_a_work_folder_that_another_removes_before_it_is_locked_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = LocalWorkspace(tmp_path / "out")
    acquire, waiting = workspace._lock.acquire, [workspace.root.rmdir]

    def acquire_later(**options: Any) -> object:
        if waiting:
            waiting.pop()()
        return acquire(**options)

    monkeypatch.setattr(workspace._lock, "acquire", acquire_later)
    with workspace.locked():
        assert (workspace.root / "lock").is_file()


@pytest.mark.parametrize("interrupt", [KeyboardInterrupt, Terminated])
def test_an_interrupt_that_comes_when_all_is_published_is_let_go(
    tmp_path: Path, interrupt: type[BaseException]
) -> None:
    workspace = LocalWorkspace(tmp_path / "out")
    with pytest.raises(interrupt), workspace.guarded():
        raise interrupt
    with workspace.guarded(), workspace.locked():
        workspace.claim({})
        workspace.publish("lcdata.json", b"{}", [])
        raise interrupt
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_what_came_meanwhile_is_not_replaced(recipe: Recipe, tmp_path: Path, meanwhile: Meanwhile) -> None:
    def mine() -> None:
        (tmp_path / "out").mkdir()
        (tmp_path / "out/mine").write_text("mine")

    meanwhile(mine)
    with pytest.raises(LcdataError, match="is not empty"):
        build(recipe, tmp_path / "out", overwrite=True)
    assert (tmp_path / "out/mine").read_text() == "mine"
    shutil.rmtree(tmp_path / "out")

    def when_made(event: Event) -> None:
        if isinstance(event, ShardFinished) and event.shard == 2:
            mine()

    for overwrite in (False, True):
        with pytest.raises(LcdataError, match="something is in the way"):
            build(recipe, tmp_path / "out", when_made, overwrite)
        assert (tmp_path / "out/mine").read_text() == "mine"
        shutil.rmtree(tmp_path / "out")
        shutil.rmtree(tmp_path / ".out.lcdata")


def test_builds_that_race_for_a_folder_all_know_how_it_ends(tmp_path: Path, small: str) -> None:
    line = ("gen", "--task", "kv", "--length", "256", "--n", "8", "--tokenizer", small, "--out", "out")
    racing = [
        subprocess.Popen([sys.executable, "-m", "lcdata", *line], cwd=tmp_path, stderr=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    ends = [(process.communicate()[1].strip().splitlines()[-1], process.returncode) for process in racing]
    assert any(code == 0 for _, code in ends)
    assert all(code == 0 or (code == 2 and "is being built by" in said) for said, code in ends), ends
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_a_damaged_plan_and_things_in_the_way_are_one_line(lcdata: Run, tmp_path: Path, small: str) -> None:
    line = ("gen", "--task", "kv", "--length", "256", "--n", "8", "--tokenizer", small)
    work = tmp_path / ".out.lcdata"
    for damage in (b'{"format"', b"[]", b"\xff"):
        work.mkdir()
        (work / "plan.json").write_bytes(damage)
        refused = lcdata(*line, "--out", "out")
        assert refused.returncode in (1, 2)
        assert "start over with --overwrite" in refused.stderr.splitlines()[-1]
        assert lcdata(*line, "--out", "out", "--overwrite").returncode == 0
        shutil.rmtree(tmp_path / "out")
    (work / "plan.json").mkdir(parents=True)
    assert "plan.json: something is in the way" in lcdata(*line, "--out", "out").stderr
    shutil.rmtree(work)
    work.write_text("")
    (tmp_path / "file").write_text("")
    for out, said in (("out", "something is in the way"), ("file/out", "in the way"), ("x" * 300, "too long")):
        refused = lcdata(*line, "--out", out)
        assert refused.returncode in (1, 2), out
        assert said in refused.stderr.splitlines()[-1]
        assert "defect" not in refused.stderr
