"""A tokenizer's files are bounded in size and in tries, and where they cannot be had one line says so."""

import os
import socketserver
import struct
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import zstandard

from lcdata.packers.tokens import vocabulary
from lcdata.packers.tokens.vocabulary import find_vocabulary
from lcdata.schemas.errors import UsageError

_MOST_TRIES = 12


@pytest.mark.parametrize("stated", [2**29 + 1, 2**40])
def test_a_packed_tokenizer_that_states_more_than_512_mib_is_refused_unread(stated: int, tmp_path: Path) -> None:
    path = tmp_path / "tokenizer.json.zst"
    path.write_bytes(b"\x28\xb5\x2f\xfd\xe0" + struct.pack("<Q", stated))  # the head of a frame, and nothing more
    with pytest.raises(UsageError, match=rf"would take {stated:,} bytes: give it as it is, or another$"):
        find_vocabulary(str(path))
    path.write_bytes(b"\x28\xb5\x2f\xfd\xe0" + struct.pack("<Q", 2**29))
    with pytest.raises(UsageError, match="the compressed tokenizer cannot be read: "):
        find_vocabulary(str(path))


def test_one_that_states_nothing_is_read_up_to_the_same_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "tokenizer.json.zst"
    data = b'{"version": "1.0"}' + b" " * 1000
    path.write_bytes(zstandard.ZstdCompressor(write_content_size=False).compress(data))
    assert zstandard.frame_content_size(path.read_bytes()) == -1
    assert find_vocabulary(str(path)).data == data
    monkeypatch.setattr(vocabulary, "_LARGEST_FILE", len(data) - 1)
    with pytest.raises(UsageError, match="the compressed tokenizer cannot be read: "):
        find_vocabulary(str(path))


class _Broken(socketserver.BaseRequestHandler):
    """Hangs up on everyone, and counts them."""

    tries = 0

    def handle(self) -> None:
        type(self).tries += 1


@pytest.fixture
def broken_hub() -> Iterator[str]:
    """The address of a Hub that never answers."""
    _Broken.tries = 0
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Broken) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("offline", [True, False])
def test_a_hub_that_cannot_be_reached_is_one_line_after_a_few_tries(
    broken_hub: str, offline: bool, tmp_path: Path
) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("HF_", "HUGGING"))}
    environment |= {"HF_ENDPOINT": broken_hub, "HF_HOME": str(tmp_path), "HF_HUB_OFFLINE": str(int(offline))}
    command = [sys.executable, "-m", "lcdata", "show", "kv", "--length", "400", "--tokenizer", "org/nothing-here"]
    done = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 5, done.stderr
    [line] = done.stderr.splitlines()
    why = "is not a file here and the Hub cannot be reached: " if offline else "could not be fetched from the Hub ("
    assert line.startswith(f"lcdata: tokenizer 'org/nothing-here' {why}")
    assert "download its tokenizer.json and give the path" in line
    assert _Broken.tries <= (0 if offline else _MOST_TRIES)
    assert offline or _Broken.tries
