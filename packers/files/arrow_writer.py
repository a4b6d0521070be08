"""pyarrow's writer of Parquet files, ended by its block alone.

pyarrow's own ends a file that it was interrupted in when it is collected, after the file was closed and removed, and
then says so on stderr.
"""

import contextlib
from typing import Literal

import pyarrow.parquet as pq


class ArrowWriter(pq.ParquetWriter):
    """Writes a Parquet file within a block; where an error leaves it, whatever ending the file raises is dropped."""

    def __exit__(self, *args: object, **_: object) -> Literal[False]:
        if args[0] is None:
            self.close()
        else:
            self.give_up()
        return False

    def give_up(self) -> None:
        """End a file that nobody wants any more, whatever that raises."""
        with contextlib.suppress(Exception):
            self.close()

    def __del__(self) -> None:
        """End no file when collected: the block ended it, or never began."""
