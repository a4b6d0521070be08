"""`lcdata schema`: JSON Schemas of what people write and programs read."""

import json
from pathlib import Path

import click

from .group import command
from .options import PATH
from .words.output import Output


@command
@click.argument("of", type=click.Choice(["recipe", "events", "manifest", "corpus"]), default="recipe")
@click.option("--out", type=PATH, help="File to write. [default: stdout]")
def schema(output: Output, of: str, out: Path | None) -> None:
    """Print a JSON Schema: of recipes, or what programs read.

    Of recipes it is for editors that complete and check YAML. `events` are the lines of --json, `manifest` is
    lcdata.json and `corpus` corpus.json.
    """
    from ..run.files import write_whole

    text = json.dumps(_schema(of), indent=1) + "\n"
    if out is None:
        output.text(text)
    else:
        write_whole(out, text.encode())


def _schema(of: str) -> object:
    if of == "recipe":
        from ..recipes.json_schema import recipe_schema

        return recipe_schema()
    if of == "events":
        from ...schemas.events.kinds import events_schema

        return events_schema()
    if of == "manifest":
        from ...schemas.manifest import Manifest

        return Manifest.model_json_schema()
    from ...schemas.corpus import CorpusManifest

    return CorpusManifest.model_json_schema()
