"""What a killed training run needs to go on where it was, in one file beside its outputs.

The file is written whole or not at all, carries the identity of the run that it belongs to and a
checksum, and holds numbers and text alone: reading it executes nothing.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from subliminal.artefacts.journal import run_identity
from subliminal.artefacts.manifest import Run
from subliminal.artefacts.parquet import whole_file
from subliminal.artefacts.progress import CHECKPOINT_EVERY_S
from subliminal.local.encoding import EncodedRow

if TYPE_CHECKING:
    import torch
    from numpy.random import Generator

FORMAT = 1
# The share of a run's time that may go into writing checkpoints.
MOST_OF_THE_TIME = 0.1
FILE = "training.checkpoint"
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class State:
    """Tensors by name, and whatever JSON can hold."""

    tensors: dict[str, torch.Tensor]
    values: dict[str, Any]


def training_identity(
    run: Run,
    arithmetic: str,
    rows: Sequence[EncodedRow],
    order: Generator,
) -> str:
    """What a checkpoint must have been made for to be gone on with: SHA-256 in hex.

    Args:
        arithmetic: the precision and the kind of device it is computed in.
        rows: what is trained on.
        order: what will draw the order of the rows, as it is when training begins.
    """
    parts = [
        FORMAT,
        run_identity(run, arithmetic),
        [[row.prompt_length, row.ids] for row in rows],
        order.bit_generator.state,
    ]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


@dataclass
class Checkpoints:
    """The checkpoint of one run.

    Attributes:
        folder: where it lies; nothing else does.
        identity: of the run.
        every_s: least time between two of them, and before the first, in seconds.
    """

    folder: Path
    identity: str
    every_s: float = CHECKPOINT_EVERY_S
    _written: float = field(default_factory=lambda: time.monotonic(), init=False)
    _took: float = field(default=0.0, init=False)

    @property
    def file(self) -> Path:
        """The checkpoint: SHA-256 of what follows; a line of JSON; tensors as safetensors."""
        return self.folder / FILE

    def due(self) -> bool:
        """Whether it is time for the next one: large ones, which take long, are rarer."""
        least = max(self.every_s, self._took / MOST_OF_THE_TIME)
        return time.monotonic() - self._written >= least

    def write(self, state: State) -> None:
        """Replace the checkpoint."""
        from safetensors.torch import save

        began = time.monotonic()
        header = json.dumps({"identity": self.identity, "values": state.values})
        content = header.encode() + b"\n" + save(state.tensors)
        with whole_file(self.file) as temporary, temporary.open("wb") as file:
            file.write(hashlib.sha256(content).hexdigest().encode() + b"\n")
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        self._written = time.monotonic()
        self._took = self._written - began if self.every_s > 0 else 0.0

    def read(self) -> State | None:
        """The checkpoint, on the CPU; None if there is none, or none that this run can use."""
        from safetensors.torch import load

        if not self.file.exists():
            return None
        digest, _, content = self.file.read_bytes().partition(b"\n")
        if hashlib.sha256(content).hexdigest().encode() != digest:
            log.info("checkpoint discarded: it is damaged (%s)", self.file)
            return None
        header, _, tensors = content.partition(b"\n")
        found = json.loads(header)
        if found["identity"] != self.identity:
            log.info("checkpoint discarded: spec, data or software have changed (%s)", self.file)
            return None
        return State(load(tensors), found["values"])

    def remove(self) -> None:
        """Forget the run, which has finished."""
        shutil.rmtree(self.folder, ignore_errors=True)
