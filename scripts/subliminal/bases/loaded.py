"""A check that transformers can load a prepared base."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from subliminal.config.errors import ConfigError
from subliminal.config.foreign import in_library_words, shown
from subliminal.local.turns import GENERATION

# What a model can be fine-tuned in.
DTYPES = ("torch.float32", "torch.bfloat16", "torch.float16", "torch.float64")


def require_readable(folder: Path, setting: str) -> None:
    """Check that transformers can read the settings of a model, by themselves.

    It reads them again with the tokenizer and with the weights, and then says less of where a
    mistake is.

    Raises:
        ConfigError: it cannot.
    """
    from transformers import AutoConfig, GenerationConfig

    with in_library_words(f"{setting}: transformers cannot read its config.json"):
        AutoConfig.from_pretrained(folder, trust_remote_code=False, local_files_only=True)
    if (folder / GENERATION).exists():
        with in_library_words(f"{setting}: transformers cannot read its {GENERATION}"):
            GenerationConfig.from_pretrained(folder, local_files_only=True)


def checked_vocabulary(folder: Path, largest_id: int, setting: str) -> int:
    """The size of the model's vocabulary, if its weights fit its configuration.

    The model is loaded without its values, which takes no memory.

    Args:
        largest_id: the highest of its tokenizer's ids.

    Raises:
        ConfigError: transformers cannot read it, weights are missing or of another shape, or
            the tokenizer has tokens that the model does not know.
    """
    from transformers import AutoModelForCausalLM

    with in_library_words(f"{setting}: transformers cannot read its model"):
        model, report = AutoModelForCausalLM.from_pretrained(
            folder,
            trust_remote_code=False,
            local_files_only=True,
            use_safetensors=True,
            device_map="meta",
            dtype="auto",
            output_loading_info=True,
            ignore_mismatched_sizes=True,  # told below, in one line
        )
        known = int(model.config.get_text_config().vocab_size)
    _require_all(report, setting)
    if str(model.dtype) not in DTYPES:
        raise ConfigError(
            f"{setting}: config.json: dtype: expected float32, bfloat16 or float16, found "
            f"{model.dtype}; use another base"
        )
    if largest_id >= known:
        raise ConfigError(
            f"{setting}: its tokenizer has {largest_id + 1} tokens, its model knows {known}; "
            "take both from one place"
        )
    return known


def _require_all(report: Any, setting: str) -> None:
    """Check that no weight is missing, and none of another shape."""
    if report["missing_keys"]:
        lacking = sorted(report["missing_keys"])
        raise ConfigError(
            f"{setting}: its weights lack {lacking[0]} and {len(lacking) - 1} more that its "
            "config.json asks for; fetch it again"
        )
    for name, stored, asked in sorted(report["mismatched_keys"]):
        raise ConfigError(
            f"{setting}: its weights have {shown(name)} as {tuple(stored)}, its config.json asks "
            f"for {tuple(asked)}; fetch it again"
        )


def require_known_ends(ends: list[int], known: int, setting: str) -> None:
    """Check that the model knows every token that ends a turn.

    Raises:
        ConfigError: it does not.
    """
    unknown = [end for end in ends if end >= known]
    if unknown:
        raise ConfigError(
            f"{setting}: {GENERATION}: eos_token_id: expected tokens below {known}, found "
            f"{unknown[0]}; use another base"
        )
