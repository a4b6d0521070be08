"""The makers of a recipe's samples, their engine tried against `tokenizers` before any sample is made."""

from dataclasses import dataclass

from ...generators.registry import build_task
from ...generators.templates import choose_templates
from ...packers.tokens.chat import chat_template_of, frame_chat
from ...packers.tokens.tokenizer import Tokenizer
from ...packers.tokens.vocabulary import Vocabulary
from ...schemas.mix import TaskComponent
from ...schemas.recipe import Recipe
from ...schemas.stage import Stage
from ...schemas.tokens import ChatFrame
from .samples import SampleMaker


@dataclass(frozen=True)
class Makers:
    """What makes the samples of every task of a recipe, with a single tokenizer."""

    tokenizer: Tokenizer
    chat: ChatFrame | None
    """What is written around samples that are conversations, None where none is."""

    def of(self, stage: Stage, component: TaskComponent) -> SampleMaker:
        """The maker of a component's samples."""
        return SampleMaker(component, stage.seed, self.tokenizer, chat=self.chat)


def makers_of(recipe: Recipe, tokenizer: Tokenizer, vocabulary: Vocabulary) -> Makers:
    """A recipe's makers, on `tokenizers` itself where the engine differs from it on hostile strings or wordings.

    `vocabulary` are the tokenizer's files. Raises UsageError where conversations are wanted and their chat template
    cannot be used.
    """
    tasks = [(stage, component) for stage in recipe.stages for component in stage.tasks]
    chat = None
    if any(component.format == "chat" for _, component in tasks):
        chat = frame_chat(chat_template_of(recipe.tokenizer, vocabulary, tokenizer.identity), tokenizer)
    makers = Makers(tokenizer, chat)
    probes = [probe for stage, component in tasks for probe in makers.of(stage, component).probe()]
    return Makers(tokenizer.tried(probes), chat)


def check_tasks(recipe: Recipe) -> None:
    """Raise UsageError where a task, a setting or a wording of one cannot be meant, before anything is loaded."""
    for stage in recipe.stages:
        for component in stage.tasks:
            choose_templates(
                build_task(component.task, component.settings, component.split), component.templates, component.template
            )
