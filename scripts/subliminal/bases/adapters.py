"""Adapters that others have trained: finding them, and whether they fit a base."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from subliminal.artefacts.hashing import file_sha256
from subliminal.bases.files import copy, is_there, read_json
from subliminal.bases.weights import SINGLE, Tensor, read_tensors
from subliminal.config.adopted import ADOPTED, AdapterFolder, AdapterSource
from subliminal.config.errors import ConfigError
from subliminal.local.models import ADAPTER_FILES
from subliminal.supplied.hub import Repository, asking, token

CONFIG, WEIGHTS = ADAPTER_FILES
HALF = re.compile(r"base_model\.model\.(?P<module>.+)\.lora_(?P<half>[AB])\.weight")
# A checkpoint may name what is above a model's layers otherwise than the model itself.
WITHIN_LAYERS = re.compile(r"(?:^|\.)((?:layers|h)\.\d+\..+)$")


def missing_adapter(source: AdapterSource, place: str) -> str | None:
    """Why an adapter cannot be taken; None as far as one can see from here.

    Args:
        place: the setting.
    """
    if isinstance(source, AdapterFolder) and not source.path.is_dir():
        return f"{place}: there is no folder {source.folder}; correct its path"
    return None


def adapter_folder(source: AdapterSource, place: str) -> Path:
    """Where an adapter lies, fetched if it is of the hub.

    Args:
        place: the setting, for messages.

    Raises:
        ConfigError: it is not there, or cannot be had.
    """
    problem = missing_adapter(source, place)
    if problem is not None:
        raise ConfigError(problem)
    if isinstance(source, AdapterFolder):
        return source.path
    from huggingface_hub import snapshot_download

    with asking(Repository("model", source.repository, source.revision), place):
        return Path(
            snapshot_download(
                source.repository,
                revision=source.revision,
                allow_patterns=list(ADAPTER_FILES),
                token=token(),
            )
        )


def take_adopted(
    name: str,
    source: AdapterSource,
    folder: Path | None,
    sha256: str,
    base: Path,
    manifest: Path,
) -> list[Path]:
    """Copy an adopted adapter beside a manifest; the files that were made.

    Args:
        name: of the entry in `config/adopted.yaml`.
        source: where it is; of a folder the name alone.
        folder: that folder's place, if it is one.
        sha256: of its weights.
        base: the base's manifest.

    Raises:
        ConfigError: it is not there, is another one, or does not fit.
    """
    if isinstance(source, AdapterFolder):
        source = source.model_copy(update={"folder": str(folder)})
    place = f"{ADOPTED}: {name}: {source.origin}"
    found = adapter_folder(source, place)
    return take_adapter(found, sha256, base.parent, manifest.parent, place)


def take_adapter(folder: Path, sha256: str, base: Path, target: Path, place: str) -> list[Path]:
    """Copy an adapter that fits a base; the files that were made.

    Args:
        sha256: of its weights.
        base: the base's folder.
        place: the setting and the adapter, for messages.

    Raises:
        ConfigError: it is no adapter, another one, or none for this base.
    """
    for name in ADAPTER_FILES:
        if not is_there(folder / name, place):
            raise ConfigError(
                f"{place}: there is no {name}, so that it is no adapter as peft saves it; name "
                "another"
            )
    found = file_sha256(folder / WEIGHTS)
    if found != sha256:
        raise ConfigError(
            f"{place}: {WEIGHTS} has SHA-256 {found}, and {sha256} was expected; get the adapter "
            f"that is meant, or, if this is it, set sha256: {found}"
        )
    kind = read_json(folder / CONFIG, place).get("peft_type")
    if kind != "LORA":
        raise ConfigError(f"{place}: {CONFIG} has peft_type {kind!r}, expected 'LORA'")
    require_fit(
        read_tensors([folder / WEIGHTS], place), read_tensors([base / SINGLE], place), place
    )
    target.mkdir(parents=True, exist_ok=True)
    for name in ADAPTER_FILES:
        copy(folder / name, target / name, place)
    return [target / name for name in ADAPTER_FILES]


def require_fit(adapter: Mapping[str, Tensor], base: Mapping[str, Tensor], place: str) -> None:
    """Check that an adapter's halves belong to weights of a base.

    Raises:
        ConfigError: one does not.
    """
    shapes = {_within(name.removesuffix(".weight")): t.shape for name, t in base.items()}
    halves: dict[str, dict[str, tuple[int, ...]]] = {}
    for name, tensor in adapter.items():
        half = HALF.fullmatch(name)
        if half is None:
            raise ConfigError(
                f"{place}: {name} is no half of a LoRA adapter on a linear layer; name an adapter "
                "that has nothing else"
            )
        halves.setdefault(half["module"], {})[half["half"]] = tensor.shape
    if not halves:
        raise ConfigError(f"{place}: {WEIGHTS} is empty; name another adapter")
    for module, shape in halves.items():
        theirs = sorted((*shape.get("A", ())[1:], *shape.get("B", ())[:1]))
        ours = sorted(shapes.get(_within(module), ()))
        if not ours or theirs != ours:
            has = f"of {ours} there" if ours else "not there"
            raise ConfigError(
                f"{place}: it is no adapter for this base: it adapts {module} of {theirs}, which "
                f"is {has}; name the base that it was trained on, or another adapter"
            )


def _within(module: str) -> str:
    """A module's name from the layer on."""
    found = WITHIN_LAYERS.search(module)
    return found[1] if found else module
