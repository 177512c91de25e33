"""A provider's batch, as its answers tell of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from subliminal.api.access import Access
from subliminal.api.objects import mapping, name, problem, require_known

UNDER_WAY = ("validating", "in_progress", "finalizing", "cancelling")
COMPLETED, FAILED, EXPIRED, CANCELLED = "completed", "failed", "expired", "cancelled"
STATUSES = (*UNDER_WAY, COMPLETED, FAILED, EXPIRED, CANCELLED)
# Why a batch fails that may be ordered again once others have ended: OpenAI's word.
CROWDED = "token_limit_exceeded"


@dataclass(frozen=True)
class Batch:
    """A batch.

    Attributes:
        status: in the provider's word.
        files: of its answers and of its errors, those that there are.
        total, ended: its requests, and those that have been answered or have failed.
        code: of the first reason why it has failed; None if there is none.
        error: all reasons; empty if there are none.
        metadata: what it was ordered with.
    """

    id: str
    status: str
    files: tuple[str, ...]
    total: int
    ended: int
    code: str | None
    error: str
    metadata: dict[str, str]

    def require_known_status(self) -> None:
        """Make sure that the status is one that can be acted on.

        Raises:
            ConfigError: it is another word.
        """
        require_known(f"batch {self.id}", self.status, STATUSES)

    @property
    def news(self) -> str:
        """Its status, and about how far it is."""
        told = f"batch {self.id}: {self.status}"
        if not self.total or self.status != "in_progress":
            return told
        return f"{told}, {100 * self.ended // self.total // 10 * 10} % of {self.total:,} requests"


def read_batch(answer: Any, access: Access) -> Batch:
    """A batch as the provider's JSON has it, every word of it fit for a terminal and the ledger.

    Raises:
        ValueError: it is none.
    """
    batch = mapping(answer)
    if not isinstance(batch.get("status"), str):
        raise ValueError("no batch, or one without a status")
    files = (batch.get("output_file_id"), batch.get("error_file_id"))
    counts = mapping(batch.get("request_counts"))
    errors = mapping(batch.get("errors")).get("data")
    problems = errors if isinstance(errors, list) else []
    codes = [mapping(one).get("code") for one in problems]
    return Batch(
        id=name(batch.get("id"), access),
        status=access.told(batch["status"]),
        files=tuple(name(file, access) for file in files if file),
        total=_number(counts.get("total")),
        ended=_number(counts.get("completed")) + _number(counts.get("failed")),
        code=access.told(str(codes[0])) if codes and codes[0] else None,
        error=access.told("; ".join(filter(None, map(problem, problems)))),
        metadata=mapping(batch.get("metadata")),
    )


def _number(found: Any) -> int:
    return found if type(found) is int and found >= 0 else 0
