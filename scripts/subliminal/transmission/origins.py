"""Whose data a model was trained on, as the manifests of its ancestors tell."""

from __future__ import annotations

from pathlib import Path

from subliminal.artefacts.provenance import ancestry

WRITING = "sample_completions"


def writers(manifest: Path) -> list[str]:
    """Every domain and teacher that wrote in an artefact's ancestry, a sentence's part each.

    Raises:
        ConfigError: a manifest is not what it was.
    """
    found = ancestry([manifest]).values()
    return sorted({content["about"] for content in found if content["stage"] == WRITING})
