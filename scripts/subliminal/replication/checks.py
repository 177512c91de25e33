"""What must hold between an experiment that compares and the rest of the configuration."""

from __future__ import annotations

from collections.abc import Iterator

from subliminal.config.config import Config
from subliminal.config.errors import Remark, known
from subliminal.config.experiments import experiment_file
from subliminal.config.items import ITEMS
from subliminal.config.references import unknown_names
from subliminal.config.stand_ins import FILE
from subliminal.replication.config import ReplicationExperiment


def check_replication(config: Config, name: str) -> Iterator[Remark]:
    """Items and experiments that do not exist."""
    file, entry = experiment_file(name), config.experiment(name, ReplicationExperiment)
    yield from unknown_names(entry, {"items": (config.items, ITEMS)}, file, ())
    if entry.stand_ins is not None and entry.stand_ins not in config.stand_ins:
        says = f"{entry.stand_ins!r} is not in {FILE} {known(config.stand_ins, entry.stand_ins)}"
        yield Remark(file, ("stand_ins",), says)
        return
    named = entry.named(config)
    for key, run in entry.runs.items():
        if key not in named:
            says = f"{key!r} is no experiment of its items in {ITEMS} {known(named, key)}"
            yield Remark(file, ("runs", key), says)
        if run not in config.experiments:
            says = f"{run!r} has no file {experiment_file(run)} {known(config.experiments, run)}"
            yield Remark(file, ("runs", key), says)
        elif isinstance(config.experiments[run], ReplicationExperiment):
            says = f"{run!r} compares experiments itself; name one that computes something"
            yield Remark(file, ("runs", key), says)
