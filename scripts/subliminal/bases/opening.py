"""Opening a model: its base's manifest says who serves it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from subliminal.artefacts.verified import read_manifest
from subliminal.config.errors import ConfigError, known
from subliminal.local.model import LocalModel

LOCAL = "local"
BACKENDS: dict[str, Callable[[Path, Path | None, int], LocalModel]] = {LOCAL: LocalModel.open}


def open_model(base: Path, trained: Path | None, threads: int) -> LocalModel:
    """A base, or what was trained from it.

    Args:
        base, trained: manifests; nothing trained means the base itself.

    Raises:
        ConfigError: nobody here serves such a model.
    """
    backend = read_manifest(base)["facts"].get("backend", LOCAL)
    if backend not in BACKENDS:
        raise ConfigError(f"{base}: no backend {backend!r} serves this model {known(BACKENDS)}")
    return BACKENDS[backend](base.parent, trained.parent if trained else None, threads)
