"""The server over HTTP, asked by a program, and by somebody who means harm."""

import json
import os
import re
import socket
import subprocess
import time
import urllib.error
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from serving import COMMAND, Server, command, is_over, until, write_recipe

pytestmark = [pytest.mark.needs("dbos", "fastapi", "uvicorn", "prometheus_client"), pytest.mark.slow]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, trained: Path) -> Path:
    """A folder with recipes that the server may read, and a file beside it that it may not."""
    folder = tmp_path_factory.mktemp("http")
    (folder / "recipes").mkdir()
    (folder / "recipes" / "tokenizer").mkdir()
    for file in (trained / "gpt2-like").iterdir():
        (folder / "recipes" / "tokenizer" / file.name).write_bytes(file.read_bytes())
    write_recipe(folder / "recipes", folder / "recipes" / "tokenizer")
    (folder / "secret.txt").write_text("nobody may read this")
    (folder / "recipes" / "out.yaml").symlink_to(folder / "secret.txt")
    return folder


@pytest.fixture(scope="module")
def server(place: Path) -> Iterator[Server]:
    """A server on loopback."""
    with Server(place / "lcdata-service", "--recipes", str(place / "recipes")) as server:
        yield server


def refused(server: Server, path: str, content: object) -> str:
    """What the server says of what it does not take."""
    with pytest.raises(urllib.error.HTTPError) as caught:
        server.ask(path, content)
    with caught.value as error:
        assert error.code in (400, 422), error.code
        return json.loads(error.read()).get("message", "422")


def test_a_schedule_and_its_run_from_beginning_to_end(server: Server) -> None:
    content = {"name": "nightly", "recipe": "tiny.yaml", "cron": "30 2 * * *", "tz": "Europe/Berlin", "keep": 3}
    added = server.ask("/api/schedules", {**content, "changes": ["seed={{ fire_date }}"]})
    assert (added["name"], added["active"], len(added["next"])) == ("nightly", True, 5)
    assert server.status("/api/schedules", content=content) == 400
    [run] = server.ask("/api/schedules/nightly/run", {}, "POST")["runs"]
    stream = server.ask(f"/api/runs/{run}/events")
    kinds = re.findall(r"^event: (\w+)$", stream, re.MULTILINE)
    assert kinds[0] == "run"
    assert "progress" in kinds
    last = json.loads(re.findall(r"^event: run\ndata: (.*)$", stream, re.MULTILINE)[-1])
    assert last["state"] == "built", last
    found = server.ask(f"/api/runs/{run}")
    assert [step["name"] for step in found["steps"]][:4] == ["resolve", "build", "verify", "judge"]
    assert '"event"' not in (log := server.ask(f"/api/runs/{run}/log?step=build"))
    assert log.startswith("attempt")
    assert server.ask("/api/runs?owner=nightly")[0]["id"] == run
    metrics = server.ask("/metrics")
    assert 'lcdata_runs_total{outcome="built",schedule="nightly"} 1.0' in metrics
    assert 'lcdata_schedules{state="active"} 1.0' in metrics
    assert server.ask("/api/schedules/nightly/pause", {}, "POST")["active"] is False
    assert server.ask("/api/schedules/nightly/resume", {}, "POST")["active"] is True
    span = {"start": "2026-10-24T00:00:00", "end": "2026-10-26T12:00:00"}
    entered = server.ask("/api/schedules/nightly/backfill", span)["runs"]
    assert entered == ["nightly.20261024T003000Z", "nightly.20261025T003000Z", "nightly.20261026T013000Z"]
    for each in entered:
        server.status(f"/api/runs/{each}/cancel", content={})
    assert server.ask("/api/schedules/nightly/backfill", {"start": "2027-01-01", "end": "2027-01-01"}) == {"runs": []}
    assert server.status("/api/schedules/nightly", method="DELETE") == 200
    assert server.ask("/api/schedules") == []
    assert server.ask("/healthz")["status"] == "ok"
    paths = server.ask("/openapi.json")["paths"]
    assert {"/api/schedules", "/api/runs", "/api/runs/{run}/events"} <= set(paths)


