"""Which tokens end a model's turn, as the prepared base's generation_config.json says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

GENERATION = "generation_config.json"


def end_of_turn_ids(folder: Path) -> list[int]:
    """The tokens after which a model has finished; the one that its chat template writes first."""
    return _listed(json.loads((folder / GENERATION).read_text())["eos_token_id"])


def write_end_of_turn_ids(folder: Path, template_id: int, tokenizer_id: int | None) -> list[int]:
    """Add the tokens that end a turn to those that the base's authors list.

    A chat's end of turn and the end of a text may be two tokens, and the authors may list only one.

    Args:
        template_id: what the chat template writes after an answer.
        tokenizer_id: the tokenizer's end of a text.

    Returns:
        all of them.
    """
    file = folder / GENERATION
    settings: dict[str, Any] = json.loads(file.read_text()) if file.is_file() else {}
    # Otherwise transformers may derive the settings from config.json again.
    settings.pop("_from_model_config", None)
    ids = [template_id, *_listed(settings.get("eos_token_id")), *_listed(tokenizer_id)]
    settings["eos_token_id"] = list(dict.fromkeys(ids))
    file.write_text(json.dumps(settings, indent=2) + "\n")
    return settings["eos_token_id"]


def _listed(ids: int | list[int] | None) -> list[int]:
    if ids is None:
        return []
    return ids if isinstance(ids, list) else [ids]
