"""Samples by index: the ones that a dataset holds, whoever asks for them and in whatever order."""

import inspect
import json
import multiprocessing
import pickle
import shutil
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from conftest import Run, needed

import lcdata as package
from lcdata.generators.registry import settings_schema, tasks
from lcdata.packers.tokens.tokenizer import load_tokenizer
from lcdata.pipelines.making.sequence import Samples, samples
from lcdata.pipelines.making.task_sample import TaskSample
from lcdata.schemas.errors import UsageError
from lcdata.schemas.tokens import TokenizerChoice

CHAT = "{% for m in messages %}<|endoftext|>{{ m.role }}: {{ m.content }}{% endfor %}<|endoftext|>"
WORDING = """
- id: mine
  head: "Some notes follow.\\n\\n"
  needle: "Note on {key}: {value}."
  one: "What does the note on {keys} say?"
  many: "What do the notes on {keys} say?"
  each: "What do the notes on {keys} say?"
  absent: "There is no note on {key}: {values}."
  fact: "The note on {key} says {values}."
"""
OPTIONS: list[tuple[str, list[str], dict[str, Any]]] = [
    (
        "kv",
        ["--length", "600..2k", "--set", "dict_size=2..6", "--set", "absent=0.3"],
        {"length": "600..2k", "dict_size": "2..6", "absent": 0.3, "loss": "all"},
    ),
    (
        "niah",
        ["--length", "1k,2k", "--preset", "multivalue", "--set", "num_values=2", "--templates", "mine.yaml"],
        {"length": [1024, "2k"], "preset": "multivalue", "num_values": 2, "templates": "mine.yaml"},
    ),
    (
        "vt",
        ["--length", "1000", "--format", "chat", "--chat-template", "chat.jinja", "--bos", "<|endoftext|>"],
        {"length": 1000, "format": "chat", "chat_template": "chat.jinja", "bos": "<|endoftext|>"},
    ),
]


@pytest.mark.parametrize(("task", "flags", "arguments"), OPTIONS, ids=[task for task, _, _ in OPTIONS])
def test_sample_i_is_the_one_that_gen_writes_and_show_prints(
    lcdata: Run,
    small: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    task: str,
    flags: list[str],
    arguments: dict[str, Any],
) -> None:
    (tmp_path / "chat.jinja").write_text(CHAT)
    (tmp_path / "mine.yaml").write_text(WORDING)
    monkeypatch.chdir(tmp_path)
    flags = [*flags, "--tokenizer", small, "--seed", "5"]
    of_rows = ["--n", 7, "--out", "out", "--labels", "always", "--loss", arguments.get("loss", "answer")]
    done = lcdata("gen", "--task", task, *flags, *of_rows, "--workers", 0)
    assert done.returncode == 0, done.stderr
    (docs,), (rows,) = (sorted((tmp_path / "out" / kind).rglob("*.parquet")) for kind in ("docs", "data"))
    packed = pq.read_table(rows)
    made = samples(task, **arguments, tokenizer=small, seed=5)
    records = pq.read_table(docs).to_pylist()
    assert sorted(record["sample"] for record in records) == list(range(7))
    for record in records:
        sample = made[record["sample"]]
        place = slice(record["start"], record["start"] + record["length"])
        assert sample.ids.dtype == sample.labels.dtype == np.int32
        assert sample.ids.tolist() == packed["input_ids"][record["row"]].as_py()[place]
        assert sample.labels.tolist() == packed["labels"][record["row"]].as_py()[place]
        held = {
            "sample": sample.index,
            "source": sample.task,
            "length": sample.length,
            "prompt_length": sample.prompt_length,
            "answers": list(sample.answers),
            "answer_spans": [{"start": start, "end": end} for start, end in sample.answer_spans],
            "evidence_spans": [{"start": start, "end": end} for start, end in sample.evidence_spans],
            "depth": np.array(sample.depth, np.float32).tolist(),
            "template": sample.template,
            "sha256": sample.sha256,
        }
        assert held == {name: record[name] for name in held}
        assert json.loads(record["facts"]) == json.loads(json.dumps(sample.facts))
    shown = json.loads(lcdata("show", task, "--index", 6, "--json", *flags).stdout)
    assert shown["sha256"] == made[6].sha256
    assert (shown["prompt"], shown["answer"]) == (made[6].prompt, made[6].answer)


@pytest.fixture
def made(small: str) -> Samples:
    """Twenty samples."""
    return samples("kv", 800, tokenizer=small, n=20)


@pytest.fixture
def endless(small: str) -> Samples:
    """The same and more."""
    return samples("kv", 800, tokenizer=small)


