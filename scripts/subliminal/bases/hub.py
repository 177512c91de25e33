"""A base of the Hugging Face hub, by the commit of its repository.

Files land in the hub's own cache (HF_HOME), so that an interrupted download goes on where it
stopped and a machine without network can use what another one fetched.
"""

from __future__ import annotations

import logging
import os
import re
from pathlib import Path

from subliminal.bases.folder import WANTED
from subliminal.bases.foreign import in_library_words
from subliminal.config.errors import ConfigError
from subliminal.config.models import HubBase
from subliminal.config.strict import SHA256


def cache_folder() -> Path:
    """The folder in which the hub's client keeps its files."""
    from huggingface_hub import constants

    return Path(constants.HF_HUB_CACHE)


def snapshot_folder(source: HubBase) -> Path:
    """The folder of the repository's files at the commit, if they have been fetched."""
    from huggingface_hub.file_download import repo_folder_name

    name = repo_folder_name(repo_id=source.repository, repo_type="model")
    return cache_folder() / name / "snapshots" / source.revision


def fetch(source: HubBase, setting: str) -> Path:
    """The snapshot of the repository at the commit: weights as safetensors, no pickle, no code.

    The token of a gated repository is read from HF_TOKEN and goes nowhere else.

    Raises:
        ConfigError: it cannot be had.
    """
    from huggingface_hub import constants
    from huggingface_hub.utils import disable_progress_bars

    disable_progress_bars()
    logging.getLogger("httpx2").setLevel(logging.WARNING)
    folder = Path(_downloaded(source, f"{setting}: repository {source.repository}"))
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
            token=os.environ.get("HF_TOKEN") or False,
            dry_run=True,
        )
    except Exception:
        return 0
    return sum(file.file_size for file in files if file.will_download)


def _downloaded(source: HubBase, place: str) -> str:
    """The folder that the hub's client makes.

    Raises:
        ConfigError: the hub refuses, cannot be reached, or answers something else.
    """
    import httpx2
    from huggingface_hub import errors, snapshot_download

    token = os.environ.get("HF_TOKEN")
    with in_library_words(f"{place}: an answer of the hub cannot be used", "try again"):
        try:
            return snapshot_download(
                source.repository,
                revision=source.revision,
                allow_patterns=list(WANTED),
                token=token or False,  # not even what `hf auth login` left on this machine
            )
        except (
            errors.HfHubHTTPError,
            errors.LocalEntryNotFoundError,
            httpx2.TransportError,
        ) as error:
            raise ConfigError(
                f"{place} at {source.revision}: {_explanation(error, source, token is not None)}"
            ) from error


def _explanation(error: Exception, source: HubBase, has_token: bool) -> str:
    """The mistake and its remedy; a server's own text is not repeated."""
    from huggingface_hub import constants, errors

    page = f"https://huggingface.co/{source.repository}"
    access = "HF_TOKEN is set but has no access" if has_token else "HF_TOKEN is not set"
    if isinstance(error, errors.GatedRepoError):
        return (
            f"it is gated, and {access}; accept the licence at {page} and set HF_TOKEN to a token "
            "of that account"
        )
    if isinstance(error, errors.RevisionNotFoundError):
        return f"the repository has no such commit; set revision to one of {page}/commits/main"
    # Without a token the hub says 401 of what does not exist, too.
    unknown = isinstance(error, errors.RepositoryNotFoundError)
    if unknown or (_status(error) == 401 and not has_token):
        return (
            f"there is no such repository, or it is private or gated and {access}; correct "
            f"repository, or accept the licence at {page} and set HF_TOKEN"
        )
    if _status(error) == 401:
        return f"{constants.ENDPOINT} refuses the token in HF_TOKEN; renew it or unset it"
    return (
        f"{_obstacle(error)} at {constants.ENDPOINT}, and the cache {cache_folder()} does not have "
        "all of it; try again, or on a machine with network type: hf download "
        f"{source.repository} --revision {source.revision}"
    )


def _status(error: BaseException) -> int | None:
    return getattr(getattr(error, "response", None), "status_code", None)


def _obstacle(error: BaseException) -> str:
    """The reason why the hub was not reached, in a few words."""
    from huggingface_hub.errors import OfflineModeIsEnabled

    cause = error.__cause__ or error
    if isinstance(cause, OfflineModeIsEnabled):
        return "HF_HUB_OFFLINE forbids to look"
    status = _status(cause)
    return f"status {status}" if status else f"no usable answer ({type(cause).__name__})"


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
