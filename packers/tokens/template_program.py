"""What runs a chat template: a program of its own, which `TemplateProcess` starts and can end.

The first line that it reads says what to render with, every further one holds a conversation, and each of these is
answered by a line: JSON all. A template finds what `transformers` 5 gives it: the same blocks, filters and functions,
in the same sandbox.
"""

import json
import resource
import signal
import sys
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import jinja2
from jinja2 import nodes
from jinja2.ext import Extension
from jinja2.parser import Parser
from jinja2.runtime import Macro
from jinja2.sandbox import ImmutableSandboxedEnvironment

_REASONING = ("reasoning_content", "thinking", "reasoning")


class _Generation(Extension):
    """`{% generation %}`, which marks what an assistant wrote: a scope of its own, and no change in the text."""

    tags = {"generation"}  # noqa: RUF012

    def parse(self, parser: Parser) -> nodes.Node:
        line = next(parser.stream).lineno
        body = parser.parse_statements(("name:endgeneration",), drop_needle=True)
        return nodes.CallBlock(self.call_method("_written"), [], [], body).set_lineno(line)

    def _written(self, caller: Macro) -> str:
        return caller()


def _environment(date: str) -> ImmutableSandboxedEnvironment:
    environment = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=["jinja2.ext.loopcontrols", _Generation]
    )
    environment.filters["tojson"] = _to_json
    functions: dict[str, Any] = {"raise_exception": _refuse, "strftime_now": datetime.fromisoformat(date).strftime}
    environment.globals.update(functions)
    return environment


def _to_json(
    value: object,
    ensure_ascii: bool = False,
    indent: int | None = None,
    separators: tuple[str, str] | None = None,
    sort_keys: bool = False,
) -> str:
    return json.dumps(value, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)


def _refuse(message: str) -> None:
    raise jinja2.TemplateError(message)


def _message(given: Mapping[str, Any]) -> dict[str, Any]:
    """A message without what it has not, its reasoning under every name that templates read."""
    message = {name: value for name, value in given.items() if value is not None}
    reasoning = next((message[name] for name in _REASONING if name in message), None)
    return message if reasoning is None else {"thinking": reasoning, **message, "reasoning_content": reasoning}


def _renderer(template: str, date: str, variables: Mapping[str, str]) -> Callable[[list[dict[str, Any]]], str]:
    compiled = _environment(date).from_string(template)

    def render(messages: list[dict[str, Any]]) -> str:
        return compiled.render(
            messages=[_message(message) for message in messages],
            tools=None,
            documents=None,
            add_generation_prompt=False,
            **variables,
        )

    return render


def _answers(seconds: float) -> None:
    request = json.loads(sys.stdin.readline())
    render: Callable[[list[dict[str, Any]]], str] | None = None
    for line in sys.stdin:
        messages = json.loads(line)
        # Nobody handles this signal, so that it ends the program also in the middle of a long multiplication.
        signal.setitimer(signal.ITIMER_PROF, seconds)
        try:
            render = render or _renderer(**request)
            answer = json.dumps({"text": render(messages)})
        except MemoryError:
            answer = json.dumps({"error": "it takes too much memory"})
        except Exception as error:  # whatever a template does wrong is said to whoever gave it
            answer = json.dumps({"error": " ".join(str(error).split()) or type(error).__name__})
        signal.setitimer(signal.ITIMER_PROF, 0)
        print(answer, flush=True)


def _limit_memory(most: int) -> None:
    _, allowed = resource.getrlimit(resource.RLIMIT_AS)
    most = most if allowed == resource.RLIM_INFINITY else min(most, allowed)
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


if __name__ == "__main__":
    _limit_memory(int(sys.argv[1]))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the program that started this one, which ends it
    _answers(float(sys.argv[2]))
