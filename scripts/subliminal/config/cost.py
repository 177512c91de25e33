"""The cost of a job before it runs: every kind of experiment gives these, for estimates."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

# Of numbers, or of one word with all that a model may say beside it. Measured on number prompts
# with SmolLM2's tokenizer, which splits numbers into digits; assumed of hosted models.
ANSWER_TOKENS = 35
Way = Literal["live", "batch", "recorded"]
"""How answers and fine-tuned models come: from a provider, or from a record, at no cost."""


class Work(NamedTuple):
    """What a job computes.

    Attributes:
        flop: floating-point operations, over the share of a large matrix product's rate that they
            reach.
        seconds: what no rate shortens: a process, files, the dispatch of small operations.
    """

    flop: float = 0.0
    seconds: float = 0.0

    def plus(self, other: Work) -> Work:
        """Both, one after the other."""
        return Work(self.flop + other.flop, self.seconds + other.seconds)


class Charge(NamedTuple):
    """What the provider of a hosted base does for a job.

    Attributes:
        base: of `config/models.yaml`.
        tokens: that it reads, writes and trains on.
        usd: what it takes; None where its prices are not known.
        training: it fine-tunes, which is waited for by another job.
        way: in which it does so.
        tuned: one that was fine-tuned from the base answers, and not the base.
        requests: that are answered.
        seconds: until all are, if no other job asks; None where its speed is not known.
    """

    base: str
    tokens: float
    usd: float | None
    training: bool = False
    way: Way = "live"
    tuned: bool = False
    requests: float = 0.0
    seconds: float | None = 0.0

    def in_batches(self, share: float) -> Charge:
        """The same, where answers come in batches at a share of their price.

        When they come is not known: within a day.
        """
        if self.training:
            return self
        usd = None if self.usd is None else share * self.usd
        return self._replace(usd=usd, way="batch", seconds=None)

    def recorded(self) -> Charge:
        """The same, where a record stands in for the provider."""
        return self._replace(tokens=0.0, usd=0.0, way="recorded", requests=0.0, seconds=0.0)


class Wait(NamedTuple):
    """Waiting for the provider of a hosted base, which fine-tunes.

    Attributes:
        seconds: None where its speed is not known.
    """

    base: str
    seconds: float | None


@dataclass(frozen=True)
class JobCost:
    """One job.

    Attributes:
        rule: of Snakemake.
        model: what it is about: a base, or a size of MNIST networks; empty for none.
        manifest: the path that tells one job from another, below the repository.
        accelerated: it uses a GPU where there is one.
        memory_mb: main memory.
        gpu_bytes: the memory of the GPU that it asks for; 0 if it asks for none.
        disk_bytes: what it leaves behind.
        charges: what providers do; `work` is then what is done here beside it.
        wait: for a provider's fine-tuning, in which nothing is done here; None for none.
    """

    rule: str
    model: str
    manifest: str
    work: Work
    accelerated: bool = False
    memory_mb: int = 1000
    gpu_bytes: float = 0.0
    disk_bytes: float = 0.0
    charges: tuple[Charge, ...] = ()
    wait: Wait | None = None

    @property
    def at_provider(self) -> bool:
        """Whether a provider is asked or waited for."""
        return self.wait is not None or any(c.way != "recorded" for c in self.charges)

    def in_batches(self, share: float) -> JobCost:
        """The same, where answers come in batches at a share of their price."""
        return replace(self, charges=tuple(charge.in_batches(share) for charge in self.charges))

    def recorded(self) -> JobCost:
        """The same, where a record stands in for providers."""
        charges = tuple(charge.recorded() for charge in self.charges)
        return replace(self, charges=charges, wait=None)