def shas(some: Any) -> list[str]:
    """The hash of each."""
    return [sample.sha256 for sample in some]


def test_a_sample_is_the_same_in_any_order_and_sequence(made: Samples, endless: Samples, small: str) -> None:
    forth = shas(made)
    assert len(set(forth)) == 20
    assert [made[index].sha256 for index in reversed(range(20))] == forth[::-1]
    assert shas(islice(endless, 20)) == forth
    assert samples("kv", 800, tokenizer=small, n="1e5")[13] == made[13] != made[14]
    assert not set(forth) & set(shas(samples("kv", 800, tokenizer=small, n=20, seed=1)))


def test_slices_are_lazy_sequences_that_keep_their_samples_indices(made: Samples) -> None:
    every = list(made)
    for wanted in (slice(3, 9), slice(None, None, -3), slice(-4, None), slice(30, 40), slice(2, 18, 5)):
        some = made[wanted]
        assert isinstance(some, Samples)
        assert len(some) == len(every[wanted])
        assert list(some) == every[wanted]
    assert [sample.index for sample in made[4:12][::-2]] == [11, 9, 7, 5]
    assert made[4:12][-1] == made[11] == made[np.int64(11)]
    huge = samples("kv", "1M", tokenizer="no-such-tokenizer.json", n="1e15")
    assert len(huge[5:]) == 10**15 - 5  # nothing is made, and no tokenizer is looked for


@pytest.mark.parametrize("index", [20, -21, 10**30])
def test_an_index_beyond_the_samples_is_an_index_error(made: Samples, index: int) -> None:
    with pytest.raises(IndexError, match=rf"there are 20 samples, and none has index {index}"):
        _ = made[index]
    with pytest.raises(IndexError, match=r"there are 0 samples, and none has index -1"):
        _ = made[20:][-1]


def test_samples_without_an_end_have_no_length_and_nothing_counts_from_it(endless: Samples) -> None:
    with pytest.raises(TypeError, match=r"these samples have no end: give n, or take a slice such as samples\[:1000\]"):
        len(endless)
    with pytest.raises(TypeError, match="no end"):
        len(endless[10:][::2])
    for wanted in (-1, slice(-5, None), slice(None, -5), slice(None, None, -1)):
        with pytest.raises(IndexError, match=r"-\d counts from the end, and these samples have none: give n"):
            _ = endless[wanted]
    assert len(endless[10:20]) == 10
    assert [sample.index for sample in islice(endless[10:][::2], 3)] == [10, 12, 14]
    assert endless[123_456_789_012].index == 123_456_789_012
    assert "no end" in repr(endless)


def test_a_sequence_knows_whether_a_sample_is_one_of_its_own(made: Samples, endless: Samples, small: str) -> None:
    assert made[3] in endless
    assert made[3] not in made[4:]
    assert samples("kv", 800, tokenizer=small, seed=1)[3] not in endless
    assert "kv" not in endless


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded, use of fork:DeprecationWarning")
@pytest.mark.parametrize("start", ["fork", "spawn"])
def test_a_process_that_gets_the_samples_makes_the_same(made: Samples, start: str) -> None:
    expected = shas(made)
    assert len(pickle.dumps(made)) < 4096
    with multiprocessing.get_context(start).Pool(2) as pool:
        received = pool.map_async(made[2:].__getitem__, range(18)).get()
    assert [type(sample) for sample in received] == [TaskSample] * 18
    assert shas(received) == expected[2:]
    assert received[0].labels.tolist() == made[2].labels.tolist()


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded, use of fork:DeprecationWarning")
def test_a_data_loader_s_workers_make_each_sample_once(made: Samples) -> None:
    data = needed("torch.utils.data")
    loader = data.DataLoader(made, batch_size=3, num_workers=2, collate_fn=list, shuffle=True)
    drawn = [sample for batch in loader for sample in batch]
    assert sorted(shas(drawn)) == sorted(shas(made))


def test_sequences_share_a_tokenizer_until_its_file_changes(small: str, tmp_path: Path) -> None:
    copy = shutil.copytree(small, tmp_path / "copy")
    first, second = (samples(task, 800, tokenizer=copy) for task in ("kv", "vt"))
    assert first[0].sha256 != second[0].sha256
    assert first._source._maker.tokenizer is second._source._maker.tokenizer
    content = json.loads((copy / "tokenizer.json").read_text())
    content["model"]["merges"] = content["model"]["merges"][:100]
    (copy / "tokenizer.json").write_text(json.dumps(content))
    third = samples("kv", 800, tokenizer=copy)
    assert third[0].sha256 != first[0].sha256
    assert third._source._maker.tokenizer is not first._source._maker.tokenizer


