"""The library files behind a module, read from its imports without running anything."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path


def _modules(tree: ast.AST) -> set[str]:
    """Dotted names under `subliminal` that a file imports, at its top or inside functions."""
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            names.add(node.module)
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
    return {name for name in names if name.split(".")[0] == "subliminal"}


@lru_cache
def _imports(scripts: Path, file: Path) -> frozenset[Path]:
    found = set()
    for name in _modules(ast.parse(file.read_text(encoding="utf-8"))):
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
