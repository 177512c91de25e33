"""At whose cost hosted models are asked, and where it is written down."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from subliminal.api.access import Access, require_key
from subliminal.api.ledger.actions import Ledger
from subliminal.config.errors import ConfigError
from subliminal.config.hosting import Hosting, Prices


@dataclass(frozen=True)
class Account:
    """A provider, what a model of it costs, and the ledger.

    Attributes:
        base: the model's base, a key of config/models.yaml, or what it was fine-tuned from.
        prices: of the base; None where nobody has written them down.
        tuned: the model is a fine-tuned one.
        folder: of the ledger.
        artefact: the manifest of what is made from the answers, for the ledger; None for nothing.
    """

    place: Access = field(repr=False)
    hosting: Hosting
    base: str
    prices: Prices | None
    tuned: bool
    folder: Path
    artefact: str | None = None

    @property
    def ledger(self) -> Ledger:
        """What was paid."""
        return Ledger(self.folder)

    def require_usable(self) -> Prices:
        """The prices, if the model may be asked.

        Raises:
            ConfigError: there is no key, or nobody knows what an answer costs.
        """
        require_key(self.place)
        if self.prices is None:
            raise ConfigError(
                f"config/models.yaml: {self.base}: prices are not set, so that nobody knows what "
                "its answers cost; add prices: {input: USD per million tokens, output: USD per "
                "million tokens} (0 for a server of your own)"
            )
        return self.prices
