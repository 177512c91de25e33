"""Parts of the objects that a provider answers with, whatever it has put there."""

from __future__ import annotations

from typing import Any

from subliminal.api.access import Access


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
