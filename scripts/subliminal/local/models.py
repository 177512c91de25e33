"""Loading bases and adapters, and saving what was trained."""

from __future__ import annotations

import logging
import random
import re
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

from subliminal.local.devices import claim_gpu

if TYPE_CHECKING:
    import torch
    from peft import PeftModel
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

    from subliminal.config import Lora

LARGEST_ON_CPU = 10_000_000
log = logging.getLogger(__name__)


def prepare(seed: int, threads: int) -> None:
    """Make this process deterministic and quiet: seeds, algorithms, threads, notices."""
    import numpy as np
    import torch
    import transformers

    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    warnings.filterwarnings("ignore", category=FutureWarning, module="transformers")
    random.seed(seed)
    np.random.seed(seed % 2**32)
    torch.manual_seed(seed)
    torch.set_num_threads(threads)
    # Warn only: on a GPU some operations have no deterministic form. On the CPU all do.
    torch.use_deterministic_algorithms(True, warn_only=True)
    torch.utils.deterministic.fill_uninitialized_memory = False


def place(model: PreTrainedModel) -> PreTrainedModel:
    """The model where it should run: a GPU of this process's own, or the CPU.

    Tiny bases stay on the CPU, which is as fast for them and gives the same bytes everywhere.
    """
    import torch

    if model.num_parameters() <= LARGEST_ON_CPU:
        return model
    claim_gpu(log)
    return model.to("cuda" if torch.cuda.is_available() else "cpu")


def load_tokenizer(folder: Path) -> PreTrainedTokenizerBase:
    """The tokenizer saved beside a base; one that has no padding pads with its end of text."""
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder)
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token
    return tokenizer


def in_working_precision(model: PreTrainedModel) -> PreTrainedModel:
    """The model in the precision in which its device computes it; call after `place`.

    float32 stays, and bfloat16 where the device multiplies it at full speed; every other case is
    widened, which is exact. float16 is one of them: its small range would need scaled gradients.
    """
    import torch

    fast = model.device.type == "cuda" and torch.cuda.is_bf16_supported(including_emulation=False)
    half = {torch.float16} if fast else {torch.float16, torch.bfloat16}
    if model.dtype not in half:
        return model
    log.info("saved in %s, computed in float32 on this device (%s)", model.dtype, model.device.type)
    return model.float()


def load_base(folder: Path) -> PreTrainedModel:
    """A base in evaluation mode on this process's device, in the precision it was saved in.

    A multi-modal checkpoint is loaded whole, so that its adapters fit what others load; given text
    alone, its vision layers do nothing.
    """
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(folder, dtype="auto")
    return in_working_precision(place(model)).eval()


def _beside_the_decoder(model: PreTrainedModel) -> str | None:
    """What matches the names of a multi-modal model's modules that are not in its text decoder."""
    if model.config.get_text_config() is model.config:
        return None
    decoder = model.get_decoder()
    (name,) = (name for name, module in model.named_modules() if module is decoder)
    return rf"(?!{re.escape(name)}\.).*"


def add_lora(model: PreTrainedModel, lora: Lora) -> PeftModel:
    """A fresh adapter on the base, in float32; everything but the adapter is frozen.

    Its random half is drawn from torch's global generator: call `prepare` with the seed first.
    Vision layers get no adapter, though some of their modules are named like the decoder's.
    """
    from peft import LoraConfig, get_peft_model

    return get_peft_model(
        model,
        LoraConfig(
            task_type="CAUSAL_LM",
            r=lora.rank,
            lora_alpha=lora.alpha,
            lora_dropout=lora.dropout,
            use_rslora=lora.rank_stabilised,
            target_modules=list(lora.target_modules),
            exclude_modules=_beside_the_decoder(model),
            fan_in_fan_out=model.config.model_type == "gpt2",
        ),
        autocast_adapter_dtype=True,
    )


def save_adapter(model: PeftModel, folder: Path) -> None:
    """Save the adapter as peft loads it.

    peft keeps the modules' names in a set: unsorted, the saved file would differ from run to run.
    """
    for plan in model.peft_config.values():
        plan.target_modules = sorted(plan.target_modules)
    model.save_pretrained(folder)


def load_adapter(model: PreTrainedModel, folder: Path) -> torch.nn.Module:
    """The base with a saved adapter, in evaluation mode."""
    from peft import PeftModel

    return PeftModel.from_pretrained(model, folder).eval()
