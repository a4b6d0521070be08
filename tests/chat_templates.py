"""Chat templates of the shapes in use, each with the tokens that it needs; all are written for these tests."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tokenizers import AddedToken, Tokenizer


@dataclass(frozen=True)
class Shape:
    """A template, the control tokens of its vocabulary, and the special tokens that its configuration names."""

    template: str
    tokens: tuple[str | AddedToken, ...] = ()
    named: Mapping[str, str | dict[str, str]] = field(default_factory=dict[str, str | dict[str, str]])
    in_parts: bool = False
    """Whether it takes a message's content as a list of parts alone."""
    after_turn: str = ""
    """What it writes after the token that ends the answer's turn."""


def taking_blanks(*tokens: str) -> tuple[AddedToken, ...]:
    """Tokens that take the blanks after them."""
    return tuple(AddedToken(token, rstrip=True, special=True, normalized=False) for token in tokens)


def unmarked(*tokens: str) -> tuple[AddedToken, ...]:
    """Tokens that nobody declared special."""
    return tuple(AddedToken(token, special=False, normalized=False) for token in tokens)


def save(folder: Path, base: Path, shape: Shape) -> Path:
    """A tokenizer with a shape's tokens, its names for them, and its template, as `save_pretrained` writes it."""
    folder.mkdir()
    tokenizer = Tokenizer.from_file(str(base / "tokenizer.json"))
    for token in shape.tokens:
        is_text = isinstance(token, AddedToken) and not token.special
        (tokenizer.add_tokens if is_text else tokenizer.add_special_tokens)([token])
    tokenizer.save(str(folder / "tokenizer.json"))
    config = {"tokenizer_class": "PreTrainedTokenizerFast", **shape.named}
    (folder / "tokenizer_config.json").write_text(json.dumps(config))
    (folder / "chat_template.jinja").write_text(shape.template)
    return folder


CHATML_TOKENS = ("<|im_start|>", "<|im_end|>")
CHATML_NAMED = {"eos_token": "<|im_end|>"}

