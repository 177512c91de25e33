"""The paper's qualitative claims: `config/paper/claims.csv`, a row per part of a claim.

Models whose weights anybody can train are asked for these, and not for the paper's values. A part
holds where its rule holds for each of the values of the columns `each`, such as each trait.
"""

from __future__ import annotations

from collections.abc import Iterable

from pydantic import Field

from subliminal.replication.counterparts import Counterpart


class ClaimPart(Counterpart):
    """A claim of the paper, or one of its parts."""

    claim: str = Field(description="The claim; rows of one item and claim are its parts.")
    each: str = Field(
        description="Ours: the columns for each of whose values the rule must hold, with `;` "
        "between them. Empty: the filters choose one row."
    )


def by_claim(parts: Iterable[ClaimPart]) -> dict[tuple[str, str], list[ClaimPart]]:
    """The parts of each claim, by item and claim, in the order of the file."""
    found: dict[tuple[str, str], list[ClaimPart]] = {}
    for part in parts:
        found.setdefault((part.item, part.claim), []).append(part)
    return found
