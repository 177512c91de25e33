"""The Hugging Face hub: files of a repository at a commit, and why they cannot be had.

Files land in the hub's own cache (HF_HOME), so that an interrupted download goes on where it
stopped and a machine without network can use what another one fetched. The token of a gated
repository is read from HF_TOKEN and goes nowhere else.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from subliminal.config.errors import ConfigError
from subliminal.config.files import HubFile
from subliminal.config.foreign import in_library_words


@dataclass(frozen=True)
class Repository:
    """A repository of the hub at a commit.

    Attributes:
        name: owner/name.
    """

    kind: Literal["model", "dataset"]
    name: str
    revision: str

    @property
    def page(self) -> str:
        """Its address for people."""
        folder = "datasets/" if self.kind == "dataset" else ""
        return f"https://huggingface.co/{folder}{self.name}"

    @property
    def command(self) -> str:
        """What fetches all of it into the cache."""
        kind = " --repo-type dataset" if self.kind == "dataset" else ""
        return f"hf download {self.name}{kind} --revision {self.revision}"


def cache_folder() -> Path:
    """The folder in which the hub's client keeps its files."""
    from huggingface_hub import constants

    return Path(constants.HF_HUB_CACHE)


def token() -> str | Literal[False]:
    """The token of HF_TOKEN; False for none, not even what `hf auth login` left here."""
    return os.environ.get("HF_TOKEN") or False


@contextmanager
def asking(repository: Repository, place: str) -> Iterator[None]:
    """While the hub's client asks for files of a repository.

    Args:
        place: the setting and the repository, for messages.

    Raises:
        ConfigError: the hub refuses, cannot be reached, or answers something else.
    """
    import httpx2
    from huggingface_hub import errors
    from huggingface_hub.utils import disable_progress_bars

    disable_progress_bars()
    logging.getLogger("httpx2").setLevel(logging.WARNING)
    known = (errors.HfHubHTTPError, errors.LocalEntryNotFoundError, httpx2.TransportError)
    with in_library_words(f"{place}: an answer of the hub cannot be used", "try again"):
        try:
            yield
        except known as error:
            raise ConfigError(
                f"{place} at {repository.revision}: {_explanation(error, repository)}"
            ) from error


def fetch_file(source: HubFile, setting: str) -> Path:
    """A file of a dataset's repository, in the hub's cache.

    Raises:
        ConfigError: it cannot be had.
    """
    from huggingface_hub import hf_hub_download

    repository = Repository("dataset", source.repository, source.revision)
    with asking(repository, f"{setting}: {source.repository}: {source.file}"):
        return Path(
            hf_hub_download(
                source.repository,
                source.file,
                repo_type="dataset",
                revision=source.revision,
                token=token(),
            )
        )


def _explanation(error: Exception, repository: Repository) -> str:
    """The mistake and its remedy; a server's own text is not repeated."""
    from huggingface_hub import constants, errors

    page, has_token = repository.page, bool(token())
    access = "HF_TOKEN is set but has no access" if has_token else "HF_TOKEN is not set"
    if isinstance(error, errors.GatedRepoError):
        return (
            f"it is gated, and {access}; accept the licence at {page} and set HF_TOKEN to a token "
            "of that account"
        )
    if isinstance(error, errors.RevisionNotFoundError):
        return f"the repository has no such commit; set revision to one of {page}/commits/main"
    if isinstance(error, errors.RemoteEntryNotFoundError):
        return (
            f"the repository has no such file; set file to one of {page}/tree/{repository.revision}"
        )
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
        f"all of it; try again, or on a machine with network type: {repository.command}"
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