def test_engines_make_the_same_sample(small: str, made: Samples) -> None:
    assert shas(samples("kv", 800, tokenizer=small, engine="tokenizers")[:5]) == shas(made[:5])


def test_labels_are_the_ids_in_the_loss_and_never_the_first(small: str) -> None:
    for loss, first in (("answer", None), ("all", 1)):
        sample = samples("kv", 800, tokenizer=small, loss=loss)[0]
        start = first or sample.prompt_length
        assert 1 <= start < sample.length - 1
        assert sample.labels[:start].tolist() == [-100] * start
        assert sample.labels[start:].tolist() == sample.ids[start:].tolist()


def test_spans_of_tokens_cover_evidence_and_answers(small: str) -> None:
    tokenizer = load_tokenizer(TokenizerChoice(source=small)).reference
    for sample in samples("niah", 800, tokenizer=small, num_keys=2, num_values=2, n=5):
        assert len(sample.evidence) == len(sample.evidence_spans) == len(sample.depth) > 1
        for text, (start, end) in (
            *zip(sample.evidence, sample.evidence_spans, strict=True),
            *zip(sample.answers, sample.answer_spans, strict=True),
        ):
            assert text in tokenizer.decode(sample.ids[start:end].tolist(), skip_special_tokens=False)
        assert all(any(answer in evidence for evidence in sample.evidence) for answer in sample.answers)
        assert sample.text == sample.prompt + sample.answer
        assert [turn["content"] for turn in sample.messages] == [sample.prompt, sample.answer]


MISTAKES: list[tuple[dict[str, Any], str]] = [
    ({"task": "niha"}, r"unknown task 'niha'. Did you mean 'niah'\?"),
    ({"length": "abc"}, "length must be a length such as 4096, 32k or 1M, got 'abc'"),
    ({"length": []}, "length must be a length such as 4096, 32k or 1M, got ''"),
    ({"length": "8k..4k"}, "length must go from the shorter to the longer length"),
    ({"n": 0}, "n: must be a count such as 1000, 1e5 or 2.5M, whole and above zero, got '0'"),
    ({"seed": -1}, "seed: must be 0 or more"),
    ({"format": "html"}, "format: must be plain or chat, got 'html'"),
    ({"loss": "none"}, "loss: must be answer or all, got 'none'"),
    ({"engine": "fast"}, "engine must be fastokens or tokenizers, got 'fast'"),
    ({"preset": "multikey_9"}, "kv has no preset 'multikey_9'."),
    ({"dict_sise": 3}, r"kv: unknown setting 'dict_sise'. Did you mean 'dict_size'\?"),
    ({"dict_size": "0..3"}, r"kv: dict_size: must lie within 1..1000, got 0..3"),
    ({"template": "sead"}, r"kv has no template 'sead'. Did you mean 'seed'\?"),
    ({"templates": [{"id": "mine", "hed": "x"}]}, "kv: template 'mine' has an unknown field 'hed'"),
]


@pytest.mark.parametrize(("arguments", "message"), MISTAKES, ids=lambda value: next(iter(value), ""))
def test_a_mistake_is_refused_at_once_in_words_of_python(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message) as caught:
        samples(**{"task": "kv", **arguments})
    assert "--" not in str(caught.value)


def test_a_length_that_some_sample_cannot_keep_is_refused_with_the_first(small: str) -> None:
    with pytest.raises(UsageError, match=r"kv: length 9 is too short, .*: use a length of \d+ or more$") as caught:
        _ = samples("kv", "9..4k", tokenizer=small)[0]
    least = int(str(caught.value).split("length of ")[1].split()[0])
    assert max(sample.length for sample in samples("kv", least, tokenizer=small, n=200)) <= least


def test_a_tokenizer_that_is_not_there_is_named_with_the_first_sample() -> None:
    made = samples("kv", tokenizer="missing.json")
    with pytest.raises(UsageError, match=r"no tokenizer at 'missing.json'"):
        _ = made[0]


def test_no_setting_of_a_task_is_called_like_an_argument() -> None:
    arguments = set(inspect.signature(samples).parameters)
    for task in tasks():
        assert not arguments & set(settings_schema(task)["properties"]), task


def test_every_argument_is_explained() -> None:
    explained = {
        name for line in (samples.__doc__ or "").splitlines() for name in line.partition(":")[0].strip().split(", ")
    }
    assert set(inspect.signature(samples).parameters) <= explained
    assert package.samples is samples
