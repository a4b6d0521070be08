"""What has to be uploaded again when one row in a hundred is left out, added, or a run of them is, by row length.

Prints a table for docs/publishing.md: the share of the bytes of a data file that are new to xet storage, by the chunks
of `hf_xet` itself, for files of `--cdc` and for those without.
"""

import sys
import tempfile
from pathlib import Path

import click
import numpy as np

import lcdata
from lcdata import open_dataset

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from hub.reupload import Rows, share_uploaded_again

SIZES = (("4k", 4000), ("8k", 2000), ("16k", 1200), ("32k", 800), ("128k", 200), ("1M", 100))
"""Row lengths, and how many rows, so that the files have 10 to 70 MB."""


def edited(rows: Rows) -> dict[str, tuple[Rows, Rows]]:
    """The rows before and after each edit."""
    few = max(1, len(rows) // 100)
    gone = set(np.random.default_rng(0).choice(len(rows), few, replace=False).tolist())
    kept = [row for place, row in enumerate(rows) if place not in gone]
    start = len(rows) // 3
    return {
        "rows left out": (rows, kept),
        "rows added": (kept, rows),
        "a run left out": (rows, [*rows[:start], *rows[start + few :]]),
    }


@click.command()
def main() -> None:
    """Measure and print."""
    print("| rows | edit of 1 % | `--cdc` | without |\n|---|---|---:|---:|")
    for length, number in SIZES:
        with tempfile.TemporaryDirectory() as folder:
            mix = [{"task": "kv", "length": length, "n": number}]
            lcdata.build({"name": "kv", "seq_length": length, "cdc": True, "mix": mix}, Path(folder) / "kv", workers=0)
            config = open_dataset(Path(folder) / "kv").config()
            rows = [list(row.documents) for row in config.rows()]
            for name, (before, after) in edited(rows).items():
                shares = [share_uploaded_again(before, after, config.seq_length, cdc) for cdc in (True, False)]
                print(f"| {number} of {length} | {name} | " + " | ".join(f"{share:.1%}" for share in shares) + " |")


if __name__ == "__main__":
    main()
