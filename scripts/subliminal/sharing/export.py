"""From a path of results to a folder for others; what lies there tells of which kind."""

from __future__ import annotations

from pathlib import Path

from subliminal.artefacts.verified import read_manifest
from subliminal.config.errors import ConfigError
from subliminal.lineage.found import manifests_behind
from subliminal.lineage.places import base_at, learner_at, writer_at, written_at


def export(path: Path, folder: Path) -> str:
    """Write the folder, and say what it holds.

    Raises:
        ConfigError: there is nothing to be exported, it is not what its manifest says, or the
            folder is there.
    """
    manifests = manifests_behind(path)
    places = [read_manifest(manifest)["path"] for manifest in manifests]
    if len(places) == 1 and any(at(places[0]) for at in (base_at, writer_at, learner_at)):
        from subliminal.sharing.models import export_model

        export_model(manifests[0], folder)
        return f"{folder} holds the model, ready to be pushed to the hub"
    written = [written_at(place) for place in places]
    if all(written) and len({w and (w.domain, w.writer) for w in written}) == 1:
        from subliminal.sharing.datasets import export_dataset

        export_dataset(manifests, folder)
        return f"{folder} holds the dataset, ready to be pushed to the hub"
    if (path / "models").is_dir() or (path / "tables").is_dir():
        from subliminal.sharing.crate import export_crate

        export_crate(path, folder)
        return f"{folder} holds an RO-Crate of {len(manifests)} artefacts"
    raise ConfigError(
        f"{path} is neither a model, nor what one teacher wrote in one domain, nor a folder of "
        "results; name a folder such as results, results/students/…/seed1 or results/datasets/…/t1"
    )
