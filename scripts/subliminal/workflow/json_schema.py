"""JSON Schemas of the configuration files, for editors, generated from the models."""

from __future__ import annotations

import json
from typing import Any

from pydantic import TypeAdapter

from subliminal.config.config import Settings
from subliminal.workflow.configuration import REGISTRIES, AnyExperiment

FOLDER = "config/schemas"
FILES: dict[str, Any] = {
    "config": Settings,
    **REGISTRIES,
    "experiment": AnyExperiment,
}


def schema_text(name: str) -> str:
    """The schema of one kind of file, as it is stored.

    Raises:
        KeyError: there is no such kind.
    """
    shape = TypeAdapter(FILES[name]).json_schema()
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": name}
    return json.dumps({**shape, **head}, indent=2, sort_keys=True) + "\n"


def schema_files() -> dict[str, str]:
    """Every schema's content by its path relative to the repository."""
    return {f"{FOLDER}/{name}.json": schema_text(name) for name in FILES}
