"""The manifests behind a path that somebody names: a manifest, a file, a folder, the report."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path

from subliminal.artefacts.hashing import known_sha256
from subliminal.artefacts.verified import manifests_below, read_manifest
from subliminal.config.errors import ConfigError

ENDING = "manifest.json"


def manifests_behind(path: Path) -> list[Path]:
    """The manifests of what lies there, at least one.

    A folder with a manifest of its own is one artefact; any other stands for all below it.

    Raises:
        ConfigError: nothing lies there, no manifest tells of it, or it is not the file that its
            manifest lists.
    """
    if path.is_dir():
        own = path / ENDING
        found = [own] if own.is_file() else manifests_below(path)
        if not found:
            raise ConfigError(f"{path} has no manifest; name a folder or a file below results/")
        return found
    if not path.is_file():
        raise ConfigError(
            f"{path} is not there; name a manifest, a file or a folder below results/"
        )
    return [path] if path.name.endswith(ENDING) else [_listing(path)]


def _listing(file: Path) -> Path:
    """The manifest beside a file that lists it."""
    for manifest in sorted(file.parent.glob(f"*{ENDING}")):
        listed = None
        with suppress(OSError, ValueError, LookupError, TypeError):
            listed = json.loads(manifest.read_bytes())["outputs"].get(file.name)
        if listed is None:
            continue
        if known_sha256(file) != read_manifest(manifest)["outputs"][file.name]:
            raise ConfigError(
                f"{file} is not the file that {manifest} lists, so its origin is not known; "
                f"type: rm {manifest}, then make it anew"
            )
        return manifest
    raise ConfigError(
        f"no manifest in {file.parent} lists {file.name}, so its origin is not known; name a file "
        "below results/ that the workflow has made"
    )
