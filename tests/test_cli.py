"""The command line as a stranger meets it: each mistake one line with its cure, each answer where it belongs."""

import json
from pathlib import Path

import pytest
from conftest import Run

GEN = ("gen", "--task", "kv", "--length", "1k", "--n", "5", "--out", "out")
MISTAKES = [
    (("gen", "--task", "kv", "--length", "1", "--n", "5"), r"kv: length 1 is too short"),
    (("gen", "--task", "kv", "--length", "1k", "--n", "0"), r"--n must be a count"),
    (("gen", "--task", "kv", "--length", "1k", "--n", "1.5"), r"--n must be a count"),
    (("gen", "--task", "kv", "--length", "abc", "--n", "5"), r"--length must be a length such as 4096, 32k or 1M, got"),
    (("gen", "--task", "kv", "--length", "8k..4k", "--n", "5"), r"from the shorter to the longer"),
    (("gen", "--task", "niha", "--length", "1k", "--n", "5"), r"unknown task 'niha'. Did you mean 'niah'?"),
    (("gn",), "No such command 'gn'. Did you mean 'gen'?"),
    (("check", "x"), "Missing option '--for'. Choose from: trl, transformers"),
    ((*GEN, "--task", "kv", "--preset", "foo"), "kv has no preset 'foo'. It has none: leave it out."),
    ((*GEN, "--task", "niah", "--preset", "multikey_9"), r"niah has no preset 'multikey_9'. Did you mean 'multikey_"),
    ((*GEN, "--set", "dict_sise=3"), r"unknown setting 'dict_sise'. Did you mean 'dict_size'?"),
    ((*GEN, "--set", "dict_size=0..3"), r"dict_size: must lie within 1..1000, got 0..3"),
    ((*GEN, "--set", "absent=2"), r"absent: must be 1 or less, got 2"),
    ((*GEN, "--set", "dict_size"), r"--set 'dict_size' must be KEY=VALUE"),
    ((*GEN, "--set", "key_digits=1"), r"different integers are needed for keys, but 1 digits give only 9"),
    ((*GEN, "--tokenizer", "missing.json"), r"no tokenizer at 'missing.json'"),
    ((*GEN, "--tokenizer", "bad.json"), r"the tokenizer 'bad.json' is not a valid tokenizer.json"),
    ((*GEN, "--seq-length", "512"), r"seq_length 512 is below the longest document"),
    ((*GEN, "--name", "../x"), r"--name must be letters, digits"),
    (
        (*GEN, "--chat-template", "own.jinja"),
        r"--chat-template is for conversations: add --format chat, or leave it out",
    ),
    ((*GEN, "--chat-date", "2026-02-03"), r"--chat-date is for conversations: add --format chat, or leave it out"),
    ((*GEN, "--format", "chat", "--chat-date", "today"), r"--chat-date"),
    ((*GEN, "--workers", "-1"), r"--workers"),
    (("gen", "--task", "kv"), r"Missing option"),
    (("nonsense",), r"No such command"),
]


@pytest.mark.parametrize(("arguments", "message"), MISTAKES, ids=lambda value: " ".join(value[-2:]) if value else "")
def test_a_mistake_is_one_line_with_its_cure(
    lcdata: Run, tmp_path: Path, arguments: tuple[str, ...], message: str
) -> None:
    (tmp_path / "bad.json").write_text("{}")
    done = lcdata(*arguments)
    assert done.returncode == 2
    assert done.stdout == ""
    assert message in done.stderr
    lines = [line for line in done.stderr.splitlines() if not line.endswith(": planning")]
    assert len(lines) == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bad.json"]


def test_the_minimum_that_an_error_names_works(lcdata: Run, small: str) -> None:
    done = lcdata(*GEN, "--length", "9", "--tokenizer", small)
    minimum = done.stderr.split("use a length of ")[1].split()[0]
    assert lcdata(*GEN, "--length", minimum, "--n", 200, "--tokenizer", small).returncode == 0


def test_a_traceback_needs_debug(lcdata: Run) -> None:
    assert "Traceback" in lcdata("gen", "--debug", "--task", "nope", "--length", "1k", "--n", "1").stderr
    assert "Traceback" not in lcdata("gen", "--task", "nope", "--length", "1k", "--n", "1").stderr


def test_the_environment_sets_what_flags_do_not(lcdata: Run, small: str, tmp_path: Path) -> None:
    assert lcdata(*GEN, LCDATA_GEN_TOKENIZER=small, LCDATA_GEN_SEED="4").returncode == 0
    assert json.loads((tmp_path / "out/lcdata.json").read_text())["recipe"]["seed"] == 4


