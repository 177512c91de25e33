"""What must hold of an MNIST experiment outside its file."""

from __future__ import annotations

from pathlib import Path

from subliminal.config.config import Config
from subliminal.mnist.config import IdxDigits, MnistExperiment
from subliminal.mnist.data import IDX_FILES, idx_path


def check_digits(config: Config, name: str) -> None:
    """Whether an experiment's IDX files exist, if it reads such.

    Raises:
        ConfigError: one is missing.
    """
    source = config.experiment(name, MnistExperiment).digits
    if isinstance(source, IdxDigits):
        for file in IDX_FILES:
            idx_path(Path(source.folder), file, f"config/experiments/{name}.yaml: digits: folder")
