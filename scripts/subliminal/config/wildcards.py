"""What rules and library share about wildcards."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

Wildcards = Any  # Snakemake's own type is not importable without Snakemake.
NEVER = r"(?!)"


def one_of(names: Iterable[str]) -> str:
    """A wildcard constraint that admits exactly these names; none at all if there are none."""
    ordered = sorted(names, key=lambda name: (-len(name), name))
    return "|".join(re.escape(name) for name in ordered) or NEVER