SHAPES: dict[str, Shape] = {
    "chatml": Shape(
        "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}",
        CHATML_TOKENS,
        CHATML_NAMED,
        after_turn="\n",
    ),
    "chatml with a default system turn": Shape(
        "{%- set begin = '<|im_start|>' -%}\n{%- set end = '<|im_end|>\\n' -%}\n"
        "{%- if messages | selectattr('role', 'eq', 'system') | list == [] %}\n"
        "    {{- begin ~ 'system\\nBe of use.' ~ end }}\n"
        "{%- endif %}\n"
        "{%- for turn in messages %}\n"
        "    {{- begin ~ turn['role'] ~ '\\n' ~ turn['content'] | trim ~ end }}\n"
        "{%- endfor %}\n"
        "{%- if add_generation_prompt %}{{- begin ~ 'assistant\\n' }}{%- endif %}\n",
        CHATML_TOKENS,
        CHATML_NAMED,
        after_turn="\n",
    ),
    "tools that are none": Shape(
        "{% if tools is not none %}<|im_start|>system\nTools: {% for t in tools %}{{ t | tojson }}{% endfor %}"
        "<|im_end|>\n{% endif %}"
        "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}",
        CHATML_TOKENS,
        CHATML_NAMED,
        after_turn="\n",
    ),
    "tools that are not defined": Shape(
        "{% if tools is not defined %}{{ raise_exception('tools must be there') }}{% endif %}"
        "{% if documents is not defined %}{{ raise_exception('documents must be there') }}{% endif %}"
        "{% if add_generation_prompt is not defined %}{{ raise_exception('this too') }}{% endif %}"
        "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>{% endfor %}",
        CHATML_TOKENS,
        CHATML_NAMED,
    ),
    "headers with tools and a date": Shape(
        "{{ bos_token }}\n"
        "{%- set today = date if date is defined else strftime_now('%d %b %Y') if strftime_now is defined else '?' %}\n"
        "{%- set helpers = own_tools if own_tools is defined else tools if tools is defined else none %}\n"
        "{%- set talk = messages %}{% set first = messages | first %}\n"
        "{%- if first['role'] == 'system' %}\n    {%- set talk = messages[1:] %}\n{%- endif %}\n"
        "<|header|>system<|/header|>\n\n"
        "{%- if helpers is not none %}{{ 'You can call: ' ~ (helpers | tojson(indent=4)) ~ '\\n' }}{% endif %}"
        "{{ '\\nIt is ' + today + '.\\n' }}{{ first.content | trim if first['role'] == 'system' else '' }}<|eot|>\n"
        "{%- for turn in talk %}\n"
        "    {%- if 'tool_calls' in turn %}\n        {{- turn.tool_calls[0].function.arguments | tojson }}\n"
        "    {%- else %}\n"
        "        {{- '<|header|>' ~ turn['role'] ~ '<|/header|>\\n\\n' ~ turn['content'] | trim ~ '<|eot|>' }}\n"
        "    {%- endif %}\n"
        "{%- endfor %}\n",
        ("<|begin|>", "<|header|>", "<|/header|>", "<|eot|>"),
        {"bos_token": "<|begin|>", "eos_token": "<|eot|>"},
    ),
    "thinking that is split off": Shape(
        "{%- set seen = namespace(question=-1) %}\n"
        "{%- for turn in messages | reverse %}\n"
        "    {%- if seen.question < 0 and turn.role == 'user' and not turn.content.startswith('<reply>') %}\n"
        "        {%- set seen.question = loop.revindex0 %}\n"
        "    {%- endif %}\n"
        "{%- endfor %}\n"
        "{%- for turn in messages %}\n"
        "    {%- set thought, text = turn.reasoning_content or '', turn.content %}\n"
        "    {%- if turn.role == 'assistant' and not thought and '</think>' in text %}\n"
        "        {%- set parts = text.rsplit('</think>', 1) %}\n"
        "        {%- set thought, text = parts[0].replace('<think>', '').strip('\\n'), parts[1].lstrip('\\n') %}\n"
        "    {%- endif %}\n"
        "<|im_start|>{{ turn.role ~ '\\n' }}\n"
        "    {%- if turn.role == 'assistant' and loop.index0 > seen.question %}\n"
        "        {{- '<think>\\n' ~ thought ~ '\\n</think>\\n\\n' }}\n"
        "    {%- endif %}\n"
        "    {{- text ~ '<|im_end|>\\n' }}\n"
        "{%- endfor %}\n"
        "{%- if no_thoughts is defined and no_thoughts is true %}{{- '<think></think>' }}{%- endif %}\n",
        (*CHATML_TOKENS, *unmarked("<think>", "</think>")),
        CHATML_NAMED,
        after_turn="\n",
    ),
    "brackets with blanks": Shape(
        "{{ bos_token }}{% for turn in messages %}"
        "{% if turn.role not in ['user', 'assistant'] or (loop.index is odd) != (turn.role == 'user') %}"
        "{{ raise_exception('first a user, then an assistant, and so on') }}{% endif %}"
        "{% if loop.index is odd %}{{ ' [INST] ' + turn['content'] + ' [/INST]' }}"
        "{% else %}{{ ' ' + turn['content'] + eos_token }}{% endif %}{% endfor %}",
        ("<s>", "</s>", "[INST]", "[/INST]"),
        {"bos_token": "<s>", "eos_token": "</s>"},
    ),
    "brackets as text": Shape(
        "{% for turn in messages %}"
        "{% if turn.role == 'user' %}{{ bos_token ~ '[INST] ' ~ turn.content.strip() ~ ' [/INST]' }}"
        "{% else %}{{ [turn.content.strip(), eos_token] | join(' ') }}{% endif %}{% endfor %}",
        ("<s>", "</s>"),
        {"bos_token": "<s>", "eos_token": "</s>"},
    ),
    "a system prompt in the first question": Shape(
        "{%- set ns = namespace(system='Answer briefly.') -%}\n"
        "{%- for turn in messages if turn.role == 'system' -%}{%- set ns.system = turn.content -%}{%- endfor -%}\n"
        "{{- bos_token }}\n"
        "{%- for turn in messages if turn.role != 'system' %}\n"
        "    {%- if turn.role == 'user' %}\n"
        "        {{- '[INST]' ~ (' ' ~ ns.system ~ '\\n\\n' if loop.first else '') ~ turn.content ~ '[/INST]' }}\n"
        "    {%- else %}\n        {{- ' ' ~ turn.content ~ eos_token }}\n    {%- endif %}\n"
        "{%- endfor %}",
        ("<s>", "</s>", "[INST]", "[/INST]"),
        {"bos_token": "<s>", "eos_token": "</s>"},
    ),
    "a turn without system": Shape(
        "{{ bos_token }}{% for turn in messages %}"
        "{% if turn.role == 'system' %}{{ raise_exception('there is no system turn') }}{% endif %}"
        "<start_of_turn>{{ {'assistant': 'model'}.get(turn.role, turn.role) }}\n"
        "{{ turn.content | trim }}<end_of_turn>\n{% endfor %}"
        "{{ '<start_of_turn>model\n' if add_generation_prompt else '' }}",
        ("<bos>", "<eos>", "<start_of_turn>", "<end_of_turn>"),
        {"bos_token": "<bos>", "eos_token": "<eos>"},
        after_turn="\n",
    ),
    "tokens that take blanks": Shape(
        "{{ bos_token }}{% for turn in messages %}<|{{ turn.role }}|>\n{{ turn.content }}<|end|>\n{% endfor %}"
        "{{ '<|assistant|>\n' if add_generation_prompt else eos_token }}",
        (*taking_blanks("<|system|>", "<|user|>", "<|assistant|>", "<|end|>"), "<s>", "<|endoftext|>"),
        {"bos_token": "<s>", "eos_token": "<|endoftext|>"},
        after_turn="<|endoftext|>",
    ),
    "tokens that take blanks before": Shape(
        "{% for m in messages %}<|{{ m.role }}|>  {{ m.content }} \n <|end|>\n{% endfor %}",
        (
            AddedToken("<|end|>", lstrip=True, special=True, normalized=False),
            AddedToken("<|user|>", lstrip=True, rstrip=True, special=True, normalized=False),
            *taking_blanks("<|assistant|>"),
        ),
        {"eos_token": "<|end|>"},
        after_turn="\n",
    ),
    "separators between roles": Shape(
        "{% for message in messages %}{{ '<|' + message['role'] + '|>' + message['content'] + '<|end|>' }}{% endfor %}"
        "{% if not add_generation_prompt %}{{ eos_token }}{% endif %}",
        ("<|user|>", "<|assistant|>", "<|end|>", "<|eos|>"),
        {"eos_token": "<|eos|>"},
        after_turn="<|eos|>",
    ),
    "broad bars": Shape(
        "{%- set kept = namespace(system=[], in_tool=false) -%}"
        "{%- for turn in messages if turn.role == 'system' -%}"
        "{%- set kept.system = kept.system + [turn.content] -%}{%- endfor -%}"
        "{{ bos_token }}{{ kept.system | join('\n\n') }}"
        "{%- for turn in messages -%}"
        "{%- if turn.role == 'user' -%}{%- set kept.in_tool = false -%}<｜User｜>{{ turn.content }}{%- endif -%}"
        "{%- if turn.role == 'assistant' and turn.content is not none and not kept.in_tool -%}"
        "<｜Assistant｜>{{ (turn.content.split('</think>') | last) ~ '<｜end▁of▁sentence｜>' }}{%- endif -%}"
        "{%- endfor -%}",
        ("<｜begin▁of▁sentence｜>", "<｜end▁of▁sentence｜>", "<｜User｜>", "<｜Assistant｜>"),
        {"bos_token": "<｜begin▁of▁sentence｜>", "eos_token": "<｜end▁of▁sentence｜>"},
    ),
    "a prefix of two tokens": Shape(
        "[gMASK]<sop>{% for m in messages %}<|{{ m.role }}|>\n{{ m.content }}{% endfor %}"
        "{% if add_generation_prompt %}<|assistant|>{% endif %}",
        ("[gMASK]", "<sop>", "<|user|>", "<|assistant|>", "<|endoftext|>"),
        {"eos_token": "<|endoftext|>", "pad_token": "<|endoftext|>"},
    ),
    "parts or text by a macro": Shape(
        "[gMASK]<sop>\n"
        "{%- macro shown(content) -%}\n"
        "    {%- if content is string -%}{{- content -}}\n"
        "    {%- elif content is sequence and content is not mapping -%}\n"
        "        {%- for part in content if part is string or part.type == 'text' -%}\n"
        "            {{- part if part is string else part.text -}}\n"
        "        {%- endfor -%}\n"
        "    {%- endif -%}\n"
        "{%- endmacro -%}\n"
        "{% for turn in messages %}\n"
        "<|{{ turn.role }}|>{{ '\\n' }}\n"
        "{%- if turn.role == 'assistant' %}<think></think>{{ '\\n' }}{% endif %}\n"
        "{{- shown(turn.content).strip() }}\n"
        "{%- endfor %}",
        ("[gMASK]", "<sop>", "<|user|>", "<|assistant|>", "<|endoftext|>", "<think>", "</think>"),
        {"eos_token": "<|endoftext|>"},
    ),
    "documents and a preamble": Shape(
        "{{ bos_token }}"
        "{% if documents is not none %}<|SYSTEM|>{% for given in documents %}{{ given['title'] ~ ': ' ~ given.text }}\n"
        "{% endfor %}<|END|>{% endif %}"
        "{% if tools is iterable and tools | length > 0 %}<|SYSTEM|>{{ tools | tojson(indent=2) }}<|END|>{% endif %}"
        "{% for role, turns in messages | groupby('role') | reverse %}{% for turn in turns %}"
        "<|START|>{{ '<|USER|>' if role == 'user' else '<|BOT|>' }}{{ turn.content | trim }}<|END|>"
        "{% endfor %}{% endfor %}",
        ("<BOS>", "<|START|>", "<|END|>", "<|USER|>", "<|BOT|>", "<|SYSTEM|>"),
        {"bos_token": "<BOS>", "eos_token": "<|END|>"},
    ),
    "parts alone": Shape(
        "{% for message in messages %}<|im_start|>{{ message.role | capitalize }}:"
        "{% for part in message.content %}{% if part.type == 'image' %}<image>{% elif part.type == 'text' %}"
        "{{ part.text }}{% endif %}{% endfor %}<|im_end|>\n{% endfor %}",
        (*CHATML_TOKENS, "<image>"),
        CHATML_NAMED,
        in_parts=True,
        after_turn="\n",
    ),
    "the first part's text": Shape(
        "{{ bos_token }}{% for m in messages %}[{{ m['role'] }}] {{ m['content'][0]['text'] | trim }}{{ eos_token }}"
        "{% endfor %}",
        ("<s>", "</s>"),
        {"bos_token": "<s>", "eos_token": "</s>"},
        in_parts=True,
    ),
    "channels": Shape(
        "{%- macro say(who, what, end, channel='') -%}\n"
        "    {{- '<|start|>' ~ who ~ ('<|channel|>' ~ channel if channel else '') ~ '<|message|>' ~ what ~ end }}\n"
        "{%- endmacro -%}\n"
        "{{- say('system', strftime_now('%Y-%m-%d') ~ ', effort: ' ~ effort | default('medium'), '<|end|>') }}\n"
        "{%- for turn in messages -%}\n"
        "    {%- if turn.thinking is defined %}{{- say(turn.role, turn.thinking, '<|end|>', 'notes') }}{% endif -%}\n"
        "    {%- set is_last = loop.last and not add_generation_prompt -%}\n"
        "    {{- say(turn.role, turn.content, '<|return|>' if is_last else '<|end|>',\n"
        "            'final' if turn.role == 'assistant' else '') }}\n"
        "{%- endfor -%}",
        ("<|start|>", "<|message|>", "<|end|>", "<|channel|>", "<|return|>"),
        {"eos_token": "<|return|>"},
    ),
    "marks of generation": Shape(
        "{% set end = '!' %}{% for m in messages %}{% if m.role == 'assistant' %}<|im_start|>assistant\n"
        "{% generation %}{% set end = '?' %}{{ m.content }}<|im_end|>{% endgeneration %}\n"
        "{% else %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endif %}{% endfor %}{{ end }}",
        CHATML_TOKENS,
        CHATML_NAMED,
        after_turn="!",
    ),
    "loops that break and go on": Shape(
        "{% for m in messages %}{% if m.role == 'system' %}{% continue %}{% endif %}<|im_start|>{{ m.role }}\n"
        "{{ m.content }}<|im_end|>{% if loop.index > 1 %}{% break %}{% endif %}\n{% endfor %}",
        CHATML_TOKENS,
        CHATML_NAMED,
    ),
    "json with separators": Shape(
        "<|im_start|>system\n{{ {'b': [1, 'é'], 'a': none} | tojson(separators=(',', ':'), sort_keys=true) }}"
        "{{ ['<&>'] | tojson }}{{ {'k': 'ü'} | tojson(ensure_ascii=true, indent=1) }}<|im_end|>"
        "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>{% endfor %}",
        CHATML_TOKENS,
        CHATML_NAMED,
    ),
    "tokens by many names": Shape(
        "{{ cls_token }}{{ bos_token }}{{ nobody_token }}{% for m in messages %}{{ sep_token }}{{ m.role }}"
        "{{ image_token }}{{ m.content }}{% endfor %}{{ eos_token }}{{ pad_token }}{{ unk_token }}{{ mask_token }}",
        ("[CLS]", "[SEP]", "[PAD]", "[MASK]", "<image>", "<eos>", "[UNK]"),
        {
            "cls_token": "[CLS]",
            "sep_token": "[SEP]",
            "pad_token": "[PAD]",
            "mask_token": "[MASK]",
            "unk_token": "[UNK]",
            "eos_token": "<eos>",
            "image_token": "<image>",
        },
        after_turn="[PAD][UNK][MASK]",
    ),
    "tokens in a table": Shape(
        "{% for m in messages %}{{ begin_token }}{{ m.role }}\n{{ m.content }}{{ eos_token }}{% endfor %}",
        ("<begin>", "<eos>"),
        {"eos_token": "<eos>", "extra_special_tokens": {"begin_token": "<begin>"}},
    ),
    "tokens in a table of the model": Shape(
        "{% for m in messages %}{{ begin_token }}{{ m.role }}\n{{ m.content }}{{ eos_token }}{% endfor %}",
        ("<begin>", "<eos>"),
        {"eos_token": "<eos>", "model_specific_special_tokens": {"begin_token": "<begin>"}},
    ),
    "filters and tests": Shape(
        "{%- set roles = messages | map(attribute='role') | list -%}"
        "{%- set names = dict(user='Human', assistant='Bot') -%}"
        "{{- roles | join(',') | upper -}}{{- messages | selectattr('role', 'equalto', 'tool') | list | length -}}"
        "{%- for m in messages -%}{%- set role = names[m.role] if m.role in names else m.role | title -%}"
        "<|im_start|>{{ role ~ '\\n' ~ m.get('content', '') }}<|im_end|>{%- if not loop.last %}{{ '\\n' }}{% endif -%}"
        "{%- endfor -%}",
        CHATML_TOKENS,
        CHATML_NAMED,
    ),
    "words": Shape(
        "{% for message in messages %}### {{ message.role }}:\n{{ message.content }}\n\n{% endfor %}",
        ("</s>",),
        {"eos_token": "</s>"},
    ),
    "roles that no token marks": Shape(
        "{% for turn in messages %}\n"
        "{% set mark = '<|' ~ turn.role ~ '|>' %}\n"
        "{{ [mark, turn.content ~ eos_token] | join('\n') }}\n"
        "{% endfor %}",
        ("<s>", "</s>"),
        {"eos_token": "</s>"},
        after_turn="\n",
    ),
    "alternating names": Shape(
        "{{ bos_token }}{% for m in messages %}{{ cycler('Q', 'A').next() if loop.first else 'A' }}: {{ m.content }}"
        "{{ '\n' if loop.first else eos_token }}{% endfor %}",
        ("<s>", "</s>"),
        {"bos_token": "<s>", "eos_token": "</s>"},
    ),
    "a call block": Shape(
        "{% macro turn(role) %}<|im_start|>{{ role }}\n{{ caller() }}<|im_end|>\n{% endmacro %}"
        "{% for m in messages %}{% call turn(m.role) %}{{ m.content }}{% endcall %}{% endfor %}",
        CHATML_TOKENS,
        CHATML_NAMED,
        after_turn="\n",
    ),
}
