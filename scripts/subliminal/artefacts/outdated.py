"""Artefacts that have to be made again, as their manifests tell.

Snakemake remembers what it ran with in `.snakemake`. That memory may be gone, or results may have
come from elsewhere; the manifests hold their specs, and speak for themselves.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from subliminal.artefacts.verified import KEYS, WEIGHTS, parents_of, place_of
from subliminal.config.text import shortened

# Characters of a value that a reason shows.
SHOWN = 40


def why_outdated(manifest: Path, spec: Mapping[str, Any]) -> str | None:
    """Why an artefact has to be made again; None if it has not, or was never made.

    What is there but is not what the manifest lists is no reason: the job that reads it stops, so
    that its user learns of it.

    Args:
        spec: what it would be made from today, as JSON holds it.
    """
    try:
        content = json.loads(manifest.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValueError, RecursionError):
        return "cannot be read"
    if not isinstance(content, dict) or not all(
        isinstance(content.get(key), kind) for key, kind in KEYS.items()
    ):
        return "is damaged or of an earlier version"
    if content["path"] != place_of(manifest):
        return f"is the manifest of {content['path']}"
    lost = [name for name in content["outputs"] if not (manifest.parent / name).exists()]
    # Weights may have been deleted to save space. Whoever needs them is told that they are gone.
    lost = [name for name in lost if not name.endswith(WEIGHTS)]
    if lost:
        return f"lists {lost[0]}, which is gone"
    changed = _difference(content["spec"], spec)
    if changed:
        return f"was made with another spec ({changed})"
    for role, parent in parents_of(manifest, content).items():
        if _id_of(parent) not in (None, content["parents"][role]["id"]):
            return f"was made from another {role} than {place_of(parent)} is now"
    return None


def _id_of(manifest: Path) -> str | None:
    """What a manifest says that it is; None if it cannot be read, which its readers tell."""
    try:
        content = json.loads(manifest.read_bytes())
        return str(content["id"])
    except (OSError, ValueError, TypeError, LookupError, RecursionError):
        return None


def _difference(was: Any, now: Any, place: str = "") -> str | None:
    """The first place where two values differ, and what is there."""
    if was == now:
        return None
    if isinstance(was, Mapping) and isinstance(now, Mapping):
        keys = [key for key in {**was, **now} if was.get(key) != now.get(key)]
        if keys:
            within = f"{place}.{keys[0]}" if place else keys[0]
            return _difference(was.get(keys[0]), now.get(keys[0]), within)
    return f"{place or 'spec'}: {_shown(was)}, now {_shown(now)}"


def _shown(value: Any) -> str:
    return shortened(json.dumps(value, ensure_ascii=False), SHOWN)
