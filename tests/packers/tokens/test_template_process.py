"""A chat template is rendered in a process of its own, which ends with its bounds and says why in one line."""

from datetime import date

import psutil
import pytest

from lcdata.packers.tokens.template_process import Bounds, ChatTemplate, TemplateProcess
from lcdata.schemas.errors import UsageError

TALK = [{"role": "user", "content": "Hello"}, {"role": "assistant", "content": "Good day"}]
WORDS = "{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}"

AMPLE = Bounds()


def process(template: str, bounds: Bounds = AMPLE, **variables: str) -> TemplateProcess:
    return TemplateProcess(ChatTemplate(template, date(2025, 3, 1), variables), bounds)


def rendered(template: str, bounds: Bounds = AMPLE) -> str:
    with process(template, bounds) as running:
        return running.render(TALK)


COUNTING = "{% for i in range(60000) %}{% for j in range(20000) %}{% endfor %}{% endfor %}"
"""Counts to a billion, and then it is done."""


@pytest.mark.parametrize(
    ("template", "bounds", "reason"),
    [
        (COUNTING, Bounds(seconds=0.2), "it takes more than 0.2 seconds"),
        (COUNTING, Bounds(waiting_seconds=0.5), "it takes more than 0.5 seconds"),
        (WORDS + "{{ 'word' * 100000000 }}", Bounds(bytes=2**28), "it takes too much memory"),
        (
            WORDS
            + "{% set ns = namespace(a='word') %}{% for i in range(30) %}{% set ns.a = ns.a + ns.a %}{% endfor %}",
            Bounds(bytes=2**28),
            "it takes too much memory",
        ),
        ("{% macro again(n) %}{{ again(n + 1) }}{% endmacro %}{{ again(0) }}", Bounds(), "recursion"),
        (WORDS + "{{ 1 / 0 }}", Bounds(), "division by zero"),
        (WORDS + "{% if %}", Bounds(), "Expected an expression"),
        ("{{ raise_exception('no\nusers') }}", Bounds(), "no users"),
    ],
)
def test_a_template_that_takes_too_much_or_fails_is_one_line(template: str, bounds: Bounds, reason: str) -> None:
    before = psutil.Process().children()
    with pytest.raises(UsageError, match=f"the chat template fails .*{reason}.*--chat-template") as caught:
        rendered(template, bounds)
    assert "\n" not in str(caught.value)
    assert set(psutil.Process().children()) <= set(before)


def test_what_stays_within_the_bounds_is_rendered() -> None:
    before = psutil.Process().children()
    assert rendered(WORDS, Bounds(seconds=5, bytes=2**28)) == "user: Hello\nassistant: Good day\n"
    assert set(psutil.Process().children()) <= set(before)


def test_time_is_counted_for_each_conversation() -> None:
    """Many conversations take longer than one may."""
    work = "{% for i in range(9999) %}{% for j in range(20) %}{% endfor %}{% endfor %}" + WORDS
    with process(work, Bounds(seconds=2)) as running:
        before = psutil.Process(running.pid).cpu_times().user
        while psutil.Process(running.pid).cpu_times().user - before < 3:
            assert running.render(TALK).startswith("user: Hello")


def test_a_failed_conversation_does_not_end_the_process() -> None:
    with process("{{ messages[0].content.upper() if messages[0].content else raise_exception('empty') }}") as running:
        assert running.render(TALK) == "HELLO"
        with pytest.raises(UsageError, match="empty"):
            running.render([{"role": "user", "content": ""}])
        assert running.render(TALK) == "HELLO"


def test_dates_and_tokens_are_those_that_were_given() -> None:
    with process("{{ bos_token }}{{ strftime_now('%d %B %Y %H:%M') }}{{ eos_token }}", bos_token="<s>") as running:
        assert running.render(TALK) == "<s>01 March 2025 00:00"


@pytest.mark.parametrize(
    "turns",
    [
        [{"role": "user", "content": "Aé\u2028日\ud800", "tool_calls": None}],
        [{"role": "assistant", "content": "B", "reasoning": "thought"}],
        [{"role": "tool", "content": [{"type": "text", "text": "C"}, {"type": "image"}], "name": "f"}],
    ],
)
@pytest.mark.needs("transformers")
def test_messages_of_any_form_reach_the_template_as_by_transformers(turns: list[dict[str, object]]) -> None:
    from transformers.utils.chat_template_utils import _normalize_chat_messages, render_jinja_template

    template = (
        "{{ messages }}{% for m in messages %}{{ m | tojson }}{{ m.thinking }}{{ m.tool_calls is defined }}{% endfor %}"
    )
    [theirs], _ = render_jinja_template([_normalize_chat_messages(turns)], chat_template=template)
    with process(template) as running:
        assert running.render(turns) == theirs
