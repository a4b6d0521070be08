"""Places that are filled in: three names, a filter for dates, and nothing that could take long or reach out."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from lcdata.schemas.errors import UsageError

FIRE = datetime(2026, 11, 30, 3, 0, tzinfo=ZoneInfo("Europe/Berlin"))


def filled(text: str) -> str:
    """The text with its places filled in."""
    from lcdata.pipelines.service.templating import filled_in, values

    return filled_in(text, values("nightly.20261130T020000Z", FIRE), "mix.yaml")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("seed={{ fire_date }}", "seed=20261130"),
        ("name: x-{{run_id}}\n", "name: x-nightly.20261130T020000Z\n"),
        ("{{ fire_time }}", "2026-11-30T03:00:00+01:00"),
        ("{{ fire_time | date('%Y-%m') }}", "2026-11"),
        ("{{ fire_time | date }}", "2026-11-30"),
        ("seed: 7", "seed: 7"),
        ('wording: {{"key": {number}}}', 'wording: {{"key": {number}}}'),
        ("{{ '{{' }}x}} {{ fire_date }}", "{{x}} 20261130"),
    ],
)
def test_what_is_known_is_filled_in_and_other_braces_stay(text: str, found: str) -> None:
    assert filled(text) == found


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a\nseed: {{ fire_dat }}", "mix.yaml:2: nothing is called 'fire_dat'. Did you mean 'fire_date'?"),
        ("{{ fire_date + 1 }}{{ fire_date }}", "add is not understood"),
        ("{{ fire_date }}{{ fire_date.__class__ }}", "getattr is not understood"),
        ("{{ fire_time }}{{ fire_time.replace('a', 'b') }}", "call is not understood"),
        ("{% for i in range(10**9) %}x{% endfor %}", "mix.yaml"),
        ("{% include '/etc/passwd' %}", "include is not understood"),
        ("{% set x = 1 %}", "assign is not understood"),
        ("{{ fire_date }}{{ 'a' * 10**10 }}", "is not understood"),
        ("{{ fire_date | center(10) }}", "No filter named 'center'"),
        ("{{ fire_time | date('%Y' ~ '%Y') }}", "concat is not understood"),
        ("{{ fire_date }}{{", "unexpected"),
        ("{{ run_id | date }}", "mix.yaml: Invalid isoformat string"),
    ],
)
def test_everything_else_is_refused_with_its_line(text: str, problem: str) -> None:
    with pytest.raises(UsageError) as caught:
        filled(text)
    assert problem in str(caught.value), caught.value
    assert "\n" not in str(caught.value)
