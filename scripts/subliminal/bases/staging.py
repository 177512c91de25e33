"""A base is whole or absent: it is made beside its folder, and its manifest is written last."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from subliminal.bases.folder import COPIED


@contextmanager
def staging(folder: Path) -> Iterator[Path]:
    """A fresh folder beside ``folder``, removed at the end.

    The name is always the same, so that what a killed job leaves is replaced by the next attempt.
    """
    stage = folder.with_name(f".{folder.name}.partial")
    shutil.rmtree(stage, ignore_errors=True)
    stage.mkdir(parents=True)
    try:
        yield stage
    finally:
        shutil.rmtree(stage, ignore_errors=True)


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
