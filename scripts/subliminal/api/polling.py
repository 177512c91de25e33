"""Waiting for what a provider works at: it costs nothing, and survives its own death."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import TypeVar

from subliminal.api.failures import Busy, Lost

# Between two looks at most, and by how much longer each time.
MOST_SECONDS, GROWTH = 60.0, 1.3
# A server may be away for so long.
PATIENCE_SECONDS = 3600.0
Seen = TypeVar("Seen")


def until_ended(
    look: Callable[[], Seen],
    ended: Callable[[Seen], bool],
    news: Callable[[Seen], str],
    log: logging.Logger,
    first_seconds: float,
) -> Seen:
    """What is looked at, once it has ended.

    Nothing is lost if the waiting process dies: another one waits on.

    Args:
        ended: may raise a ConfigError for what it does not know.
        news: told whenever it changes.
        first_seconds: between the first two looks.

    Raises:
        ConfigError: the server does not tell for an hour.
    """
    pause, said, heard = first_seconds, "", time.monotonic()
    while True:
        try:
            seen = look()
        except (Busy, Lost) as failure:
            if time.monotonic() - heard > PATIENCE_SECONDS:
                raise
            log.warning("%s", failure)
            time.sleep(pause)
            continue
        heard = time.monotonic()
        over = ended(seen)
        told = news(seen)
        if told != said:
            log.info("%s", told)
            said = told
        if over:
            return seen
        time.sleep(pause)
        pause = min(MOST_SECONDS, pause * GROWTH)
