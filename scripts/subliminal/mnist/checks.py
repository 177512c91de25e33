"""What must hold of an MNIST experiment outside its file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from subliminal.config.config import Config
from subliminal.config.errors import ConfigError, Remark
from subliminal.config.experiments import experiment_file
from subliminal.mnist.config import IdxDigits, MnistExperiment
from subliminal.mnist.data import IDX_FILES, idx_path


def check_digits(config: Config, name: str) -> Iterator[Remark]:
    """The IDX files that are missing, if the experiment reads such."""
    source = config.experiment(name, MnistExperiment).digits
    if isinstance(source, IdxDigits):
        try:
            for file in IDX_FILES:
                idx_path(Path(source.folder), file, "this")
        except ConfigError as error:
            yield Remark(experiment_file(name), ("digits", "folder"), str(error))
