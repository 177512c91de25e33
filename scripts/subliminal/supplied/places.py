"""Where files of others lie, and what is wrong when they do not."""

from __future__ import annotations

from pathlib import Path

from subliminal.config.errors import ConfigError
from subliminal.config.files import HubFile, LocalFile, SuppliedFile
from subliminal.supplied.hub import fetch_file

FILES = "config/files.yaml"


def lacking(file: str, entry: SuppliedFile) -> str | None:
    """Why a file cannot be taken, and what to type; None as far as one can see from here."""
    if not isinstance(entry, LocalFile):
        return None
    setting, about = f"{FILES}: {file}", f", {entry.about}," if entry.about else ""
    if entry.place is None:
        return (
            f"{setting}{about} has no path yet; get the file, then give its path: and its sha256: "
            "there, which sha256sum FILE tells"
        )
    if not entry.place.is_file():
        what = "is no file" if entry.place.exists() else "is not there"
        return f"{setting}{about}: {entry.path} {what}; correct its path"
    return None


def local_or_fetched(file: str, entry: SuppliedFile) -> Path:
    """The file on this machine, fetched if it is of the hub.

    Raises:
        ConfigError: it is not there, or cannot be had.
        TypeError: it is one that the workflow writes.
    """
    problem = lacking(file, entry)
    if problem is not None:
        raise ConfigError(problem)
    if isinstance(entry, HubFile):
        return fetch_file(entry, f"{FILES}: {file}")
    if isinstance(entry, LocalFile) and entry.place is not None:
        return entry.place
    raise TypeError(f"{file} lies nowhere")


def require_checksum(path: Path, found: str, expected: str | None, setting: str) -> None:
    """Check that a file is the one that is meant.

    Args:
        found, expected: SHA-256; None where none is configured.

    Raises:
        ConfigError: it is another.
    """
    if expected is not None and found != expected:
        raise ConfigError(
            f"{setting}: {path} has SHA-256 {found}, and {expected} was expected; get the file "
            f"that is meant, or, if this is it, set sha256: {found}"
        )
