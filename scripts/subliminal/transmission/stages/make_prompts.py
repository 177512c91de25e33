"""The prompts of a domain."""

from __future__ import annotations

from pathlib import Path

from subliminal.artefacts.manifest import Run
from subliminal.artefacts.parquet import read_table, write_table
from subliminal.config.errors import ConfigError
from subliminal.domains.registry import DOMAINS
from subliminal.transmission.data_schemas import PROMPTS
from subliminal.transmission.specs import MakePromptsSpec


def make_prompts(spec: MakePromptsSpec, source: Path | None, prompts: Path, manifest: Path) -> None:
    """Draw the prompts, or take them from a file, and write them.

    Args:
        source: the rows of the domain's file; None where prompts are drawn.

    Raises:
        ConfigError: the file does not give these prompts.
    """
    parent = source.with_suffix(".manifest.json") if source is not None else None
    run = Run.begin("make_prompts", spec, {"source": parent})
    try:
        distinct = DOMAINS[spec.generator].tasks(spec.seed, spec.count, _rows(source))
    except ValueError as error:
        if source is None:
            raise
        raise ConfigError(
            f"file {source.stem!r} of config/files.yaml does not give the prompts of generator "
            f"{spec.generator!r}: {error}; give another file, or change 'prompts' in "
            "config/domains.yaml"
        ) from error
    tasks = distinct * spec.samples_per_prompt
    write_table(
        prompts,
        PROMPTS,
        {
            "prompt_id": range(len(tasks)),
            "prompt": [task.prompt for task in tasks],
            "answer": [task.answer for task in tasks],
        },
    )
    different = len({task.prompt for task in tasks})
    run.finish(manifest, [prompts], {"rows": len(tasks), "distinct": different})


def _rows(source: Path | None) -> list[dict[str, str]]:
    if source is None:
        return []
    columns = read_table(source)
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