def test_a_recipe_that_is_sent_is_built(server: Server) -> None:
    text = "name: sent\nseq_length: 2k\nmix: [{task: kv, length: 2k, n: 2}]\n"
    [run] = server.ask("/api/runs", {"text": text})["runs"]
    assert (
        until(lambda: (found := server.ask(f"/api/runs/{run}")["run"]) and is_over(found) and found)["state"] == "built"
    )


MIX = "mix: [{task: kv, length: 2k, n: 2}]\n"
HOSTILE = {
    "another folder": ({"recipe": "../secret.txt"}, "in none of the folders"),
    "an absolute path": ({"recipe": "/etc/passwd"}, "in none of the folders"),
    "a link out": ({"recipe": "out.yaml"}, "in none of the folders"),
    "a YAML tag": ({"text": "!!python/object/apply:os.system ['touch harm']"}, "could not determine a constructor"),
    "a loop": ({"text": "{% for i in range(10**9) %}x{% endfor %}"}, "sent.yaml"),
    "a file as tokenizer": (
        {"text": f"name: x\nseq_length: 2k\ntokenizer: {{source: ../secret.txt}}\n{MIX}"},
        "in none of the folders",
    ),
    "the Hub": (
        {"text": f"name: x\nseq_length: 2k\ntokenizer: {{source: org/name}}\n{MIX}"},
        "fetches nothing",
    ),
    "a URL": (
        {"text": f"name: x\ningest: [{{name: c, inputs: ['http://169.254.169.254/x.jsonl']}}]\nseq_length: 2k\n{MIX}"},
        "fetches nothing from http://169.254.169.254",
    ),
    "a glob": (
        {"text": f"name: x\ningest: [{{name: c, inputs: ['../../*/secret.txt']}}]\nseq_length: 2k\n{MIX}"},
        "in none of the folders",
    ),
    "a change": ({"recipe": "tiny.yaml", "changes": ["tokenizer.source=/etc/passwd"]}, "in none of the folders"),
    "a haystack": (
        {
            "text": "name: x\nseq_length: 2k\nmix: [{task: niah, length: 2k, n: 2, "
            "settings: {haystack: essay, corpus: /etc}}]\n"
        },
        "in none of the folders",
    ),
    "a bomb of aliases": ({"text": "a: &a [1]\n" + "".join(f"b{n}: &b{n} [*a, *a]\n" for n in range(9))}, "x- keys"),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_a_recipe_reaches_nothing_outside(server: Server, place: Path, case: str) -> None:
    content, problem = HOSTILE[case]
    message = refused(server, "/api/runs", content)
    assert problem in message or case == "a bomb of aliases", message
    assert "nobody may read this" not in message
    assert not list(place.rglob("harm"))


@pytest.mark.parametrize(
    "path",
    [
        "/runs/..%2f..%2f..%2fetc%2fpasswd",
        "/api/runs/..%2f..%2fetc/log",
        "/runs/x/report/../../../../etc/passwd",
        "/static/../site.py",
        "/static/..%2fsite.py",
        "/static/%2e%2e/views.py",
        "/runs/%00",
        "/api/schedules/%3Cscript%3E",
    ],
)
def test_paths_lead_nowhere_else(server: Server, path: str) -> None:
    answer = raw(server, f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".encode())
    assert answer.split(b" ")[1] in (b"404", b"400"), answer[:200]
    assert b"root:" not in answer


def test_script_text_is_escaped(server: Server) -> None:
    name = "<script>alert(1)</script>"
    with pytest.raises(urllib.error.HTTPError) as caught:
        server.ask("/api/schedules", {"name": name, "recipe": "tiny.yaml", "cron": "* * * * *"})
    with caught.value as error:
        assert error.headers.get_content_type() == "application/json"
        assert error.headers["X-Content-Type-Options"] == "nosniff"
    answer = raw(
        server,
        f"POST /schedules HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {len(name) + 5}\r\n"
        f"Connection: close\r\n\r\nname={name}".encode(),
    )
    assert b"<script>alert" not in answer
    assert answer.split(b" ")[1] == b"400"


def raw(server: Server, request: bytes, pause: float = 0) -> bytes:
    """What comes back for bytes as they are."""
    place = urlsplit(server.url)
    with socket.create_connection((place.hostname, place.port), timeout=60) as connection:
        connection.sendall(request)
        time.sleep(pause)
        answer = b""
        while piece := connection.recv(1 << 16):
            answer += piece
        return answer


def test_bodies_are_bounded_in_size_and_time(server: Server) -> None:
    # No byte is sent that the server does not read before it answers: one left unread resets the connection.
    large = b"POST /api/runs HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1048577\r\nConnection: close\r\n\r\n"
    assert b" 413 " in raw(server, large).split(b"\r\n")[0]
    chunked = b"POST /api/runs HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
    piece = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
    assert b" 413 " in raw(server, chunked + piece * 16 + b"1\r\nx\r\n").split(b"\r\n")[0]
    slow = b"POST /api/runs HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100\r\nConnection: close\r\n\r\n{"
    assert b" 408 " in raw(server, slow).split(b"\r\n")[0]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Host": "evil.example"}, 421),
        ({"Host": "evil.example:80"}, 421),
        ({"Host": "localhost"}, 200),
        ({"Host": "127.0.0.1", "Origin": "http://evil.example"}, 200),
    ],
)
def test_foreign_hosts_are_refused(server: Server, headers: dict[str, str], status: int) -> None:
    assert server.status("/api/runs", headers=headers) == status


