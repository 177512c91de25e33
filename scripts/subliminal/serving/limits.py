"""Rate limits as OpenAI's API has them: requests and tokens a minute, and headers of both."""

from __future__ import annotations

import time
from collections.abc import Callable

from subliminal.serving.refusals import too_many

MINUTE = 60.0
# Of OpenAI's highest tier.
REQUESTS_PER_MINUTE, TOKENS_PER_MINUTE = 30_000, 150_000_000
Clock = Callable[[], float]


class Bucket:
    """What is left of an allowance, which fills up again in a minute."""

    def __init__(self, most: int, clock: Clock) -> None:
        """Begin with all of it."""
        self.most, self._clock = most, clock
        self._left, self._seen = float(most), clock()

    @property
    def left(self) -> float:
        """How much there is now; less than nothing after an answer that was longer."""
        at = self._clock()
        self._left = min(self.most, self._left + (at - self._seen) * self.most / MINUTE)
        self._seen = at
        return self._left

    def take(self, amount: float) -> None:
        """Use some of it."""
        self._left = self.left - amount

    def seconds_until(self, amount: float) -> float:
        """How long until so much is left."""
        return max(0.0, (amount - self.left) * MINUTE / self.most)


def told(seconds: float) -> str:
    """A time as OpenAI's headers tell it: 6m0s, 1.5s, 20ms."""
    if seconds < 1:
        return f"{seconds * 1000:.0f}ms"
    if seconds < MINUTE:
        return f"{seconds:.3g}s"
    minutes, rest = divmod(round(seconds), int(MINUTE))
    return f"{minutes}m{rest}s"


class Limits:
    """What an account may ask for in a minute."""

    def __init__(self, requests: int, tokens: int, clock: Clock = time.monotonic) -> None:
        """Begin with everything allowed."""
        self.requests, self.tokens = Bucket(requests, clock), Bucket(tokens, clock)

    def headers(self) -> dict[str, str]:
        """Limits, what is left, and when all of it is back."""
        found = {}
        for name, bucket in (("requests", self.requests), ("tokens", self.tokens)):
            found[f"x-ratelimit-limit-{name}"] = str(bucket.most)
            found[f"x-ratelimit-remaining-{name}"] = str(max(0, int(bucket.left)))
            found[f"x-ratelimit-reset-{name}"] = told(bucket.seconds_until(bucket.most))
        return found

    def admit(self) -> None:
        """Let a request in.

        Raises:
            RefusedError: a limit is reached.
        """
        for name, bucket in (("requests", self.requests), ("tokens", self.tokens)):
            if bucket.left < 1:
                message = f"Rate limit reached: {bucket.most} {name} per minute."
                raise too_many(message, name, bucket.seconds_until(1), self.headers())
        self.requests.take(1)
