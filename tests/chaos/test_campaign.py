"""A part of `make chaos`, by number of trials."""

from pathlib import Path

import pytest
from chaos.campaign import SCENARIOS, Place, Scenario, Tally, flips, kills_and_errors

OPERATIONS, BITS = 12, 6


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """Where all trials run."""
    return Place(tmp_path)


def held(tallies: list[Tally]) -> None:
    """Every promise was tried and is kept."""
    for tally in tallies:
        assert tally.trials
        assert not tally.broken, tally.promise


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_faults_of_files_leave_the_old_or_the_new_and_one_line(place: Place, scenario: Scenario) -> None:
    held(kills_and_errors(place, scenario, OPERATIONS))


def test_flipped_bits_are_found(place: Place) -> None:
    held(flips(place, BITS))
