"""Taking a fine-tuned teacher that others have trained."""

from __future__ import annotations

from pathlib import Path

from subliminal.artefacts.manifest import Run
from subliminal.bases.adapters import adapter_folder, take_adapter
from subliminal.config.adopted import ADOPTED, AdapterFolder
from subliminal.transmission.specs import AdoptTeacherSpec


def adopt_teacher(spec: AdoptTeacherSpec, base: Path, place: Path | None, manifest: Path) -> None:
    """Copy an adapter, once it is found to be the one that is meant, and one for its base.

    Args:
        base: the base's manifest; the weights lie beside it.
        place: the adapter's folder, if it is on this machine; the spec has its name alone.
        manifest: its folder gets the adapter.

    Raises:
        ConfigError: it is not there, is another one, or does not fit.
    """
    run = Run.begin("adopt_teacher", spec, {"base": base})
    source, setting = spec.adapter, f"{ADOPTED}: {spec.adopted}"
    if isinstance(source, AdapterFolder):
        source = source.model_copy(update={"folder": str(place)})
    setting = f"{setting}: {source.origin}"
    folder = adapter_folder(source, setting)
    files = take_adapter(folder, spec.sha256, base.parent, manifest.parent, setting)
    facts = {"adopted": True, "origin": spec.adapter.origin, "licence": spec.licence}
    run.finish(manifest, files, facts)
