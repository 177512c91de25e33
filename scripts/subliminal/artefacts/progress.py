"""A job's log: its name on every line, and its progress."""

from __future__ import annotations

import logging
import sys
import time
from typing import Protocol

PROGRESS_EVERY_S = 5.0
# Short jobs write no checkpoint, and long ones lose no more than this.
CHECKPOINT_EVERY_S = 60.0


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
    for noisy in ("transformers", "torch", "httpx", "openai"):
        logging.getLogger(noisy).setLevel(logging.ERROR)
    return logging.getLogger("subliminal")


class Report(Protocol):
    """Tells how far a job is."""

    def __call__(self, done: int, total: int, note: str = "") -> None:
        """So much of so much is done."""


def progress(log: logging.Logger, what: str) -> Report:
    """A function that logs "what done/total note", every few seconds and at the end."""
    began = last = time.monotonic()

    def report(done: int, total: int, note: str = "") -> None:
        nonlocal last
        now = time.monotonic()
        if done < total and now - last < PROGRESS_EVERY_S:
            return
        last = now
        ending = f", {now - began:.0f} s"
        if done < total:
            ending = f", {(now - began) / done * (total - done):.0f} s left" if done else ""
        log.info("%s %d/%d%s%s", what, done, total, f" {note}" if note else "", ending)

    return report
