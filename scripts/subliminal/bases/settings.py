"""What the settings of a base may say: its config.json and generation_config.json.

transformers builds what config.json asks for before it compares that with the weights. So sizes are
compared first, and what would make it run or fetch code is refused.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

from subliminal.bases.files import is_there, read_json
from subliminal.config.errors import ConfigError
from subliminal.config.foreign import shown
from subliminal.local.turns import GENERATION

CONFIG = "config.json"
LAYERS = ("num_hidden_layers", "num_layers", "n_layers", "n_layer")
SIZES = (
    *LAYERS,
    "vocab_size",
    "hidden_size",
    "n_embd",
    "d_model",
    "max_position_embeddings",
    "n_positions",
)
LARGEST = 2**31 - 1
# Other implementations are packages, or are fetched from the hub and run.
IMPLEMENTATIONS = {
    "attn_implementation": ("eager", "sdpa"),
    "_attn_implementation": ("eager", "sdpa"),
    "experts_implementation": ("eager", "batched_mm", "grouped_mm"),
}
# It names a file of weights other than those that were checked.
OTHER_WEIGHTS = "transformers_weights"
LANGUAGE_MODELS = ("ForCausalLM", "LMHeadModel", "ForConditionalGeneration")


def require_plain(folder: Path, place: str) -> dict[str, Any]:
    """The content of config.json, if it asks for a language model that needs no code.

    Raises:
        ConfigError: it asks for something else.
    """
    config = read_json(folder / CONFIG, place)
    if config.get("quantization_config") is not None:
        raise ConfigError(
            f"{place}: its weights are quantised ({CONFIG}: quantization_config) and cannot be "
            "fine-tuned here; name the repository of the full weights"
        )
    if OTHER_WEIGHTS in config:
        raise _refused(place, OTHER_WEIGHTS, "no such key", config[OTHER_WEIGHTS])
    _require_language_model(config, place)
    for key, value in _entries(config):
        if key in SIZES and value is not None:
            _require_size(key, value, place)
        allowed = IMPLEMENTATIONS.get(key, ())
        if allowed and value is not None and value not in allowed:
            raise _refused(place, key, f"one of {', '.join(allowed)}", value)
    return config


def _entries(config: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Every setting, those of a multi-modal model's text decoder included."""
    yield from config.items()
    text = config.get("text_config")
    if isinstance(text, dict):
        yield from text.items()


def _require_language_model(config: dict[str, Any], place: str) -> None:
    kind, architectures = config.get("model_type"), config.get("architectures")
    if not isinstance(kind, str):
        raise _refused(place, "model_type", "the name of an architecture, such as llama", kind)
    if config.get("is_encoder_decoder"):
        raise _refused(place, "is_encoder_decoder", "a decoder alone", True)
    if architectures is None:
        return
    expected = "the class of a causal language model, such as LlamaForCausalLM"
    if not isinstance(architectures, list) or not all(isinstance(a, str) for a in architectures):
        raise _refused(place, "architectures", expected, architectures)
    if architectures and not any(a.endswith(LANGUAGE_MODELS) for a in architectures):
        raise _refused(place, "architectures", expected, architectures)


def _require_size(key: str, value: Any, place: str) -> None:
    if type(value) is not int or not 0 < value <= LARGEST:
        raise _refused(place, key, f"a whole number from 1 to {LARGEST}", value)


def _refused(place: str, key: str, expected: str, value: Any, file: str = CONFIG) -> ConfigError:
    return ConfigError(
        f"{place}: {file}: {key}: expected {expected}, found {shown(repr(value))}; use another base"
    )


def require_layers(config: dict[str, Any], tensors: Collection[str], place: str) -> None:
    """Check that there could be weights for so many layers; each has one at least.

    Raises:
        ConfigError: there could not.
    """
    for key, value in _entries(config):
        if key in LAYERS and value is not None and value > len(tensors):
            most = f"at most {len(tensors)} layers, as there are so many tensors"
            raise _refused(place, key, most, value)


def require_ends(folder: Path, place: str) -> None:
    """Check that generation_config.json, if there is one, lists tokens where the workflow reads.

    Raises:
        ConfigError: it does not.
    """
    file = folder / GENERATION
    if not is_there(file, place):
        return
    ends = read_json(file, place).get("eos_token_id")
    for end in ends if isinstance(ends, list) else [ends]:
        if ends is not None and (type(end) is not int or not 0 <= end <= LARGEST):
            raise _refused(place, "eos_token_id", "a token's id, or a list", ends, GENERATION)
