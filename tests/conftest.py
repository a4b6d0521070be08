"""What tests share: real tokenizers, and the command line as a user runs it."""

import json
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import fsspec
import pytest
import warm
from hypothesis import HealthCheck, settings
from tokenizers import Tokenizer as Reference
from tokenizers import decoders, models, normalizers, pre_tokenizers, processors, trainers

SHARED = Path(__file__).parents[2] / "shared" / "tokenizers"
TEXTS = [Path(__file__).read_text(), "Dictionary [12] {123: 4567, 89: 10} naïve café 日本語 Привет " * 50]
"""What small tokenizers are trained on."""
TRAINED = ("gpt2-like", "sentencepiece-like")
EOS = {"gpt2-like": "<|endoftext|>", "sentencepiece-like": "</s>", "qwen": "<|endoftext|>", "gpt2": "<|endoftext|>"}
SHIPPED = tuple(name for name in ("qwen", "gpt2", "mistral-v3") if (SHARED / name).is_dir())


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two small tokenizers trained on the spot, one of each of the two great families."""
    root = tmp_path_factory.mktemp("tokenizers")
    for name, build in (("gpt2-like", gpt2_like), ("sentencepiece-like", _sentencepiece_like)):
        (root / name).mkdir()
        (root / name / "tokenizer.json").write_text(build(TEXTS))
        (root / name / "tokenizer_config.json").write_text(json.dumps({"eos_token": EOS[name]}))
    return root


def gpt2_like(text: list[str]) -> str:
    """A tokenizer file with byte-level BPE."""
    tokenizer = Reference(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=False)
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=900, special_tokens=["<|endoftext|>"], initial_alphabet=alphabet, show_progress=False
    )
    tokenizer.train_from_iterator(text, trainer)
    return tokenizer.to_str()


def _sentencepiece_like(text: list[str]) -> str:
    control, byte_pieces = ["<unk>", "<s>", "</s>"], [f"<0x{byte:02X}>" for byte in range(256)]
    tokenizer = Reference(models.BPE(unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    tokenizer.decoder = decoders.Sequence(
        [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]
    )
    trainer = trainers.BpeTrainer(
        vocab_size=900, special_tokens=[*control, *byte_pieces], max_token_length=8, show_progress=False
    )
    words = [word for line in text for word in line.replace(" ", "\0 ").split("\0")]
    tokenizer.train_from_iterator(words, trainer)
    tokenizer.post_processor = processors.TemplateProcessing(single="<s> $A", special_tokens=[("<s>", 1)])
    content = json.loads(tokenizer.to_str())
    content["added_tokens"] = [token for token in content["added_tokens"] if token["content"] in control]
    return json.dumps(content)


@pytest.fixture(scope="session", params=["embedded", *TRAINED, *SHIPPED])
def tokenizer_source(request: pytest.FixtureRequest, trained: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Each of the tokenizers that tests run with, as `--tokenizer` takes it."""
    if request.param in TRAINED:
        return str(trained / request.param)
    if request.param not in SHIPPED:
        return request.param
    folder = tmp_path_factory.mktemp(request.param)
    (folder / "tokenizer.json.zst").symlink_to(SHARED / request.param / "tokenizer.json.zst")
    config = {"eos_token": EOS.get(request.param, "</s>")}
    (folder / "tokenizer_config.json").write_text(json.dumps(config))
    return str(folder)


@pytest.fixture
def small(trained: Path) -> str:
    """A tokenizer that loads in no time."""
    return str(trained / "gpt2-like")


# A slow machine fails no property, and every run tries the same cases.
settings.register_profile("lcdata", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("lcdata")


@pytest.fixture(scope="session", autouse=True)
def _ctrl_c() -> None:
    """Let commands hear Ctrl-C also where this runs in the background, for which shells have it ignored."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


BY_MAKE = {
    "trainers": ("lm_eval", "torch", "transformers", "trl"),
    "readers": ("arro3", "datafusion", "fastparquet", "vortex"),
}
"""What a target of the Makefile installs."""


def needed(name: str) -> Any:
    """A module that not every environment has; a test without it is skipped, and says how to run it."""
    library = name.split(".")[0]
    target = next((target for target, names in BY_MAKE.items() if library in names), None)
    cure = f"`make {target}` installs it" if target else "its own project installs it"
    return pytest.importorskip(name, reason=f"{library} is not installed: {cure}")


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip tests that are marked to need what is not there."""
    for mark in item.iter_markers("needs"):
        for name in mark.args:
            needed(name)


Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def lcdata(tmp_path: Path) -> Run:
    """Run `lcdata ...` in an empty folder of its own, as a user does."""

    def run(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
        return warm.run([str(argument) for argument in arguments], tmp_path, {"HF_HUB_OFFLINE": "1", **environment})

    return run


@pytest.fixture(scope="session")
def contents() -> Callable[[Path], dict[str, bytes]]:
    """Every file of a folder with its bytes."""

    def read(folder: Path) -> dict[str, bytes]:
        return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}

    return read


@pytest.fixture(scope="session")
def endpoint() -> Iterator[str]:
    """A real S3 server on this machine."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def bucket(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The server as environment variables name it, with an empty bucket."""
    settings = {"ENDPOINT_URL": endpoint, "ACCESS_KEY_ID": "key", "SECRET_ACCESS_KEY": "secret"}
    for name, value in {**settings, "DEFAULT_REGION": "us-east-1", "EC2_METADATA_DISABLED": "true"}.items():
        monkeypatch.setenv(f"AWS_{name}", value)
    filesystem = fsspec.filesystem("s3", skip_instance_cache=True)
    type(filesystem).clear_instance_cache()
    filesystem.mkdir("corpus")
    yield filesystem
    filesystem.rm("corpus", recursive=True)
    type(filesystem).clear_instance_cache()
