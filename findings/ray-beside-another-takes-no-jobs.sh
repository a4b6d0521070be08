#!/usr/bin/env bash
# Of two Rays on a machine the second one takes no jobs, ever, and tells whoever submits one to try again later.
#
# Version: ray[default] 2.60.0. The agent of a node that does jobs listens on port 52365 of its machine, whatever other
# ports are chosen. Where that is taken the agent goes on without its HTTP server; `ray.init` and the dashboard come up
# and say nothing, and the Jobs API answers every job with 500, "No available agent to submit job, please try again
# later". The bind error stands in dashboard_agent.log alone.
# Seen: a job for the second Ray is refused after it has been up for 30 s; the first one takes it.
# Cure: `ray start --dashboard-agent-listen-port`, another for each Ray of a machine; `ray.init` has no such option.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/python -m pip install --quiet --disable-pip-version-check "ray[default]==2.60.0"

cat > two.py <<'PYTHON'
import subprocess
import sys
import time

START = """
import ray, sys
started = ray.init(address="local", num_cpus=1, include_dashboard=True, dashboard_port=0, log_to_driver=False,
                   object_store_memory=10**8, _temp_dir=sys.argv[1])
print("http://" + started.dashboard_url, flush=True)
sys.stdin.read()
"""
PIPE = subprocess.PIPE


def start(name: str) -> "subprocess.Popen[str]":
    command = [sys.executable, "-c", START, f"{sys.argv[1]}/{name}"]
    return subprocess.Popen(command, stdin=PIPE, stdout=PIPE, stderr=subprocess.DEVNULL, text=True)


def submitted(address: str) -> str:
    from ray.job_submission import JobSubmissionClient

    try:
        JobSubmissionClient(address).submit_job(entrypoint="true")
    except RuntimeError as error:
        return "refused" if "No available agent" in str(error) else str(error)
    return "taken"


rays, addresses = [], []
for name in ("1", "2"):
    rays.append(start(name))
    addresses.append(rays[-1].stdout.readline().strip())
time.sleep(30)
print(*map(submitted, addresses))
for ray in rays:
    ray.communicate("")
PYTHON

export RAY_USAGE_STATS_ENABLED=0 RAY_AUTH_MODE=disabled
unset RAY_ADDRESS RAY_API_SERVER_ADDRESS
found=$(timeout 300 venv/bin/python two.py "$folder")
echo "$found"
test "$found" = "taken refused"
