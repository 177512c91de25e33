"""Artefacts that are what their manifests say; nothing else may be read.

A manifest lists its files with their checksums, where it lies, and an id over all that is the same
in two runs of the same thing. So a file that was swapped, edited or damaged is found, and so is a
manifest that was edited, or that lies in another one's place.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from subliminal.artefacts.hashing import known_sha256
from subliminal.config.errors import ConfigError

KEYS = {
    "id": str,
    "stage": str,
    "about": str,
    "path": str,
    "spec": dict,
    "parents": dict,
    "outputs": dict,
    "facts": dict,
    "run": dict,
}
WEIGHTS = ".safetensors"
# What transformers or peft would read beside weights.
LOADED = {WEIGHTS, ".json", ".jinja", ".txt", ".model", ".bin", ".pt", ".pth", ".py"}
# Of a checksum, as many digits as an error shows.
SHOWN = 12


def _split(manifest: Path) -> tuple[Path, Path] | None:
    """The folder that holds `results`, and the path from there; None outside of `results`."""
    here, whole = Path.cwd(), Path(os.path.abspath(manifest))
    if whole.is_relative_to(here / "results"):  # where jobs run
        return here, whole.relative_to(here)
    parts = whole.parts
    if "results" not in parts:
        return None
    at = len(parts) - 1 - parts[::-1].index("results")
    return Path(*parts[:at]), Path(*parts[at:])


def place_of(manifest: Path) -> str:
    """Where a manifest lies, seen from the folder that holds `results`; outside one, its name."""
    found = _split(manifest)
    return str(found[1]) if found else manifest.name


def parents_of(manifest: Path, content: Mapping[str, Any]) -> dict[str, Path]:
    """The manifests that an artefact was made from, by role, wherever one looks from.

    Args:
        manifest, content: the artefact's.
    """
    found, whole = _split(manifest), Path(os.path.abspath(manifest))
    parents = {role: Path(parent["path"]) for role, parent in content["parents"].items()}
    if found:
        return {role: found[0] / parent for role, parent in parents.items()}
    # A copy of `results` under another name.
    within = Path(content["path"]).parts[1:]
    if not within or whole.parts[-len(within) :] != within:
        return parents
    copy = Path(*whole.parts[: -len(within)])
    places = {role: Path(place_of(parent)) for role, parent in parents.items()}
    return {role: copy.joinpath(*place.parts[1:]) for role, place in places.items()}


def _lies_at(manifest: Path, place: str) -> bool:
    """Whether a manifest lies where it was made, in `results` or in a copy of another name."""
    if _split(manifest):
        return place == place_of(manifest)
    parts = Path(place).parts
    within = parts[1:] or parts
    return Path(os.path.abspath(manifest)).parts[-len(within) :] == within


def identity(content: Mapping[str, Any]) -> str:
    """The id of a manifest of this content: over all but how its run went."""
    parts = [
        content["stage"],
        content["about"],
        content["path"],
        content["spec"],
        {r: [place_of(Path(p["path"])), p["id"]] for r, p in content["parents"].items()},
        content["outputs"],
        content["facts"],
    ]
    written = json.dumps(parts, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(written.encode()).hexdigest()


def _wrong(path: Path, what: str, manifest: Path) -> ConfigError:
    return ConfigError(f"{path} {what}; type: rm {manifest}, then run the same command again")


def read_manifest(manifest: Path) -> dict[str, Any]:
    """A manifest's content, of the right shape and with the id that belongs to it.

    Raises:
        ConfigError: it is gone, damaged or edited, or lies in another one's place.
    """
    try:
        content = json.loads(manifest.read_bytes())
    except FileNotFoundError:
        raise ConfigError(
            f"{manifest} is not there; make it with: snakemake --cores 2 {manifest}"
        ) from None
    except (OSError, ValueError, RecursionError) as error:
        raise _wrong(manifest, f"cannot be read ({error})", manifest) from None
    if not isinstance(content, dict):
        raise _wrong(manifest, "is not a manifest", manifest)
    for key, kind in KEYS.items():
        if not isinstance(content.get(key), kind):
            raise _wrong(manifest, f"is damaged or of an earlier version: no {key!r}", manifest)
    if not _lists_files(content["outputs"]):
        raise _wrong(manifest, "is damaged: 'outputs' are no files with checksums", manifest)
    if not _lies_at(manifest, content["path"]):
        raise _wrong(manifest, f"is the manifest of {content['path']}", manifest)
    try:
        expected = identity(content)
    except (TypeError, KeyError, UnicodeError) as error:
        raise _wrong(manifest, f"is damaged ({error!r})", manifest) from None
    if content["id"] != expected:
        raise _wrong(manifest, "was edited: its content has another id", manifest)
    return content


def _lists_files(outputs: Mapping[str, Any]) -> bool:
    """Whether these are names of a folder's files, with text for a checksum."""
    return all(
        isinstance(sha256, str) and name.isprintable() and Path(name).name == name
        for name, sha256 in outputs.items()
    )


def verify(manifest: Path) -> dict[str, Any]:
    """A manifest's content, once all files that it lists are as they were made.

    Raises:
        ConfigError: a file is gone or is another one, a model's folder holds one more, or the
            manifest is not what it was.
    """
    content = read_manifest(manifest)
    for name, listed in content["outputs"].items():
        file = manifest.parent / name
        try:
            found = known_sha256(file)
        except FileNotFoundError:
            raise _wrong(file, f"is gone, but {manifest} lists it", manifest) from None
        except OSError as error:
            raise _wrong(file, f"cannot be read ({error})", manifest) from None
        if found != listed:
            raise _wrong(
                file,
                f"is not the file that {manifest} lists: SHA-256 {listed[:SHOWN]}… was expected, "
                f"{found[:SHOWN]}… found",
                manifest,
            )
    _refuse_strangers(manifest, content)
    return content


def _refuse_strangers(manifest: Path, content: Mapping[str, Any]) -> None:
    """Refuse what lies beside a model, is not listed, and would be read when it is loaded."""
    if not any(name.endswith(WEIGHTS) for name in content["outputs"]):
        return
    for file in sorted(manifest.parent.iterdir()):
        known = file.name in content["outputs"] or file.name.endswith("manifest.json")
        if file.suffix in LOADED and not file.name.startswith(".") and not known:
            raise ConfigError(
                f"{file} is not listed in {manifest}, and loading the model would read it; "
                f"type: rm {file}, then run the same command again"
            )


def manifests_below(folder: Path) -> list[Path]:
    """Every manifest in a folder of results."""
    return sorted([*folder.rglob("manifest.json"), *folder.rglob("*.manifest.json")])


def problems(folder: Path) -> list[str]:
    """What is wrong in a folder of results, manifest by manifest; empty if nothing is.

    Beside what `verify` finds, every parent must be the one that an artefact was made from.
    """
    found, ids = [], {}
    manifests = manifests_below(folder)
    contents = {}
    for manifest in manifests:
        try:
            contents[manifest] = verify(manifest)
        except ConfigError as error:
            found.append(str(error))
        else:
            ids[contents[manifest]["path"]] = contents[manifest]["id"]
    for manifest, content in contents.items():
        for role, parent in content["parents"].items():
            now = ids.get(place_of(Path(parent["path"])))
            if now is not None and now != parent["id"]:
                made_anew = f"was made from another {role} than {parent['path']} is now"
                found.append(str(_wrong(manifest, made_anew, manifest)))
    return found
