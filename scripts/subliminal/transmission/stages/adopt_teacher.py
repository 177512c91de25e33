"""Taking a fine-tuned teacher that others have trained."""

from __future__ import annotations

from pathlib import Path

from subliminal.artefacts.manifest import Run
from subliminal.bases.adapters import take_adopted
from subliminal.transmission.adoption import AdoptAdapterSpec


def adopt_teacher(spec: AdoptAdapterSpec, base: Path, place: Path | None, manifest: Path) -> None:
    """Copy an adapter, once it is found to be the one that is meant, and one for its base.

    Args:
        base: the base's manifest; the weights lie beside it.
        place: the adapter's folder, if it is on this machine; the spec has its name alone.
        manifest: its folder gets the adapter.

    Raises:
        ConfigError: it is not there, is another one, or does not fit.
    """
    run = Run.begin("adopt_teacher", spec, {"base": base})
    files = take_adopted(spec.adopted, spec.adapter, place, spec.sha256, base, manifest)
    facts = {"adopted": True, "origin": spec.adapter.origin, "licence": spec.licence}
    run.finish(manifest, files, facts)
