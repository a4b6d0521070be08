"""What becomes of the tokens of each component and bucket, exactly: tokens = used + unused + dropped."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ...packers.rows.pieces import LongPolicy
from ...schemas.buckets import Buckets
from ...schemas.manifest import BucketAccount, ComponentAccount
from .draw import Drawn
from .selection import Selection
from .upsample import Targets

OUTSIDE = "outside the lengths chosen"
_SHORTENED: dict[LongPolicy, str] = {"split": "", "truncate": "truncated to a row", "drop": "longer than a row"}


def make_accounts(
    selections: Sequence[Selection],
    drawn: Sequence[Sequence[Drawn]],
    targets: Targets,
    policy: LongPolicy,
    of_tasks: int,
    share: float,
) -> list[ComponentAccount]:
    """The accounts of all corpora; `drawn` by corpus and bucket of the targets.

    The corpora are to have this share of all tokens, beside so many of tasks.
    """
    buckets = [
        _bucket_accounts(selection, cells, targets.buckets, wanted.tolist(), _SHORTENED[policy])
        for selection, cells, wanted in zip(selections, drawn, targets.wanted, strict=True)
    ]
    sums = [sum(account.drawn for account in some) for some in buckets]
    wanted = share * targets.wanted.sum(1) / max(int(targets.wanted.sum()), 1)
    return [
        ComponentAccount(
            name=selection.settings.name,
            corpus=selection.settings.corpus,
            fingerprint=selection.corpus.manifest.fingerprint,
            wanted_share=round(float(wanted[number]), 6),
            share=round(sums[number] / max(sum(sums) + of_tasks, 1), 6),
            buckets=buckets[number],
        )
        for number, selection in enumerate(selections)
    ]


def _bucket_accounts(
    selection: Selection, drawn: Sequence[Drawn], buckets: Buckets, wanted: Sequence[int], shortened: str
) -> list[BucketAccount]:
    everything = selection.corpus.sizes["tokens"].to_numpy()
    documents, tokens = count(everything, everything, buckets)
    _, inside = count(selection.lengths, selection.lengths, buckets)
    _, lost = count(selection.lengths, selection.pieces.dropped, buckets)
    lengths = selection.pieces.length
    accounts: list[BucketAccount] = []
    for bucket, cell in enumerate(drawn):
        dropped = {OUTSIDE: tokens[bucket] - inside[bucket], shortened: lost[bucket]}
        used = int(lengths[cell.piece[cell.repeat == 0]].sum(dtype=np.int64))
        accounts.append(
            BucketAccount(
                low=buckets.low(bucket),
                high=buckets.high(bucket),
                documents=documents[bucket],
                tokens=tokens[bucket],
                wanted=wanted[bucket],
                drawn=int(lengths[cell.piece].sum(dtype=np.int64)),
                used=used,
                unused=tokens[bucket] - used - sum(dropped.values()),
                dropped={reason: count for reason, count in dropped.items() if count},
            )
        )
    return accounts


def count(lengths: NDArray[np.int32], tokens: NDArray[np.integer], buckets: Buckets) -> tuple[list[int], list[int]]:
    """The numbers of documents and of tokens in each bucket."""
    bucket = buckets.of(lengths)
    summed = np.bincount(bucket, tokens, minlength=len(buckets)).astype(np.int64)
    return np.bincount(bucket, minlength=len(buckets)).tolist(), summed.tolist()
