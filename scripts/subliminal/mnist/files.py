"""Reading and writing what MNIST stages hand to one another, and where they compute."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, fields
from pathlib import Path
from typing import TYPE_CHECKING

from subliminal.artefacts.parquet import whole_file, write_table
from subliminal.mnist.data import Digits
from subliminal.mnist.networks import Shape, Stack
from subliminal.mnist.runs import Row
from subliminal.mnist.schemas import RUNS

if TYPE_CHECKING:
    import torch


def place(threads: int) -> torch.device:
    """The GPU that this process was given, or the CPU with so many threads."""
    import torch

    torch.set_num_threads(threads)
    torch.use_deterministic_algorithms(True, warn_only=True)
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def load_digits(folder: Path) -> Digits:
    """The digits that `prepare_digits` wrote."""
    from safetensors.numpy import load_file

    return Digits(**load_file(folder / "digits.safetensors"))


def save_stack(stack: Stack, path: Path) -> None:
    """Write networks as safetensors, under the names that `Shape.module` gives the parameters."""
    from safetensors.torch import save

    with whole_file(path) as temporary:
        temporary.write_bytes(save(stack.to("cpu").parameters))


def load_stack(shape: Shape, path: Path) -> Stack:
    """Networks of this shape that `save_stack` wrote."""
    from safetensors.torch import load_file

    return Stack(shape, load_file(path))


def write_rows(path: Path, rows: Iterable[Row]) -> None:
    """Write accuracies as a table `mnist_runs`."""
    found = [asdict(row) for row in rows]
    names = [field.name for field in fields(Row)]
    write_table(path, RUNS, {name: [row[name] for row in found] for name in names})
