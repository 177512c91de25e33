"""What may be asked of a provider, and what it may cost: `config/openai.yaml`, and prices."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from subliminal.config.errors import ConfigError, RemarkedError
from subliminal.config.places import error_of
from subliminal.config.reading import parse, read_yaml
from subliminal.config.strict import Place, Positive, Strict

FILE = "config/openai.yaml"
Usd = Annotated[float, Field(ge=0)]
# Of an answer's price, that one in a batch costs: OpenAI's, of all its models.
BATCH_SHARE = 0.5


class Prices(Strict):
    """What a provider takes, in USD per million tokens."""

    input: Usd = Field(description="Tokens that the snapshot reads.")
    output: Usd = Field(description="Tokens that the snapshot writes.")
    training: Usd | None = Field(
        None, description="Tokens that it is fine-tuned on, once per epoch. `null`: not known."
    )
    tuned_input: Usd | None = Field(
        None, description="Tokens that its fine-tuned models read. `null`: as `input`."
    )
    tuned_output: Usd | None = Field(
        None, description="Tokens that its fine-tuned models write. `null`: as `output`."
    )

    def asking(self, read: float, written: float, tuned: bool) -> float:
        """What answers cost, in USD.

        Args:
            read, written: tokens.
            tuned: a fine-tuned model answers.
        """
        each_read, each_written = self.input, self.output
        if tuned:
            each_read = self.input if self.tuned_input is None else self.tuned_input
            each_written = self.output if self.tuned_output is None else self.tuned_output
        return (read * each_read + written * each_written) / 1e6


class Hosting(Strict):
    """`config/openai.yaml`: what may be sent to a provider, and paid. No result depends on it."""

    allow_paid: bool = Field(
        False, description="Whether anything may be sent that costs money. What is free may be."
    )
    max_usd: Annotated[float, Field(gt=0)] | None = Field(
        None,
        description="The most that all runs on one ledger may cost together. `null`: no limit but "
        "`allow_paid`.",
    )
    ledger: Place = Field(
        "ledger",
        description="The folder of the ledger, absolute, in your home (`~/…`) or relative to the "
        "repository. Runs that share it pay for nothing twice.",
    )
    store: bool = Field(
        True,
        description="Whether the provider keeps answers, by which one that was lost on the way is "
        "fetched and not paid again. `false` for servers that refuse `store`.",
    )
    replay: bool = Field(
        False,
        description="Whether the ledger stands in for the provider: answers and fine-tuned models "
        "are read from it, nothing is sent or paid, and no key is needed. What it lacks is an "
        "error.",
    )
    moderation: bool = Field(
        False,
        description="Whether training files go through the provider's moderation endpoint, which "
        "costs nothing, before they are uploaded.",
    )
    sampling: Literal["live", "batch"] = Field(
        "live",
        description="How answers come: `live`, each at once, or in a `batch`, within 24 hours and "
        "at half the price (OpenAI's Batch API).",
    )
    batch_requests: Annotated[int, Field(ge=1, le=50_000)] = Field(
        50_000,
        description="The most requests in a batch. Fewer where the account may have only so many "
        "tokens of a model in batches.",
    )
    requests_per_minute: Positive | None = Field(
        None,
        description="The most requests that a job starts in a minute, live. `null`: as the "
        "server's headers say.",
    )

    @property
    def share(self) -> float:
        """Of a live answer's price, that an answer costs."""
        return BATCH_SHARE if self.sampling == "batch" else 1.0

    def folder(self, root: Path) -> Path:
        """The folder of the ledger.

        Args:
            root: of the repository.

        Raises:
            ConfigError: it is in the home of somebody who has none.
        """
        try:
            return root / Path(self.ledger).expanduser()
        except RuntimeError:
            raise ConfigError(
                f"{FILE}: ledger: {self.ledger} is in no home that is known; write the whole path"
            ) from None


def read_hosting(root: Path) -> Hosting:
    """The settings as they stand in the file now.

    Raises:
        ConfigError: the file is not there, or wrong.
    """
    try:
        found: Hosting = parse(Hosting, read_yaml(root / FILE, FILE), FILE)
    except RemarkedError as error:
        raise error_of(error.remarks, root) from None
    return found
