"""Weights as safetensors: their headers, and shards put together byte by byte.

A file is eight bytes of length, a JSON header with each tensor's type, shape and span, and the
tensors' bytes. Shards are merged by copying spans, so that a base of any size takes no memory and
no value changes.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from subliminal.bases.files import json_object, opened
from subliminal.config.errors import ConfigError
from subliminal.config.foreign import shown

SINGLE = "model.safetensors"
PREFIX = 8
# A hundred thousand tensors take 10 MB.
LARGEST_HEADER = 32_000_000
LARGEST_NUMBER, MOST_DIMENSIONS = 2**63 - 1, 64
# What a checkpoint that is fit for fine-tuning is made of, and torch's names for it.
DTYPES = {"F32": "float32", "BF16": "bfloat16", "F16": "float16"}
# Bytes of a number, by its type.
WIDTHS = {
    **dict.fromkeys(("BOOL", "U8", "I8", "F8_E4M3", "F8_E5M2", "F8_E8M0"), 1),
    **dict.fromkeys(("I16", "U16", "F16", "BF16"), 2),
    **dict.fromkeys(("I32", "U32", "F32"), 4),
    **dict.fromkeys(("I64", "U64", "F64", "C64"), 8),
}
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
    with opened(file, place) as content:
        found = file.stat().st_size
        length = int.from_bytes(content.read(PREFIX), "little")
        begin = PREFIX + length
        try:
            if length > min(found - PREFIX, LARGEST_HEADER):
                raise ValueError(f"a header of {length} bytes")
            header = json_object(content.read(length))
            _require_texts(header.pop("__metadata__", {}))
            tensors = {name: _tensor(file, name, entry, begin) for name, entry in header.items()}
        except ValueError as error:
            raise ConfigError(
                f"{damaged}: expected a safetensors header, found {shown(error)}; fetch it again"
            ) from error
    expected = begin + sum(tensor.size for tensor in tensors.values())
    if found != expected:
        raise ConfigError(f"{damaged}: expected {expected} bytes, found {found}; fetch it again")
    end = begin
    for name, tensor in sorted(tensors.items(), key=lambda item: (item[1].start, item[1].size)):
        if tensor.start != end:
            raise ConfigError(
                f"{damaged}: expected {shown(name)} to begin at byte {end}, found it at "
                f"{tensor.start}; fetch it again"
            )
        end += tensor.size
    return tensors


def _require_texts(metadata: Any) -> None:
    """Check what may stand in a header beside tensors.

    Raises:
        ValueError: something else stands there.
    """
    if not isinstance(metadata, dict) or not all(isinstance(v, str) for v in metadata.values()):
        raise ValueError("__metadata__ that is not text")


def _tensor(file: Path, name: str, entry: Any, begin: int) -> Tensor:
    """A tensor, by its entry in the header.

    Raises:
        ValueError: the entry is none, or its span is not as long as its shape asks.
    """
    try:
        dtype, shape, (first, last) = entry["dtype"], entry["shape"], entry["data_offsets"]
    except (KeyError, TypeError, ValueError):
        raise ValueError(f"{shown(name)} as {entry!r}") from None
    width = WIDTHS.get(dtype) if isinstance(dtype, str) else None
    if width is None:
        raise ValueError(f"{shown(name)} of the type {dtype!r}, which is not known")
    if not isinstance(shape, list) or len(shape) > MOST_DIMENSIONS:
        raise ValueError(f"{shown(name)} with a shape that is none")
    if not all(type(n) is int and 0 <= n <= LARGEST_NUMBER for n in (*shape, first, last)):
        raise ValueError(f"{shown(name)} with sizes or offsets that are none")
    if last - first != width * math.prod(shape):
        raise ValueError(f"{shown(name)} in {last - first} bytes, which is not its shape's size")
    return Tensor(file, dtype, tuple(shape), begin + first, last - first)


def write_single(
    files: list[Path], tensors: Mapping[str, Tensor], target: Path, place: str
) -> None:
    """Write one file with all the tensors, their bytes unchanged.

    Raises:
        ConfigError: a file can no longer be read.
    """
    if len(files) == 1:
        with opened(files[0], place) as whole, target.open("wb") as copied:
            _copy(whole, copied, files[0].stat().st_size)
        return
    # Widest types first, as the format's own library orders them: every tensor stays aligned.
    ordered = sorted(tensors.items(), key=lambda item: (-WIDTHS[item[1].dtype], item[0]))
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
            with opened(tensor.file, place) as shard:
                shard.seek(tensor.start)
                _copy(shard, merged, tensor.size)


def _copy(source: IO[bytes], target: IO[bytes], size: int) -> None:
    while size:
        content = source.read(min(size, COPIED_AT_ONCE))
        if not content:
            raise OSError(f"{source.name} became shorter while it was read")
        target.write(content)
        size -= len(content)


def count_parameters(tensors: Mapping[str, Tensor]) -> int:
    """The number of weights; tied tensors are stored, and counted, once."""
    return sum(math.prod(tensor.shape) for tensor in tensors.values())


def main_dtype(tensors: Mapping[str, Tensor], place: str) -> str:
    """torch's name of the type that most parameters have.

    Raises:
        ConfigError: there are none, or they are quantised.
    """
    if not count_parameters(tensors):
        raise ConfigError(f"{place}: its weights have no numbers; use another base")
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
