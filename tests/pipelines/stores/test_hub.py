"""Datasets are read from the Hub by their URL, at any revision, and not built there."""

import json
from pathlib import Path

import fsspec
from conftest import Run
from hub.server import LoopbackHub
from huggingface_hub import HfApi
from object_store import ObjectStore

GEN = ("gen", "--task", "kv", "--length", "1k", "--n", "20", "--workers", "0")


def test_a_dataset_on_the_hub_is_read_at_its_revision(lcdata: Run, tmp_path: Path, small: str) -> None:
    assert lcdata(*GEN, "--tokenizer", small, "--out", "here").returncode == 0
    with LoopbackHub(tmp_path / "hub") as hub:
        api = HfApi(hub.url, token=hub.environment["HF_TOKEN"])
        api.create_repo("org/kv", repo_type="dataset")
        api.upload_folder(repo_id="org/kv", repo_type="dataset", folder_path=tmp_path / "here")
        api.create_tag("org/kv", tag="v1", repo_type="dataset")
        api.delete_file("lcdata.json", "org/kv", repo_type="dataset")
        for command in (("verify", "--samples", "all"), ("inspect",), ("export", "--to", "text", "--out", "texts")):
            done = lcdata(command[0], "hf://datasets/org/kv@v1", *command[1:], **hub.environment)
            assert done.returncode == 0, done.stderr
        gone = lcdata("inspect", "hf://datasets/org/kv", **hub.environment)
        assert gone.returncode == 2
        assert "hf://datasets/org/kv is no finished dataset" in gone.stderr
        for place in ("hf://datasets/org/kv", "hf://buckets/org/kv/x"):
            refused = lcdata(*GEN, "--tokenizer", small, "--out", place, **hub.environment)
            assert refused.returncode == 2
            assert "can be read and not built in" in refused.stderr


def test_a_dataset_in_a_store_is_pushed_with_its_report_and_verified_beside_it(
    lcdata: Run, tmp_path: Path, small: str, store: ObjectStore
) -> None:
    there = "s3://bucket/sets/kv"
    assert lcdata(*GEN, "--tokenizer", small, "--shard-rows", "5", "--out", there).returncode == 0
    reported = lcdata("report", there)
    assert reported.returncode == 0, reported.stderr
    verified = lcdata("verify", there)
    assert verified.returncode == 0, verified.stdout
    assert "no part of the dataset: report\n" in verified.stdout
    with LoopbackHub(tmp_path / "hub") as hub:
        for new in (True, False):
            pushed = lcdata("push", there, "org/kv", "--json", **hub.environment)
            assert pushed.returncode == 0, pushed.stderr
            assert json.loads(pushed.stdout.splitlines()[-1])["is_new"] is new
        verified = lcdata("verify", "hf://datasets/org/kv", "--samples", "all", **hub.environment)
        assert verified.returncode == 0, verified.stdout
        assert "20 rows" in verified.stdout
        api = HfApi(hub.url, token=hub.environment["HF_TOKEN"])
        assert "report/index.html" in api.list_repo_files("org/kv", repo_type="dataset")
        file = "bucket/sets/kv/data/kv-1k/train-00000-of-00004.parquet"
        whole = fsspec.filesystem("s3").cat_file(file)
        fsspec.filesystem("s3").pipe_file(file, whole[:-9] + b"x" + whole[-8:])
        damaged = lcdata("push", there, "org/other", **hub.environment)
        assert damaged.returncode == 1
        assert "was changed: run `lcdata verify" in damaged.stderr
