"""MNIST as plain tensors."""

from __future__ import annotations

from pathlib import Path

from subliminal.artefacts.manifest import Run
from subliminal.artefacts.parquet import whole_file
from subliminal.mnist.config import IdxDigits
from subliminal.mnist.data import idx_digits, installed_digits
from subliminal.mnist.specs import PrepareDigitsSpec


def prepare_digits(spec: PrepareDigitsSpec, digits: Path, manifest: Path) -> None:
    """Read MNIST from its source, check it, and write it as safetensors of uint8.

    Tensors: train_images (60000, 784), train_labels (60000,), test_images (10000, 784),
    test_labels (10000,).

    Raises:
        DataError: the source is missing, damaged, or not MNIST.
    """
    from safetensors.numpy import save

    run = Run.begin("prepare_digits", spec)
    if isinstance(spec.digits, IdxDigits):
        read = idx_digits(Path(spec.digits.folder), "digits: folder of the experiment's file")
    else:
        read = installed_digits()
    with whole_file(digits) as temporary:
        temporary.write_bytes(save(vars(read)))
    run.finish(manifest, [digits])
