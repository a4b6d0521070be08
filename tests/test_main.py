"""What ends a command is told in one line that has no secrets, and only a defect of lcdata is called one."""

import json
import signal
import subprocess
import sys

import pytest

URL = "https://alice:pa55word@host/a.jsonl?sig=51gnature"
TOLD = "https://host/a.jsonl?…"

PROGRAM = """
import os, signal, sys, warnings
from lcdata import __main__ as command_line

def work(*_, **__):
    {work}

command_line.cli.main = work
sys.argv = ["lcdata", "ingest", {url!r}, *{options!r}]
command_line.main()
"""


def ended(work: str, *options: str) -> subprocess.CompletedProcess[str]:
    """The command line whose work is a line of Python."""
    program = PROGRAM.format(work=work, url=URL, options=options)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    written = done.stdout + done.stderr
    assert not [secret for secret in ("alice", "pa55word", "51gnature") if secret in written], written
    return done


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        ("MemoryError()", 4, "there is too little memory: run the same command again with fewer --workers"),
        ("OSError(28, 'No space left on device', '/a/b')", 4, "no space left for /a/b: free some and run"),
        ("OSError(5, 'Input/output error', '/a/b')", 4, "/a/b: Input/output error: the disk may be failing"),
        ("OSError(21, 'Is a directory', '/a/b')", 1, "/a/b: something is in the way (Is a directory)"),
        ("PermissionError(13, 'Permission denied', '/a/b')", 1, "/a/b cannot be written (Permission denied)"),
        (
            "ZeroDivisionError('division by zero')",
            1,
            "this is a defect of lcdata: run again with --debug and report it",
        ),
    ],
)
def test_what_surroundings_do_is_no_defect(error: str, code: int, said: str) -> None:
    done = ended(f"raise {error}")
    assert done.returncode == code
    assert done.stderr.startswith("lcdata: ")
    assert done.stderr.count("\n") == 1
    assert said in done.stderr
    assert ("defect" in done.stderr) == ("ZeroDivision" in error)


@pytest.mark.parametrize("options", [(), ("--json",)])
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 4)])
def test_how_to_go_on_is_told_without_secrets(number: int, code: int, options: tuple[str, ...]) -> None:
    done = ended(f"os.kill(os.getpid(), {int(number)})", *options)
    assert done.returncode == code
    assert f"\n  lcdata ingest '{TOLD}'" in done.stderr
    if options:
        assert json.loads(done.stdout)["exit_code"] == code


@pytest.mark.parametrize("options", [(), ("--json",)])
def test_warnings_and_defects_are_told_without_secrets(options: tuple[str, ...]) -> None:
    warned = ended(f"warnings.warn('slow: ' + {URL!r})", *options)
    assert warned.returncode == 0
    assert f"lcdata: warning: slow: {TOLD}" in warned.stderr
    failed = ended(f"raise KeyError({URL!r})", *options, "--debug")
    assert failed.returncode == 1
    assert TOLD in failed.stderr
    assert "Traceback" in failed.stderr
