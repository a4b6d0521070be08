"""Datasets that are built in an object store: the same bytes, published by their manifest alone."""

import json
import os
import pickle
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import fsspec
import numpy as np
import pytest
from conftest import Run
from object_store import ObjectStore, Request, contents_of, folders_beside
from upath import UPath

from lcdata import build, open_dataset
from lcdata.packers.dataset import Dataset
from lcdata.schemas.errors import LcdataError, ResumableError, UsageError

Contents = Callable[[Path], dict[str, bytes]]
OUT = "s3://bucket/sets/kv"
GEN = ("gen", "--task", "kv", "--length", "1k", "--n", "40", "--shard-rows", "10", "--workers", "0")
MANIFEST = "bucket/sets/kv/lcdata.json"


def make(out: object, small: str, overwrite: bool = False, seed: int = 0, **changes: object) -> Dataset:
    """Build the dataset that the command GEN makes, or another one, in this process."""
    recipe: dict[str, object] = {"name": "kv-1k", "seq_length": 1024, "seed": seed, "tokenizer": {"source": small}}
    task = {"task": "kv", "length": "1k", "n": 40, **changes}
    return build({**recipe, "shard_rows": 10, "mix": [task]}, str(out), workers=0, overwrite=overwrite)


def test_a_dataset_in_a_store_has_the_bytes_of_one_here(
    lcdata: Run, tmp_path: Path, small: str, contents: Contents, store: ObjectStore
) -> None:
    make(tmp_path / "here", small)
    make(OUT, small)
    assert contents_of(OUT) == contents(tmp_path / "here")
    assert folders_beside(OUT) == ["kv"]
    assert store.puts("sets/kv/")[-1] == MANIFEST
    assert b"canary-secret" not in b"".join(contents_of(OUT).values())

    before = len(store.puts(""))
    make(OUT, small)
    assert len(store.puts("")) == before


def test_a_dataset_in_a_store_is_read_as_one_here(lcdata: Run, tmp_path: Path, small: str, store: ObjectStore) -> None:
    for out in (tmp_path / "here", OUT):
        make(out, small)
    here, there = open_dataset(tmp_path / "here"), open_dataset(OUT)
    assert isinstance(there.folder, UPath)
    assert open_dataset(UPath(OUT)).fingerprint == pickle.loads(pickle.dumps(there)).fingerprint == here.fingerprint
    for one, other in zip(here.config().rows(), there.config().rows(), strict=True):
        assert np.array_equal(one.input_ids, other.input_ids)
        assert [document.record for document in one.documents] == [document.record for document in other.documents]
    for command in (
        ("verify", OUT, "--samples", "all"),
        ("inspect", OUT),
        ("export", OUT, "--to", "text", "--out", "x"),
    ):
        done = lcdata(*command)
        assert done.returncode == 0, done.stderr
    refused = lcdata("export", OUT, "--to", "text", "--out", "s3://bucket/text")
    assert refused.returncode == 2
    assert "exports are written on this machine" in refused.stderr


@pytest.mark.needs("torch")
def test_a_loader_reads_from_a_store_in_its_workers(
    lcdata: Run, tmp_path: Path, small: str, store: ObjectStore
) -> None:
    from torch.utils.data import DataLoader

    from lcdata import PackedDataset

    for out in (tmp_path / "here", OUT):
        make(out, small)
    read = [
        [row["input_ids"].tolist() for row in DataLoader(PackedDataset(place), batch_size=None, num_workers=workers)]
        for place, workers in ((tmp_path / "here", 0), (OUT, 0), (OUT, 2))
    ]
    assert len(read[0]) > 8
    assert read[0] == read[1]
    assert sorted(read[0]) == sorted(read[2])


