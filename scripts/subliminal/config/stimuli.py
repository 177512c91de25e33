"""The paper's texts: data in ``config/stimuli``, each file with its own source and licence.

Section and figure names in this library are those of Cloud et al., Nature 652, 615-621 (2026).
"""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

STIMULI = Path(__file__).resolve().parents[3] / "config" / "stimuli"


@lru_cache
def stimulus(name: str) -> dict[str, Any]:
    """The content of one file, by its name without `.json`."""
    content: dict[str, Any] = json.loads((STIMULI / f"{name}.json").read_text(encoding="utf-8"))
    return content


def items(name: str) -> list[str]:
    """The list of texts that a file holds, in the authors' order."""
    return list(stimulus(name)["items"])
