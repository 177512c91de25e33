"""What jobs ask of bases, and what the providers of hosted bases take for it."""

from __future__ import annotations

from typing import NamedTuple

from subliminal.config.config import Config
from subliminal.config.cost import Charge
from subliminal.config.hosting import Prices
from subliminal.config.models import HostedBase
from subliminal.config.paths import Teacher
from subliminal.config.recipes import HostedMethod


class Asked(NamedTuple):
    """What a job asks of a base.

    Attributes:
        read, written: tokens.
        passes: in which it does so, if it is here.
        tuned: one that was fine-tuned from it is asked, for which a provider takes more.
    """

    base: str
    read: float
    written: float
    passes: float
    tuned: bool = False

    @property
    def tokens(self) -> float:
        """Tokens that are read and written."""
        return self.read + self.written


def charge_for(config: Config, asked: Asked) -> Charge:
    """What the provider of a hosted base takes for answers."""
    prices = _prices(config, asked.base)
    if prices is None:
        return Charge(asked.base, asked.tokens, None)
    usd = prices.asking(asked.read, asked.written, asked.tuned)
    return Charge(asked.base, asked.tokens, usd)


def training_charge(config: Config, base: str, tokens: float) -> Charge:
    """What the provider of a hosted base takes for fine-tuning.

    Args:
        tokens: of the file, once for each epoch.
    """
    prices = _prices(config, base)
    each = None if prices is None else prices.training
    return Charge(base, tokens, None if each is None else tokens * each / 1e6, training=True)


def tuned_at_provider(config: Config, teacher: Teacher) -> bool:
    """Whether a teacher is one that its base's provider has fine-tuned."""
    return isinstance(config.recipes.methods.get(teacher.method), HostedMethod)


def _prices(config: Config, base: str) -> Prices | None:
    entry = config.models[base]
    assert isinstance(entry, HostedBase), "nobody is paid for what is done here"
    return entry.prices