@pytest.mark.parametrize(
    ("environment", "value_digits"),
    [
        ({"LCDATA_SHOW_SET": "value_digits=3"}, 3),
        ({"LCDATA_SET": "value_digits=4"}, 4),
        ({"LCDATA_SHOW_SET": "value_digits=3", "LCDATA_SET": "value_digits=4"}, 3),
        ({"LCDATA_SHOW_SETTINGS": "value_digits=5"}, 5),
        ({"LCDATA_GEN_SET": "value_digits=3", "LCDATA_SHOW_INDEX": "1", "LCDATA_SHOW_FULL": "1"}, None),
    ],
)
def test_options_are_read_by_their_own_names_of_the_command_and_then_of_all(
    lcdata: Run, small: str, environment: dict[str, str], value_digits: int | None
) -> None:
    shown = lcdata("show", "kv", "--length", "400", "--tokenizer", small, LCDATA_JSON="1", **environment)
    sample = json.loads(shown.stdout)
    assert sample["sample"] == int(environment.get("LCDATA_SHOW_INDEX", 0))
    assert value_digits is None or max(map(len, sample["answers"])) == value_digits
    failed = lcdata("show", "nope", LCDATA_SHOW_JSON="1", **environment)
    assert json.loads(failed.stdout)["event"] == "error"


def test_json_is_alone_on_stdout(lcdata: Run, small: str) -> None:
    done = lcdata(*GEN, "--tokenizer", small, "--json")
    events = [json.loads(line) for line in done.stdout.splitlines()]
    assert [event["event"] for event in events] == ["planning", "plan", "progress", "shard", "done"]
    assert events[-1]["documents"] == 5
    failed = lcdata(*GEN, "--tokenizer", small, "--seed", "1", "--json")
    error = json.loads(failed.stdout.splitlines()[-1])
    assert (error["event"], error["exit_code"]) == ("error", 2)


def test_a_dry_run_writes_nothing(lcdata: Run, small: str, tmp_path: Path) -> None:
    done = lcdata(*GEN, "--n", "1e5", "--tokenizer", small, "--dry-run", "--json")
    planning, plan = map(json.loads, done.stdout.splitlines())
    assert planning == {"event": "planning", "name": "kv-1k"}
    (stage,) = plan["stages"]
    assert (stage["samples"], stage["rows"], plan["tokens"]) == (100_000, 100_000, 102_400_000)
    assert plan["bytes"] > 10**7
    assert list(tmp_path.iterdir()) == []
    assert "about" in lcdata(*GEN, "--tokenizer", small, "--dry-run").stdout


def test_show_marks_evidence_and_answers(lcdata: Run, small: str) -> None:
    shown = lcdata("show", "kv", "--length", "1k", "--tokenizer", small).stdout
    assert shown.count("⟦") == 4
    record = json.loads(lcdata("show", "kv", "--length", "1k", "--tokenizer", small, "--json").stdout)
    assert record["tokens"] == len(record["input_ids"]) <= 1024
    assert f"⟦{record['answers'][0]}⟧" in shown


def test_ends_that_are_given_several_times_stand_there_in_their_order(lcdata: Run, trained: Path) -> None:
    ends = ("--bos", "<s>", "--bos", "<unk>", "--eos", "<unk></s>", "--eos", "<s>")
    tokenizer = str(trained / "sentencepiece-like")
    shown = lcdata("show", "kv", "--length", "600", "--tokenizer", tokenizer, *ends, "--json")
    assert shown.returncode == 0, shown.stderr
    ids = json.loads(shown.stdout.splitlines()[-1])["input_ids"]
    assert (ids[:2], ids[-3:]) == ([1, 0], [0, 2, 1])


def test_show_has_what_a_chat_template_writes(lcdata: Run, small: str, tmp_path: Path) -> None:
    template = (
        "{% for m in messages %}[{{ m.role }} {{ strftime_now('%Y') }}] {{ m.content }}{{ eos_token }}{% endfor %}"
    )
    (tmp_path / "own.jinja").write_text(template)
    chat = ("--format", "chat", "--chat-template", "own.jinja", "--chat-date", "2031-02-03")
    options = ("show", "kv", "--length", "1k", "--tokenizer", small, *chat)
    shown = lcdata(*options, "--full").stdout
    record = json.loads(lcdata(*options, "--json").stdout)
    question, answer = record["prompt"].strip(), record["answer"].strip()
    assert record["text"] == f"[user 2031] {question}<|endoftext|>[assistant 2031] {answer}<|endoftext|>"
    text = shown.replace("⟦", "").replace("⟧", "")
    assert "".join(record["text"].split()) in "".join(text.split())
    assert shown.count("⟦") == 4
    assert f"⟦{record['answers'][0]}⟧" in shown


