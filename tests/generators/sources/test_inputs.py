"""Names mean the same files in the same order wherever they lie, and what means nothing is refused in one line."""

import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from uuid import uuid4

import fsspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard

from lcdata.generators.sources.inputs import Input, find_inputs
from lcdata.generators.sources.records import Bad, Reader, Record
from lcdata.schemas.corpus import Fields
from lcdata.schemas.errors import LcdataError, UsageError

LINE = b'{"text": "Text."}\n'
FORMATS = {
    "a.jsonl": ("jsonl", None), "b.ndjson": ("jsonl", None), "c.jsonl.gz": ("jsonl", "gz"),
    "d.JSONL.zst": ("jsonl", "zst"), "e.jsonl.zstd": ("jsonl", "zst"), "f.parquet": ("parquet", None),
    "g.txt": ("txt", None), "h.md": ("txt", None), "i.txt.gz": ("txt", "gz"), "ja.json": ("json", None),
    "jb.json.gz": ("json", "gz"), "jc.jsonl.xz": ("jsonl", "xz"), "jd.csv.bz2": ("csv", "bz2"),
    "je.tsv": ("tsv", None), "jf.arrow": ("arrow", None),
}  # fmt: skip
KNOWN = tuple(FORMATS)
OTHERS = {
    "k.bin": "of an ending that is not read", "l.parquet.gz": "of an ending that is not read",
    "m": "of an ending that is not read", ".n.jsonl": "hidden", ".hidden/o.jsonl": "hidden",
    "p.gz": "of an ending that is not read", "dataset_info.json": "says what a dataset is",
}  # fmt: skip
NESTED = ("sub/deep/q.jsonl", "sub/r.txt.zst")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of many files, some of which are read."""
    for name in (*KNOWN, *OTHERS, *NESTED):
        (tmp_path / "in" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "in" / name).write_bytes(LINE)
    return tmp_path / "in"


def urls(*names: object, **options: str) -> list[str]:
    return [one.url for one in find_inputs([str(name) for name in names], **options).inputs]


def under(root: object, *names: str) -> list[str]:
    return [f"{root}/{name}" for name in names]


def texts(name: object) -> list[bytes]:
    found = [one for source in find_inputs([str(name)]).inputs for one in Reader(source, Fields(), 10**6)]
    return [one.text for one in found if isinstance(one, Record)]


def refused(kind: type[LcdataError], message: str, *names: object, **options: str) -> None:
    """Assert that the names are refused in one line."""
    with pytest.raises(LcdataError, match=f"^inputs: .*{message}") as caught:
        urls(*names, **options)
    assert caught.type is kind
    assert "\n" not in str(caught.value)


def test_a_folder_is_its_files_of_known_endings_by_path(folder: Path) -> None:
    assert urls(folder) == urls(f"{folder}/") == under(folder, *KNOWN, *NESTED)
    found = find_inputs([str(folder)]).inputs
    assert [(one.format, one.compression) for one in found] == [
        *FORMATS.values(), ("jsonl", None), ("txt", "zst"),
    ]  # fmt: skip
    assert {one.num_bytes for one in found} == {len(LINE)}


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("*.jsonl", ("a.jsonl",)),
        ("[ab].*", ("a.jsonl", "b.ndjson")),
        ("*", KNOWN),
        ("**/*", (*KNOWN, *NESTED)),
        ("**/*.jsonl", ("a.jsonl", "sub/deep/q.jsonl")),
        ("s*/?.txt.zst", ("sub/r.txt.zst",)),
    ],
)
def test_a_glob_is_its_files_by_path(pattern: str, names: tuple[str, ...], folder: Path) -> None:
    remote = f"memory://{uuid4().hex}"
    fsspec.filesystem("memory").put(str(folder), remote, recursive=True)
    assert urls(f"{folder}/{pattern}") == urls(f"file://{folder}/{pattern}") == under(folder, *names)
    assert urls(f"{remote}/{pattern}") == under(remote.replace("//", "///"), *names)


def test_names_keep_their_order_and_a_file_is_taken_once(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    (folder / "link.jsonl").symlink_to("a.jsonl")
    assert urls("sub", "a.jsonl", folder, "b.ndjson", "./a.jsonl", "link.jsonl", "sub/../c.jsonl.gz") == [
        *NESTED, "a.jsonl", *under(folder, *KNOWN[1:]),
    ]  # fmt: skip


def test_a_name_with_the_signs_of_a_glob_can_be_a_file(tmp_path: Path) -> None:
    (tmp_path / "a[1].jsonl").write_bytes(LINE)
    (tmp_path / "a1.jsonl").write_bytes(LINE)
    assert urls(tmp_path / "a[1].jsonl") == [str(tmp_path / "a[1].jsonl")]


def test_a_home_folder_is_found(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(folder))
    assert urls("~/a.jsonl") == [f"{folder}/a.jsonl"]


@pytest.mark.parametrize("root", ["", "memory://"])
def test_a_changed_file_is_another_version(root: str, tmp_path: Path) -> None:
    path = f"{root}{tmp_path}/a.jsonl"
    versions: set[str] = set()
    for number in range(2):
        with fsspec.open(path, "wb", auto_mkdir=True) as file:
            file.write(LINE)
        if not root:
            os.utime(path, ns=(number, number))
        [source], [again] = find_inputs([path]).inputs, find_inputs([path]).inputs
        assert source == again
        versions.add(source.version)
    assert len(versions) == 2


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("{}/none.jsonl", r"there is no file or folder .*none\.jsonl: check its spelling"),
        ("none.jsonl", r"there is no file or folder none\.jsonl"),
        ("none/none.parquet", r"there is no file or folder none/none\.parquet"),
        ("none/none/none", r"there is no file or folder none/none/none"),
        ("{}/*.parquetx", r"names no file that is read here: name files that end in \.jsonl, "),
        ("{}/k.bin", r"k\.bin names no file that is read here: name files that end in \.jsonl, "),
        ("{}/l.parquet.gz", r"l\.parquet\.gz names no file that is read here"),
        ("{}/sub/deep/", None),
        ("memory://none-such/*.jsonl", r"memory://none-such/\*\.jsonl names no file that is read here"),
        ("nope://a", r"nope://a cannot be read \(Protocol not known: nope\): check how it begins"),
    ],
)
def test_what_names_nothing_is_refused(name: str, message: str | None, folder: Path) -> None:
    if message is None:
        (folder / "sub/deep/q.jsonl").unlink()
        message = r"deep/ names no file that is read here"
    refused(UsageError, message, folder / "a.jsonl", name.format(folder))


def test_what_is_not_there_or_not_to_be_read_remotely_is_named(folder: Path) -> None:
    refused(LcdataError, "there is no memory://none-such: check", "memory://none-such")
    [source] = find_inputs([str(folder / "a.jsonl")]).inputs
    (folder / "a.jsonl").unlink()
    with pytest.raises(LcdataError, match=r"^inputs: there is no .*a\.jsonl: check"):
        list(Reader(source, Fields(), 100))


def test_memory_files_are_read(tmp_path: Path) -> None:
    with fsspec.open(f"memory://{tmp_path}/a.jsonl", "wb") as file:
        file.write(LINE + b"{\n" + LINE)
    [source] = find_inputs([f"memory://{tmp_path}"]).inputs
    found = list(Reader(source, Fields(), 100, skip=1))
    assert found == [Bad(2, "malformed JSON"), Record(3, b"Text.", None, None, None)]


@contextmanager
def serving(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    """A server on this machine, by its URL."""
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def test_objects_in_s3_are_found_and_read(bucket: Any) -> None:
    table = io.BytesIO()
    pq.write_table(pa.table({"text": ["Row 1.", "Row 2."]}), table)
    objects = {
        "b/a.jsonl": LINE, "b/c/d.jsonl.zst": zstandard.compress(LINE * 2), "b/e.parquet": table.getvalue(),
        "b/.f/g.jsonl": LINE, "b/h.bin": LINE, "i.txt": b"Whole.",
    }  # fmt: skip
    for key, data in objects.items():
        bucket.pipe(f"corpus/{key}", data)
    below = under("s3://corpus/b", "a.jsonl", "c/d.jsonl.zst", "e.parquet")
    assert urls("s3://corpus/b") == urls("s3://corpus/b/") == urls("s3://corpus/b/**/*") == below
    assert urls("s3://corpus") == [*below, "s3://corpus/i.txt"]
    assert urls("s3://corpus/*/*.jsonl", "s3://corpus/b/a.jsonl") == ["s3://corpus/b/a.jsonl"]
    assert find_inputs(["s3://corpus"]).passed_over == [
        ("s3://corpus/b/.f/g.jsonl", "hidden"), ("s3://corpus/b/h.bin", "of an ending that is not read"),
    ]  # fmt: skip
    assert texts("s3://corpus") == [*[b"Text."] * 3, b"Row 1.", b"Row 2.", b"Whole."]


def test_an_object_in_s3_has_its_etag_and_new_ones_are_seen(bucket: Any) -> None:
    bucket.pipe("corpus/a.jsonl", LINE)
    [first] = find_inputs(["s3://corpus/*.jsonl"]).inputs
    assert first.version == bucket.info("corpus/a.jsonl")["ETag"].strip('"') != ""
    assert first.num_bytes == len(LINE)
    for name, data in (("a", LINE * 2), ("b", LINE)):
        bucket.pipe(f"corpus/{name}.jsonl", data)
    [changed, new] = find_inputs(["s3://corpus/*.jsonl"]).inputs
    assert (changed.num_bytes, new.version) == (2 * len(LINE), first.version)
    assert changed.version != first.version


@pytest.mark.parametrize("name", ["s3://none-such/a.jsonl", "s3://none-such", "s3://corpus/none/"])
def test_what_is_not_in_s3_is_named(name: str, bucket: Any) -> None:
    bucket.pipe("corpus/a.jsonl", LINE)
    refused(LcdataError, f"there is no {name}: check its spelling and place", name)


def test_s3_without_credentials_is_one_line(bucket: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY"):
        monkeypatch.delenv(f"AWS_{name}")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    refused(LcdataError, "s3://corpus cannot be read \\(Unable to locate credentials\\)", "s3://corpus")


class _Forbidden(BaseHTTPRequestHandler):
    """An object store that shows nothing to anybody."""

    def do_GET(self) -> None:
        self.send_response(403)
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_HEAD = do_GET  # noqa: N815 - the names that http.server looks for

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


def test_s3_without_permission_is_one_line(bucket: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(_Forbidden) as forbidden:
        monkeypatch.setenv("AWS_ENDPOINT_URL", forbidden)
        type(bucket).clear_instance_cache()
        refused(LcdataError, r"s3://corpus/a\.jsonl may not be read \(.*\): check the rights", "s3://corpus/a.jsonl")


def test_s3_without_its_package_names_the_extra() -> None:
    hidden = "import sys; sys.modules['s3fs'] = None"
    said = _in_process(f"{hidden}\n{_ASK}", ["s3://corpus/a.jsonl"])
    assert said["error"] == "UsageError"
    assert said["message"].endswith("pip install 'lcdata[s3]'")


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    """Folders that `save_to_disk` wrote: one dataset, and one of two splits."""
    import datasets

    datasets.disable_progress_bars()
    parts = {
        name: datasets.Dataset.from_dict({"text": [f"{name} {n}" for n in range(3)]}) for name in ("train", "test")
    }
    parts["train"].save_to_disk(tmp_path / "one")
    datasets.DatasetDict(parts).save_to_disk(tmp_path / "splits")
    return tmp_path


def test_a_saved_dataset_is_its_arrow_files(saved: Path) -> None:
    [one], [test] = find_inputs([str(saved / "one")]).inputs, find_inputs([str(saved / "splits")], split="test").inputs
    file = "data-00000-of-00001.arrow"
    assert (one.url, one.format, test.url) == (f"{saved}/one/{file}", "arrow", f"{saved}/splits/test/{file}")
    assert one.num_bytes == (saved / "one" / file).stat().st_size
    assert texts(saved / "one") == texts(saved / "splits") == [b"train 0", b"train 1", b"train 2"]
    assert [found.line for found in Reader(test, Fields(), 100, skip=2)] == [3]
    refused(UsageError, "splits has no split 'dev': name one of train, test$", saved / "splits", split="dev")


def test_a_dataset_without_its_package_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "datasets", None)
    source = Input("datasets:user/name?split=train", "dataset", None, 0, "main")
    with pytest.raises(UsageError, match=r"user/name\S* is read by the datasets library: pip install datasets$"):
        list(Reader(source, Fields(), 100))


_ASK = """
import json, sys
from lcdata.generators.sources.inputs import find_inputs
from lcdata.generators.sources.records import Reader
from lcdata.schemas.corpus import Fields
from lcdata.schemas.errors import LcdataError
waits = []
sys.addaudithook(lambda event, arguments: waits.extend(arguments) if event == "time.sleep" else None)
try:
    [source] = find_inputs(sys.argv[1:2], *sys.argv[2:]).inputs
    said = {"url": source.url, "version": source.version}
    said["texts"] = [one.text.decode() for one in Reader(source, Fields(order="n"), 100, skip=37)]
