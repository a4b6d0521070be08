"""The one file that writes to the Hub: a dataset repository, its commits and its names, through `huggingface_hub`.

Whatever fails for a moment is tried again, a finite number of times. What could have happened although its answer was
lost is looked at before it is done again, so nothing is done twice.
"""

from __future__ import annotations

import os
import time
import warnings
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from ...schemas.errors import HubError, LcdataError
from .credentials import without_tokens
from .remote import HubFile, Remote
from .storage import little_memory

if TYPE_CHECKING:  # it takes time to import, and is wanted where something goes to the Hub
    from huggingface_hub import HfApi

T = TypeVar("T")

_TRIES = 5
_LONGEST_WAIT = 300.0
"""Seconds that a Hub can make a push wait between two tries."""
_PATIENT_CODES = (408, 425, 429, 500, 502, 503, 504)
_KIND = "dataset"
MAIN = "main"


def check_login(repository: str) -> None:
    """Raise HubError where there is no token to push with; the Hub itself is not asked whether it is good."""
    from huggingface_hub import get_token
    from huggingface_hub.errors import OIDCError

    try:
        token = get_token()
    except OIDCError as error:
        raise told(error, repository) from error
    if token is None:
        raise HubError(f"there is no token to push to {repository} with: run `hf auth login`, or set HF_TOKEN")


class Hub:
    """A revision of a dataset repository."""

    def __init__(self, repository: str, revision: str = MAIN) -> None:
        self.repository, self.revision = repository, revision

    @property
    def url(self) -> str:
        """The page of the revision."""
        page = f"{self._api.endpoint}/datasets/{self.repository}"
        if self.revision.startswith("refs/pr/"):
            return f"{page}/discussions/{self.revision.removeprefix('refs/pr/')}"
        return page if self.revision == MAIN else f"{page}/tree/{self.revision}"

    @property
    def _api(self) -> HfApi:
        from huggingface_hub import HfApi

        return HfApi(library_name="lcdata")

    def is_there(self) -> bool:
        """Whether there is such a repository that may be read; HubError where nobody is logged in."""
        return self._do(lambda: self._api.repo_exists(self.repository, repo_type=_KIND))

    def create(self, public: bool) -> None:
        """Make the repository where there is none."""
        self._do(lambda: self._api.create_repo(self.repository, repo_type=_KIND, private=not public, exist_ok=True))

    def create_branch(self) -> None:
        """Make the branch of this revision from the main one, where there is none."""
        self._do(lambda: self._api.create_branch(self.repository, branch=self.revision, repo_type=_KIND, exist_ok=True))

    def open_pull_request(self, title: str) -> Hub:
        """The revision of an open pull request of this title, which is opened where there is none."""
        return Hub(self.repository, self._do(lambda: self._found_pull_request(title) or self._new_pull_request(title)))

    def pull_request(self, title: str) -> Hub | None:
        """The revision of an open pull request of this title, None where there is none."""
        found = self._do(lambda: self._found_pull_request(title))
        return None if found is None else Hub(self.repository, found)

    def _found_pull_request(self, title: str) -> str | None:
        for one in self._api.get_repo_discussions(
            self.repository, repo_type=_KIND, discussion_type="pull_request", discussion_status="open"
        ):
            if one.title == title:
                return f"refs/pr/{one.num}"
        return None

    def _new_pull_request(self, title: str) -> str:
        return f"refs/pr/{self._api.create_pull_request(self.repository, title, repo_type=_KIND).num}"

    def look(self) -> Remote:
        """What the revision holds now; nothing where it is not there."""
        from huggingface_hub.errors import RevisionNotFoundError

        try:
            commit = self._do(lambda: self._api.repo_info(self.repository, repo_type=_KIND, revision=self.revision).sha)
        except HubError as error:
            if isinstance(error.__cause__, RevisionNotFoundError):
                return Remote(None)
            raise
        return Remote(commit, self._do(lambda: dict(self._files(commit))), self._do(self._tags))

    def _files(self, commit: str | None) -> Iterator[tuple[str, HubFile]]:
        from huggingface_hub.hf_api import RepoFile

        for entry in self._api.list_repo_tree(self.repository, recursive=True, revision=commit, repo_type=_KIND):
            if isinstance(entry, RepoFile):
                sha256 = None if entry.lfs is None else entry.lfs.sha256
                yield entry.path, HubFile(entry.size, entry.blob_id, sha256)

    def _tags(self) -> Mapping[str, str]:
        return {tag.name: tag.target_commit for tag in self._api.list_repo_refs(self.repository, repo_type=_KIND).tags}

    def fetch(self, path: str, commit: str | None, folder: Path) -> Path:
        """A file of a commit, downloaded into a folder."""
        download = self._api.hf_hub_download
        return Path(
            self._do(lambda: download(self.repository, path, repo_type=_KIND, revision=commit, local_dir=str(folder)))
        )

    def commit(
        self,
        message: str,
        files: Mapping[str, Path | bytes],
        deleted: Sequence[str],
        is_done: Callable[[], str | None],
        parent: str | None = None,
    ) -> str:
        """Write and delete files in one commit; returns the commit that has them.

        `is_done` says which commit has them already, None where none has: it is asked when an answer was lost. With a
        parent it is the next commit after that, or HubError says that somebody else's is.
        """
        tried = False

        def once() -> str:
            nonlocal tried
            done = is_done() if tried else None
            tried = True
            return done or self._commit(message, files, deleted, parent)

        try:
            return self._do(once)
        except HubError:
            done = is_done()  # a stale parent too may be our own commit
            if done is None:
                raise
            return done

    def _commit(
        self, message: str, files: Mapping[str, Path | bytes], deleted: Sequence[str], parent: str | None
    ) -> str:
        from huggingface_hub import CommitOperationAdd, CommitOperationDelete

        operations = [
            *(CommitOperationAdd(path, str(data) if isinstance(data, Path) else data) for path, data in files.items()),
            *(CommitOperationDelete(path, is_folder=False) for path in deleted),
        ]
        with little_memory():
            made = self._api.create_commit(
                self.repository,
                operations,
                commit_message=message,
                repo_type=_KIND,
                revision=self.revision,
                parent_commit=parent,
            )
        return made.oid

    def tag(self, name: str, commit: str) -> None:
        """Give a commit a name; HubError where another one has it."""
        self._do(
            lambda: self._api.create_tag(self.repository, tag=name, revision=commit, repo_type=_KIND, exist_ok=True)
        )

    def _do(self, call: Callable[[], T]) -> T:
        """What a call returns, tried again where it may succeed later; raises HubError."""
        with _quiet():
            for attempt in range(1, _TRIES + 1):
                try:
                    return call()
                except LcdataError:
                    raise
                except Exception as error:  # of several libraries for HTTP and storage
                    wait = _wait(error, attempt)
                    if wait is None or attempt == _TRIES:
                        raise told(error, self.repository) from error
                    time.sleep(wait)
        raise AssertionError


