"""The makers of a recipe's samples, their engine tried against `tokenizers` before any sample is made."""

from dataclasses import dataclass

from ...generators.registry import build_task
from ...generators.templates import choose_templates
from ...packers.tokens.tokenizer import Tokenizer
from ...schemas.mix import TaskComponent
from ...schemas.recipe import Recipe
from ...schemas.stage import Stage
from .samples import SampleMaker


@dataclass(frozen=True)
class Makers:
    """What makes the samples of every task of a recipe, with a single tokenizer."""

    tokenizer: Tokenizer
    chat_template: str | None
    """The chat template that samples are laid out in, None where none is a conversation."""

    def of(self, stage: Stage, component: TaskComponent) -> SampleMaker:
        """The maker of a component's samples."""
        return SampleMaker(component, stage.seed, self.tokenizer, chat_template=self.chat_template)


def makers_of(recipe: Recipe, tokenizer: Tokenizer, chat_template: str | None) -> Makers:
    """A recipe's makers, on `tokenizers` itself where the engine differs from it on hostile strings or wordings."""
    tasks = [(stage, component) for stage in recipe.stages for component in stage.tasks]
    makers = Makers(tokenizer, chat_template)
    probes = [probe for stage, component in tasks for probe in makers.of(stage, component).probe()]
    return Makers(tokenizer.tried(probes), chat_template)


def check_tasks(recipe: Recipe) -> None:
    """Raise UsageError where a task, a setting or a wording of one cannot be meant, before anything is loaded."""
    for stage in recipe.stages:
        for component in stage.tasks:
            choose_templates(build_task(component.task, component.settings), component.templates, component.template)
