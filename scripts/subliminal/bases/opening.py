"""Opening a model: its base's manifest says who serves it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from subliminal.api.chat.model import HostedModel
from subliminal.artefacts.verified import read_manifest
from subliminal.config.errors import ConfigError, known
from subliminal.config.models import HOSTED, LOCAL
from subliminal.local.model import LocalModel

AnyModel = LocalModel | HostedModel


def _open_local(
    base: Path, trained: Path | None, threads: int, artefact: Path | None
) -> LocalModel:
    return LocalModel.open(base.parent, trained.parent if trained else None, threads)


BACKENDS: dict[str, Callable[[Path, Path | None, int, Path | None], AnyModel]] = {
    LOCAL: _open_local,
    HOSTED: HostedModel.open,
}


def open_model(
    base: Path, trained: Path | None, threads: int, artefact: Path | None = None
) -> AnyModel:
    """A base, or what was trained from it.

    Args:
        base, trained: manifests; nothing trained means the base itself.
        artefact: the manifest of what is made with it, which the ledger of paid answers names.

    Raises:
        ConfigError: nobody here serves such a model.
    """
    backend = read_manifest(base)["facts"].get("backend", LOCAL)
    if backend not in BACKENDS:
        raise ConfigError(f"{base}: no backend {backend!r} serves this model {known(BACKENDS)}")
    return BACKENDS[backend](base, trained, threads, artefact)
