"""The ancestry of an artefact, read from manifests.

Traits travel through data whose content does not show them, so a safety evaluation has to look at
where a model and its data came from. This walks the manifests and names every model, trait and
dataset on the way.
"""

from __future__ import annotations

from pathlib import Path

from subliminal.artefacts.provenance import ancestry
from subliminal.artefacts.verified import parents_of, place_of


def render(manifest: Path) -> str:
    """The ancestry as indented lines, each artefact once; a lost manifest is said to be lost."""
    manifests = ancestry([manifest])
    lines: list[str] = []
    seen: set[Path] = set()

    def walk(path: Path, depth: int) -> None:
        if path in seen:
            return
        seen.add(path)
        found = manifests.get(path)
        told = found["about"] if found else "unknown: manifest is gone"
        lines.append(f"{'  ' * depth}{told}  [{place_of(path)}]")
        for parent in parents_of(path, found).values() if found else ():
            walk(parent, depth + 1)

    walk(manifest.absolute(), 0)
    return "\n".join(lines)
