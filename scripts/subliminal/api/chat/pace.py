"""Starting requests as fast as a provider admits them, and not faster."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

WINDOW_SECONDS = 60.0
# So much lateness is made good: a loop that is busy elsewhere starts requests late. The rate is
# lower by as much, so that no minute has more than its limit.
SLACK_SECONDS = 1.0
# What is left of a wait by rounding.
SHORTEST_SECONDS = 1e-6
# Of a number in a header.
MOST_DIGITS = 15


@dataclass
class Allowance:
    """What may be used in a minute, evenly.

    Attributes:
        level: what may be used at once; negative where more was used.
        at: the time of the level, in seconds.
    """

    per_minute: float
    level: float
    at: float

    @classmethod
    def of(cls, per_minute: float, now: float) -> Allowance:
        """One of which nothing is used yet."""
        found = cls(per_minute, 0.0, now)
        found.level = found.most
        return found

    @property
    def rate(self) -> float:
        """Of a second."""
        return self.per_minute / (WINDOW_SECONDS + SLACK_SECONDS)

    @property
    def most(self) -> float:
        """What is used at once at most."""
        return max(1.0, self.rate * SLACK_SECONDS)

    def wait(self, now: float, cost: float) -> float:
        """Seconds until so much may be used; a cost above the most waits for the most."""
        self.level = min(self.most, self.level + (now - self.at) * self.rate)
        self.at = now
        return max(0.0, (min(cost, self.most) - self.level) / self.rate)

    def use(self, cost: float) -> None:
        """Take it."""
        self.level -= cost


class Pace:
    """When requests may start: by a configured rate, and by what a server's headers say.

    Until the first answer is there, with the server's limits in its headers, one request is under
    way and no more. Limits are taken as those of a minute.
    """

    def __init__(
        self,
        requests_per_minute: int | None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """A pace at which nothing has started yet."""
        self._clock, self._sleep = clock, sleep
        self._configured = requests_per_minute
        self._limits: dict[str, Allowance] = {}
        self._held_until = clock()
        self._turn = asyncio.Lock()
        self._first, self._known = True, asyncio.Event()
        if requests_per_minute is not None:
            self._limit("requests", requests_per_minute)

    async def start(self, tokens: float) -> None:
        """Return when a request of about so many tokens may start; first come, first served."""
        async with self._turn:
            if not self._first:
                await self._known.wait()
            self._first = False
            costs = {"requests": 1.0, "tokens": tokens}
            while (wait := self._wait(costs)) > SHORTEST_SECONDS:
                await self._sleep(wait)
            for kind, limit in self._limits.items():
                limit.use(costs[kind])

    def _wait(self, costs: Mapping[str, float]) -> float:
        now = self._clock()
        waits = [limit.wait(now, costs[kind]) for kind, limit in self._limits.items()]
        return max([self._held_until - now, *waits])

    def hold(self, seconds: float) -> None:
        """Start nothing for so long: the server has asked for it."""
        self._held_until = max(self._held_until, self._clock() + seconds)

    def learn(self, headers: Mapping[str, str]) -> None:
        """What an answer's headers say of limits, if anything; of a failure, nothing."""
        for kind in ("requests", "tokens"):
            per_minute = _count(headers, f"x-ratelimit-limit-{kind}")
            if per_minute:
                most = self._configured if kind == "requests" else None
                self._limit(kind, min(per_minute, most or per_minute))
            if kind in self._limits and _count(headers, f"x-ratelimit-remaining-{kind}") == 0:
                # Others use the account, too.
                self._limits[kind].level = min(self._limits[kind].level, 0.0)
        self._known.set()

    def _limit(self, kind: str, per_minute: float) -> None:
        known = self._limits.get(kind)
        if known is None:
            self._limits[kind] = Allowance.of(per_minute, self._clock())
        else:
            known.per_minute = per_minute


def _count(headers: Mapping[str, str], name: str) -> int | None:
    """A header's whole number; None if it is missing or none."""
    text = headers.get(name, "")
    is_number = text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS
    return int(text) if is_number else None
