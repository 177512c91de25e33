"""What a training script's command line has beside what every script's has."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Sequence

# Short jobs write no checkpoint, and long ones lose no more than this.
CHECKPOINT_EVERY_S = 60.0


def take_interval(argv: Sequence[str]) -> tuple[float, list[str]]:
    """The value of ``--checkpoint-seconds``, or its default, and the other arguments."""
    parser = ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("--checkpoint-seconds", type=float, default=CHECKPOINT_EVERY_S)
    known, others = parser.parse_known_args(argv)
    return known.checkpoint_seconds, others
