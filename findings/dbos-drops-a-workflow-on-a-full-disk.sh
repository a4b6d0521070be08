#!/usr/bin/env bash
# DBOS leaves a workflow whose step it could not write down: it stays PENDING, done by nobody, until the process ends.
#
# Version: dbos 3.4.0 with SQLite. A locked database is waited for without end; of a full disk ("database or disk is
# full", "disk I/O error") the exception goes through the workflow, whose end cannot be written either. Once there is
# room again the row still names the living executor as its owner, so no recovery takes it, and in a partitioned queue
# it keeps its partition: all that comes after it waits.
# Seen: 15 s after the disk has room again the workflow is PENDING, and the one behind it ENQUEUED.
# Cure: look for rows that are PENDING here and that no thread of this process is at, and `DBOS.resume_workflow` them.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/python -m pip install --quiet --disable-pip-version-check dbos==3.4.0

cat > full.py <<'PYTHON'
import resource
import time

from dbos import DBOS, SetEnqueueOptions, SetWorkflowID

DBOS(config={"name": "full", "system_database_url": "sqlite:///full.sqlite", "log_level": "CRITICAL"})
UNLIMITED = resource.RLIM_INFINITY


@DBOS.step()
def fill() -> None:
    """From here on no file can grow, as on a full disk."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, UNLIMITED))


@DBOS.workflow()
def work() -> None:
    fill()


@DBOS.workflow()
def behind() -> None:
    pass


DBOS.launch()
DBOS.register_queue("queue", partition_concurrency=1)
with SetWorkflowID("first"), SetEnqueueOptions(queue_partition_key="a"):
    DBOS.enqueue_workflow("queue", work)
with SetWorkflowID("second"), SetEnqueueOptions(queue_partition_key="a"):
    DBOS.enqueue_workflow("queue", behind)
while resource.getrlimit(resource.RLIMIT_FSIZE)[0] == UNLIMITED:
    time.sleep(0.1)
time.sleep(3)
resource.setrlimit(resource.RLIMIT_FSIZE, (UNLIMITED, UNLIMITED))
time.sleep(15)
print(*(row.status for row in DBOS.list_workflows(workflow_ids=["first", "second"])))
PYTHON

found=$(timeout 120 venv/bin/python full.py 2> /dev/null | tail -1 || true)
echo "$found"
test "$found" = "PENDING ENQUEUED"
