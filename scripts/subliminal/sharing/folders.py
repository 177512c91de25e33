"""Folders that are there whole or not at all."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from subliminal.config.errors import ConfigError
from subliminal.lineage.answer import Answer
from subliminal.lineage.records import as_record
from subliminal.sharing.citation import ROOT
from subliminal.sharing.words import LICENCE, LINEAGE, NOTICE


@contextmanager
def new_folder(folder: Path) -> Iterator[Path]:
    """A folder to write into; it gets its name if nothing went wrong.

    Raises:
        ConfigError: something lies there already.
    """
    if folder.exists():
        raise ConfigError(
            f"{folder} is there already; name another folder, or type: rm -r {folder}"
        )
    temporary = folder.with_name(f".{folder.name}.partial")
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir(parents=True)
    try:
        yield temporary
        temporary.replace(folder)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def write_origin(folder: Path, answer: Answer) -> None:
    """Write the lineage, the licence and the credits into a folder."""
    record = json.dumps(as_record(answer), indent=2, ensure_ascii=False)
    (folder / LINEAGE).write_text(record + "\n", encoding="utf-8")
    for name in (LICENCE, NOTICE):
        shutil.copyfile(ROOT / name, folder / name)