def test_tasks_explains_every_setting(lcdata: Run) -> None:
    assert "\nkv " in lcdata("tasks").stdout
    listed = lcdata("tasks", "kv").stdout
    for word in ("dict_size", "3..4", "1..1000", "key_digits", "unset", "absent", "0..1"):
        assert word in listed
    assert "dict_size" in json.loads(lcdata("tasks", "kv", "--json").stdout)["settings"]["properties"]


def test_a_preset_is_its_settings_and_set_changes_them(lcdata: Run, small: str) -> None:
    options = ("show", "niah", "--length", "2k", "--tokenizer", small, "--json", "--preset", "multivalue")
    assert len(json.loads(lcdata(*options).stdout)["answers"]) == 4
    assert len(json.loads(lcdata(*options, "--set", "num_values=2").stdout)["answers"]) == 2
    assert "--preset multivalue" in lcdata("tasks", "niah").stdout


def test_inspect_says_what_a_dataset_holds(lcdata: Run, small: str) -> None:
    assert lcdata(*GEN, "--tokenizer", small).returncode == 0
    told = lcdata("inspect", "out").stdout
    for word in ("5 of 1k in 5 rows", "fill", "in the loss", "513..1,024", "evidence"):
        assert word in told
    assert (told.count("⟦"), told.count("⟪")) == (2, 2)
    assert json.loads(lcdata("inspect", "out", "--json").stdout)["stages"][0]["lengths"][0]["documents"] == 5


def test_doctor_finds_a_sound_machine_sound(lcdata: Run, small: str) -> None:
    done = lcdata("doctor", "--tokenizer", small)
    assert done.returncode == 0
    assert "fastokens agrees with tokenizers" in done.stdout
    assert "control    1 token: '<|endoftext|>'" in done.stdout
    told = lcdata("doctor")
    [control] = [line for line in told.stdout.splitlines() if " control " in line]
    assert control.startswith("ok   control    1,000 tokens: '<unk>' '<s>' '</s>' '[INST]' ")
    assert control.endswith("'[TOOL_CALLS]' and 990 more, all with --json")
    found = [json.loads(line) for line in lcdata("doctor", "--json").stdout.splitlines()]
    [tokens] = [finding["tokens"] for finding in found if finding["subject"] == "control"]
    assert len(tokens) == 1000
    assert all(finding["tokens"] == [] for finding in found if finding["subject"] not in ("control", "text"))
    assert lcdata("doctor", "--tokenizer", "missing.json").returncode == 1


def test_doctor_lists_what_is_control_and_what_is_text(lcdata: Run, small: str, tmp_path: Path) -> None:
    content = json.loads((Path(small) / "tokenizer.json").read_text())
    flags = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": False}
    tokens = ["[IMG]", "<h1>", "<b>", "<think>"]
    content["added_tokens"] += [{"id": 900 + at, "content": token} | flags for at, token in enumerate(tokens)]
    content["truncation"] = {"direction": "Right", "max_length": 16, "strategy": "LongestFirst", "stride": 0}
    (tmp_path / "tokenizer.json").write_text(json.dumps(content))
    moved = ("--control-token", "<b>", "--text-token", "<think>")
    done = lcdata("doctor", "--tokenizer", "tokenizer.json", "--eos", "<|endoftext|>", *moved)
    assert done.returncode == 0, done.stdout
    lines = " ".join(done.stdout.split())
    assert "control 3 tokens: '<|endoftext|>' '[IMG]' '<b>'" in lines
    assert "text 2 tokens: '<h1>' '<think>'" in lines
    assert "the truncation to 16 tokens, which is switched off" in lines


def test_tasks_in_markdown_are_all_or_the_one_that_is_named(lcdata: Run) -> None:
    every = lcdata("tasks", "--markdown").stdout
    assert {"## kv", "## vt"} <= set(every.splitlines())
    one = lcdata("tasks", "kv", "--markdown").stdout
    assert one.startswith("## kv\n")
    assert one.count("\n## ") == 0
    assert one.strip() in every
    assert "Did you mean 'kv'" in lcdata("tasks", "kvv", "--markdown").stderr
