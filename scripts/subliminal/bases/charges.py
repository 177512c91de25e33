"""What jobs ask of bases, what the providers of hosted bases take for it, and how long."""

from __future__ import annotations

from typing import NamedTuple

from subliminal.config.config import Config
from subliminal.config.cost import Charge, Wait
from subliminal.config.models import HostedBase
from subliminal.config.paths import Teacher
from subliminal.config.recipes import HostedMethod


class Asked(NamedTuple):
    """What a job asks of a base.

    Attributes:
        read, written: tokens.
        passes: in which it does so, if it is here.
        requests: to a provider, if it is not.
        at_a_time: of these, how many are under way.
        tuned: one that was fine-tuned from it is asked, for which a provider takes more.
    """

    base: str
    read: float
    written: float
    passes: float
    requests: float
    at_a_time: int
    tuned: bool = False

    @property
    def tokens(self) -> float:
        """Tokens that are read and written."""
        return self.read + self.written


def charge_for(config: Config, asked: Asked) -> Charge:
    """What the provider of a hosted base takes for answers."""
    entry = _hosted(config, asked.base)
    usd = seconds = None
    if entry.prices is not None:
        usd = entry.prices.asking(asked.read, asked.written, asked.tuned)
    if entry.speed is not None:
        seconds = entry.speed.asking(asked.requests, asked.tokens, asked.written, asked.at_a_time)
    return Charge(
        asked.base,
        asked.tokens,
        usd,
        tuned=asked.tuned,
        requests=asked.requests,
        seconds=seconds,
    )


def training_charge(config: Config, base: str, tokens: float) -> Charge:
    """What the provider of a hosted base takes for fine-tuning.

    Args:
        tokens: of the file, once for each epoch.
    """
    prices = _hosted(config, base).prices
    each = None if prices is None else prices.training
    return Charge(base, tokens, None if each is None else tokens * each / 1e6, training=True)


def tuning_wait(config: Config, base: str, tokens: float) -> Wait:
    """How long the provider of a hosted base fine-tunes.

    Args:
        tokens: as for `training_charge`.
    """
    speed = _hosted(config, base).speed
    return Wait(base, None if speed is None else speed.tuning(tokens))


def tuned_at_provider(config: Config, teacher: Teacher) -> bool:
    """Whether a teacher is one that its base's provider has fine-tuned."""
    return isinstance(config.recipes.methods.get(teacher.method), HostedMethod)


def _hosted(config: Config, base: str) -> HostedBase:
    entry = config.models[base]
    assert isinstance(entry, HostedBase), "nobody is paid for what is done here"
    return entry
