"""A check that transformers can load a prepared base."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from subliminal.config.errors import ConfigError

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase


def load_tokenizer(folder: Path, setting: str) -> PreTrainedTokenizerBase:
    """The tokenizer of a folder; no code of the folder's own is run.

    Raises:
        ConfigError: transformers cannot read it.
    """
    from transformers import AutoTokenizer

    try:
        return AutoTokenizer.from_pretrained(folder, trust_remote_code=False)
    except Exception as error:  # what a damaged or unknown one raises is not specified
        raise _unreadable("tokenizer", error, setting) from error


def checked_vocabulary(folder: Path, tokenizer: PreTrainedTokenizerBase, setting: str) -> int:
    """The size of the model's vocabulary, if its weights fit its configuration.

    The model is loaded without its values, which takes no memory.

    Raises:
        ConfigError: transformers cannot read it, weights are missing or of another shape, or the
            tokenizer has tokens that the model does not know.
    """
    from transformers import AutoModelForCausalLM

    try:
        model, report = AutoModelForCausalLM.from_pretrained(
            folder,
            trust_remote_code=False,
            device_map="meta",
            output_loading_info=True,
            ignore_mismatched_sizes=True,  # told below, in one line
        )
    except Exception as error:
        raise _unreadable("model", error, setting) from error
    if report["missing_keys"]:
        lacking = sorted(report["missing_keys"])
        raise ConfigError(
            f"{setting}: its weights lack {lacking[0]} and {len(lacking) - 1} more that its "
            "config.json asks for; fetch it again"
        )
    for name, stored, asked in sorted(report["mismatched_keys"]):
        raise ConfigError(
            f"{setting}: its weights have {name} as {tuple(stored)}, its config.json asks for "
            f"{tuple(asked)}; fetch it again"
        )
    known = model.config.get_text_config().vocab_size
    if max(tokenizer.get_vocab().values()) >= known:
        raise ConfigError(
            f"{setting}: its tokenizer has {len(tokenizer)} tokens, its model knows {known}; "
            "take both from one place"
        )
    return known


def _unreadable(what: str, error: Exception, setting: str) -> ConfigError:
    first = next(iter(str(error).strip().splitlines()), type(error).__name__)
    return ConfigError(f"{setting}: transformers cannot read its {what}: {first}; use another base")
