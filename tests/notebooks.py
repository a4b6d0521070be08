"""Notebooks run from top to bottom by a kernel of their own: `python tests/notebooks.py FILE` writes their outputs."""

import os
import sys
import tempfile
from pathlib import Path
from typing import Any
from unittest.mock import patch

import nbformat
from nbclient import NotebookClient
from traitlets.config import Config


def run(path: Path) -> Any:
    """The notebook with the outputs that its cells have now; raises where a cell does.

    The kernel works in an empty folder, and is spoken to by sockets in it.
    """
    notebook = nbformat.read(path, 4)
    with tempfile.TemporaryDirectory() as folder, patch.dict(os.environ, IPYTHONDIR=folder):
        client = NotebookClient(
            notebook,
            config=Config({"KernelManager": {"transport": "ipc", "connection_file": f"{folder}/kernel.json"}}),
            resources={"metadata": {"path": folder}},
            startup_timeout=600,
            record_timing=False,
            coalesce_streams=True,
        )
        client.execute()
    return notebook


if __name__ == "__main__":
    nbformat.write(run(Path(sys.argv[1])), sys.argv[1])
