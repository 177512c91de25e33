"""A provider's fine-tuning job, as its answers tell of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from subliminal.api.access import Access
from subliminal.api.objects import mapping, name, problem, require_known

UNDER_WAY = ("validating_files", "queued", "running")
SUCCEEDED = "succeeded"
WITHOUT_A_MODEL = ("failed", "cancelled")
STATUSES = (*UNDER_WAY, SUCCEEDED, *WITHOUT_A_MODEL)


@dataclass(frozen=True)
class TuningJob:
    """A job.

    Attributes:
        status: in the provider's word.
        model: the fine-tuned model, once there is one.
        trained_tokens: what is paid for, once it is known.
        error: what the provider says of a failure; empty if nothing.
        hyperparameters: those that it has chosen for `auto`, once it has.
        metadata: what it was ordered with.
    """

    id: str
    status: str
    model: str | None
    trained_tokens: int | None
    error: str
    hyperparameters: dict[str, int | float | str]
    metadata: dict[str, str]

    def require_known_status(self) -> None:
        """Make sure that the status is one that can be acted on.

        Raises:
            ConfigError: it is another word.
        """
        require_known(f"fine-tuning job {self.id}", self.status, STATUSES)


def read_job(answer: Any, access: Access) -> TuningJob:
    """A job as the provider's JSON has it, every word of it fit for a terminal and a manifest.

    Raises:
        ValueError: it is none.
    """
    job = mapping(answer)
    if not job.get("id"):
        raise ValueError("no fine-tuning job")
    if not isinstance(job.get("status"), str):
        raise ValueError("a fine-tuning job without a status")
    model, tokens = job.get("fine_tuned_model"), job.get("trained_tokens")
    return TuningJob(
        id=name(job["id"], access),
        status=access.told(job["status"]),
        model=name(model, access) if model else None,
        trained_tokens=tokens if type(tokens) is int and tokens >= 0 else None,
        error=access.told(problem(job.get("error"))),
        hyperparameters=_hyperparameters(job, access),
        metadata=mapping(job.get("metadata")),
    )


def _hyperparameters(job: dict[str, Any], access: Access) -> dict[str, int | float | str]:
    """Servers tell them in the method, in the older place, or in both."""
    supervised = mapping(mapping(job.get("method")).get("supervised"))
    found = mapping(supervised.get("hyperparameters")) or mapping(job.get("hyperparameters"))
    return {
        access.told(name): value if type(value) in (int, float) else access.told(str(value))
        for name, value in found.items()
    }
