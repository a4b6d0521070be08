"""The makers of a recipe's samples, their engine tried against `tokenizers` before any sample is made."""

import warnings
from dataclasses import dataclass

from ...generators.registry import build_task
from ...packers.tokens.tokenizer import HOSTILE, Tokenizer, TokenizerSpec, load_tokenizer
from ...packers.tokens.vocabulary import find_chat_template
from ...schemas.mix import TaskComponent
from ...schemas.recipe import Recipe
from ...schemas.stage import Stage
from .samples import SampleMaker


@dataclass(frozen=True)
class Makers:
    """What makes the samples of every task of a recipe."""

    tokenizer: Tokenizer
    chat_template: str | None
    """What samples are laid out in, where some are conversations."""

    def of(self, stage: Stage, component: TaskComponent) -> SampleMaker:
        """The maker of a component's samples."""
        return SampleMaker(component, stage.seed, self.tokenizer, chat_template=self.chat_template)


def makers_of(recipe: Recipe, engine: str, tokenizer: Tokenizer | None = None) -> Makers:
    """The makers, on `tokenizers` itself where the engine differs from it on hostile strings or the tasks' wording.

    `tokenizer` is the recipe's where it is loaded already.
    """
    tasks = [(stage, component) for stage in recipe.stages for component in stage.tasks]
    for _, component in tasks:
        build_task(component.task, component.settings)
    is_chat = any(component.format == "chat" for _, component in tasks)
    chat_template = find_chat_template(recipe.tokenizer) if is_chat else None
    tokenizer = tokenizer or load_tokenizer(recipe.tokenizer, engine)
    makers = Makers(tokenizer, chat_template)
    probes = [probe for stage, component in tasks for probe in makers.of(stage, component).probe()]
    if tokenizer.engine == "tokenizers":
        return makers
    different = tokenizer.disagreement([*HOSTILE, *probes])
    if different is None:
        return makers
    warnings.warn(
        f"fastokens and tokenizers differ on {different[:40]!r}: using tokenizers, which is slower", stacklevel=2
    )
    return Makers(Tokenizer(TokenizerSpec(tokenizer.spec.data, tokenizer.identity, "tokenizers")), chat_template)
