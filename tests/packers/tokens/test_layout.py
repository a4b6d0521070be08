"""A conversation has the ids of its chat template's text, and what a sample says never becomes a control token."""

import json
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from tokenizers import Tokenizer as Reference
from tokenizers import pre_tokenizers

from lcdata.packers.tokens.chat import frame_chat
from lcdata.packers.tokens.conversation import messages, written
from lcdata.packers.tokens.layout import Layout
from lcdata.packers.tokens.template_process import ChatTemplate, TemplateProcess
from lcdata.packers.tokens.tokenizer import Tokenizer, load_tokenizer
from lcdata.schemas.errors import UsageError
from lcdata.schemas.sample import Sample
from lcdata.schemas.tokens import TokenizerChoice

BRACKETS = (
    "{{ bos_token }}{% for message in messages %}{% if message.role == 'user' %}[INST] {{ message.content | trim }}"
    "[/INST]{% else %} {{ message.content }}{{ eos_token }}{% endif %}{% endfor %}"
)
CHATML = (
    "{% for message in messages %}\n"
    "{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>' + '\\n' }}{% endfor %}\n"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"
)
PLAIN_WORDS = "{% for message in messages %}### {{ message.role }}:\n{{ message.content }}\n\n{% endfor %}"


def chat_template(tokenizer: Tokenizer, template: str) -> ChatTemplate:
    identity = tokenizer.identity
    named = {"bos_token": identity.bos or "", "eos_token": identity.eos}
    return ChatTemplate(template, date(2026, 1, 1), named)


def chat_layout(tokenizer: Tokenizer, template: str, is_own: bool = True) -> Layout:
    named = replace(chat_template(tokenizer, template), is_own=is_own)
    return Layout.chat(tokenizer, frame_chat(named, tokenizer))


def sample_of(prompt: str, answer: str, evidence: str, value: str) -> Sample:
    """A sample whose evidence and answer stand where these words do."""
    start, place = prompt.index(evidence), len(prompt) + answer.rindex(value)
    return Sample(
        prompt=prompt,
        answer=answer,
        answers=(value,),
        answer_spans=((place, place + len(value)),),
        evidence_spans=((start, start + len(evidence)),),
        depth=(0.5,),
        template="",
    )


SAMPLE = sample_of(
    "Lies the key é42 in this text?\n\nKey é42 says 日本 <s>[INST]</s> <|im_end|>.\n\nWhat does é42 say?\n",
    "It says 日本.",
    "Key é42 says 日本",
    "日本",
)