def test_a_row_is_read_by_ranges(lcdata: Run, small: str, store: ObjectStore) -> None:
    many = ("gen", "--task", "kv", "--length", "4k", "--n", "200", "--workers", "0", "--tokenizer", small)
    assert lcdata(*many, "--out", OUT).returncode == 0
    config = open_dataset(OUT).config()
    [file] = config.data
    assert len(file.group_sizes()) > 2
    gets: list[int] = []
    filesystem = fsspec.filesystem("s3", use_listings_cache=False)
    fetch = type(filesystem)._cat_file

    async def noted(self: object, path: str, *arguments: object, **named: object) -> bytes:
        data = await fetch(self, path, *arguments, **named)
        gets.append(len(data))
        return data

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(type(filesystem), "_cat_file", noted)
        config.row(150)
    requests = [request for request in store.seen if request.method == "GET" and "/data/" in request.key]
    assert requests
    assert sum(gets) < file.record.bytes / 2


def test_a_flipped_object_is_named(lcdata: Run, small: str, store: ObjectStore) -> None:
    make(OUT, small)
    filesystem = fsspec.filesystem("s3")
    [path, *_] = filesystem.find("bucket/sets/kv/data")
    data = bytearray(filesystem.cat_file(path))
    data[len(data) // 2] ^= 1
    filesystem.pipe_file(path, bytes(data))
    found = lcdata("verify", OUT)
    assert found.returncode == 3
    assert "train-00000-of-00004.parquet is damaged" in found.stdout
    make(OUT, small, overwrite=True)
    assert lcdata("verify", OUT).returncode == 0
    assert folders_beside(OUT) == ["kv"]


def killed_at(
    store: ObjectStore,
    is_it: Callable[[Request], bool],
    command: list[str],
    folder: Path,
    number: int = signal.SIGKILL,
    code: int = -signal.SIGKILL,
) -> str:
    """Run a command and send it a signal when the server has answered a request; returns what it said."""
    started: list[subprocess.Popen[bytes]] = []

    def kill(request: Request) -> None:
        if is_it(request):
            os.kill(started[0].pid, number)

    store.after = kill
    started.append(subprocess.Popen([sys.executable, "-m", "lcdata", *command], cwd=folder, stderr=subprocess.PIPE))
    _, said = started[0].communicate()
    assert started[0].returncode == code, said
    store.after = lambda request: None
    return said.decode()


def nth(number: int, is_it: Callable[[Request], bool]) -> Callable[[Request], bool]:
    """Whether a request is the one of this number, from 1, of which something holds."""
    count: Counter[str] = Counter()

    def is_the_one(request: Request) -> bool:
        count["of those"] += is_it(request)
        return is_it(request) and count["of those"] == number

    return is_the_one


def is_record(request: Request) -> bool:
    return request.method == "PUT" and "/records/" in request.key


@pytest.mark.parametrize(("number", "code"), [(signal.SIGKILL, -signal.SIGKILL), (signal.SIGINT, 130)])
def test_an_ended_build_goes_on(
    number: int, code: int, lcdata: Run, tmp_path: Path, small: str, contents: Contents, store: ObjectStore
) -> None:
    make(tmp_path / "here", small)
    command = [*GEN, "--tokenizer", small, "--out", OUT]
    said = killed_at(store, nth(2, is_record), command, tmp_path, number, code)
    if number == signal.SIGINT:
        [line] = [line for line in said.splitlines() if line.startswith("lcdata: ")]
        assert line == "lcdata: interrupted; what was finished is safe. To go on:"
        locks = [data for name, data in contents_of("s3://bucket").items() if "/lock/" in name]
        assert [json.loads(lock) for lock in locks] == [{"released": True}]
    with pytest.raises(UsageError, match="no finished dataset"):
        open_dataset(OUT)
    with pytest.raises(UsageError, match=r"half built from another plan: recipe\.seed was 0, is now 3"):
        make(OUT, small, seed=3)
    store.seen.clear()
    make(OUT, small)  # at once: the killed process was one of this machine
    requests = [(request.method, request.key) for request in store.seen if "00001-of" in request.key]
    assert not [method for method, _ in requests if method != "HEAD"], "what was recorded was read or made again"
    assert contents_of(OUT) == contents(tmp_path / "here")
    assert folders_beside(OUT) == ["kv"]


def test_a_shard_that_was_changed_meanwhile_is_made_again(
    lcdata: Run, tmp_path: Path, small: str, contents: Contents, store: ObjectStore
) -> None:
    command = [*GEN, "--tokenizer", small, "--out", OUT]
    killed_at(store, nth(2, is_record), command, tmp_path)
    filesystem = fsspec.filesystem("s3")
    [path, *_] = filesystem.find("bucket/sets/kv/data")
    filesystem.pipe_file(path, bytes(filesystem.size(path)))
    make(OUT, small)
    make(tmp_path / "here", small)
    assert contents_of(OUT) == contents(tmp_path / "here")


def test_a_half_build_of_another_plan_goes_with_overwrite(
    lcdata: Run, tmp_path: Path, small: str, contents: Contents, store: ObjectStore
) -> None:
    killed_at(store, nth(2, is_record), [*GEN, "--tokenizer", small, "--out", OUT], tmp_path)
    fsspec.filesystem("s3").pipe_file("bucket/sets/kv/mine.txt", b"mine")
    make(OUT, small, overwrite=True, n=20)
    make(tmp_path / "here", small, n=20)
    assert contents_of(OUT) == {**contents(tmp_path / "here"), "mine.txt": b"mine"}


def test_what_is_no_dataset_is_not_touched(lcdata: Run, small: str, store: ObjectStore) -> None:
    fsspec.filesystem("s3").pipe_file("bucket/sets/kv/data/mine.txt", b"mine")
    with pytest.raises(UsageError, match=r"is not empty and holds no lcdata\.json"):
        make(OUT, small, overwrite=True)
    assert contents_of("s3://bucket") == {"sets/kv/data/mine.txt": b"mine"}


@pytest.mark.parametrize("killed", [False, True])
def test_a_dataset_that_is_replaced_is_the_old_one_or_none_or_the_new_one(
    lcdata: Run, tmp_path: Path, small: str, contents: Contents, store: ObjectStore, killed: bool
) -> None:
    make(OUT, small)
    with pytest.raises(UsageError, match="Use another --out, or replace it with --overwrite"):
        make(OUT, small, seed=3)
    store.seen.clear()
    command = [*GEN, "--seed", "3", "--tokenizer", small, "--out", OUT, "--overwrite"]
    if killed:
        killed_at(store, nth(2, lambda request: request.is_copy), command, tmp_path)
        with pytest.raises(UsageError, match="no finished dataset"):
            open_dataset(OUT)
    make(OUT, small, overwrite=True, seed=3)
    make(tmp_path / "here", small, seed=3)
    assert contents_of(OUT) == contents(tmp_path / "here")
    assert folders_beside(OUT) == ["kv"]

    there = True
    changes = 0
    for request in store.seen:
        if request.key == MANIFEST and request.method in ("PUT", "DELETE"):
            there = request.method == "PUT"
        elif request.key.startswith("bucket/sets/kv/") and request.method in ("PUT", "POST", "DELETE"):
            assert not there, "a file was changed while a manifest was there"
            changes += 1
    assert there
    assert changes > 5


def test_a_store_that_refuses_every_seventh_request_is_asked_again(
    lcdata: Run, tmp_path: Path, small: str, contents: Contents, store: ObjectStore
) -> None:
    make(tmp_path / "here", small)
    store.refuses = lambda request: len(store.seen) % 7 == 0
    make(OUT, small)
    assert lcdata("verify", OUT).returncode == 0
    store.refuses = lambda request: False
    assert store.refused > 5
    assert contents_of(OUT) == contents(tmp_path / "here")


def test_a_store_that_refuses_everything_is_one_line(lcdata: Run, small: str, store: ObjectStore) -> None:
    store.refuses = lambda request: request.method == "PUT" and "/data/" in request.key
    failed = lcdata(*GEN, "--tokenizer", small, "--out", OUT)
    assert failed.returncode == 4
    assert "does not answer as it should" in failed.stderr
    assert "Traceback" not in failed.stderr
    store.refuses = lambda request: False
    make(OUT, small)


def test_large_shards_go_in_parts_and_parts_of_killed_uploads_are_dropped(
    lcdata: Run, tmp_path: Path, small: str, contents: Contents, store: ObjectStore
) -> None:
    large = [*GEN[:5], "--n", "400", "--shard-rows", "400", "--workers", "0", "--tokenizer", small]
    assert lcdata(*large, "--out", "here").returncode == 0
    is_part = nth(2, lambda request: "partNumber" in request.query)
    killed_at(store, is_part, [*large, "--out", OUT], tmp_path)
    filesystem = fsspec.filesystem("s3")
    assert len(filesystem.list_multipart_uploads("bucket")) == 1
    assert not filesystem.find("bucket/sets/kv")
    assert lcdata(*large, "--out", OUT).returncode == 0
    assert not filesystem.list_multipart_uploads("bucket")
    assert contents_of(OUT) == contents(tmp_path / "here")


def test_of_builders_that_race_one_builds(
    lcdata: Run, tmp_path: Path, small: str, contents: Contents, store: ObjectStore
) -> None:
    command = [sys.executable, "-m", "lcdata", *GEN, "--tokenizer", small, "--out", OUT, "--json"]
    racing = [
        subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    ended = [(*process.communicate(), process.returncode) for process in racing]
    built = [said for said, _, code in ended if code == 0 and json.loads(said.splitlines()[-1])["built"]]
    assert len(built) == 1, ended
    for _, stderr, code in ended:
        assert code == 0 or "is being built by" in stderr
    make(tmp_path / "here", small)
    assert contents_of(OUT) == contents(tmp_path / "here")
    assert folders_beside(OUT) == ["kv"]


def test_a_manifest_of_somebody_else_is_not_replaced(lcdata: Run, small: str, store: ObjectStore) -> None:
    make("s3://bucket/sets/other", small, seed=9)
    other = contents_of("s3://bucket/sets/other")["lcdata.json"]
    publishes = nth(1, lambda request: request.method == "PUT" and request.key.endswith("kv/recipe.yaml"))

    def publish_first(request: Request) -> None:
        if publishes(request):
            fsspec.filesystem("s3").pipe_file(MANIFEST, other)

    store.after = publish_first
    with pytest.raises(ResumableError, match="was published by another process meanwhile"):
        make(OUT, small)
    assert contents_of(OUT)["lcdata.json"] == other


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ("ftp://host/x", "cannot be reached: name a folder, or a URL of s3://"),
        ("s3://", "names nothing"),
        ("s3://key:secret-of-mine@bucket/x", "holds a password or key"),
        ("s3://none/x", "no finished dataset"),
    ],
)
def test_places_that_cannot_be_are_one_line(place: str, said: str, store: ObjectStore) -> None:
    with pytest.raises(UsageError, match=said) as refused:
        open_dataset(place)
    assert "secret-of-mine" not in str(refused.value)


def test_a_bucket_that_is_not_there_and_credentials_that_are_not_given_are_one_line(
    lcdata: Run, small: str, store: ObjectStore
) -> None:
    failed = lcdata(*GEN, "--tokenizer", small, "--out", "s3://none/x")
    assert failed.returncode == 4
    assert "see that its bucket is there" in failed.stderr
    without = {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_CONFIG_FILE": "/none", "HOME": "/none"}
    failed = lcdata(*GEN, "--tokenizer", small, "--out", OUT, **without)
    assert failed.returncode == 1
    assert "give the credentials in the environment" in failed.stderr
    whole = lcdata(*GEN, "--tokenizer", small, "--out", "s3://bucket")
    assert whole.returncode == 2
    assert "is a whole bucket" in whole.stderr


@pytest.mark.skipif("gcsfs" in sys.modules, reason="gcsfs is installed")
def test_a_missing_library_is_named_with_its_extra() -> None:
    with pytest.raises(LcdataError, match=r"pip install 'lcdata\[gcs\]'"):
        open_dataset("gs://bucket/x")
