"""`python jobs_cluster.py FOLDER`: a Ray of this machine with its Jobs API, until stdin ends; prints the API's address.

Ray's files lie in FOLDER. What asks it needs the token of RAY_AUTH_TOKEN_PATH, which is made there too.
"""

import os
import sys
from pathlib import Path


def main() -> None:
    """Start it, and end it when nobody waits any more."""
    folder = Path(sys.argv[1])
    token = folder / "token"
    token.touch(mode=0o600)
    token.write_text(os.urandom(32).hex())
    os.environ.update(RAY_AUTH_MODE="token", RAY_AUTH_TOKEN_PATH=str(token), RAY_USAGE_STATS_ENABLED="0")
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    from ray.cluster_utils import Cluster

    cluster = Cluster()
    head = cluster.add_node(
        num_cpus=2,
        include_dashboard=True,
        dashboard_host="127.0.0.1",
        dashboard_port=0,
        dashboard_agent_listen_port=0,  # its own is the same for every Ray of a machine
        object_store_memory=2**27,
        temp_dir=str(folder / "r"),
    )
    print(f"http://{head.webui_url}", flush=True)
    sys.stdin.read()
    cluster.shutdown()


if __name__ == "__main__":
    main()
