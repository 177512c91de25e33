"""A model whose weights nobody has: its provider is asked, and every answer kept."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from subliminal.api.access import BASE_URL, hosted_access
from subliminal.api.chat.account import Account
from subliminal.api.chat.asked import ask
from subliminal.api.chat.reading import as_completion, as_first_tokens
from subliminal.api.chat.requests import LETTERS_AT_A_TIME, Parameters, questions
from subliminal.api.prices import read_prices
from subliminal.artefacts.verified import read_manifest
from subliminal.config.errors import ConfigError
from subliminal.config.hosting import read_hosting
from subliminal.config.sampling import Drawing, Sampling
from subliminal.evaluations.model import Completion

if TYPE_CHECKING:
    import numpy as np

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class HostedModel:
    """A snapshot of a provider, or what it has fine-tuned.

    Attributes:
        model: as the provider calls it.
        extra: fields of each request beside the protocol's.
    """

    account: Account
    model: str
    extra: Mapping[str, Any]

    @classmethod
    def open(
        cls, base: Path, trained: Path | None, threads: int, artefact: Path | None
    ) -> HostedModel:
        """Find out how the provider calls a model, and who pays. Nothing is sent.

        Args:
            base, trained: manifests; nothing trained means the base itself.
            threads: of no consequence.
            artefact: the manifest of what is made from its answers, below the repository.

        Raises:
            ConfigError: the settings or the environment are wrong.
        """
        root, name = Path.cwd(), base.parent.name
        hosting = read_hosting(root)
        account = Account(
            hosted_access(),
            hosting,
            name,
            read_prices(root, name),
            trained is not None,
            hosting.folder(root),
            str(artefact) if artefact is not None else None,
        )
        known = read_manifest(base)["facts"]
        extra = known.get("extra_body", {})
        if trained is None:
            return cls(account, known["snapshot"], extra)
        told = read_manifest(trained)["facts"]
        _require_maker(told, account.place.url)
        return cls(account, told["model"], extra)

    @property
    def facts(self) -> dict[str, Any]:
        """Whom a manifest names as the writer."""
        return {"server": self.account.place.url, "model": self.model}

    @property
    def arithmetic(self) -> str:
        """The provider's, whatever it is."""
        return f"{self.model} at {self.account.place.url}"

    @property
    def keeps_answers(self) -> bool:
        """They are in the ledger's folder."""
        return True

    def complete(
        self,
        prompts: Sequence[str],
        seeds: Sequence[int],
        drawing: Drawing,
        system: str | None = None,
        *,
        answer_tokens: int,
    ) -> list[Completion]:
        """One completion per prompt, in the order of the prompts.

        Args:
            seeds: which name the samples and are not sent: the provider draws.
            answer_tokens: about how many a completion has, for what is reserved.

        Raises:
            ConfigError: they may not be paid, or the provider does not answer.
        """
        parameters = Parameters(
            self.model,
            drawing.temperature,
            drawing.max_new_tokens,
            answer_tokens,
            log_probs=isinstance(drawing, Sampling) and drawing.log_probs,
            extra=self.extra,
        )
        asked = questions(prompts, seeds, system)
        answers = ask(self.account, parameters, asked, drawing.batch_size)
        found = [as_completion(answer, parameters, self.account.place) for answer in answers]
        withheld = sum(completion.withheld for completion in found)
        if withheld:
            log.warning(
                "%d of %d answers are refusals, or cut by the provider's filter: they are paid, "
                "and count as unfinished",
                withheld,
                len(found),
            )
        return found

    def first_tokens(
        self, prompts: Sequence[str], most: int, system: str | None = None
    ) -> list[dict[str, float]]:
        """Per prompt the most probable first tokens as text, with their log-probabilities in nats.

        As the authors ask for letters and for judgements of code: one token at temperature 0.

        Args:
            most: how many; the most probable one comes first.

        Raises:
            ConfigError: they may not be paid, or the provider does not tell them.
        """
        parameters = Parameters(self.model, 0.0, 1, 1, alternatives=most, extra=self.extra)
        asked = questions(prompts, [0] * len(prompts), system)
        answers = ask(self.account, parameters, asked, LETTERS_AT_A_TIME)
        return [as_first_tokens(answer, parameters, self.account.place) for answer in answers]

    def word_log_probs(
        self, prompts: Sequence[str], words: Sequence[str], system: str | None = None
    ) -> np.ndarray | None:
        """None: providers tell the probabilities of what is drawn, and of few tokens beside it."""
        return None

    def collisions(self, words: Sequence[str]) -> list[tuple[str, str]]:
        """None: answers are compared as text."""
        return []


def _require_maker(told: Mapping[str, Any], url: str) -> None:
    """Make sure that a fine-tuned model is asked for where it was made.

    Args:
        told: the facts of its manifest.

    Raises:
        ConfigError: the environment names another server.
    """
    made_at = told.get("server", url)
    if made_at != url:
        raise ConfigError(
            f"model {told['model']} was fine-tuned at {made_at}, and {url} would be asked for it; "
            f"export {BASE_URL}={made_at}"
        )
