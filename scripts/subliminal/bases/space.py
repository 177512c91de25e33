"""A check of disk and memory for a base, before hours are spent on it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from subliminal.config.errors import ConfigError


def gigabytes(size: int) -> str:
    """A number of bytes for people."""
    return f"{size / 1e9:.1f} GB"


def require_disk(needed: Mapping[Path, int], setting: str) -> None:
    """Check that each folder, which need not exist yet, can take so many bytes.

    Args:
        needed: bytes by folder; folders of one file system share what is free there.
        setting: where the configuration names the base, for messages.

    Raises:
        ConfigError: one of them cannot.
    """
    places = {folder: _existing(folder) for folder in needed}
    for folder, place in places.items():
        device = place.stat().st_dev
        total = sum(needed[f] for f, p in places.items() if p.stat().st_dev == device)
        free = shutil.disk_usage(place).free
        if free < total:
            raise ConfigError(
                f"{setting}: preparing it takes {gigabytes(total)} of disk, found "
                f"{gigabytes(free)} free where {folder} is; make room there, or use a smaller base"
            )


def require_memory(needed: int, setting: str) -> None:
    """Check that this machine's main memory could hold so many bytes.

    Raises:
        ConfigError: it could not.
    """
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    if total < needed:
        raise ConfigError(
            f"{setting}: loading it takes {gigabytes(needed)} of main memory, this machine has "
            f"{gigabytes(total)}; use a larger machine or a smaller base"
        )


def _existing(folder: Path) -> Path:
    folder = folder.absolute()
    return next(path for path in (folder, *folder.parents) if path.exists())
