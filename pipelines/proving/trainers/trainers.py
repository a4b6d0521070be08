"""The trainers that `check` can run as they are installed, and the tiny model that they run on the CPU.

torch, transformers and TRL are an extra: they are imported here alone, when they are needed, and untyped.
"""

import importlib
import logging
from pathlib import Path
from typing import Any

from ....schemas.errors import UsageError

VOCABULARY = 512
"""Size of the tiny model's vocabulary, modulo which ids are taken."""


def library(name: str) -> Any:
    """An optional library; UsageError where it is missing."""
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name != name:
            raise
        raise UsageError(f'{name} is not installed: pip install "lcdata[train]"') from None


def tiny_llama(attention: str = "sdpa", vocabulary: int = VOCABULARY) -> Any:
    """A Llama of two small layers with random weights, the same every time.

    Its weights are larger than those that training begins with, so that every token it can see changes its logits.
    """
    library("torch").manual_seed(0)
    transformers = library("transformers")
    config = transformers.LlamaConfig(
        vocab_size=vocabulary,
        hidden_size=64,
        intermediate_size=128,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        initializer_range=0.2,
        attn_implementation=attention,
    )
    return transformers.LlamaForCausalLM(config)


def sft_trainer(model: Any, rows: Any, folder: Path, **settings: Any) -> Any:
    """TRL's `SFTTrainer` on rows, with the settings that the README and the dataset card give; `settings` change them.

    Rows are a `datasets` dataset, streaming or not; the folder is for what the trainer writes.
    """
    trl, transformers = library("trl"), library("transformers")
    silence()
    arguments: dict[str, Any] = {
        "padding_free": True,
        "packing": False,
        "max_length": None,
        "dataset_kwargs": {"skip_prepare_dataset": True},
        "gradient_checkpointing": None,  # TRL's default is a name that transformers warns of
        "bf16": False,
    }
    config = trl.SFTConfig(**_arguments(folder) | arguments | settings)
    return trl.SFTTrainer(model, args=config, train_dataset=rows, processing_class=_no_tokenizer(transformers))


def plain_trainer(model: Any, rows: Any, folder: Path, **settings: Any) -> Any:
    """The `Trainer` of transformers on rows with its `default_data_collator`; `settings` change its arguments."""
    transformers = library("transformers")
    silence()
    collator = settings.pop("data_collator", transformers.default_data_collator)
    arguments = transformers.TrainingArguments(**_arguments(folder) | settings)
    return transformers.Trainer(model, args=arguments, train_dataset=rows, data_collator=collator)


TRAINERS = {"trl": sft_trainer, "transformers": plain_trainer}


def _arguments(folder: Path) -> dict[str, Any]:
    """Arguments of both trainers: on the CPU, row by row, reporting to nobody."""
    return {
        "output_dir": str(folder),
        "per_device_train_batch_size": 1,
        "use_cpu": True,
        "dataloader_pin_memory": False,
        "report_to": "none",
        "save_strategy": "no",
        "logging_strategy": "no",
        "disable_tqdm": True,
    }


def _no_tokenizer(transformers: Any) -> Any:
    """What SFTTrainer asks for and finished rows do not need: a tokenizer of a single token."""
    from tokenizers import Tokenizer, models

    words = Tokenizer(models.WordLevel({"<pad>": 0}, "<pad>"))
    return transformers.PreTrainedTokenizerFast(tokenizer_object=words, pad_token="<pad>", eos_token="<pad>")


def silence() -> None:
    """Keep the libraries from telling the Hub that they are used, and from advice that is not about the rows."""
    library("huggingface_hub.constants").HF_HUB_DISABLE_TELEMETRY = True
    library("transformers").logging.set_verbosity_error()
    logging.getLogger("trl").setLevel(logging.ERROR)
