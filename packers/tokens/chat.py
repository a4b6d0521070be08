"""The tokenizer's own chat template: where it is found, and what it makes of a question and an answer."""

import json

import jinja2
from jinja2 import nodes
from jinja2.ext import Extension
from jinja2.parser import Parser
from jinja2.sandbox import ImmutableSandboxedEnvironment

from ...schemas.errors import UsageError


class _Generation(Extension):
    """`{% generation %}`, which marks what an assistant wrote and changes nothing in the text."""

    tags = {"generation"}  # noqa: RUF012

    def parse(self, parser: Parser) -> list[nodes.Node]:
        next(parser.stream)
        return parser.parse_statements(("name:endgeneration",), drop_needle=True)


def render_chat(template: str, prompt: str, answer: str, bos: str | None, eos: str) -> str:
    """A conversation of one question and its answer, in the template's own words and control tokens.

    The template runs in a sandbox. Raises UsageError where it fails.
    """
    environment = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=["jinja2.ext.loopcontrols", _Generation]
    )
    environment.filters["tojson"] = _to_json
    messages = [{"role": "user", "content": prompt}, {"role": "assistant", "content": answer}]
    try:
        return environment.from_string(template).render(
            messages=messages, bos_token=bos or "", eos_token=eos, add_generation_prompt=False, raise_exception=_refuse
        )
    except (jinja2.TemplateError, TypeError, ValueError, ArithmeticError, LookupError) as error:
        reason = " ".join(str(error).split())
        raise UsageError(f"the chat template fails ({reason}): name another with --chat-template") from None


def _to_json(value: object, ensure_ascii: bool = False, indent: int | None = None) -> str:
    return json.dumps(value, ensure_ascii=ensure_ascii, indent=indent)


def _refuse(message: str) -> None:
    raise jinja2.TemplateError(message)
