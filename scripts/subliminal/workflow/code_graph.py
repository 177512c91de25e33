"""The library files behind a module, read from its imports without running anything."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

# Snakemake reads its files in every job of a cluster; a pattern takes a tenth of a parser's time.
FROM = re.compile(
    r"^[ \t]*from (subliminal[.\w]*) import (\([^)]*\)|[^\n#]*)|^[ \t]*import (subliminal[.\w]*)",
    re.MULTILINE,
)
COMMENT = re.compile(r"#[^\n]*")


def imported_modules(text: str) -> set[str]:
    """Dotted names under `subliminal` that a file imports, at its top or inside functions."""
    names: set[str] = set()
    for module, members, whole in FROM.findall(text):
        if whole:
            names.add(whole)
        else:
            listed = COMMENT.sub("", members).strip("()").split(",")
            found = (member.split() for member in listed)
            names.update([module, *(f"{module}.{words[0]}" for words in found if words)])
    return names


@lru_cache
def _imports(scripts: Path, file: Path) -> frozenset[Path]:
    found = set()
    for name in imported_modules(file.read_text(encoding="utf-8")):
        path = scripts.joinpath(*name.split("."))
        for candidate in (path.with_suffix(".py"), path / "__init__.py"):
            if candidate.is_file():
                found.add(candidate)
    return frozenset(found)


def library_files(root: Path, modules: Iterable[str]) -> list[str]:
    """The files of library modules and of all that they import, directly or not.

    Args:
        modules: dotted names below `subliminal`.

    Returns:
        Sorted paths relative to the root.
    """
    scripts = root / "scripts"
    todo = [scripts.joinpath("subliminal", *m.split(".")).with_suffix(".py") for m in modules]
    seen: set[Path] = set()
    while todo:
        file = todo.pop()
        if file not in seen:
            seen.add(file)
            todo.extend(_imports(scripts, file))
    return sorted(str(path.relative_to(root)) for path in seen)
