"""A push: a dataset goes to the Hub so that readers see the old version or the new one, and nothing in between.

Data goes first, into folders of the build's own that no card names. Then one commit writes card, manifest, recipe and
report and removes what is not kept: with it readers see the new version. A tag names that commit.
"""

import re
import tempfile
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ...packers.dataset import Dataset
from ...schemas.counted import counted
from ...schemas.errors import HubError, UsageError
from ...schemas.events.event import Tell, nobody
from ...schemas.events.pushing import FilesUploaded, Pushed, PushPlanned
from ...schemas.manifest import MANIFEST
from .flip import Flip, Mode, make_flip
from .hub import MAIN, Hub
from .limits import check_limits
from .local import Local, LocalFile
from .placeholder import placeholder_card
from .remote import CARD, Remote
from .there import There

_REF = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_-]|\.(?!\.)|/(?=[A-Za-z0-9_])){0,199}", re.ASCII)
"""Names of branches and tags that Git and the Hub take; Git's own rules let more pass."""
_FILES_OF_A_COMMIT, _BYTES_OF_A_COMMIT = 50, 4 * 10**9
_ROUNDS = 3
"""How often data is looked for and uploaded where it is missing, as after the push of another build beside this one."""


@dataclass(frozen=True)
class PushSettings:
    """How a dataset goes to the Hub."""

    public: bool = False
    """Whether a repository that has to be made is for everybody."""
    revision: str = MAIN
    """The branch that it goes to."""
    pull_request: bool = False
    """Whether it goes to a pull request, for somebody to merge."""
    mode: Mode = "replace"
    """Whether readers get the rows of this build alone, or after those that they have."""
    keep: int | None = None
    """Older builds that stay there; by default none, or with `append` all whose rows readers get."""
    tag: str | None = None
    """What the commit is called; by default `build-` and the build's name, on the main branch."""


def plan_push(dataset: Dataset, repository: str, settings: PushSettings = PushSettings()) -> PushPlanned:
    """What a push would do; nothing is written. Raises as `push`."""
    push = _Push(Local(dataset), Hub(repository, settings.revision), settings)
    is_there = push.hub.is_there()
    if is_there and settings.pull_request:
        push.hub = push.hub.pull_request(push.title) or push.hub
    with _scratch() as scratch:
        there = There(push.hub, push.hub.look() if is_there else Remote(None), Path(scratch))
        return push.planned(there, push.flip(there), creates=not is_there)


def push(dataset: Dataset, repository: str, settings: PushSettings = PushSettings(), tell: Tell = nobody) -> Pushed:
    """Bring a dataset to the Hub dataset `org/name`, as far as it is not there.

    What an interrupted push uploaded stays uploaded, and nothing is done where all is there. Raises UsageError where it
    cannot go there as it is, HubError for what the Hub refuses, each with its cure.
    """
    run = _Push(Local(dataset), Hub(repository, settings.revision), settings)
    with _scratch() as scratch:
        return run.run(Path(scratch), tell)


def _scratch() -> "tempfile.TemporaryDirectory[str]":
    return tempfile.TemporaryDirectory(prefix="lcdata-push-", ignore_cleanup_errors=True)


