"""Commands as jobs of a Ray cluster, through Ray's Jobs API: whoever knows a job's id finds it again."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from ...schemas.errors import LcdataError, UsageError

T = TypeVar("T")
_OVERRIDING = ("RAY_API_SERVER_ADDRESS", "RAY_ADDRESS")
"""What Ray's client goes by before any address that it is given."""
_ANSWER_SECONDS = 30
_TAIL = 4000


class UnreachableError(LcdataError):
    """The cluster does not answer now, or has nobody yet who does a job; what runs there goes on."""


@dataclass(frozen=True)
class JobState:
    """How far a job is."""

    is_over: bool
    """Whether it runs no more."""
    exit_code: int | None
    """Code of its command, None where that did not end by itself."""
    message: str
    """What Ray says of it."""


class ClusterJobs:
    """The jobs of a cluster, by the URL of its dashboard, such as `http://HOST:8265`.

    Raises UsageError where Ray would take another cluster, UnreachableError where this one does not answer, and
    LcdataError where it refuses.
    """

    def __init__(self, address: str) -> None:
        for name in _OVERRIDING:
            if os.environ.get(name, address).rstrip("/") != address.rstrip("/"):
                raise UsageError(
                    f"{name} is set to {os.environ[name]}, which Ray takes instead of {address}: start without it"
                )
        self._address = address
        self._client: Any = None

    def state(self, job: str) -> JobState | None:
        """How far a job is, None where there is none of this id."""
        try:
            details = self._ask(lambda client: client.get_job_info(job))
        except LcdataError as error:
            if "status code 404" in str(error):
                return None
            raise
        return JobState(details.status.is_terminal(), details.driver_exit_code, details.message or "")

    def submit(self, job: str, command: str, environment: Mapping[str, str]) -> None:
        """Start a shell's command as a job of this id; nothing where there is one already."""
        runtime = {"env_vars": dict(environment)} if environment else None
        try:
            self._ask(lambda client: client.submit_job(entrypoint=command, submission_id=job, runtime_env=runtime))
        except LcdataError:
            if self.state(job) is None:  # where there is one, Ray has refused a second of its name
                raise

    def stop(self, job: str) -> None:
        """End a job; nothing where it is over."""
        if (state := self.state(job)) is not None and not state.is_over:
            self._ask(lambda client: client.stop_job(job))

    def output(self, job: str) -> str:
        """The end of what a job wrote."""
        return self._ask(lambda client: client.get_job_logs(job))[-_TAIL:]

    def _ask(self, question: Callable[[Any], T]) -> T:
        try:
            return question(self._connected())
        except OSError as error:  # of requests, whose errors are all ones of these
            self._client = None
            reason = _one_line(error)
            raise UnreachableError(f"no Ray cluster answers at {self._address} ({reason}): check --address") from None
        except RuntimeError as error:
            kind = UnreachableError if "status code 5" in str(error) else LcdataError
            raise kind(f"the Ray cluster at {self._address} refused: {_one_line(error)}") from None

    def _connected(self) -> Any:
        if self._client is None:
            from ray.exceptions import AuthenticationError
            from ray.job_submission import JobSubmissionClient

            class Client(JobSubmissionClient):
                """Ray's client, which gives up where nothing answers."""

                def _do_request(self, method: str, endpoint: str, **given: Any) -> Any:
                    return super()._do_request(method, endpoint, timeout=_ANSWER_SECONDS, **given)

            try:
                self._client = Client(self._address)
            except AuthenticationError:
                raise LcdataError(
                    f"the Ray cluster at {self._address} wants its token: set RAY_AUTH_MODE=token and "
                    "RAY_AUTH_TOKEN_PATH to the token's file"
                ) from None
        return self._client


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split())[:300]
