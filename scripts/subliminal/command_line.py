"""What every script's command line has in common."""

from __future__ import annotations

import argparse
import logging
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

PROGRESS_EVERY_S = 5.0
# Short jobs write no checkpoint, and long ones lose no more than this.
CHECKPOINT_EVERY_S = 60.0


def parse_arguments(
    description: str | None,
    argv: Sequence[str],
    paths: Sequence[str],
    optional: Sequence[str] = (),
    several: Sequence[str] = (),
    checkpoints: bool = False,
) -> argparse.Namespace:
    """A stage's arguments: its spec as JSON, and files by role.

    Args:
        paths: roles that are needed, one file each.
        optional: roles that may be left out or left empty.
        several: roles that take any number of files.
        checkpoints: whether the stage writes some.
    """
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--spec", required=True, help="the stage's spec, as JSON")
    parser.add_argument("--threads", type=int, default=1, help="threads of a costly stage")
    for role in paths:
        parser.add_argument(f"--{role}", type=Path, required=True)
    for role in optional:
        parser.add_argument(f"--{role}", type=Path)
    for role in several:
        parser.add_argument(f"--{role}", type=Path, nargs="*", default=[])
    if checkpoints:
        parser.add_argument(
            "--checkpoint-seconds",
            type=float,
            default=CHECKPOINT_EVERY_S,
            help="least time between two checkpoints (%(default)s); they go to partial/ beside the "
            "weights, and a job that was killed goes on from there",
        )
    return parser.parse_args(argv)


def start_logging(label: str) -> logging.Logger:
    """A logger to stderr whose lines say what they are about."""
    logging.basicConfig(
        level=logging.INFO,
        format=f"%(asctime)s {label}: %(message)s",
        datefmt="%H:%M:%S",
        stream=sys.stderr,
        force=True,
    )
    # Third-party notices of no consequence to a reader of a job's log.
    for noisy in ("transformers", "torch", "httpx"):
        logging.getLogger(noisy).setLevel(logging.ERROR)
    return logging.getLogger("subliminal")


def progress(log: logging.Logger, what: str) -> Callable[[int, int, str], None]:
    """A function that logs "what done/total note", every few seconds and at the end."""
    began = last = time.monotonic()

    def report(done: int, total: int, note: str = "") -> None:
        nonlocal last
        now = time.monotonic()
        if done < total and now - last < PROGRESS_EVERY_S:
            return
        last = now
        left = (now - began) / done * (total - done)
        ending = f", {left:.0f} s left" if done < total else f", {now - began:.0f} s"
        log.info("%s %d/%d%s%s", what, done, total, f" {note}" if note else "", ending)

    return report