except LcdataError as error:
    said = {"error": type(error).__name__, "message": str(error), "waits": waits}
print(json.dumps(said))
"""


def _in_process(program: str, arguments: list[str], **environment: str) -> dict[str, Any]:
    """What a process says whose libraries read their settings as they are imported."""
    command = [sys.executable, "-W", "error", "-c", program, *arguments]
    env = {**os.environ, **environment}
    done = subprocess.run(command, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


class _Hub(BaseHTTPRequestHandler):
    """As much of the Hub as one dataset of one file needs."""

    revision = "0123456789abcdef0123456789abcdef01234567"
    num_asked = 0
    """How often the newest revision was asked for; it is another each time, and only the first has files."""
    content = b"".join(json.dumps({"text": f"Text {n}.", "n": n}).encode() + b"\n" for n in range(40))

    def do_GET(self) -> None:
        path, first = self.path.partition("?")[0], 0
        about = {
            "id": "user/name",
            "sha": self.revision,
            "tags": [],
            "private": False,
            "gated": False,
            "downloads": 0,
            "likes": 0,
        }
        about = {**about, "siblings": [{"rfilename": "train.jsonl"}]}
        if path.startswith("/api/datasets/user/name/tree/"):
            body = json.dumps([{"type": "file", "oid": "1" * 40, "size": len(self.content), "path": "train.jsonl"}])
        elif path == f"/api/datasets/user/name/revision/{self.revision}":
            body = json.dumps(about)
        elif path == "/api/datasets/user/name":
            body = json.dumps({**about, "sha": f"{int(self.revision, 16) + self.num_asked:040x}"})
            type(self).num_asked += 1
        elif path == f"/datasets/user/name/resolve/{self.revision}/train.jsonl":
            first = int(self.headers.get("Range", "bytes=0-")[6:].partition("-")[0])
            body = self.content[first:].decode()
        else:
            body = None
        self._answer(body, first)

    do_HEAD = do_GET  # noqa: N815 - the names that http.server looks for

    def _answer(self, body: str | None, first: int) -> None:
        data = (body or "").encode()
        self.send_response(404 if body is None else 206 if "Range" in self.headers else 200)
        self.send_header("Content-Length", str(len(data)))
        self.send_header("X-Repo-Commit", self.revision)
        self.send_header("ETag", '"1"')
        if body is None:
            self.send_header("X-Error-Code", "EntryNotFound" if "user/name" in self.path else "RepoNotFound")
        elif "Range" in self.headers:
            self.send_header("Content-Range", f"bytes {first}-{first + len(data) - 1}/{len(self.content)}")
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(data)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[dict[str, str]]:
    """A Hub on this machine, as environment variables name it."""
    _Hub.num_asked = 0
    with serving(_Hub) as endpoint:
        yield {"HF_ENDPOINT": endpoint, "HF_HOME": str(tmp_path), "HF_HUB_OFFLINE": "0"}


def test_an_id_is_read_from_the_hub_at_the_revision_that_was_found(hub: dict[str, str]) -> None:
    said = _in_process(_ASK, ["user/name"], **hub)
    assert said == {
        "url": "datasets:user/name?split=train",
        "version": _Hub.revision,
        "texts": ["Text 37.", "Text 38.", "Text 39."],
    }


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["user/other"], "no file, folder or dataset is called user/other: check its spelling, or set HF_TOKEN"),
        (["user/name", "", "dev"], "split=dev cannot be read: Bad split: dev. Available splits: ['train']"),
        (["user/name", "en", "train"], "cannot be read: BuilderConfig 'en' not found. Available: ['default']"),
    ],
)
def test_what_the_hub_does_not_have_is_named(arguments: list[str], message: str, hub: dict[str, str]) -> None:
    said = _in_process(_ASK, arguments, **hub)
    assert said["error"] == "UsageError"
    assert said["message"].startswith("inputs: ")
    assert said["message"].endswith(message)


@pytest.mark.parametrize("environment", [{"HF_HUB_OFFLINE": "1"}, {"HF_ENDPOINT": "http://127.0.0.1:9"}], ids=str)
def test_without_a_network_an_id_is_refused_at_once(environment: dict[str, str], tmp_path: Path) -> None:
    said = _in_process(_ASK, ["user/name"], **{"HF_HUB_OFFLINE": "0", "HF_HOME": str(tmp_path), **environment})
    assert said["error"] == "HubError"
    assert said["message"].startswith("inputs: no file is called user/name and the Hub cannot be asked for a dataset (")
    assert "\n" not in said["message"]
    assert said["waits"] == [], "it is not tried again and again"
