"""Places in the files of the configuration: in words, and by their lines."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

from subliminal.config.errors import ConfigError, Remark
from subliminal.config.text import one_line, shortened

# Mistakes in a message, and characters of one.
MOST_TOLD = 10
MOST_CHARACTERS = 600
MOST_OF_A_KEY = 100
# The tag of `<<`, which takes over the keys of another mapping.
MERGE = "tag:yaml.org,2002:merge"


def told(remarks: Iterable[Remark], root: Path) -> list[str]:
    """Each remark on one line, FILE:LINE: place: what it says.

    Args:
        root: the repository's folder.

    Returns:
        A value that has several names (`*name`) is among them once.
    """
    tree = cache(_Tree.of)
    lines: dict[tuple[object, ...], str] = {}
    for remark in remarks:
        line, value = remark.line, None
        if remark.path and (found := tree(root / remark.file).find(remark.path)):
            line, value = found
        place = f"{remark.file}:{line}" if line else remark.file
        text = ": ".join([place, *_words(remark.path), remark.says])
        # Of a value that several names share, the last part of the way to it is the same.
        key = (remark.file, id(value) if value else None, remark.path[-1:], remark.says)
        lines.setdefault(key, one_line(text, MOST_CHARACTERS))
    return list(lines.values())


def error_of(remarks: Iterable[Remark], root: Path) -> ConfigError:
    """One error for all mistakes."""
    lines = told(remarks, root)
    more = [f"and {len(lines) - MOST_TOLD} more"] if len(lines) > MOST_TOLD else []
    return ConfigError("\n".join([*lines[:MOST_TOLD], *more]))


def _words(path: Iterable[str | int]) -> list[str]:
    """A path as a person reads it, list entries counted from 1."""
    words: list[str] = []
    for part in path:
        if isinstance(part, str):
            words.append(shortened(part, MOST_OF_A_KEY))
        elif words[-1:] == ["cells"]:
            words[-1] = f"cell {part + 1}"
        else:
            words.append(f"item {part + 1}")
    return words


@dataclass(frozen=True)
class _Tree:
    """A file's YAML with the place of each value; nothing where there is no such file."""

    loader: yaml.SafeLoader
    top: yaml.Node | None

    @classmethod
    def of(cls, file: Path) -> _Tree:
        loader = yaml.SafeLoader(file.read_bytes() if file.is_file() else b"")
        try:
            return cls(loader, loader.get_single_node())
        except yaml.YAMLError:  # JSON that is no YAML, which Snakemake reads as well
            return cls(loader, None)

    def find(self, path: Iterable[str | int]) -> tuple[int, yaml.Node] | None:
        """The line and the value of a place, or of as much of the way to it as there is."""
        node, deepest = self.top, None
        for part in path:
            found = self._entry(node, part)
            if found is None:
                break
            deepest = found
            node = found[1]
        return deepest

    def _entry(self, node: yaml.Node | None, part: str | int) -> tuple[int, yaml.Node] | None:
        """The line and the value of a key or an index; of a merged key, where it is from."""
        if isinstance(node, yaml.SequenceNode) and isinstance(part, int):
            return node.value[part].start_mark.line + 1, node.value[part]
        merged: list[yaml.Node] = []
        for key, value in node.value if isinstance(node, yaml.MappingNode) else []:
            if key.tag == MERGE:
                merged += value.value if isinstance(value, yaml.SequenceNode) else [value]
            elif str(self.loader.construct_object(key, deep=True)) == part:
                return key.start_mark.line + 1, value
        return next(filter(None, (self._entry(other, part) for other in merged)), None)
