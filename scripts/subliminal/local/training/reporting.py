"""Progress of a training run in its job's log."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from subliminal.artefacts.progress import PROGRESS_EVERY_S
from subliminal.local.training.fine_tuning import Step


def step_report(log: logging.Logger) -> Callable[[Step, int], None]:
    """What logs step, loss, tokens per second and time left, every few seconds and at the end.

    Speed counts what this process did: a run that goes on from a checkpoint begins in the middle.
    """
    began = last = time.monotonic()
    steps = tokens = 0

    def report(step: Step, total: int) -> None:
        nonlocal last, steps, tokens
        steps, tokens = steps + 1, tokens + step.tokens
        now = time.monotonic()
        if step.step < total and now - last < PROGRESS_EVERY_S:
            return
        last = now
        seconds = max(now - began, 1e-9)
        left = seconds / steps * (total - step.step)
        ending = f"{left:.0f} s left" if step.step < total else f"{seconds:.0f} s"
        speed = tokens / seconds
        log.info(
            "step %d/%d loss %.3f, %.0f tokens/s, %s", step.step, total, step.loss, speed, ending
        )

    return report
