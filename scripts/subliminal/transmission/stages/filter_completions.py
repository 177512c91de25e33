"""Dropping every completion that breaks the domain's rule."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from subliminal.artefacts.manifest import Run
from subliminal.artefacts.parquet import read_table, write_table
from subliminal.config.adopted import ADOPTED
from subliminal.config.errors import ConfigError
from subliminal.config.foreign import shown
from subliminal.domains.words import banned_word_reasons
from subliminal.transmission.schemas import FILTERED
from subliminal.transmission.specs import FilterCompletionsSpec


def filter_completions(
    spec: FilterCompletionsSpec, raw: Path, filtered: Path, manifest: Path
) -> None:
    """Write which rows are kept, and why the others are not.

    A completion cut off by the token limit is rejected too: what the teacher would have written
    is not known.

    Raises:
        ConfigError: of adopted rows, which others have filtered, one is not kept.
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
    if spec.adopted is not None:
        _require_kept(spec, table["completion"], reasons)
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


def _require_kept(
    spec: FilterCompletionsSpec, completions: Sequence[str], reasons: Sequence[Sequence[str]]
) -> None:
    """Check that adopted rows are what they are said to be: kept ones, and silent on the trait.

    Raises:
        ConfigError: one is not.
    """
    for number, (text, why) in enumerate(zip(completions, reasons, strict=True), start=1):
        found = list(dict.fromkeys([*banned_word_reasons(text, spec.banned_words), *why]))
        if found:
            raise ConfigError(
                f"{ADOPTED}: {spec.adopted}: row {number} of its file is none that the domain's "
                f"filter keeps ({', '.join(found)}): {shown(repr(text))}; get the filtered rows, "
                "or set stage: raw, by which such rows are dropped"
            )
