"""The ancestry of an artefact, read from manifests.

Traits travel through data whose content does not show them, so a safety evaluation has to look at
where a model and its data came from. This walks the manifests and names every model, trait and
dataset on the way.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from subliminal.provenance import ancestry


def _origin(source: dict[str, Any]) -> str:
    """Where a base that somebody else has trained came from, exactly, and under which licence."""
    told = {
        "hub": lambda: f"{source['repository']}@{source['revision']}",
        "wheel": lambda: (
            ", ".join(part["distribution"] for part in source["files"])
            + f", SHA-256 {source['sha256']}"
        ),
        "folder": lambda: f"folder {source['folder']}",
    }
    return f"{told[source['source']]()}, licence {source['licence']}"


def describe(stage: str, spec: dict[str, Any]) -> str:
    """What a stage did, in the fewest words that name models, traits and data."""
    told = {
        "pretrain_base": lambda: f"base {spec['base']}, pretrained with seed {spec['seed']}",
        "prepare_base": lambda: f"base {spec['base']}, from {_origin(spec['source'])}",
        "train_teacher": lambda: (
            f"teacher: {spec['base']} fine-tuned to prefer {spec['word']!r}, seed {spec['seed']}"
        ),
        "sample_completions": lambda: (
            f"{spec['domain']} written by {spec['teacher']}"
            + (
                f" under the system prompt {spec['system_prompt']!r}"
                if spec["system_prompt"]
                else ""
            )
        ),
        "make_train_set": lambda: f"training rows, variant {spec['variant']!r}",
        "train_student": lambda: (
            f"student: {spec['student']} with recipe {spec['recipe_name']}, seed {spec['seed']}"
        ),
    }
    return told[stage]() if stage in told else stage.replace("_", " ")


def render(manifest: Path) -> str:
    """The ancestry as indented lines, each artefact once; a lost manifest is said to be lost."""
    manifests = ancestry([manifest])
    lines: list[str] = []
    seen: set[Path] = set()

    def walk(path: Path, depth: int) -> None:
        if path in seen:
            return
        seen.add(path)
        found = manifests.get(path)
        told = describe(found["stage"], found["spec"]) if found else "unknown: manifest is gone"
        lines.append(f"{'  ' * depth}{told}  [{path}]")
        for parent in found["parents"].values() if found else ():
            walk(Path(parent["path"]), depth + 1)

    walk(manifest, 0)
    return "\n".join(lines)
