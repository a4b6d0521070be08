"""`make demo-publish`: the demo recipe, built by two nodes into an object store, then shown, pushed and read again.

Everything is real and on this machine alone: an S3 server, a Ray cluster, a Hub. Each command is printed as it is run.
"""

import os
import secrets
import shlex
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path

import two_nodes
from hub.server import LoopbackHub
from object_store import ObjectStore

HERE = Path(__file__).parents[1]
DATASET, REPOSITORY = "s3://demo/demo-recipe", "user/demo-recipe"
STREAM = f"""
from datasets import load_dataset
for config in ("4k", "16k"):
    rows = load_dataset("{REPOSITORY}", config, split="train", streaming=True, revision="first")
    row = next(iter(rows))
    print(config, sum(1 for _ in rows), "rows; the first has documents of", row["seq_lengths"][:8], "tokens")
"""


def main() -> None:
    """Run the commands in order; ends with the first that fails."""
    with tempfile.TemporaryDirectory(prefix="t") as name, LoopbackHub(Path(name, "hub")) as hub:
        store = ObjectStore()
        token = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32), "RAY_USAGE_STATS_ENABLED": "0"}
        try:
            environment = {**os.environ, **store.environment, **token}
            del environment["FSSPEC_S3"]  # parts as small as tests have them
            run(environment, sys.executable, "-c", "import fsspec; fsspec.filesystem('s3').mkdir('demo')")
            with nodes(Path(name), environment) as address:
                where = ("--store", "s3://demo/store", "--out", DATASET, "--address", address)
                run(environment, "lcdata", "build", HERE / "recipes/demo.yaml", *where)
            run(environment, "lcdata", "report", DATASET)
            run(environment, "lcdata", "inspect", DATASET)
            run(environment, "lcdata", "verify", DATASET, "--store", "s3://demo/store")
            reading = {**environment, **hub.environment, "HF_HOME": str(Path(name, "cache"))}
            for options in (("--dry-run",), ("--tag", "first"), ("--tag", "first")):
                run(reading, "lcdata", "push", DATASET, REPOSITORY, *options)
            run(reading, sys.executable, "-c", STREAM)
            copy = Path("demo-published")
            shutil.rmtree(copy, ignore_errors=True)
            download = ("--repo-type", "dataset", "--revision", "first", "--local-dir", copy, "--quiet")
            run(reading, "hf", "download", REPOSITORY, *download)
            run(environment, "lcdata", "verify", copy, "--store", "s3://demo/store")
            print(f"\n{copy / 'report/index.html'} is its report, {copy / 'README.md'} its card")
        finally:
            store.stop()


@contextmanager
def nodes(root: Path, environment: Mapping[str, str]) -> Generator[str]:
    """The address of two nodes that share no folder."""
    command = [sys.executable, two_nodes.__file__, str(root)]
    pipe = subprocess.PIPE
    with open(root / "said", "w") as said:
        process = subprocess.Popen(command, env=environment, stdin=pipe, stdout=pipe, stderr=said, text=True)
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        address = process.stdout.readline().strip()
        if not address:
            sys.exit((root / "said").read_text())
        yield address
    finally:
        process.stdin.close()
        process.wait()
        process.stdout.close()


def run(environment: Mapping[str, str], program: str, *arguments: str | Path) -> None:
    """Print a command, and run it in the current folder."""
    words = [program if program != sys.executable else "python", *map(str, arguments)]
    print(f"\n$ {shlex.join(words)}", flush=True)
    path = Path(sysconfig.get_path("scripts")) / program
    subprocess.run([path if path.is_file() else program, *arguments], env=environment, check=True)


if __name__ == "__main__":
    main()
