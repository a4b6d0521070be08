#!/usr/bin/env bash
# A streamed and shuffled dataset that is resumed from its state loses rows, and gives others twice.
#
# Version: datasets 5.2.0. At resuming it warns that the shuffle buffer's content is not there and is filled anew; that
# rows which were given before are given again it does not say, and a run trains on them twice. Unshuffled it is exact.
# Seen: of 200 rows, stopped after 70, with a buffer of 32: 20 are never given and 4 twice.
# Cure: shuffle the files and rows beforehand, or stream without `shuffle`; or read with a loader that resumes by place.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/python -m pip install --quiet --disable-pip-version-check datasets==5.2.0 pyarrow==26.0.1

cat > resume.py <<'PYTHON'
from collections import Counter

import datasets
import pyarrow as pa
import pyarrow.parquet as pq

FILES = [f"{number}.parquet" for number in range(4)]
for number, file in enumerate(FILES):
    pq.write_table(pa.table({"row": range(50 * number, 50 * number + 50)}), file)


def rows(buffer_size: int) -> datasets.IterableDataset:
    stream = datasets.load_dataset("parquet", data_files=FILES, split="train", streaming=True)
    return stream.shuffle(seed=0, buffer_size=buffer_size) if buffer_size else stream


for buffer_size in (0, 32):
    dataset, given = rows(buffer_size), []
    for row in dataset:
        given.append(row["row"])
        if len(given) == 70:
            break
    resumed = rows(buffer_size)
    resumed.load_state_dict(dataset.state_dict())
    times = Counter(given + [row["row"] for row in resumed])
    twice = sum(count > 1 for count in times.values())
    print(f"buffer {buffer_size}: {200 - len(times)} never, {twice} twice")
PYTHON

found=$(HF_HOME="$folder/home" venv/bin/python resume.py 2> /dev/null)
echo "$found"
test "$found" = "buffer 0: 0 never, 0 twice
buffer 32: 20 never, 4 twice"
