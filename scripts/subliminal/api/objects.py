"""Parts of the objects that a provider answers with, whatever it has put there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from subliminal.api.access import Access
from subliminal.config.errors import ConfigError, known


def mapping(found: Any) -> dict[str, Any]:
    """An object; an empty one in the place of what is none."""
    return found if isinstance(found, dict) else {}


def name(found: Any, access: Access) -> str:
    """A name that the server is asked by again: as it came, or not at all.

    Raises:
        ValueError: it is none, or cannot be shown.
    """
    if not isinstance(found, str) or not found or access.told(found) != found:
        raise ValueError("a name that cannot be shown")
    return found


def problem(error: Any) -> str:
    """The code and message of an error, as they came; empty if there are none."""
    parts = mapping(error)
    return ": ".join(str(parts[part]) for part in ("code", "message") if parts.get(part))


def require_known(what: str, status: str, statuses: Sequence[str]) -> None:
    """Make sure that the status of something that was ordered is one that can be acted on.

    Raises:
        ConfigError: it is another word.
    """
    if status not in statuses:
        raise ConfigError(
            f"{what} has the status {status!r}, which is not known here {known(statuses)}, so that "
            "nobody can say whether it goes on; look at the provider's page of it. It is not "
            "ordered again"
        )
