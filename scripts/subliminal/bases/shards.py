"""Which files hold a folder's weights."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from subliminal.bases.files import is_there, read_json
from subliminal.bases.weights import SINGLE, Tensor
from subliminal.config.errors import ConfigError
from subliminal.config.foreign import shown

INDEX = "model.safetensors.index.json"
# A name without a folder, and nothing that another program could misread.
SHARD = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,200}\.safetensors")
NAMED = 3


def found_in(folder: Path) -> str:
    """What a folder holds, for messages."""
    names = sorted(shown(path.name) for path in folder.iterdir())
    return _listed(names, 20) or "nothing"


def _listed(names: list[str], most: int = NAMED) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def weight_files(folder: Path, place: str) -> list[Path]:
    """The files of a folder's weights: the one, or the shards that the index names.

    Args:
        place: where the folder comes from, for messages.

    Raises:
        ConfigError: there are no weights as safetensors, or a shard is missing.
    """
    if is_there(folder / SINGLE, place):
        return [folder / SINGLE]
    if not is_there(folder / INDEX, place):
        raise ConfigError(
            f"{place}: there is neither {SINGLE} nor {INDEX} (found: {found_in(folder)}); pickled "
            "weights are not read: have transformers save it with save_pretrained, or name another "
            "base"
        )
    shards = sorted(set(weight_map(folder, place).values()))
    missing = [name for name in shards if not is_there(folder / name, place)]
    if missing:
        raise ConfigError(
            f"{place}: {INDEX} names {len(shards)} shards, but there is no {_listed(missing)}; "
            "fetch the folder again"
        )
    return [folder / name for name in shards]


def weight_map(folder: Path, place: str) -> dict[str, str]:
    """The shard of every tensor, as the index says.

    Raises:
        ConfigError: it says something else.
    """
    shards: Any = read_json(folder / INDEX, place).get("weight_map")
    damaged = f"{place}: {INDEX} is damaged"
    if not isinstance(shards, dict) or not shards:
        raise ConfigError(f"{damaged}: it has no weight_map; fetch it again")
    for shard in shards.values():
        if not isinstance(shard, str) or not SHARD.fullmatch(shard):
            raise ConfigError(
                f"{damaged}: expected shards such as model-00001-of-00002.safetensors in this "
                f"folder, found {shown(repr(shard))}; fetch it again"
            )
    return shards


def require_map(folder: Path, tensors: Mapping[str, Tensor], place: str) -> None:
    """Check that every tensor is where the index says, if there is one that counts.

    Raises:
        ConfigError: one is not.
    """
    if is_there(folder / SINGLE, place):
        return
    for name, shard in weight_map(folder, place).items():
        lies = tensors[name].file.name if name in tensors else "no shard"
        if lies != shard:
            raise ConfigError(
                f"{place}: {INDEX} says that {shown(name)} is in {shard}, found it in {lies}; "
                "fetch the folder again"
            )
