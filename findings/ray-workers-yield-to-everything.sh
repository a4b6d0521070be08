#!/usr/bin/env bash
# Ray 2.x puts its workers at niceness 15: beside any ordinary process they get a thirtieth of a core's time.
#
# Version: ray 2.60.0. Python's multiprocessing and datasets' `map` leave their processes at the niceness of whoever
# started them; so does Ray's driver, so that the same function is fast in the driver and starves in a worker.
# Seen: on two cores, with one busy loop on each, a job of 18 to 36 s took 89 s and more than 250 s. Nothing in Ray's
# logs or its dashboard says so; `ps -o ni` does.
# Cure: RAY_worker_niceness=0 in the environment of what starts Ray, for a cluster that of `ray start`.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/python -m pip install --quiet --disable-pip-version-check ray==2.60.0

cat > niceness.py <<'PYTHON'
import os
import sys

import ray

ray.init(address="local", num_cpus=1, include_dashboard=False, log_to_driver=False, _temp_dir=sys.argv[1])


@ray.remote
def of_a_task() -> int:
    return os.nice(0)


@ray.remote
class Actor:
    def niceness(self) -> int:
        return os.nice(0)


print("driver", os.nice(0), "task", ray.get(of_a_task.remote()), "actor", ray.get(Actor.remote().niceness.remote()))
PYTHON

export RAY_USAGE_STATS_ENABLED=0
unset RAY_worker_niceness
left_alone=$(venv/bin/python niceness.py "$folder/ray" 2> /dev/null)
asked_for=$(RAY_worker_niceness=0 venv/bin/python niceness.py "$folder/ray" 2> /dev/null)
echo "left alone:             $left_alone"
echo "RAY_worker_niceness=0:  $asked_for"
test "$left_alone" = "driver 0 task 15 actor 15"
test "$asked_for" = "driver 0 task 0 actor 0"
