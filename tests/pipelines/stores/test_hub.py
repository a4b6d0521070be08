"""Datasets are read from the Hub by their URL, at any revision, and not built there."""

from pathlib import Path

from conftest import Run
from hub.server import LoopbackHub
from huggingface_hub import HfApi

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
