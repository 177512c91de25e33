"""A folder as transformers saves a model: taking what is needed of it."""

from __future__ import annotations

from pathlib import Path

from subliminal.artefacts.hashing import file_sha256
from subliminal.bases.files import copy, is_there
from subliminal.bases.settings import CONFIG, require_ends, require_layers, require_plain
from subliminal.bases.shards import INDEX, found_in, require_map, weight_files
from subliminal.bases.weights import SINGLE, main_dtype, read_tensors, write_single
from subliminal.config.errors import ConfigError
from subliminal.local.turns import GENERATION

# Any one of these makes a tokenizer.
VOCABULARIES = ("tokenizer.json", "tokenizer.model", "vocab.json")
COPIED = (
    CONFIG,
    GENERATION,
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
        ConfigError: a file is missing, damaged, or not one of the folder's own.
    """
    require_files(source, place)
    config = require_plain(source, place)
    require_ends(source, place)
    shards = weight_files(source, place)
    tensors = read_tensors(shards, place)
    main_dtype(tensors, place)  # before anything is copied
    require_map(source, tensors, place)
    require_layers(config, tensors, place)
    copied = copied_files(source, place)
    for file in copied:
        copy(file, target / file.name, place)
    write_single(shards, tensors, target / SINGLE, place)
    return {file.name: file_sha256(file) for file in (*copied, *shards)}


def copied_files(folder: Path, place: str) -> list[Path]:
    """The files of a folder that are taken as they are.

    Raises:
        ConfigError: one of the names is that of something else.
    """
    return [folder / name for name in COPIED if is_there(folder / name, place)]


def bytes_to_take(folder: Path, place: str) -> int:
    """The size of all files that would be taken.

    Raises:
        ConfigError: a file is missing, or not one of the folder's own.
    """
    files = (*copied_files(folder, place), *weight_files(folder, place))
    return sum(file.stat().st_size for file in files)


def require_files(folder: Path, place: str) -> None:
    """Check that a folder has a configuration and a tokenizer.

    Raises:
        ConfigError: it has not.
    """
    try:
        next(folder.iterdir(), None)
    except (FileNotFoundError, NotADirectoryError):
        raise ConfigError(f"{place}: there is no such folder; correct its path") from None
    except OSError as error:
        raise ConfigError(
            f"{place}: it cannot be read: {error.strerror}; make it readable, or correct its path"
        ) from error
    lacking = [] if is_there(folder / CONFIG, place) else [CONFIG]
    if not any(is_there(folder / name, place) for name in VOCABULARIES):
        lacking.append(f"tokenizer ({' or '.join(VOCABULARIES)})")
    if lacking:
        raise ConfigError(
            f"{place}: there is no {' and no '.join(lacking)} (found: {found_in(folder)}); have "
            "transformers save model and tokenizer with save_pretrained, or name another base"
        )
