"""What can happen to a file: each function does it, given the file."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

Damage = Callable[[Path], None]


def keep_times(file: Path, before: os.stat_result) -> None:
    """Set the time of writing back, as a failing disk or a careless copy leaves it."""
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))


def flip_a_bit(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[len(content) * 3 // 4] ^= 1
    file.write_bytes(content)


def cut_in_half(file: Path) -> None:
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def lengthen_text(text: str) -> Damage:
    """More text at the end."""

    def lengthen(file: Path) -> None:
        with file.open("a") as opened:
            opened.write(text)

    return lengthen


def delete(file: Path) -> None:
    file.unlink()


def make_a_folder(file: Path) -> None:
    file.unlink()
    file.mkdir()


def write(text: str) -> Damage:
    """Other text altogether."""

    def overwrite(file: Path) -> None:
        file.write_text(text)

    return overwrite


def replace(old: str, new: str) -> Damage:
    """An edit by hand."""

    def edit(file: Path) -> None:
        text = file.read_text()
        assert old in text, f"{file} has no {old!r}"
        file.write_text(text.replace(old, new))

    return edit


def set_entry(*path: str, to: object) -> Damage:
    """An edit of one entry of a JSON file."""

    def edit(file: Path) -> None:
        content = json.loads(file.read_text())
        inner = content
        for key in path[:-1]:
            inner = inner[key]
        inner[path[-1]] = to
        file.write_text(json.dumps(content, indent=2))

    return edit
