"""A folder as transformers saves a model: taking what is needed of it."""

from __future__ import annotations

import shutil
from pathlib import Path

from subliminal.artefacts.hashing import file_sha256
from subliminal.bases.weights import (
    INDEX,
    SINGLE,
    read_json,
    read_tensors,
    weight_files,
    write_single,
)
from subliminal.config.errors import ConfigError

CONFIG = "config.json"
# Any one of these makes a tokenizer.
VOCABULARIES = ("tokenizer.json", "tokenizer.model", "vocab.json")
COPIED = (
    CONFIG,
    "generation_config.json",
    *VOCABULARIES,
    "merges.txt",
    "added_tokens.json",
    "special_tokens_map.json",
    "tokenizer_config.json",
    "chat_template.jinja",
)
# Files of a hub repository that are worth fetching; names without a folder, no pickle, no code.
WANTED = (*COPIED, SINGLE, INDEX, "model-?????-of-?????.safetensors")


def take(source: Path, target: Path, place: str) -> dict[str, str]:
    """Copy a model into a folder, its weights as one file.

    Args:
        place: where the folder comes from, for messages.

    Returns:
        the SHA-256 of every file that was read, by name.

    Raises:
        ConfigError: a file is missing or damaged.
    """
    require_files(source, place)
    shards = weight_files(source, place)
    tensors = read_tensors(shards, place)
    copied = [source / name for name in COPIED if (source / name).is_file()]
    for file in copied:
        shutil.copyfile(file, target / file.name)
    write_single(shards, tensors, target / SINGLE)
    return {file.name: file_sha256(file) for file in (*copied, *shards)}


def require_files(folder: Path, place: str) -> None:
    """Check that a folder has a configuration and a tokenizer, and that they need no code.

    Raises:
        ConfigError: it has not.
    """
    if not folder.is_dir():
        raise ConfigError(f"{place}: there is no such folder; correct its path")
    lacking = [] if (folder / CONFIG).is_file() else [CONFIG]
    if not any((folder / name).is_file() for name in VOCABULARIES):
        lacking.append(f"tokenizer ({' or '.join(VOCABULARIES)})")
    if lacking:
        found = ", ".join(sorted(path.name for path in folder.iterdir())) or "nothing"
        raise ConfigError(
            f"{place}: there is no {' and no '.join(lacking)} (found: {found}); have transformers "
            "save model and tokenizer with save_pretrained, or name another base"
        )
    config = read_json(folder / CONFIG, place)
    if "quantization_config" in config:
        raise ConfigError(
            f"{place}: its weights are quantised ({CONFIG}: quantization_config) and cannot be "
            "fine-tuned here; name the repository of the full weights"
        )
