"""A base is whole or absent: it is made beside its folder, and its manifest is written last."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from subliminal.bases.folder import COPIED
from subliminal.bases.weights import SINGLE
from subliminal.config.errors import ConfigError


def stage_of(folder: Path) -> Path:
    """Where a folder's files are made."""
    return folder.with_name(f".{folder.name}.partial")


@contextmanager
def staging(folder: Path, setting: str) -> Iterator[Path]:
    """A fresh folder beside ``folder``, removed at the end.

    The name is always the same, so that what a killed job leaves is replaced by the next attempt.

    Raises:
        ConfigError: the base cannot be written, because of what lies there or of the disk.
    """
    stage = stage_of(folder)
    _require_free(folder, setting)
    try:
        _remove(stage)
        stage.mkdir(parents=True)
        yield stage
    except OSError as error:
        raise ConfigError(
            f"{setting}: {folder} cannot be written: {error.strerror or error}; make its disk "
            "writable, and room there"
        ) from error
    finally:
        shutil.rmtree(stage, ignore_errors=True)


def _require_free(folder: Path, setting: str) -> None:
    """Check that a base can lie there: nothing does, or a folder of files.

    Raises:
        ConfigError: something else lies there.
    """
    blocking = None
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        blocking = folder
    else:
        names = (folder / name for name in (*COPIED, SINGLE, "manifest.json"))
        blocking = next((path for path in names if path.is_dir() and not path.is_symlink()), None)
    if blocking is not None:
        what = "a link" if blocking.is_symlink() else "a folder" if blocking.is_dir() else "a file"
        raise ConfigError(
            f"{setting}: its base is made in the folder {folder}, but {blocking} is {what}; "
            "move it away"
        )


def require_apart(source: Path, folder: Path, place: str) -> None:
    """Check that a base is not made of the folder in which it is made.

    Raises:
        ConfigError: it is.
    """
    origin = Path(os.path.realpath(source))  # links in a circle are no error to it
    for made in (folder, stage_of(folder)):
        if origin.is_relative_to(os.path.realpath(made)):
            raise ConfigError(
                f"{place}: it lies where the base is made, in {made}, and would be replaced; move "
                "it elsewhere"
            )


def _remove(stage: Path) -> None:
    """Remove what an earlier attempt has left; what a link leads to is not it."""
    if stage.is_symlink() or stage.is_file():
        stage.unlink()
    elif stage.exists():
        shutil.rmtree(stage)


def publish(stage: Path, folder: Path, manifest: Path) -> list[Path]:
    """Move every file into its place; the manifest, which vouches for them, goes first.

    Returns:
        the files in their place.
    """
    manifest.unlink(missing_ok=True)
    folder.mkdir(parents=True, exist_ok=True)
    for name in COPIED:  # transformers would read what an earlier preparation left
        (folder / name).unlink(missing_ok=True)
    return [file.replace(folder / file.name) for file in sorted(stage.iterdir())]
