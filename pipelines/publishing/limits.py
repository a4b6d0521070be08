"""What the Hub takes of a repository, by https://huggingface.co/docs/hub/storage-limits."""

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath

from ...schemas.errors import UsageError

MAX_ENTRIES, MAX_FILES = 10_000, 100_000
MAX_BYTES, MANY_BYTES = 500 * 10**9, 200 * 10**9


def check_limits(sizes: Mapping[str, int]) -> Iterator[str]:
    """What of a repository's files is beyond what the Hub recommends, a sentence each.

    sizes: bytes by path, of all files as they are to be. Raises UsageError for what it does not take.
    """
    entries = Counter(PurePosixPath(path).parent.as_posix() for path in sizes)
    folder, most = max(entries.items(), key=lambda one: one[1])
    if most > MAX_ENTRIES:
        raise UsageError(
            f"{folder} would have {most:,} files and the Hub takes {MAX_ENTRIES:,}: build with larger --shard-rows"
        )
    largest = max(sizes, key=lambda path: sizes[path])
    if sizes[largest] > MAX_BYTES:
        raise UsageError(
            f"{largest} has {sizes[largest]:,} bytes and the Hub takes {MAX_BYTES:,}: build with smaller --shard-rows"
        )
    if len(sizes) > MAX_FILES:
        yield f"the repository would have {len(sizes):,} files, the Hub recommends fewer than {MAX_FILES:,}"
    if sizes[largest] > MANY_BYTES:
        yield f"{largest} has {sizes[largest]:,} bytes, the Hub recommends fewer than {MANY_BYTES:,}"
