"""Weights as safetensors: their headers, and shards put together byte by byte.

A file is eight bytes of length, a JSON header with each tensor's type, shape and span, and the
tensors' bytes. Shards are merged by copying spans, so that a base of any size takes no memory and
no value changes.
"""

from __future__ import annotations

import json
import math
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from subliminal.config.errors import ConfigError

SINGLE = "model.safetensors"
INDEX = "model.safetensors.index.json"
PREFIX = 8
# What a checkpoint that is fit for fine-tuning is made of, and torch's names for it.
DTYPES = {"F32": "float32", "BF16": "bfloat16", "F16": "float16"}
COPIED_AT_ONCE = 1 << 24


@dataclass(frozen=True)
class Tensor:
    """Where a tensor lies.

    Attributes:
        dtype: in the words of the format, such as BF16.
        start: its first byte in the file.
        size: in bytes.
    """

    file: Path
    dtype: str
    shape: tuple[int, ...]
    start: int
    size: int


def weight_files(folder: Path, place: str) -> list[Path]:
    """The files of a folder's weights: the one, or the shards that the index names.

    Args:
        place: where the folder comes from, for messages.

    Raises:
        ConfigError: there are no weights as safetensors, or a shard is missing.
    """
    if (folder / SINGLE).is_file():
        return [folder / SINGLE]
    if not (folder / INDEX).is_file():
        found = ", ".join(sorted(path.name for path in folder.iterdir())) or "nothing"
        raise ConfigError(
            f"{place}: there is neither {SINGLE} nor {INDEX} (found: {found}); pickled weights are "
            "not read: have transformers save it with save_pretrained, or name another base"
        )
    shards = sorted(set(read_json(folder / INDEX, place)["weight_map"].values()))
    missing = [name for name in shards if not (folder / name).is_file()]
    if missing:
        raise ConfigError(
            f"{place}: {INDEX} names {len(shards)} shards, but there is no {', '.join(missing)}; "
            "fetch the folder again"
        )
    return [folder / name for name in shards]


def read_tensors(files: list[Path], place: str) -> dict[str, Tensor]:
    """Every tensor of some files, by name.

    Raises:
        ConfigError: a file is damaged, or two files have a tensor of one name.
    """
    tensors: dict[str, Tensor] = {}
    for file in files:
        for name, tensor in _read_header(file, place).items():
            if name in tensors:
                raise ConfigError(
                    f"{place}: {name} is in {tensors[name].file.name} and in {file.name}; "
                    "fetch the folder again"
                )
            tensors[name] = tensor
    return tensors


def _read_header(file: Path, place: str) -> dict[str, Tensor]:
    damaged = f"{place}: {file.name} is damaged"
    found = file.stat().st_size
    with file.open("rb") as content:
        length = int.from_bytes(content.read(PREFIX), "little")
        try:
            if length > found - PREFIX:
                raise ValueError(f"a header of {length} bytes")
            header = json.loads(content.read(length))
            header.pop("__metadata__", None)
            begin = PREFIX + length
            tensors = {
                name: Tensor(
                    file, entry["dtype"], tuple(entry["shape"]), begin + first, last - first
                )
                for name, entry in header.items()
                for first, last in [entry["data_offsets"]]
            }
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ConfigError(
                f"{damaged}: expected a safetensors header, found {error!r}; fetch it again"
            ) from error
    expected = begin + sum(tensor.size for tensor in tensors.values())
    if found != expected:
        raise ConfigError(f"{damaged}: expected {expected} bytes, found {found}; fetch it again")
    return tensors


def write_single(files: list[Path], tensors: Mapping[str, Tensor], target: Path) -> None:
    """Write one file with all the tensors, their bytes unchanged."""
    if len(files) == 1:
        shutil.copyfile(files[0], target)
        return
    # Widest types first, as the format's own library orders them: every tensor stays aligned.
    ordered = sorted(tensors.items(), key=lambda item: (-_width(item[1]), item[0]))
    header: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    end = 0
    for name, tensor in ordered:
        span = [end, end + tensor.size]
        header[name] = {"dtype": tensor.dtype, "shape": list(tensor.shape), "data_offsets": span}
        end = span[1]
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % PREFIX)
    with target.open("wb") as merged:
        merged.write(len(text).to_bytes(PREFIX, "little") + text)
        for _, tensor in ordered:
            with tensor.file.open("rb") as shard:
                shard.seek(tensor.start)
                _copy(shard, merged, tensor.size)


def _copy(source: IO[bytes], target: IO[bytes], size: int) -> None:
    while size:
        content = source.read(min(size, COPIED_AT_ONCE))
        if not content:
            raise OSError(f"{source.name} became shorter while it was read")
        target.write(content)
        size -= len(content)


def _width(tensor: Tensor) -> int:
    return tensor.size // max(1, math.prod(tensor.shape))


def count_parameters(tensors: Mapping[str, Tensor]) -> int:
    """The number of weights; tied tensors are stored, and counted, once."""
    return sum(math.prod(tensor.shape) for tensor in tensors.values())


def main_dtype(tensors: Mapping[str, Tensor], place: str) -> str:
    """torch's name of the type that most parameters have.

    Raises:
        ConfigError: the weights are quantised.
    """
    counts: dict[str, int] = {}
    for tensor in tensors.values():
        counts[tensor.dtype] = counts.get(tensor.dtype, 0) + math.prod(tensor.shape)
    dtype = max(counts, key=counts.__getitem__)
    if dtype not in DTYPES:
        raise ConfigError(
            f"{place}: its weights are {dtype}, expected one of {', '.join(DTYPES)}: quantised "
            "weights cannot be fine-tuned here; name the repository of the full weights"
        )
    return DTYPES[dtype]


def read_json(file: Path, place: str) -> dict[str, Any]:
    """A JSON file's content.

    Raises:
        ConfigError: it is no JSON object.
    """
    try:
        content = json.loads(file.read_text())
    except ValueError as error:
        raise ConfigError(f"{place}: {file.name} is damaged: {error}; fetch it again") from error
    if not isinstance(content, dict):
        raise ConfigError(f"{place}: {file.name} is damaged: no JSON object; fetch it again")
    return content
