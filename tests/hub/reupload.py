"""What of an edited file goes to the Hub again, by the client's own chunks."""

import tempfile
from collections.abc import Sequence
from pathlib import Path

from lcdata.packers.files.parquet import row_writer
from lcdata.packers.rows.row_group import RowGroup
from lcdata.schemas.sample import Document

Rows = Sequence[Sequence[Document]]


def share_uploaded_again(before: Rows, after: Rows, seq_length: int, cdc: bool) -> float:
    """The share of a file's bytes that are new to xet storage which holds the file of other rows."""
    with tempfile.TemporaryDirectory() as folder:
        cas, files = Path(folder) / "cas", [Path(folder) / name for name in ("before", "after")]
        cas.mkdir()
        for path, rows in zip(files, (before, after), strict=True):
            _write(path, rows, seq_length, cdc)
        _new_share(cas, files[0])
        return _new_share(cas, files[1])


def _write(path: Path, rows: Rows, seq_length: int, cdc: bool) -> None:
    """Write a data file as a shard's is."""
    group = RowGroup(seq_length, with_labels=True, by_content=cdc)
    with path.open("wb") as file, row_writer(file, with_labels=True, cdc=cdc) as writer:
        for documents in rows:
            group.add_row(documents)
            if group.is_full:
                writer.write_table(group.take())
        if len(group):
            writer.write_table(group.take())


def _new_share(cas: Path, path: Path) -> float:
    import hf_xet

    upload = hf_xet.XetSession().new_upload_commit(
        endpoint=f"local://{cas}", token="token", token_expiry_unix_secs=2**40
    )
    upload.start_upload_file(str(path), sha256=hf_xet.COMPUTE_SHA256)
    metrics = upload.wait_to_finish().dedup_metrics
    return metrics.new_bytes / metrics.total_bytes
