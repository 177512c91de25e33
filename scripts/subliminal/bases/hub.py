"""A base of the Hugging Face hub, by the commit of its repository."""

from __future__ import annotations

import re
from pathlib import Path

from subliminal.bases.folder import WANTED
from subliminal.config.errors import ConfigError
from subliminal.config.models import HubBase
from subliminal.config.strict import SHA256
from subliminal.supplied.hub import Repository, asking, cache_folder, token


def snapshot_folder(source: HubBase) -> Path:
    """The folder of the repository's files at the commit, if they have been fetched."""
    from huggingface_hub.file_download import repo_folder_name

    name = repo_folder_name(repo_id=source.repository, repo_type="model")
    return cache_folder() / name / "snapshots" / source.revision


def fetch(source: HubBase, setting: str) -> Path:
    """The snapshot of the repository at the commit: weights as safetensors, no pickle, no code.

    Raises:
        ConfigError: it cannot be had.
    """
    from huggingface_hub import constants, snapshot_download

    place = f"{setting}: repository {source.repository}"
    with asking(Repository("model", source.repository, source.revision), place):
        folder = Path(
            snapshot_download(
                source.repository,
                revision=source.revision,
                allow_patterns=list(WANTED),
                token=token(),
            )
        )
    if not folder.is_dir():
        raise ConfigError(
            f"{setting}: repository {source.repository}: {constants.ENDPOINT} gave none of a "
            f"model's files at {source.revision}; correct repository or revision"
        )
    return folder


def promised_bytes(source: HubBase) -> int:
    """The size of all files that would be fetched, as the hub tells it; 0 if it does not.

    Why it does not is told where the files themselves are asked for.
    """
    from huggingface_hub import snapshot_download

    try:
        files = snapshot_download(
            source.repository,
            revision=source.revision,
            allow_patterns=list(WANTED),
            token=token(),
            dry_run=True,
        )
    except Exception:
        return 0
    return sum(file.file_size for file in files if file.will_download)


def require_checksums(snapshot: Path, hashes: dict[str, str], setting: str) -> None:
    """Check large files, which the hub's cache names by their SHA-256.

    Raises:
        ConfigError: one of them is damaged.
    """
    for name, found in hashes.items():
        blob = (snapshot / name).resolve()
        if re.fullmatch(SHA256, blob.name) and found != blob.name:
            raise ConfigError(
                f"{setting}: {name} is damaged: expected SHA-256 {blob.name}, found {found}; "
                f"type: rm {blob}"
            )
