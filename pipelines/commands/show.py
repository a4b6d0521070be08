"""`lcdata show`: one sample, made alone, exactly as a dataset holds it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from .group import command
from .options import TASK, sample_options, tokenizer_options
from .words.console import console, pairs
from .words.output import Output

if TYPE_CHECKING:
    from ...schemas.events.shown import SampleShown
    from ..making.samples import Made


@command
@click.argument("task", type=TASK)
@click.option(
    "--length", metavar="LENGTH", default="2k", show_default=True, help="Tokens of the sample, as for `lcdata gen`."
)
@click.option("--index", metavar="I", type=click.IntRange(0), default=0, show_default=True, help="Which sample.")
@sample_options
@tokenizer_options
@click.option("--full", is_flag=True, help="Leave nothing out.")
def show(output: Output, task: str, index: int, engine: str | None, full: bool, **flags: Any) -> None:
    """Show one sample with evidence and answers marked.

    It is the sample of this index that a dataset of the same options holds.
    """
    from ..making.sequence import SampleSource, quick_engine
    from ..recipes.flags import task_recipe

    recipe = task_recipe(task, **flags, n=str(index + 1))
    made = SampleSource(recipe, engine or quick_engine(recipe)).make(index)
    output.show(_shown(made), lambda: _print(made, recipe.seed, full))


def _shown(made: Made) -> SampleShown:
    from ...schemas.events.shown import SampleShown

    document, sample = made.document, made.sample
    return SampleShown(
        task=document.source,
        sample=document.sample or 0,
        prompt=sample.prompt,
        answer=sample.answer,
        answers=list(sample.answers),
        text=made.written.text,
        tokens=len(document.ids),
        prompt_tokens=document.prompt_length,
        answer_spans=list(document.answer_spans),
        evidence_spans=list(document.evidence_spans),
        answer_chars=list(made.written.answer_spans),
        evidence_chars=list(made.written.evidence_spans),
        depth=list(document.depth),
        template=sample.template,
        facts=dict(document.facts),
        sha256=document.sha256,
        input_ids=document.ids.tolist(),
    )


def _print(made: Made, seed: int, full: bool) -> None:
    from .words.sample import marked_text, places

    document = made.document
    console().print(marked_text(made.written, full))
    console().rule(style="dim")
    pairs(
        {
            "sample": f"{document.source} {document.sample}, seed {seed}, template {document.template}",
            "tokens": f"{len(document.ids):,}: {document.prompt_length:,} before the answer, "
            f"{len(document.ids) - document.prompt_length} from there on",
            **places(document.answers, document.answer_spans, document.evidence_spans, document.depth),
            "facts": json.dumps(document.facts),
        }
    )
