"""What lies on the Hub before a push: the builds that were pushed earlier, and what readers see."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from ...schemas.errors import HubError, LcdataError, QualityError
from ...schemas.manifest import MANIFEST, Manifest, read_manifest
from .hub import Hub
from .pushed import build_name, earlier_build, is_ours, listed_builds
from .remote import CARD, Remote


@dataclass(frozen=True)
class Earlier:
    """A build that was pushed earlier."""

    number: int
    """Builds are counted as they went to the Hub."""
    manifest: Manifest
    file: Path
    """The manifest's file, downloaded."""

    @property
    def name(self) -> str:
        """What its folders are called."""
        return build_name(self.manifest)


class There:
    """A revision of a Hub dataset at one commit; what has to be read of it is downloaded when it is asked for."""

    def __init__(self, hub: Hub, remote: Remote, scratch: Path) -> None:
        self.hub, self.remote, self._scratch = hub, remote, scratch

    @property
    def is_pushed(self) -> bool:
        """Whether readers see a dataset that lcdata pushed."""
        return MANIFEST in self.remote.files

    def check_ours(self) -> None:
        """Raise HubError where something else lies there, which readers would lose."""
        foreign = [path for path in self.remote.files if not is_ours(path) and path != ".gitattributes"]
        if foreign and not self.is_pushed:
            raise HubError(
                f"{self.hub.repository} holds {len(foreign):,} files that lcdata did not push, such as {foreign[0]}: "
                "push to another name, or remove them there"
            )

    @cached_property
    def listed(self) -> list[str]:
        """The builds whose rows readers get."""
        if not self.is_pushed or CARD not in self.remote.files:
            return []
        return listed_builds(self._fetched(CARD).read_text(encoding="utf-8"))

    @cached_property
    def builds(self) -> list[Earlier]:
        """All builds, the newest last; HubError where one cannot be read."""
        numbered = sorted((found, path) for path in self.remote.files if (found := earlier_build(path)))
        builds = [self._build(number, path) for (number, _), path in numbered]
        if self.is_pushed:
            builds.append(self._build(builds[-1].number + 1 if builds else 1, MANIFEST))
        return builds

    def has_edited_card(self) -> bool:
        """Whether somebody changed the card since it was pushed, as far as that can be known."""
        try:
            records = {file.path: file for file in self.builds[-1].manifest.files} if self.is_pushed else {}
        except HubError:
            return False
        card, record = self.remote.files.get(CARD), records.get(CARD)
        return card is not None and record is not None and not card.holds(record.sha256, self._fetched(CARD))

    def _build(self, number: int, path: str) -> Earlier:
        file = self._fetched(path)
        folder = file.parent
        if file.name != MANIFEST:
            folder = file.with_suffix("")
            folder.mkdir(exist_ok=True)
            (folder / MANIFEST).write_bytes(file.read_bytes())
        try:
            return Earlier(number, read_manifest(folder), file)
        except (LcdataError, QualityError) as error:
            reason = str(error).split(":")[0].replace(str(folder / MANIFEST), path)
            raise HubError(
                f"a build of {self.hub.repository} cannot be read ({reason}): push with --mode replace, without --keep"
            ) from None

    def _fetched(self, path: str) -> Path:
        return self.hub.fetch(path, self.remote.commit, self._scratch / (self.remote.commit or "none"))