class _Push:
    """A dataset on its way to a revision of a repository."""

    def __init__(self, local: Local, hub: Hub, settings: PushSettings) -> None:
        self.local, self.hub, self.settings = local, hub, settings
        if settings.pull_request and (settings.tag or settings.revision != MAIN):
            raise UsageError("--pr goes to a pull request for the main branch: leave --tag and --revision out")
        for option, name in (("--tag", settings.tag or "v1"), ("--revision", settings.revision)):
            if not _REF.fullmatch(name) or any(part.endswith((".", ".lock")) for part in name.split("/")):
                raise UsageError(f"{option} {name!r} cannot be a name in Git: take letters, digits, dots and dashes")

    @property
    def title(self) -> str:
        """What the build's commits and its pull request are called."""
        return f"lcdata: {self.local.manifest.recipe.name}, build {self.local.build}"

    def run(self, scratch: Path, tell: Tell) -> Pushed:
        """Do what is to be done."""
        is_there = self.hub.is_there()
        if not is_there:
            self._check_alone()
            self.hub.create(self.settings.public)
        self._find_revision()
        there = self._look(scratch)
        flip = self.flip(there)
        tell(self.planned(there, flip, creates=not is_there))
        self._warn(there, flip)
        uploaded: list[LocalFile] = []
        if self.local.missing(there.remote) or not flip.is_done(there.remote):
            self._show_nothing_yet(there)
            uploaded = self._upload(there, tell)
            commit = self._flip(there, scratch)
        else:
            commit = there.remote.commit or ""
        return self._pushed(there.remote, commit, uploaded)

    def _check_alone(self) -> None:
        """Raise UsageError where the dataset could not go into an empty repository."""
        list(check_limits(make_flip(self.local, There(self.hub, Remote(None), Path()), "replace", None).sizes))

    def _find_revision(self) -> None:
        """Make the branch or the pull request that the dataset goes to, where there is none."""
        if self.settings.pull_request:
            self.hub = self.hub.open_pull_request(self.title)
        elif self.hub.revision != MAIN:
            self.hub.create_branch()

    def _look(self, scratch: Path) -> There:
        there = There(self.hub, self.hub.look(), scratch)
        there.check_ours()
        return there

    def flip(self, there: There) -> Flip:
        """The commit that readers see; UsageError where the tag is another's or the Hub would not take it."""
        there.check_ours()
        flip = make_flip(self.local, there, self.settings.mode, self.settings.keep)
        list(check_limits(flip.sizes))
        tag, is_done = self.settings.tag, flip.is_done(there.remote)
        at = there.remote.tags.get(tag or "")
        if at is not None and not (is_done and at == there.remote.commit):
            raise UsageError(f"--tag {tag} is the name of commit {at[:12]} there already: choose another one")
        changed = [
            file.record.path for file in self.local.missing(there.remote) if file.record.path in there.remote.files
        ]
        if changed and self.local.build in there.listed:
            raise HubError(
                f"{changed[0]} of {self.hub.repository} has other bytes there, with the same fingerprint: run "
                f"`lcdata verify {self.local.folder}`, and if that holds push to another name"
            )
        return flip

    def planned(self, there: There, flip: Flip, creates: bool) -> PushPlanned:
        """What is to be done, in numbers."""
        missing = self.local.missing(there.remote)
        tag = self._tag
        return PushPlanned(
            path=str(self.local.folder),
            repository=self.hub.repository,
            revision="pull request" if self.settings.pull_request and self.hub.revision == MAIN else self.hub.revision,
            build=self.local.build,
            creates=creates,
            files=len(missing),
            bytes=sum(file.record.bytes for file in missing),
            there=len(self.local.files) - len(missing),
            changed=sorted(flip.written(there.remote)),
            deleted=len(flip.deleted(there.remote)),
            tag=None if tag in there.remote.tags else tag,
            notes=[*check_limits(flip.sizes), *self._notes(there)],
        )

    @property
    def _tag(self) -> str | None:
        on_main = self.hub.revision == MAIN and not self.settings.pull_request
        return self.settings.tag or (f"build-{self.local.build}" if on_main else None)

    def _notes(self, there: There) -> Iterator[str]:
        if there.has_edited_card():
            yield (
                f"the card of {self.hub.repository} was edited there since it was pushed: the new one takes its place, "
                f"the edited one stays in commit {(there.remote.commit or '')[:12]}"
            )
        if self.settings.public and there.remote.commit is not None:
            yield f"--public is for new repositories: who sees {self.hub.repository} is said in its settings"

    def _warn(self, there: There, flip: Flip) -> None:
        for note in self.planned(there, flip, creates=False).notes:
            warnings.warn(note, stacklevel=2)

    def _show_nothing_yet(self, there: There) -> None:
        """Let a card say that there is nothing yet: without one, readers would take what data they find."""
        if there.is_pushed:
            return
        card = placeholder_card(self.local.manifest).encode()

        def is_done() -> str | None:
            now = self.hub.look()
            return now.commit if CARD in now.files and now.files[CARD].is_of(card) else None

        if CARD not in there.remote.files or not there.remote.files[CARD].is_of(card):
            self.hub.commit(f"{self.title}: on its way", {CARD: card}, [], is_done)

    def _upload(self, there: There, tell: Tell) -> list[LocalFile]:
        """Bring all data to the Hub that is not there, and see that it came; returns what was uploaded."""
        remote, uploaded = there.remote, list[LocalFile]()
        for _ in range(_ROUNDS):
            missing = self.local.missing(remote)
            if not missing:
                return uploaded
            for files in _batches(missing):
                self._upload_batch(files)
                uploaded += files
                tell(FilesUploaded(files=len(uploaded), bytes=sum(file.record.bytes for file in uploaded)))
            remote = self.hub.look()
        if left := self.local.missing(remote):
            raise HubError(
                f"{counted(len(left), 'file')} of {self.hub.repository} came out otherwise than they are here, such as "
                f"{left[0].record.path}: run `lcdata verify {self.local.folder}`, and the same command again"
            )
        return uploaded

    def _upload_batch(self, files: Sequence[LocalFile]) -> None:
        def is_done() -> str | None:
            now = self.hub.look()
            return now.commit if all(file.is_on(now) for file in files) else None

        with self.local.at_hand(files) as paths:
            self.hub.commit(f"{self.title}: data", paths, [], is_done)

    def _flip(self, before: There, scratch: Path) -> str:
        """Let readers see the dataset; returns the commit. HubError where another push came in between."""
        there = self._look(scratch)
        if there.remote.files.get(MANIFEST) != before.remote.files.get(MANIFEST):
            raise HubError(
                f"somebody else pushed to {self.hub.repository} meanwhile: look at what they did, and run the same "
                "command again"
            )
        flip = self.flip(there)

        def is_done() -> str | None:
            now = self.hub.look()
            return now.commit if flip.is_done(now) and not self.local.missing(now) else None

        written, deleted = flip.written(there.remote), flip.deleted(there.remote)
        return self.hub.commit(self.title, written, deleted, is_done, parent=there.remote.commit)

    def _pushed(self, before: Remote, commit: str, uploaded: Sequence[LocalFile]) -> Pushed:
        tag = self._tag
        is_tagged = tag in before.tags
        if tag is not None and not is_tagged:
            self.hub.tag(tag, commit)
        return Pushed(
            repository=self.hub.repository,
            url=self.hub.url,
            revision=self.hub.revision,
            commit=commit,
            build=self.local.build,
            tag=tag,
            is_new=commit != before.commit or not (tag is None or is_tagged),
            files=len(uploaded),
            bytes=sum(file.record.bytes for file in uploaded),
        )


def _batches(files: Sequence[LocalFile]) -> Iterator[list[LocalFile]]:
    """Files in the order in which they are committed, together as many as an interruption may cost."""
    batch: list[LocalFile] = []
    for file in files:
        size = sum(one.record.bytes for one in batch) + file.record.bytes
        if batch and (len(batch) == _FILES_OF_A_COMMIT or size > _BYTES_OF_A_COMMIT):
            yield batch
            batch = []
        batch.append(file)
    if batch:
        yield batch
