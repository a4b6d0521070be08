"""A part of `make chaos-service`, by number of kills."""

from pathlib import Path

import pytest
from chaos.service import campaign

KILLS = 4


@pytest.mark.needs("dbos", "fastapi", "uvicorn", "prometheus_client")
@pytest.mark.slow
def test_kills_lose_and_double_no_fire(tmp_path: Path) -> None:
    counted = campaign(tmp_path, KILLS)
    assert counted["built"] == counted["verified"]
    assert counted["leftovers"] == 0
