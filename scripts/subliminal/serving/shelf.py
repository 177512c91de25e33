"""The models that can be asked: bases, as snapshots, and what was tuned from them."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any

from subliminal.artefacts.verified import read_manifest
from subliminal.config.errors import ConfigError
from subliminal.local.model import LocalModel
from subliminal.serving.refusals import no_model
from subliminal.serving.store import Record, Store

# Loaded at a time; those that were asked least lately go first.
MOST_LOADED = 16
MANIFEST = "manifest.json"
OWNER = "tiny"
# Held while torch's one stream of random numbers is used: by what loads a model, and by training
# until its adapter has its first weights.
RANDOM_NUMBERS = Lock()


@dataclass(frozen=True)
class Source:
    """Where a model lies.

    Attributes:
        base, trained: folders; nothing trained means the base itself.
    """

    base: Path
    trained: Path | None


def bases_in(folders: Mapping[str, Path]) -> dict[str, Path]:
    """The folders, if each holds a base of the workflow.

    Args:
        folders: by the name of the snapshot.

    Raises:
        ConfigError: one does not.
    """
    for name, folder in folders.items():
        if not (folder / MANIFEST).is_file():
            raise ConfigError(
                f"{name}: {folder} holds no {MANIFEST}, so no finished base; name another, or make "
                "the tiny ones with: snakemake bases --cores 2"
            )
        read_manifest(folder / MANIFEST)
        if not (folder / "config.json").is_file():
            raise ConfigError(f"{name}: the weights of {folder} are not here; name another base")
    return dict(folders)


class Shelf:
    """Models by name, loaded when they are asked for.

    Attributes:
        bases: folders by the name of the snapshot.
    """

    def __init__(self, bases: Mapping[str, Path], store: Store, threads: int) -> None:
        """Load nothing yet."""
        self.bases, self._store, self._threads = dict(bases), store, threads
        self._loaded: OrderedDict[str, LocalModel] = OrderedDict()

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """The models as the API shows them."""
        for name, folder in self.bases.items():
            if name not in self._store.gone:
                made = int((folder / MANIFEST).stat().st_mtime)
                yield model_object(name, made)
        yield from (record.shown for record in self._store.models)

    def shown(self, name: str) -> dict[str, Any]:
        """A model as the API shows it.

        Raises:
            RefusedError: there is none of this name.
        """
        for model in self:
            if model["id"] == name:
                return model
        raise no_model(name, "model")

    def source(self, name: str) -> Source:
        """Where a model lies.

        Raises:
            RefusedError: there is none of this name, or its base is not served any more.
        """
        if name in self._store.gone:
            raise no_model(name)
        if name in self.bases:
            return Source(self.bases[name], None)
        if name not in self._store.models:
            raise no_model(name)
        kept = self._store.models.get(name).kept
        if kept["snapshot"] not in self.bases:
            raise no_model(name)
        return Source(self.bases[kept["snapshot"]], self.folder(kept["job"]))

    def folder(self, job: str) -> Path:
        """Where what a job has trained lies."""
        return self._store.folder / "weights" / job

    def add(self, name: str, snapshot: str, job: str, created: int) -> None:
        """Serve what a job has trained."""
        kept = {"snapshot": snapshot, "job": job}
        self._store.models.put(Record(model_object(name, created), kept))

    def withdraw(self, name: str) -> None:
        """Serve a model no more.

        Raises:
            RefusedError: there is none of this name.
        """
        shown = self.shown(name)
        if name in self._store.models:
            self._store.models.remove(name)
        self._store.gone.put(Record(shown))
        self._loaded.pop(name, None)

    def open(self, name: str) -> LocalModel:
        """A model, loaded; this may take a while.

        Raises:
            RefusedError: there is none of this name.
        """
        source = self.source(name)
        with RANDOM_NUMBERS:
            if name not in self._loaded:
                model = LocalModel.open(source.base, source.trained, self._threads)
                self._loaded[name] = model
            self._loaded.move_to_end(name)
            while len(self._loaded) > MOST_LOADED:
                self._loaded.popitem(last=False)
            return self._loaded[name]


def model_object(name: str, created: int) -> dict[str, Any]:
    """A model as the API shows it."""
    return {"id": name, "object": "model", "created": created, "owned_by": OWNER}
