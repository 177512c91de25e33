"""A model whose weights are here, and whose completions a server writes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from subliminal.api.access import shown_url
from subliminal.api.server import sample_served
from subliminal.config.errors import ConfigError
from subliminal.config.sampling import Sampling, Server
from subliminal.evaluations.model import Completion
from subliminal.local.model import LocalModel, Made
from subliminal.local.sampling.sampler import nothing

# Answers that are checked before the others are asked for.
CHECKED = 200
# Standard errors that chance does not reach: one in two million.
MOST_SURPRISE = 5.0


class DistrustedServerError(ConfigError):
    """A server's answers are not samples of the model: nothing of them may be kept."""


@dataclass(frozen=True)
class ServedModel:
    """A local model that lets a server write.

    Attributes:
        name: what the server knows the model by.
        label: what messages call it.
        facts: what was learnt of the server, for the manifest.
    """

    local: LocalModel
    server: Server
    name: str
    label: str
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def arithmetic(self) -> str:
        """The precision that the local model computes in, and the kind of device."""
        return self.local.arithmetic

    def loudness(
        self,
        prompts: Sequence[str],
        completions: Sequence[Completion],
        drawing: Sampling,
        system: str | None,
    ) -> list[tuple[float, float]]:
        """As the local model measures it."""
        return self.local.loudness(prompts, completions, drawing, system)

    def complete(
        self,
        prompts: Sequence[str],
        seeds: Sequence[int],
        drawing: Sampling,
        system: str | None = None,
        known: Made = MappingProxyType({}),
        on_made: Callable[[Made], None] = nothing,
        on_progress: Callable[[int, int], None] = nothing,
    ) -> list[Completion]:
        """Ask for some completions, check them, and then ask for the others.

        Returns:
            The completions in the model's own tokens.

        Raises:
            ConfigError: no server answers, or it refuses.
            DistrustedServerError: its answers are not samples of the model.
        """

        def first(most: int) -> list[Completion]:
            return sample_served(
                self.server,
                self.name,
                prompts[:most],
                seeds[:most],
                drawing,
                system,
                {i: answer for i, answer in known.items() if i < most},
                on_made,
                lambda done: on_progress(done, 0),
            )

        head = first(min(CHECKED, len(prompts)))
        sampled = self.local.with_tokens(prompts[: len(head)], head, system)
        surprise = self._check(prompts[: len(head)], sampled, drawing, system)
        self.facts.update(server=shown_url(), surprise=surprise)
        known = {**known, **dict(enumerate(head))}
        return self.local.with_tokens(prompts, first(len(prompts)), system)

    def _check(
        self,
        prompts: Sequence[str],
        completions: Sequence[Completion],
        drawing: Sampling,
        system: str | None,
    ) -> float | None:
        """The model's surprise at a server's answers, in standard errors.

        None at temperature 0, where there is nothing to compare.
        """
        if not any(len(c.tokens) > c.finished for c in completions):
            raise DistrustedServerError(
                f"all of the first {len(completions)} answers of the server are empty; see "
                "docs/servers.md for what a server has to be told"
            )
        if drawing.temperature == 0:
            return None
        found = self.local.surprise(prompts, completions, drawing.temperature, system)
        if abs(found) > MOST_SURPRISE:
            kind = "more predictable than" if found < 0 else "not"
            raise DistrustedServerError(
                f"what the server has sampled is {kind} what {self.label} writes at temperature "
                f"{drawing.temperature:g} ({found:.0f} standard errors on {len(completions)} "
                "answers): it cuts the distribution, or serves another model or chat template; see "
                "extra_body in docs/servers.md"
            )
        return found