def test_pages_of_others_cannot_act(server: Server) -> None:
    for headers in ({"Origin": "http://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}):
        assert server.status("/api/runs", content={"recipe": "tiny.yaml"}, headers=headers) == 403


def test_another_address_wants_the_token(place: Path) -> None:
    with Server(place / "tokened", "--host", "0.0.0.0", "--allow-host", "builds.example") as server:
        assert server.token
        path = place / "tokened" / "token"
        assert path.stat().st_mode & 0o777 == 0o600
        url = urlsplit(server.url)
        server.url = f"http://127.0.0.1:{url.port}"
        assert server.status("/api/runs") == 200
        assert server.status("/healthz", headers={"Authorization": ""}) == 200
        for shown in ("", "Bearer ", "Bearer wrong", f"Basic {server.token}", f"Bearer {server.token}x", "Bearer é"):
            if shown.isascii():
                assert server.status("/api/runs", headers={"Authorization": shown}) == 401
        assert server.status("/api/runs", headers={"Host": "builds.example"}) == 200
        assert server.status("/api/runs", headers={"Host": "other.example"}) == 421
        server.kill(15)
        path.chmod(0o644)
        open_to_all = command(place, "serve", "--service", "tokened", "--host", "0.0.0.0", "--port", "0")
        assert open_to_all.returncode == 1
        assert "chmod 600" in open_to_all.stderr
        path.chmod(0o600)


def test_a_port_that_is_taken_is_named(server: Server, place: Path) -> None:
    port = str(urlsplit(server.url).port)
    done = command(place, "serve", "--service", "other", "--port", port)
    assert done.returncode == 1
    assert f"127.0.0.1:{port} cannot be served" in done.stderr


def test_without_the_extra_it_says_what_to_install(place: Path) -> None:
    hide = (
        "import importlib.util as u, runpy, sys\n"
        "find = u.find_spec\n"
        "u.find_spec = lambda name, *rest: None if name == 'dbos' else find(name, *rest)\n"
        "sys.argv = ['lcdata', 'schedule', 'ls']\n"
        "runpy.run_module('lcdata', run_name='__main__', alter_sys=True)\n"
    )
    done = subprocess.run(
        [COMMAND[0], "-P", "-c", hide], cwd=place, capture_output=True, text=True, env=dict(os.environ)
    )
    assert done.returncode == 2
    assert "the service needs dbos: pip install 'lcdata[serve]'" in done.stderr
