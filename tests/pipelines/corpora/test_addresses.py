"""Documents behind URLs with passwords and signatures: they are read, and nobody else learns the secrets."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pyarrow.parquet as pq
import pytest
from conftest import Run

SECRETS = ("alice", "pa55word", "51gnature", "AKIAKEY", "wJalrX")
ROWS = b"".join(json.dumps({"text": f"Document {number}."}).encode() + b"\n" for number in range(200))


class _Signed(BaseHTTPRequestHandler):
    """A store that gives files to who signs, and only by GET, as a presigned link of S3 does."""

    def do_GET(self) -> None:
        asked = urlsplit(self.path)
        user = self.headers.get("Authorization", "")
        allowed = parse_qs(asked.query).get("X-Amz-Signature") == ["51gnature/+="] or user.startswith("Basic ")
        data = ROWS if allowed and asked.path == "/a.jsonl" else b""
        self.send_response(200 if data else 403)
        self.send_header("Content-Length", str(len(data)))
        self.send_header("ETag", '"1"')
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@contextmanager
def serving() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Signed) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def everything(folder: Path, *said: str) -> str:
    """All bytes that a command left and said, and what its tables hold, as text."""
    files = [path.read_bytes().decode(errors="replace") for path in folder.rglob("*") if path.is_file()]
    tables = [str(pq.read_table(path).to_pylist()) for path in folder.rglob("*.parquet")]
    return "\n".join((*said, *files, *tables, *(str(path) for path in folder.rglob("*"))))


SIGNED = "http://{}/a.jsonl?X-Amz-Signature=51gnature%2F%2B%3D&X-Amz-Expires=60"


@pytest.mark.parametrize(
    "url", ["http://alice:pa55word@{}/a.jsonl", SIGNED, SIGNED.replace("http://", "http://alice:pa55word@")]
)
def test_links_with_secrets_are_read_and_leave_none(url: str, tmp_path: Path, lcdata: Run, small: str) -> None:
    with serving() as host:
        command = ("ingest", url.format(host), "--name", "c", "--tokenizer", small, "--json", "--verbose")
        done = lcdata(*command)
        assert done.returncode == 0, done.stderr
        again = lcdata(*command)
        assert "stored already" in again.stdout or '"ingested":false' in again.stdout.replace(" ", ""), again.stderr
    manifest = json.loads((tmp_path / "store/c/corpus.json").read_text())
    assert manifest["documents"] == 200
    query = "?…" if "?" in url else ""
    assert manifest["inputs"][0]["url"] == manifest["recipe"]["inputs"][0] == f"http://{host}/a.jsonl{query}"
    written = everything(tmp_path, done.stdout, done.stderr, again.stdout, again.stderr)
    assert not [secret for secret in SECRETS if secret in written]


def test_two_links_that_differ_in_their_query_are_two_inputs(tmp_path: Path, lcdata: Run, small: str) -> None:
    with serving() as host:
        links = [f"{SIGNED.format(host)}&part={number}" for number in range(2)]
        done = lcdata("ingest", *links, "--name", "c", "--tokenizer", small)
    assert done.returncode == 0, done.stderr
    manifest = json.loads((tmp_path / "store/c/corpus.json").read_text())
    assert [one["url"] for one in manifest["inputs"]] == [f"http://{host}/a.jsonl?…", f"http://{host}/a.jsonl?… (2)"]
    assert manifest["dropped"] == {"exact duplicate": 200}


@pytest.mark.parametrize(
    "url",
    [
        "http://alice:pa55word@{}/none.jsonl",
        "http://{}/a.jsonl?X-Amz-Signature=pa55word",
        "http://alice:pa55word@{}/a.pdf?sig=51gnature",
        "http://alice:pa55word@none.invalid/a.jsonl?sig=51gnature",
        "s3://AKIAKEY:wJalrX/51gnature@bucket/a.jsonl",
        "nope://alice:pa55word@host/a.jsonl",
        "ftp://alice:pa55word@127.0.0.1:9/a.jsonl",
        "sftp://alice:pa55word@127.0.0.1:9/a.jsonl",
    ],
)
def test_errors_of_links_are_one_line_without_secrets(url: str, tmp_path: Path, lcdata: Run, small: str) -> None:
    with serving() as host:
        command = ("ingest", url.format(host), "--name", "c", "--tokenizer", small)
        for options in ((), ("--json",), ("--debug",)):
            failed = lcdata(*command, *options, AWS_ACCESS_KEY_ID="x", AWS_SECRET_ACCESS_KEY="y", AWS_MAX_ATTEMPTS="1")
            assert failed.returncode in (1, 2), failed.stderr
            written = everything(tmp_path, failed.stdout, failed.stderr)
            assert not [secret for secret in SECRETS if secret in written], written
            if not options:
                assert failed.stderr.startswith("lcdata: inputs: ")
                assert failed.stderr.count("\n") == 1


def test_what_is_said_of_any_option_has_no_secrets(tmp_path: Path, lcdata: Run) -> None:
    url = "https://alice:pa55word@host/essays.txt?sig=51gnature"
    (tmp_path / "mix.yaml").write_text(f"name: m\nmix: [{{corpus: '{url}'}}]\n")
    for command in (
        ("gen", "--task", "niah", "--haystack", url, "--length", "4k", "--n", "1"),
        ("gen", "--task", "kv", "--tokenizer", url, "--length", "4k", "--n", "1"),
        ("build", "mix.yaml"),
    ):
        failed = lcdata(*command)
        assert failed.returncode != 0
        assert not [secret for secret in SECRETS if secret in failed.stdout + failed.stderr], failed.stderr


def test_a_recipe_with_links_leaves_none_in_its_dataset(tmp_path: Path, lcdata: Run, small: str) -> None:
    with serving() as host:
        (tmp_path / "mix.yaml").write_text(
            f"name: m\nseq_length: 1k\ntokens: 1k\ntokenizer: {{source: {small}}}\n"
            f"ingest:\n  - {{name: c, inputs: ['{SIGNED.format(host)}']}}\nmix:\n  - {{corpus: c}}\n"
        )
        done = lcdata("build", "mix.yaml", "--store", "store", "--json")
        shown = lcdata("build", "mix.yaml", "--store", "store", "--print-config")
    assert done.returncode == 0, done.stderr
    (tmp_path / "mix.yaml").unlink()
    written = everything(tmp_path, done.stdout, done.stderr, shown.stdout, shown.stderr)
    assert f"http://{host}/a.jsonl?…" in (tmp_path / "m/recipe.yaml").read_text()
    assert not [secret for secret in SECRETS if secret in written]
