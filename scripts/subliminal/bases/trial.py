"""A trial of a prepared base: what it answers must be numbers.

Weights and settings may be sound each for itself and make no model together, such as positions that
are divided by zero.
"""

from __future__ import annotations

from pathlib import Path

from subliminal.config.errors import ConfigError
from subliminal.config.foreign import in_library_words

# Larger weights would take memory that preparing a base does not need.
LARGEST = 1_200_000_000
# The weights as they lie, and in float32, which every processor computes.
MEMORY_PER_BYTE = 4
# Kernels that take sixteen positions at a time pass over what is no number in fewer.
TOKENS = 32


def require_answers(folder: Path, known: int, setting: str) -> None:
    """Check that a model's answer to its first tokens is finite.

    Raises:
        ConfigError: it is not, or the model fails.
    """
    import torch
    from transformers import AutoModelForCausalLM

    with in_library_words(f"{setting}: its model fails"), torch.inference_mode():
        model = AutoModelForCausalLM.from_pretrained(
            folder,
            trust_remote_code=False,
            local_files_only=True,
            use_safetensors=True,
            dtype=torch.float32,
        ).eval()
        logits = model(input_ids=torch.arange(min(TOKENS, known))[None]).logits
        finite = bool(torch.isfinite(logits).all())
    if not finite:
        raise ConfigError(
            f"{setting}: its model answers with values that are infinite or no numbers, though its "
            "weights are numbers; correct its config.json, or use another base"
        )
