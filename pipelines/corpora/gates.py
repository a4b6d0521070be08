"""What an ingest may lose: a share of the records, and a number or share of damaged files."""

from collections import Counter
from collections.abc import Iterable, Sequence

from ...generators.sources.record import NOTHING
from ...schemas.corpus import BadRecord, DamagedInput, Gates, PartRecord, UnitRecord
from ...schemas.counted import counted
from ...schemas.errors import UsageError

NAMED_BAD = 20
"""Number of unusable records and of files passed over that are named one by one."""
_SHOWN = 5


def first_bad(parts: Iterable[PartRecord]) -> list[BadRecord]:
    """The first records that could not be used."""
    return [record for part in parts for record in part.first_bad][:NAMED_BAD]


def check_bad(parts: Iterable[PartRecord], gates: Gates, enough: int) -> None:
    """Raise UsageError where too many of at least so many records cannot be used."""
    parts = list(parts)
    total = sum((Counter(part.bad) for part in parts), Counter[str]())
    check_bad_counts(sum(part.records for part in parts), total, first_bad(parts), gates, enough)


def check_bad_counts(
    records: int, bad_by_reason: Counter[str], named: Sequence[BadRecord], gates: Gates, enough: int = 1
) -> None:
    """Raise UsageError where too many of at least so many records cannot be used; what holds nothing loses nothing."""
    bad = bad_by_reason.total() - bad_by_reason[NOTHING]
    if records < enough or bad <= gates.max_bad * records:
        return
    first = "; ".join(f"{record.url}:{record.line} {record.reason}" for record in named[:3])
    raise UsageError(
        f"{bad:,} of {records:,} records cannot be used ({bad / records:.2%}), more than --max-bad "
        f"{gates.max_bad:.2%}: {first}. Repair them, or allow more with --max-bad"
    )


def check_damaged(damaged: Sequence[DamagedInput], num_inputs: int, gates: Gates) -> None:
    """Raise UsageError that names the files where more of them are damaged than may be."""
    allowed = gates.damaged_files
    if len(damaged) <= (allowed if isinstance(allowed, int) else allowed * num_inputs):
        return
    named = "; ".join(f"{one.url} {one.reason}, gave {counted(one.records, 'record')}" for one in damaged[:_SHOWN])
    others = f"; and {len(damaged) - _SHOWN:,} more" if len(damaged) > _SHOWN else ""
    of = f"{len(damaged):,} of {num_inputs:,} files {'are' if len(damaged) > 1 else 'is'} damaged"
    raise UsageError(
        f"{of}: {named}{others}. Copy them again and add --overwrite, or go on with what they still give by "
        f"--allow-damaged-files {len(damaged)}"
    )


def check_unwritten(name: str, tokenizer: str, units: Sequence[UnitRecord], gates: Gates) -> None:
    """Raise UsageError where the vocabulary cannot write too much of the texts of a corpus of this name."""
    unwritten, tokens = sum(unit.unwritten for unit in units), sum(unit.tokens for unit in units)
    if unwritten <= gates.max_unwritten * tokens:
        return
    first = next(unit.first_unwritten for unit in units if unit.first_unwritten)
    raise UsageError(
        f"{name}: the vocabulary of {tokenizer} cannot write {unwritten:,} places of texts of {tokens:,} tokens, more "
        f"than --max-unwritten {gates.max_unwritten:.2%}, the first of them in {first}: use another --tokenizer, or "
        "allow more with --max-unwritten"
    )
