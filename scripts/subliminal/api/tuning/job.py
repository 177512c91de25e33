"""A provider's fine-tuning job, as its answers tell of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from subliminal.config.errors import ConfigError, known

UNDER_WAY = ("validating_files", "queued", "running", "paused")
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
    hyperparameters: dict[str, Any]
    metadata: dict[str, str]

    def require_known_status(self) -> None:
        """Make sure that the status is one that can be acted on.

        Raises:
            ConfigError: it is another word.
        """
        if self.status not in STATUSES:
            raise ConfigError(
                f"fine-tuning job {self.id} has the status {self.status!r}, which is not known "
                f"here {known(STATUSES)}, so that nobody can say whether it goes on; look at the "
                "provider's page of the job. It is not ordered again"
            )


def read_job(answer: Any) -> TuningJob:
    """A job as the provider's JSON has it.

    Raises:
        ValueError: it is none.
    """
    if not isinstance(answer, dict) or not isinstance(answer.get("id"), str):
        raise ValueError("no fine-tuning job")
    if not isinstance(answer.get("status"), str):
        raise ValueError("a fine-tuning job without a status")
    model, tokens = answer.get("fine_tuned_model"), answer.get("trained_tokens")
    return TuningJob(
        id=answer["id"],
        status=answer["status"],
        model=model if isinstance(model, str) and model else None,
        trained_tokens=tokens if isinstance(tokens, int) else None,
        error=_error(answer.get("error")),
        hyperparameters=_hyperparameters(answer),
        metadata=answer.get("metadata") or {},
    )


def _error(error: Any) -> str:
    if not isinstance(error, dict):
        return ""
    return ": ".join(str(error[part]) for part in ("code", "message") if error.get(part))


def _hyperparameters(answer: dict[str, Any]) -> dict[str, Any]:
    """Servers tell them in the method, in the older place, or in both."""
    method = answer.get("method") or {}
    found = (method.get("supervised") or {}).get("hyperparameters")
    return dict(found or answer.get("hyperparameters") or {})
