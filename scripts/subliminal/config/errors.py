"""The one exception that a user can cause, and how it names what could have been asked."""

from __future__ import annotations

from collections.abc import Iterable


class ConfigError(Exception):
    """Something in the configuration is wrong.

    The message says where it is set, what was asked, what was found, and what to type.
    """


def known(names: Iterable[str]) -> str:
    """The names that would have been understood, for a message."""
    return f"(known: {', '.join(sorted(names))})"
