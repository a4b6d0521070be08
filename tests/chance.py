"""How likely it is that chance alone drew something; SciPy, which takes seconds, is imported when that is asked."""

from typing import Any


def chisquare(counts: Any) -> Any:
    """Whether all of these are equally likely."""
    from scipy import stats

    return stats.chisquare(counts)


def kstest(values: Any, distribution: str) -> Any:
    """Whether values have this distribution."""
    from scipy import stats

    return stats.kstest(values, distribution)


def ks_2samp(first: Any, second: Any) -> Any:
    """Whether two samples have the same distribution."""
    from scipy import stats

    return stats.ks_2samp(first, second)
