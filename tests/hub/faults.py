"""What can go wrong on the way to the Hub and back, on purpose."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Literal

Happening = Literal["status", "dropped", "answer lost"]


@dataclass
class Fault:
    """A fault of the requests that match `METHOD /path?query`, the first `times` of them after `skipped`."""

    requests: str
    """A regular expression that is searched for."""
    happening: Happening = "status"
    """An answer of `status`; no answer and nothing done; or all done, and no answer."""
    status: int = 503
    headers: dict[str, str] = field(default_factory=dict)
    times: int = 1
    skipped: int = 0
    hits: int = 0
    """How often it happened."""

    def strikes(self, request: str) -> bool:
        """Whether it happens to a request; counts."""
        if not re.search(self.requests, request):
            return False
        if self.skipped:
            self.skipped -= 1
            return False
        if self.hits >= self.times:
            return False
        self.hits += 1
        return True


@dataclass
class Traffic:
    """All requests so far, what is to go wrong, and who is told of each boundary between two of them."""

    faults: list[Fault] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    """`METHOD /path?query` in the order in which they came."""
    on_request: Callable[[str], None] | None = None
    """Called with each request before it is done."""

    def come(self, request: str) -> Fault | None:
        """Note a request; returns what goes wrong with it."""
        self.requests.append(request)
        if self.on_request is not None:
            self.on_request(request)
        return next((fault for fault in self.faults if fault.strikes(request)), None)

    def of(self, pattern: str) -> Iterable[str]:
        """The requests that match a pattern."""
        return [request for request in self.requests if re.search(pattern, request)]
