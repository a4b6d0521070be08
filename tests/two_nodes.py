"""`python two_nodes.py FOLDER [PATH]`: a Ray cluster of two nodes on this machine until stdin ends; prints its address.

Each node has a home, a working directory and a folder for temporary files of its own in FOLDER. PATH is put before the
PYTHONPATH of its workers.
"""

import os
import sys
from pathlib import Path

from ray.cluster_utils import Cluster

_STARTS = 4
"""Ray gives a node 30 seconds to start, which a busy machine may not have."""


def main() -> None:
    """Start the nodes, and end them when nobody waits any more."""
    root, *before = sys.argv[1:]
    cluster = Cluster()
    for name in ("one", "two"):
        home = Path(root, name)
        (home / "tmp").mkdir(parents=True)
        os.chdir(home)
        own = {"HOME": str(home), "TMPDIR": str(home / "tmp")}
        os.environ.update(own)
        path = os.pathsep.join([*before, *filter(None, [os.environ.get("PYTHONPATH")])])
        _start(cluster, {**own, "PYTHONPATH": path})
    cluster.wait_for_nodes()
    print(cluster.address, flush=True)
    sys.stdin.read()
    cluster.shutdown()


def _start(cluster: Cluster, variables: dict[str, str]) -> None:
    for attempt in range(1, _STARTS + 1):
        try:
            cluster.add_node(num_cpus=1, include_dashboard=False, object_store_memory=2**27, env_vars=variables)
            return
        except Exception:
            if attempt == _STARTS:
                raise


if __name__ == "__main__":
    main()
