"""`python -m hub FOLDER --port-file FILE [--xet]`: the loopback Hub until it is ended, for whoever tries a push.

The file gets lines `NAME=VALUE` for a client's environment, `HF_ENDPOINT` first.
"""

import argparse
import os
import signal
from pathlib import Path

from .server import LoopbackHub


def main() -> None:
    """Serve until SIGINT or SIGTERM."""
    parser = argparse.ArgumentParser(prog="hub", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--port-file", type=Path, required=True)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--xet", action="store_true")
    asked = parser.parse_args()
    signals = {signal.SIGINT, signal.SIGTERM}
    signal.pthread_sigmask(signal.SIG_BLOCK, signals)
    with LoopbackHub(asked.folder.absolute(), asked.xet, port=asked.port) as hub:
        lines = "".join(f"{name}={value}\n" for name, value in hub.environment.items())
        whole = asked.port_file.with_name(asked.port_file.name + ".tmp")
        whole.write_text(lines)
        os.replace(whole, asked.port_file)
        signal.sigwait(signals)


if __name__ == "__main__":
    main()