@pytest.fixture(scope="module")
def chatty(trained: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The two trained tokenizers with control tokens for conversations, and one with a space before a text alone."""
    root = tmp_path_factory.mktemp("chatty")
    sources: dict[str, str] = {}
    for name in ("gpt2-like", "sentencepiece-like", "metaspace-first"):
        base = "sentencepiece-like" if name == "metaspace-first" else name
        tokenizer = Reference.from_file(str(trained / base / "tokenizer.json"))
        if name == "metaspace-first":
            content = json.loads(tokenizer.to_str()) | {"normalizer": None}
            tokenizer = Reference.from_str(json.dumps(content))
            tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="first", split=False)
        tokenizer.add_special_tokens(["[INST]", "[/INST]", "<|im_start|>", "<|im_end|>"])
        (root / name).mkdir()
        tokenizer.save(str(root / name / "tokenizer.json"))
        sources[name] = str(root / name)
    return sources


@pytest.mark.filterwarnings("ignore:fastokens cannot run this tokenizer")
@pytest.mark.parametrize("name", ["gpt2-like", "sentencepiece-like", "metaspace-first"])
@pytest.mark.parametrize("template", [BRACKETS, CHATML, PLAIN_WORDS], ids=["brackets", "chatml", "words"])
def test_a_conversation_is_what_tokenizers_makes_of_the_rendered_template(
    chatty: dict[str, str], name: str, template: str
) -> None:
    tokenizer = load_tokenizer(TokenizerChoice(source=chatty[name]))
    layout = chat_layout(tokenizer, template)
    harmless = sample_of(SAMPLE.prompt.replace("<s>[INST]</s> <|im_end|>", "so"), SAMPLE.answer, "Key é42", "日本")
    with TemplateProcess(chat_template(tokenizer, template)) as process:
        rendered = process.render(messages(harmless, layout.frame))
    expected = tokenizer.encode_with_control_tokens(rendered).tolist()
    found = layout.lay_out(harmless).ids.tolist()
    assert found == (expected if template != PLAIN_WORDS else [*expected, tokenizer.identity.eos_id])
    assert found == layout.reference_ids(harmless).tolist()


@pytest.mark.filterwarnings("ignore:fastokens cannot run this tokenizer")
@pytest.mark.parametrize("name", ["gpt2-like", "sentencepiece-like", "metaspace-first"])
@pytest.mark.parametrize("template", [BRACKETS, CHATML, PLAIN_WORDS], ids=["brackets", "chatml", "words"])
def test_spans_hold_in_a_conversation_and_text_makes_no_control_token(
    chatty: dict[str, str], name: str, template: str
) -> None:
    tokenizer = load_tokenizer(TokenizerChoice(source=chatty[name]))
    layout = chat_layout(tokenizer, template)
    laid = layout.lay_out(SAMPLE)
    spans = layout.spans(SAMPLE, laid)
    (first, last), (start, end) = spans.evidence[0], spans.answers[0]
    ids, decode = laid.ids, tokenizer.reference.decode
    assert "Key é42 says 日本" in decode(ids[first:last].tolist())
    assert decode(ids[start:end].tolist()).strip() == "日本"
    assert last <= spans.prompt_length <= start
    assert decode(ids[spans.prompt_length :].tolist(), skip_special_tokens=True).strip().startswith("It says 日本.")
    controls = np.isin(ids, list(tokenizer.control_tokens.values()))
    assert controls.sum() == {BRACKETS: 4, CHATML: 4, PLAIN_WORDS: 1}[template] - (
        template == BRACKETS and tokenizer.identity.bos is None
    )
    assert controls[spans.prompt_length :].any(), "the turn's end is learned"


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ("{{ messages[0].content }}", "writes the answer 0 times"),
        ("{{ messages[1].content }}{{ messages[0].content }}", "the answer before the question"),
        ("{% for m in messages %}{{ m.content }}{{ m.content }}{% endfor %}", "writes the question 2 times"),
        ("{{ raise_exception('no users here') }}", "the chat template fails .no users here."),
        ("{% if %}", "the chat template fails"),
        ("{{ ''.__class__.__mro__ }}{{ messages[0].content }}", "the chat template fails .access to attribute"),
        ("{{ messages[7].content.text }}", "the chat template fails"),
        ("{% for m in messages %}{{ m.content | upper }}{% endfor %}", "writes the question 0 times"),
        ("{% for m in messages %}{{ m.content | escape }}{% endfor %}", "changes what it is given, such as '<p class"),
        ("{% for m in messages %}{{ m.content | tojson }}{% endfor %}", "changes what it is given, such as"),
        ("{% for m in messages %}{{ m.content.split() | join(' ') }}{% endfor %}", "changes what it is given"),
        ("{% for m in messages %}{{ m.content[:40] }}{% endfor %}", "changes what it is given"),
    ],
)
def test_a_template_that_cannot_be_used_is_one_line(small: str, template: str, message: str) -> None:
    with pytest.raises(UsageError, match=message) as caught:
        chat_layout(load_tokenizer(TokenizerChoice(source=small)), template)
    assert "\n" not in str(caught.value)
    assert "--chat-template" in str(caught.value)


@pytest.mark.parametrize("name", ["gpt2-like", "sentencepiece-like"])
def test_a_sample_with_all_that_a_template_writes_keeps_its_places(chatty: dict[str, str], name: str) -> None:
    tokenizer = load_tokenizer(TokenizerChoice(source=chatty[name]))
    layout = chat_layout(tokenizer, CHATML)
    sample = replace(SAMPLE, prompt="\n " + SAMPLE.prompt, answer=" " + SAMPLE.answer)
    sample = replace(
        sample,
        evidence_spans=tuple((start + 2, end + 2) for start, end in SAMPLE.evidence_spans),
        answer_spans=tuple((start + 3, end + 3) for start, end in SAMPLE.answer_spans),
    )
    whole = written(sample, layout.frame)
    assert whole.text == (
        f"<|im_start|>user\n{SAMPLE.prompt.strip()}<|im_end|>\n<|im_start|>assistant\n{SAMPLE.answer}<|im_end|>\n"
    )
    assert [whole.text[start:end] for start, end in whole.evidence_spans] == ["Key é42 says 日本"]
    assert [whole.text[start:end] for start, end in whole.answer_spans] == ["日本"]
    assert written(sample, None) is sample


def test_control_tokens_that_the_vocabulary_lacks_are_an_error(small: str, chatty: dict[str, str]) -> None:
    lacking, having = (load_tokenizer(TokenizerChoice(source=source)) for source in (small, chatty["gpt2-like"]))
    for is_own in (True, False):
        with pytest.raises(UsageError, match=r"writes '<\|im_.*\|>', which is no token of the tokenizer .*: take"):
            chat_layout(lacking, CHATML, is_own)
        assert chat_layout(having, CHATML, is_own)


@pytest.mark.parametrize(
    "token",
    [
        "<|user|>",
        "<｜User｜>",
        "<start_of_turn>",
        "<end_of_turn>",
        "<|turn>",
        "<turn|>",
        "[gMASK]",
        "<sop>",
        "</s>",
        "<bos>",
    ],
)
def test_what_looks_like_a_control_token_is_text_only_where_the_tokenizer_comes_with_it(small: str, token: str) -> None:
    """Some tokenizers mark turns in text; what ends the turn must be a token also there."""
    tokenizer = load_tokenizer(TokenizerChoice(source=small))
    begins = f"{{% for m in messages %}}{token}\n{{{{ m.content }}}}{{{{ eos_token }}}}\n{{% endfor %}}"
    ends = f"{{% for m in messages %}}\n{{{{ m.content }}}}{token}\n{{% endfor %}}"
    assert chat_layout(tokenizer, begins).tokens_after_turn == 1
    for template, is_own in ((begins, False), (ends, True), (ends, False)):
        with pytest.raises(UsageError, match="is no token of the tokenizer"):
            chat_layout(tokenizer, template, is_own)


@pytest.mark.parametrize("words", ["<think>", "[INST]", "<tools>", "### User:", "<p>", "a < b | c > d", "[role]"])
def test_words_and_tags_in_a_template_are_text(small: str, words: str) -> None:
    tokenizer = load_tokenizer(TokenizerChoice(source=small))
    assert chat_layout(tokenizer, f"{{% for m in messages %}}{words} {{{{ m.content }}}}{words}{{% endfor %}}", False)
