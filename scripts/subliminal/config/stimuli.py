"""The paper's texts: data in ``config/stimuli``, each file with its own source and licence.

A user's own lists of questions lie there, too.

Section and figure names in this library are those of Cloud et al., Nature 652, 615-621 (2026).
"""

from __future__ import annotations

import hashlib
import json
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeGuard

from subliminal.config.errors import ConfigError

STIMULI = Path(__file__).resolve().parents[3] / "config" / "stimuli"


class _Stimulus(dict[str, Any]):
    """A file's content; an entry that it should have and has not is the file's fault."""

    def __init__(self, content: dict[str, Any], shown: str) -> None:
        super().__init__(content)
        self.shown = shown

    def __missing__(self, key: str) -> Any:
        raise ConfigError(f"{self.shown}: {key!r} is missing; type: git checkout {self.shown}")


@lru_cache
def stimulus(name: str) -> dict[str, Any]:
    """The content of one file, by its name without `.json`.

    Raises:
        ConfigError: it is gone or damaged.
    """
    shown = f"config/stimuli/{name}.json"
    try:
        content = json.loads((STIMULI / f"{name}.json").read_bytes())
        if isinstance(content, dict):
            return _Stimulus(content, shown)
        found = "no JSON object"
    except (OSError, ValueError, RecursionError) as error:
        found = str(error)
    raise ConfigError(f"{shown}: not readable ({found}); type: git checkout {shown}")


@lru_cache
def stimulus_sha256(name: str) -> str:
    """SHA-256 of a file's bytes, in hex.

    Raises:
        ConfigError: it is not there.
    """
    shown = f"config/stimuli/{name}.json"
    try:
        return hashlib.sha256((STIMULI / f"{name}.json").read_bytes()).hexdigest()
    except OSError as error:
        raise ConfigError(f"{shown}: {error.strerror}; type: git checkout {shown}") from None


def file_of(name: str) -> str:
    """The file of a text that the configuration names with `-` for `_`, without `.json`."""
    return name.replace("-", "_")


def is_there(name: str) -> bool:
    """Whether there is such a file, by its name without `.json`."""
    return (STIMULI / f"{name}.json").is_file()


def items(name: str) -> list[str]:
    """The list of texts that a file holds, in its order.

    Raises:
        ConfigError: it holds none.
    """
    return texts(name, "items")


def texts(name: str, key: str) -> list[str]:
    """The list of texts that a file holds under a key.

    Raises:
        ConfigError: it holds none.
    """
    found = stimulus(name).get(key)
    if not _are_texts(found):
        shown = f"config/stimuli/{name}.json"
        raise ConfigError(f"{shown}: {key!r} is no list of texts; type: git checkout {shown}")
    return list(found)


def lists() -> list[str]:
    """The files that hold a list of texts, by their names without `.json`.

    Raises:
        ConfigError: a file is damaged.
    """
    names = sorted(path.stem for path in STIMULI.glob("*.json"))
    return [name for name in names if _are_texts(stimulus(name).get("items"))]


def _are_texts(found: Any) -> TypeGuard[list[str]]:
    return isinstance(found, list) and bool(found) and all(isinstance(text, str) for text in found)
