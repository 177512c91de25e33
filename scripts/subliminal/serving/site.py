"""A server's parts, put together."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from subliminal.config.recipes import Recipe
from subliminal.serving.batches import Batches
from subliminal.serving.completions import Completions
from subliminal.serving.counts import Counts
from subliminal.serving.faults import Chance, Faults
from subliminal.serving.jobs import Jobs
from subliminal.serving.limits import REQUESTS_PER_MINUTE, TOKENS_PER_MINUTE, Limits
from subliminal.serving.sampling import Sampler
from subliminal.serving.shelf import Shelf, bases_in
from subliminal.serving.store import Store


@dataclass(frozen=True)
class Setting:
    """What a server is started with.

    Attributes:
        bases: folders by the name of their snapshot.
        folder: with everything that outlives the process.
        recipe: what jobs train by.
        key: that requests have to bring; None for any or none.
        threads: of torch.
    """

    bases: Mapping[str, Path]
    folder: Path
    recipe: Recipe
    key: str | None = field(default=None, repr=False)
    requests_per_minute: int = REQUESTS_PER_MINUTE
    tokens_per_minute: int = TOKENS_PER_MINUTE
    faults: Faults = field(default_factory=Faults)
    threads: int = 1


class Site:
    """Everything that a request may need."""

    def __init__(self, setting: Setting) -> None:
        """Read what the folder holds; nothing is carried out yet.

        Raises:
            ConfigError: a folder holds no base.
        """
        self.key = setting.key
        self.limits = Limits(setting.requests_per_minute, setting.tokens_per_minute)
        self.store = Store(setting.folder)
        self.counts = Counts(setting.folder / "counts.jsonl")
        self.chance = Chance(setting.faults)
        self.shelf = Shelf(bases_in(setting.bases), self.store, setting.threads)
        self.sampler = Sampler(self.shelf)
        self.completions = Completions(
            self.shelf, self.sampler, self.store, self.counts, self.chance
        )
        self.jobs = Jobs(
            self.shelf, self.store, self.counts, self.chance, setting.recipe, setting.threads
        )
        self.batches = Batches(self.completions, self.store, self.chance)

    @asynccontextmanager
    async def at_work(self) -> AsyncIterator[None]:
        """Sample, train and carry batches out meanwhile, those of an earlier process too."""
        sampling = asyncio.create_task(self.sampler.run())
        self.jobs.resume()
        self.batches.resume()
        try:
            yield
        finally:
            self.jobs.stop()
            sampling.cancel()
            with suppress(asyncio.CancelledError):
                await sampling
