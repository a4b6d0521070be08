"""The three commands on real code, books and web pages, where they are beside the checkout."""

import json
from pathlib import Path

import pytest
from conftest import SHARED, Run

CORPORA = SHARED.parent / "corpus"
FILES = {"code": "code_repos", "books": "books", "web": "web"}

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not all((CORPORA / f"{name}.jsonl.zst").is_file() for name in FILES.values()), reason="no corpora"
    ),
]


def test_real_corpora_are_stored_upsampled_packed_and_verified(lcdata: Run, tmp_path: Path) -> None:
    for name, file in FILES.items():
        options = ("--group-by", "repo") if name == "code" else ()
        done = lcdata("ingest", CORPORA / f"{file}.jsonl.zst", "--name", name, *options)
        assert done.returncode == 0, done.stderr
    manifests = {name: json.loads((tmp_path / f"store/{name}/corpus.json").read_text()) for name in FILES}
    assert {name: manifest["documents"] for name, manifest in manifests.items()} == {
        "code": 25,
        "books": 55,
        "web": 6090,
    }
    assert manifests["books"]["tokens"] == 5_194_295, "as counted by tokenizers alone"
    assert lcdata("verify", "store").returncode == 0

    corpora = [option for name in ("code", "books") for option in ("--corpus", f"store/{name}")]
    wishes = ("--upsample", "per-source", "--length", "128k", "--tokens", "40M")
    done = lcdata("gen", *corpora, "--corpus", "store/web=30%", *wishes, "--out", "out")
    assert done.returncode == 0, done.stderr
    manifest = json.loads((tmp_path / "out/lcdata.json").read_text())
    (stage,) = manifest["stages"]
    for account in stage["corpora"]:
        assert abs(account["share"] - account["wanted_share"]) < 0.005
    assert stage["row_fill"] > 0.99
    checked = lcdata("verify", "out", "--samples", "40")
    assert checked.returncode == 0, checked.stdout
