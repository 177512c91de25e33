"""Random seeds, derived from what they are for.

A seed never comes from a counter, a clock or a process: it is a hash of the stage's name and of
what tells two draws apart, so that the same cell is the same whatever else is computed beside it.
"""

from __future__ import annotations

import hashlib
import json


def derive_seed(stage: str, *parts: str | int) -> int:
    """A seed below 2**63 for this stage and these distinguishing parts."""
    text = json.dumps([stage, *parts])
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1
