"""The kinds of experiment: add one by writing its room and naming it here."""

from __future__ import annotations

from subliminal.config.kind import Kind
from subliminal.detection.kind import KIND as DETECTION
from subliminal.mnist.kind import KIND as MNIST
from subliminal.replication.kind import KIND as REPLICATION
from subliminal.theorem.kind import KIND as THEOREM
from subliminal.transmission.kind import KIND as TRANSMISSION

KINDS: dict[str, Kind] = {
    "transmission": TRANSMISSION,
    "detection": DETECTION,
    "mnist": MNIST,
    "theorem": THEOREM,
    "replication": REPLICATION,
}
"""By the name of their room, which is `kind` of an experiment's file, too."""
