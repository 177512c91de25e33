"""Dropping every completion that breaks the domain's rule."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from subliminal.artefacts.manifest import Run
from subliminal.artefacts.parquet import read_table, write_table
from subliminal.transmission.schemas import FILTERED
from subliminal.transmission.specs import FilterCompletionsSpec


def filter_completions(
    spec: FilterCompletionsSpec, raw: Path, filtered: Path, manifest: Path
) -> None:
    """Write which rows are kept, and why the others are not.

    A completion cut off by the token limit is rejected too: what the teacher would have written
    is not known.
    """
    run = Run.begin("filter_completions", spec, {"raw": raw.with_suffix(".manifest.json")})
    table = read_table(raw)
    reasons = [
        spec.filter.reasons(completion, answer, spec.banned_words)
        + ([] if finished else ["unfinished"])
        for completion, answer, finished in zip(
            table["completion"], table["answer"], table["finished"], strict=True
        )
    ]
    write_table(
        filtered,
        FILTERED,
        {
            "prompt_id": table["prompt_id"],
            "kept": [not r for r in reasons],
            "reasons": reasons,
        },
    )
    counts = Counter(reason for row in reasons for reason in row)
    run.finish(
        manifest,
        [filtered],
        facts={
            "rows": len(reasons),
            "kept": sum(not r for r in reasons),
            "reasons": dict(counts.most_common(20)),
        },
    )
