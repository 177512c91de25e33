"""What a user can get wrong, and how a message names what could have been asked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

# Names of a list, in a message.
MOST_NAMES = 12


class ConfigError(Exception):
    """Something in the configuration is wrong.

    The message says where it is set, what was asked, what was found, and what to type.
    """


@dataclass(frozen=True)
class Remark:
    """A mistake or a doubt at one place of the configuration.

    Attributes:
        file: the file as the user knows it, below the repository, or the option in its place.
        path: the keys and indices that lead to the place.
        says: what was found there, why it matters, and what to type.
        line: of the file, from 1; None where the path tells it.
    """

    file: str
    path: tuple[str | int, ...]
    says: str
    line: int | None = None


class RemarkedError(ConfigError):
    """Mistakes whose lines have not been looked up yet."""

    def __init__(self, remarks: Sequence[Remark]) -> None:
        """Keep them."""
        super().__init__("; ".join(remark.says for remark in remarks))
        self.remarks = remarks


def nearest(asked: object, names: Iterable[str]) -> str:
    """A question with the names that come next to one that is not among them; or nothing."""
    near = get_close_matches(asked, list(names), n=2) if isinstance(asked, str) else []
    return f"did you mean {' or '.join(map(repr, near))}?" if near else ""


def known(names: Iterable[str], asked: object = None) -> str:
    """The names that would have been understood, for a message.

    Args:
        asked: the name that is not among them.
    """
    listed = list(names)
    more = f" and {len(listed) - MOST_NAMES} more" if len(listed) > MOST_NAMES else ""
    listing = f"known: {', '.join(listed[:MOST_NAMES])}{more}"
    return f"({' '.join(filter(None, [nearest(asked, listed), listing]))})"
