"""Judging a finished dataset by its gates, from what its manifest tells."""

from ...schemas.events.judged import GateJudged, GatesJudged
from ...schemas.gates import QualityGates
from ...schemas.manifest import ComponentAccount, Manifest, StageRecord


def judge(path: str, manifest: Manifest, gates: QualityGates, remade: int | None = None) -> GatesJudged:
    """What each gate found of the dataset at `path`.

    remade: documents that `verify` made again; None where nothing was verified, so that `min_remade` is not judged.
    """
    stages = manifest.stages
    samples = sum(task.samples for stage in stages for task in stage.tasks)
    made = sum(stage.ledger.made for stage in stages)
    fill, of_stage = min((stage.row_fill, stage.name) for stage in stages)
    repeats, of_corpus = max((found for stage in stages for found in map(_repeats, stage.corpora)), default=(0.0, ""))
    left_out, of_ledger = max((_left_out(stage), stage.name) for stage in stages)
    error, of_component = max(found for stage in stages for found in _share_errors(stage))
    found = [
        _at_least("min_fill", gates.min_fill, fill, f"of the rows' room in {of_stage}"),
        _at_most(
            "max_repeats", gates.max_repeats, repeats, f"times in the rows, {of_corpus}" if of_corpus else "times"
        ),
        _at_most("max_repeated_chars", gates.max_repeated_chars, manifest.total("repeated_chars"), "characters"),
        _at_least(
            "min_audited", gates.min_audited, manifest.total("audited") / samples if samples else 1.0, "of samples"
        ),
        _at_most("max_left_out", gates.max_left_out, left_out if made else 0.0, f"of the tokens of {of_ledger}"),
        _at_most("max_share_error", gates.max_share_error, error, f"of all tokens, {of_component}"),
        None if remade is None else _at_least("min_remade", gates.min_remade, remade, "documents"),
    ]
    return GatesJudged(path=path, gates=[gate for gate in found if gate is not None])


def _repeats(account: ComponentAccount) -> tuple[float, str]:
    """How often a corpus's documents of the bucket that is repeated most are drawn, and where that is."""
    each = [
        (bucket.drawn / bucket.used, f"{account.name} from {bucket.low:,} tokens")
        for bucket in account.buckets
        if bucket.used
    ]
    return max(each, default=(0.0, account.name))


def _left_out(stage: StageRecord) -> float:
    return sum(stage.ledger.dropped.values()) / max(stage.ledger.made, 1)


def _share_errors(stage: StageRecord) -> list[tuple[float, str]]:
    accounts = (*stage.tasks, *stage.corpora)
    return [(abs(account.share - account.wanted_share), f"{account.name} in {stage.name}") for account in accounts]


def _at_least(name: str, bound: float | None, value: float, of: str) -> GateJudged | None:
    return None if bound is None else GateJudged(gate=name, holds=value >= bound, bound=bound, value=value, of=of)


def _at_most(name: str, bound: float | None, value: float, of: str) -> GateJudged | None:
    return None if bound is None else GateJudged(gate=name, holds=value <= bound, bound=bound, value=value, of=of)
