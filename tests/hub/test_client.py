"""The loopback Hub is one to the client that people use, with LFS and with xet storage."""

import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hub.clients import environment
from hub.server import LoopbackHub

_PROGRAM = """
import sys
import datasets
from huggingface_hub import HfApi, snapshot_download

api, name, kind = HfApi(), "user/data", {"repo_type": "dataset"}
assert api.whoami()["name"] == "user"
for _ in range(2):
    api.create_repo(name, private=True, exist_ok=True, **kind)
api.upload_folder(repo_id=name, folder_path=sys.argv[1], **kind)
before = api.list_repo_commits(name, **kind)
api.upload_folder(repo_id=name, folder_path=sys.argv[1], **kind)
assert len(api.list_repo_commits(name, **kind)) == len(before)
api.create_tag(name, tag="v1", **kind)
api.delete_file("data/b.parquet", name, **kind)
assert [tag.name for tag in api.list_repo_refs(name, **kind).tags] == ["v1"]
paths = ["README.md", "data/a.parquet", "absent"]
assert len(api.get_paths_info(name, paths, **kind)) == 2
snapshot_download(name, revision="v1", local_dir=sys.argv[2], **kind)
for streaming in (False, True):
    for revision, rows in (("v1", 200_000), ("main", 100_000)):
        found = datasets.load_dataset(name, split="train", revision=revision, streaming=streaming)
        assert sum(len(batch["x"]) for batch in found.iter(10_000)) == rows
"""


@pytest.mark.parametrize("is_xet", [False, True], ids=["lfs", "xet"])
def test_the_client_uploads_tags_and_reads_old_and_new(is_xet: bool, tmp_path: Path) -> None:
    source, copy = tmp_path / "source", tmp_path / "copy"
    (source / "data").mkdir(parents=True)
    for place, name in enumerate(("a", "b")):
        pq.write_table(pa.table({"x": range(place, place + 100_000)}), source / "data" / f"{name}.parquet")
    (source / "README.md").write_text("---\nlicense: mit\n---\n")
    with LoopbackHub(tmp_path / "hub", is_xet) as hub:
        changes = {"HF_DATASETS_CACHE": str(tmp_path / "cache")}
        command = [sys.executable, "-c", _PROGRAM, str(source), str(copy)]
        run = subprocess.run(command, env=environment(hub, **changes), capture_output=True, text=True)
        assert run.returncode == 0, run.stderr
        assert bool(list(hub.traffic.of("xet-write-token"))) == is_xet
        assert bool(list(hub.traffic.of("PUT /upload"))) != is_xet
    for path in source.rglob("*.*"):
        assert (copy / path.relative_to(source)).read_bytes() == path.read_bytes()