@contextmanager
def _quiet() -> Generator[None]:
    """Keep the client from drawing bars and from warning of what is told here."""
    from huggingface_hub.utils import disable_progress_bars, logging

    if "HF_HUB_DISABLE_PROGRESS_BARS" not in os.environ:
        disable_progress_bars()
    before = logging.get_verbosity()
    logging.set_verbosity_error()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.set_verbosity(before)


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """An error and what it came of."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _status(error: BaseException) -> int | None:
    """The status of the answer that an error came of, None where there was no answer."""
    responses = (getattr(cause, "response", None) for cause in _causes(error))
    return next((response.status_code for response in responses if response is not None), None)


def _wait(error: Exception, attempt: int) -> float | None:
    """Seconds to wait before the next try, None where another one would fail as this one did."""
    from huggingface_hub.errors import OfflineModeIsEnabled

    if any(isinstance(cause, OfflineModeIsEnabled) for cause in _causes(error)):
        return None
    status = _status(error)
    if status is None:
        return float(2 ** (attempt - 1)) if _is_of_the_network(error) else None
    if status not in _PATIENT_CODES:
        return None
    return min(_retry_after(error) or float(2 ** (attempt - 1)), _LONGEST_WAIT)


def _retry_after(error: Exception) -> float | None:
    for cause in _causes(error):
        response = getattr(cause, "response", None)
        if response is not None:
            said = str(response.headers.get("retry-after", ""))
            return float(said) if said.isdecimal() else None
    return None


def _is_of_the_network(error: Exception) -> bool:
    """Whether a connection failed, whichever library held it: the client's for HTTP, or that of xet storage."""
    kinds = {kind.__name__ for cause in _causes(error) for kind in type(cause).__mro__}
    return bool(kinds & {"TransportError", "ConnectionError", "TimeoutError"}) or any(
        isinstance(cause, RuntimeError) and "network" in str(cause).lower() for cause in _causes(error)
    )


def told(error: Exception, repository: str) -> HubError:
    """The error to raise for whatever the Hub or the client refused, in one line with its cure and without a token."""
    from huggingface_hub.errors import GatedRepoError, OfflineModeIsEnabled, OIDCError, RepositoryNotFoundError

    status, causes = _status(error), list(_causes(error))
    reason = without_tokens(" ".join(str(getattr(error, "server_message", None) or error).split()))[:300]
    owner = repository.partition("/")[0]
    if any(isinstance(cause, OfflineModeIsEnabled) for cause in causes):
        return HubError("HF_HUB_OFFLINE is set, and a push needs the Hub: take it out of the environment")
    if any(isinstance(cause, OIDCError) for cause in causes):
        return HubError(f"no token by HF_OIDC_RESOURCE ({reason}): see docs/publishing.md, or unset it")
    if status == 401:
        return HubError(
            f"the Hub does not know who pushes to {repository} (no token, or one that is wrong or over): "
            "run `hf auth login`, or set HF_TOKEN"
        )
    if status == 403 or any(isinstance(cause, GatedRepoError) for cause in causes):
        return HubError(
            f"the token may not write to {repository}: take one with write access to {owner}, from "
            "https://huggingface.co/settings/tokens"
        )
    if any(isinstance(cause, RepositoryNotFoundError) for cause in causes) or status == 404:
        return HubError(
            f"the Hub has no {repository} that this token may see ({reason}): check the name, and that {owner} is you "
            "or an organization of yours"
        )
    if status == 412:
        return HubError(
            f"somebody else committed to {repository} while this was pushed: look at what they did, and run the same "
            "command again"
        )
    if status is not None and status in _PATIENT_CODES:
        return HubError(
            f"the Hub answered {status} {_TRIES} times ({reason}): run the same command again later, it goes on"
        )
    if status is None and _is_of_the_network(error):
        return HubError(f"the Hub cannot be reached ({reason}): check the network and run the same command again")
    return HubError(f"the Hub refused {repository} ({reason}): see docs/publishing.md")
