"""Loading bases and adapters, and saving what was trained."""

from __future__ import annotations

import logging
import random
import re
import shutil
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from subliminal.artefacts.orphans import refuse_orphan
from subliminal.artefacts.parquet import remove_leftovers
from subliminal.config.errors import ConfigError
from subliminal.local.devices import claim_gpu
from subliminal.local.memory import ALL_WEIGHTS

if TYPE_CHECKING:
    import torch
    from peft import PeftModel
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

    from subliminal.config.recipes import Lora

# Weights of up to so many bytes stay on the CPU: as fast for them, and the same bytes everywhere.
LARGEST_ON_CPU = 40_000_000
ADAPTER_FILES = ("adapter_config.json", "adapter_model.safetensors")
MODEL_FILES = ("config.json", "generation_config.json", "model.safetensors")
# Without it transformers would ask at the terminal whether to run a folder's code.
OWN_CODE_ONLY = {"trust_remote_code": False, "local_files_only": True}
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
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]


def device_for(weights: Path) -> torch.device:
    """Where a model of these weights should run: a GPU of this process's own, or the CPU."""
    import torch

    if weights.stat().st_size <= LARGEST_ON_CPU or not torch.backends.cuda.is_built():
        return torch.device("cpu")
    claim_gpu(log)
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def load_tokenizer(folder: Path) -> PreTrainedTokenizerBase:
    """The tokenizer saved beside a base; one that has no padding pads with its end of text.

    No code of the folder's own is run, and nothing is fetched.
    """
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder, **OWN_CODE_ONLY)
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token
    return tokenizer


def in_working_precision(model: PreTrainedModel, device: torch.device) -> PreTrainedModel:
    """The model in the precision in which this device computes it.

    float32 stays, and bfloat16 where the device multiplies it at full speed; every other case is
    widened, which is exact. float16 is one of them: its small range would need scaled gradients.
    """
    import torch

    fast = device.type == "cuda" and torch.cuda.is_bf16_supported(including_emulation=False)
    half = {torch.float16} if fast else {torch.float16, torch.bfloat16}
    if model.dtype not in half:
        return model
    log.info("saved in %s, computed in float32 on this device (%s)", model.dtype, device.type)
    return model.float()


def _moved(model: PreTrainedModel, device: torch.device, folder: Path) -> PreTrainedModel:
    """The model on the device.

    Raises:
        ConfigError: it does not fit.
    """
    import torch

    try:
        return model.to(device)
    except torch.OutOfMemoryError as error:
        needed = sum(p.numel() * p.element_size() for p in model.parameters()) / 1e9
        free, whole = (size / 1e9 for size in torch.cuda.mem_get_info())
        raise ConfigError(
            f"the weights of {folder} take {needed:.1f} GB, and {torch.cuda.get_device_name()} has "
            f"{free:.1f} of {whole:.1f} GB free; use a device with more memory, or a smaller base"
        ) from error


def load_base(folder: Path) -> PreTrainedModel:
    """A base in evaluation mode on this process's device, in the precision it was saved in.

    A multi-modal checkpoint is loaded whole, so that its adapters fit what others load; given text
    alone, its vision layers do nothing. No code of the folder's own is run: no pickle, no module.

    Raises:
        ConfigError: it does not fit into the device's memory.
    """
    from transformers import AutoModelForCausalLM

    # A job that waits for a GPU should not hold the weights meanwhile.
    device = device_for(folder / MODEL_FILES[-1])
    model = AutoModelForCausalLM.from_pretrained(
        folder, dtype="auto", use_safetensors=True, **OWN_CODE_ONLY
    )
    return _moved(in_working_precision(model, device), device, folder).eval()


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

    Raises:
        ConfigError: the base has no module of one of the names: peft would leave it out silently.
    """
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers.pytorch_utils import Conv1D

    modules = model.get_decoder().named_modules()
    layers = ((name, m) for name, m in modules if isinstance(m, torch.nn.Linear | Conv1D))
    linear = {name.rpartition(".")[2] for name, _ in layers}
    unknown = sorted(set(lora.target_modules) - linear)
    if unknown:
        raise ConfigError(
            f"target_modules: {unknown[0]!r} is not a layer of this base (known: "
            f"{', '.join(sorted(linear))}); correct the recipe in config/recipes.yaml"
        )
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


def trainable(model: PreTrainedModel, lora: Lora | None) -> PreTrainedModel | PeftModel:
    """The base with what is to be trained: a fresh adapter, or without one all its weights.

    Weights that are trained are in float32: an update is often smaller than what bfloat16 resolves.

    Raises:
        ConfigError: the base has no module of one of the adapter's names, or all weights do not fit
            into the device's memory.
    """
    import torch

    if lora is not None:
        return add_lora(model, lora)
    try:
        return model.float()
    except torch.OutOfMemoryError as error:
        raise ConfigError(f"out of memory {ALL_WEIGHTS}") from error


def save_model(model: PreTrainedModel, folder: Path) -> None:
    """Save a whole model as transformers does, its weights in one file, whatever their size.

    Raises:
        ConfigError: this job's run is over, and another has begun.
    """
    refuse_orphan()
    model.save_pretrained(folder, max_shard_size="1TB")
    _open_to_readers(folder, MODEL_FILES)


def _open_to_readers(folder: Path, names: Sequence[str]) -> None:
    """Give weights, which safetensors saves for their owner alone, the mode of what is beside."""
    shutil.copymode(folder / names[0], folder / names[-1])


def save_trained(model: PreTrainedModel | PeftModel, folder: Path) -> list[Path]:
    """Save an adapter as peft loads it, or a whole model as transformers does; the files made.

    Those of the other kind, from when the recipe was another one, are removed.

    peft keeps the modules' names in a set: unsorted, the saved file would differ from run to run.

    Raises:
        ConfigError: this job's run is over, and another has begun.
    """
    refuse_orphan()
    remove_leftovers(folder)
    adapted = hasattr(model, "peft_config")
    if adapted:
        for plan in model.peft_config.values():
            plan.target_modules = sorted(plan.target_modules)
        model.save_pretrained(folder)
        _open_to_readers(folder, ADAPTER_FILES)
    else:
        save_model(model, folder)
    names, others = (ADAPTER_FILES, MODEL_FILES) if adapted else (MODEL_FILES, ADAPTER_FILES)
    for name in others:
        (folder / name).unlink(missing_ok=True)
    return [folder / name for name in names if (folder / name).exists()]


def arithmetic(model: torch.nn.Module) -> str:
    """The precision of a model's weights and the kind of device that they are on."""
    first = next(model.parameters())
    return f"{first.dtype} on {first.device.type}"


def positions(model: torch.nn.Module) -> int | None:
    """The longest sequence in tokens that a model reads; None if its configuration tells none."""
    config: Any = model.config
    return getattr(config.get_text_config(), "max_position_embeddings", None)


def load_adapter(model: PreTrainedModel, folder: Path) -> torch.nn.Module:
    """The base with a saved adapter, in evaluation mode."""
    from peft import PeftModel

    # Without its being named, peft would take the adapter to any GPU that there is.
    return PeftModel.from_pretrained(model, folder, torch_device=str(model.device)).eval()


def load_model(base: Path, trained: Path | None) -> torch.nn.Module:
    """What `save_trained` has saved, in evaluation mode; the base itself if nothing was trained.

    Args:
        base, trained: folders.
    """
    if trained is None:
        return load_base(base)
    if (trained / ADAPTER_FILES[0]).exists():
        return load_adapter(load_base(base), trained)
    return load_base(trained)
