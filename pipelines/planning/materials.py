"""What a recipe is made from, found once and handed on: the tokenizer's vocabulary and the stored corpora."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from ...packers.tokens.vocabulary import Vocabulary, find_vocabulary
from ...schemas.corpus import CORPUS_MANIFEST
from ...schemas.errors import UsageError
from ...schemas.place import file_size, place_of
from ...schemas.recipe import Recipe
from ...schemas.tokens import EMBEDDED, TokenizerIdentity
from ..corpora.store import StoredCorpus, open_corpus


@dataclass(frozen=True)
class Materials:
    """The inputs of a recipe besides the files that tasks read, each looked for when it is first wanted."""

    recipe: Recipe

    @cached_property
    def corpora(self) -> Mapping[str, StoredCorpus]:
        """The stored corpora by their paths in the recipe; UsageError that names all which are not there."""
        paths = dict.fromkeys(component.corpus for stage in self.recipe.stages for component in stage.corpora)
        missing = [path for path in paths if file_size(place_of(path) / CORPUS_MANIFEST) is None]
        ingested = {ingest.name for ingest in self.recipe.ingest}
        if missing and ingested.issuperset(Path(path).name for path in missing):
            raise UsageError(f"{', '.join(missing)} not stored yet: `lcdata build` of this recipe does it first")
        if len(missing) > 1:
            named = ", ".join(map(self._with_place, missing))
            raise UsageError(f"no stored corpora are at {named}: make them with `lcdata ingest`, or name their --store")
        return {path: self._corpus(path) for path in paths}

    def _with_place(self, corpus: str) -> str:
        place = self.recipe.written_at(corpus)
        return corpus if place is None else f"{corpus} ({place})"

    def _corpus(self, path: str) -> StoredCorpus:
        try:
            return open_corpus(place_of(path))
        except UsageError as error:
            place = self.recipe.written_at(path)
            raise UsageError(f"{error}" if place is None else f"{place}: {error}") from None

    @cached_property
    def vocabulary(self) -> Vocabulary:
        """The recipe's tokenizer as files; a recipe of corpora alone never asks for it."""
        return find_vocabulary(self.recipe.tokenizer.source)

    @cached_property
    def stored_tokenizer(self) -> TokenizerIdentity | None:
        """The tokenizer of all corpora, None where there are none.

        UsageError where they have several or the recipe chooses another.
        """
        if not self.corpora:
            return None
        identity = _common_tokenizer(list(self.corpora.values()))
        wanted = self.recipe.tokenizer.source
        if wanted not in (EMBEDDED, identity.source):
            raise UsageError(
                f"the corpora were ingested with the tokenizer {identity.source}, not {wanted}: "
                "ingest them again with that one"
            )
        return identity


def _common_tokenizer(corpora: Sequence[StoredCorpus]) -> TokenizerIdentity:
    first, *others = corpora
    identity = first.manifest.tokenizer
    for other in others:
        if not is_same(other.manifest.tokenizer, identity):
            raise UsageError(
                f"{first.path} and {other.path} were ingested with different tokenizers "
                f"({identity.source}, {other.manifest.tokenizer.source}): ingest one of them again"
            )
    return identity


def is_same(identity: TokenizerIdentity, other: TokenizerIdentity) -> bool:
    """Whether two tokenizers make the same documents, wherever they lie."""
    return identity.model_dump(exclude={"source"}) == other.model_dump(exclude={"source"})
