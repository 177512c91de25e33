"""The prompts of a domain."""

from __future__ import annotations

from pathlib import Path

from subliminal.artefacts.manifest import Run
from subliminal.artefacts.parquet import write_table
from subliminal.domains.registry import DOMAINS
from subliminal.transmission.schemas import PROMPTS
from subliminal.transmission.specs import MakePromptsSpec


def make_prompts(spec: MakePromptsSpec, prompts: Path, manifest: Path) -> None:
    """Draw the prompts and write them."""
    run = Run.begin("make_prompts", spec)
    tasks = DOMAINS[spec.generator].tasks(spec.seed, spec.count)
    write_table(
        prompts,
        PROMPTS,
        {
            "prompt_id": range(len(tasks)),
            "prompt": [task.prompt for task in tasks],
            "answer": [task.answer for task in tasks],
        },
    )
    distinct = len({task.prompt for task in tasks})
    run.finish(manifest, [prompts], {"rows": len(tasks), "distinct": distinct})
