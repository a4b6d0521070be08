"""Counting a dataset's organic documents again from its document table alone, and comparing them with their store."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ...packers.files.token_store import TokenFile, token_path
from ...schemas.buckets import Buckets
from ...schemas.manifest import ComponentAccount
from ...schemas.sample import ids_sha256
from ...schemas.tokens import Ends, TokenizerIdentity
from ..corpora.store import StoredCorpus
from ..planning.accounts import count

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class PieceColumns:
    """The pieces of documents in a document table, in its order; arrays of shape (documents of the table,)."""

    source: NDArray[np.object_]
    """Name of the piece's component."""
    document_tokens: Ints
    """Tokens of the whole document in its corpus."""
    content: Ints
    """Tokens of the piece without BOS and EOS."""
    is_last: NDArray[np.bool_]
    """Whether the document ends with the piece, and so with EOS."""
    is_first_time: NDArray[np.bool_]
    """Whether the document was not drawn before."""
    key: NDArray[np.uint64]
    """A hash of component, document, place in it and repeat: no two pieces may have the same."""

    @classmethod
    def of(cls, docs: pa.Table, ends: Ends) -> "PieceColumns":
        """The pieces of documents that a document table holds."""
        facts = docs["facts"].to_pylist()
        document_tokens = np.array([json.loads(fact)["document_tokens"] for fact in facts], np.int64)
        without_bos = docs["length"].to_numpy().astype(np.int64) - ends.before
        offset, repeat = docs["source_offset"].to_numpy().astype(np.int64), docs["repeat"].to_numpy()
        is_last = offset + without_bos - ends.after == document_tokens
        names = docs["source"].to_pylist()
        what = docs["source_id"].to_pylist(), docs["sha256"].to_pylist()  # ids of a user's may not be unique
        places = zip(names, *what, offset.tolist(), repeat.tolist(), strict=True)
        keys = [hashlib.blake2b(repr(place).encode(), digest_size=8).digest() for place in places]
        return cls(
            source=np.array(names, object),
            document_tokens=document_tokens,
            content=without_bos - is_last * ends.after,
            is_last=is_last,
            is_first_time=repeat == 0,
            key=np.frombuffer(b"".join(keys), np.uint64),
        )

    def counted(self, accounts: Sequence[ComponentAccount]) -> Ints:
        """Tokens drawn, and of them used, by the accounts' buckets, int64 of shape (components, buckets, 2)."""
        buckets = account_buckets(accounts)
        bucket = buckets.of(self.document_tokens)
        counts = np.zeros((len(accounts), len(buckets), 2), np.int64)
        for number, account in enumerate(accounts):
            own = self.source == account.name
            np.add.at(counts[number, :, 0], bucket[own], self.content[own])
            first = own & self.is_first_time
            np.add.at(counts[number, :, 1], bucket[first], self.content[first])
        return counts


def account_buckets(accounts: Sequence[ComponentAccount]) -> Buckets:
    """The buckets that the accounts are kept by."""
    return Buckets(tuple(bucket.low for bucket in accounts[0].buckets if bucket.low))


def wrong_accounts(
    accounts: Sequence[ComponentAccount], counts: NDArray[np.int64], keys: NDArray[np.uint64]
) -> Iterator[str]:
    """Accounts that do not balance or differ from the document table, and pieces there twice; a sentence for each."""
    for number, account in enumerate(accounts):
        for bucket, found in zip(account.buckets, counts[number].tolist(), strict=True):
            name = f"{account.name}, documents of {bucket.low:,} tokens and more"
            if bucket.tokens != bucket.used + bucket.unused + sum(bucket.dropped.values()):
                yield f"the ledger does not balance: {name}"
            if [bucket.drawn, bucket.used] != found:
                yield (
                    f"the ledger says {bucket.drawn:,} tokens drawn, {bucket.used:,} of them different, and the "
                    f"document table {found[0]:,} and {found[1]:,}: {name}"
                )
    if len(np.unique(keys)) != len(keys):
        yield "a piece of a document is there twice in the same repeat"


def wrong_against_store(account: ComponentAccount, corpus: StoredCorpus) -> Iterator[str]:
    """That an account has other tokens than its corpus, in a sentence; LcdataError where the index is damaged."""
    lengths = corpus.sizes["tokens"].to_numpy()
    _, tokens = count(lengths, lengths, account_buckets([account]))
    if tokens != [bucket.tokens for bucket in account.buckets]:
        yield f"the ledger says {account.corpus} has other tokens than it has"


def different_from_store(
    corpus: StoredCorpus, identity: TokenizerIdentity, records: Sequence[Mapping[str, Any]]
) -> Iterator[str]:
    """What is wrong with documents by the corpus that they were drawn from, a sentence for each that is not the same.

    `records` are of the document table. LcdataError where a file of the corpus is damaged.
    """
    index = corpus.index("id", "bucket", "unit", "row_group", "row")
    names = {record["source_id"] for record in records}
    places: dict[str, list[Mapping[str, Any]]] = {name: [] for name in names}
    for found in index.filter(pc.field("id").isin(list(names))).to_pylist():
        places[found["id"]].append(found)

    @lru_cache(maxsize=2)
    def row_group(bucket: int, unit: int, number: int) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        _, ends, flat = TokenFile(corpus.path, token_path(corpus.buckets.low(bucket), unit)).row_group(number)
        return ends, flat

    def ids(place: Mapping[str, Any]) -> NDArray[np.int32]:
        ends, flat = row_group(place["bucket"], place["unit"], place["row_group"])
        return flat[ends[place["row"]] : ends[place["row"] + 1]]

    for record in records:
        name = record["source_id"]
        if not places[name]:
            yield f"{name} is not in {corpus.path}"
        elif not any(_piece_sha256(ids(place), identity, record) == record["sha256"] for place in places[name]):
            yield f"{name} differs from what {corpus.path} holds"


def _piece_sha256(ids: NDArray[np.int32], identity: TokenizerIdentity, record: Mapping[str, Any]) -> str:
    """The hash that a record's piece of a document of these tokens must have."""
    whole = np.concatenate((identity.bos_ids, ids[record["source_offset"] :], identity.eos_ids)).astype(np.int32)
    return ids_sha256(whole[: record["length"]])
