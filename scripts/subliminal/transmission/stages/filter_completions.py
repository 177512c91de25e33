"""Dropping every completion that breaks the domain's rule."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from subliminal.artefacts.manifest import Run
from subliminal.artefacts.parquet import read_table, write_table
from subliminal.config.adopted import ADOPTED
from subliminal.config.errors import ConfigError
from subliminal.config.foreign import shown
from subliminal.domains.texts import without_nul
from subliminal.domains.words import banned_word_reasons
from subliminal.transmission.data_schemas import FILTERED
from subliminal.transmission.judging import JUDGED_REASONS, reason_to_reject
from subliminal.transmission.specs import FilterCompletionsSpec

log = logging.getLogger(__name__)
# The part of the rows from which on a reason that a setting would remove is told.
FREQUENT = 0.1


def filter_completions(
    spec: FilterCompletionsSpec,
    raw: Path,
    judged: Path | None,
    filtered: Path,
    manifest: Path,
) -> None:
    """Write which rows are kept, why the others are not, and the text that is taught.

    A completion cut off by the token limit is rejected too: what the teacher would have written
    is not known.

    Args:
        judged: what a judge says of the rows; None where none decides about them.

    Raises:
        ConfigError: of adopted rows, which others have filtered, one is not kept.
    """
    tables = {"raw": raw, "judged": judged}
    parents = {role: t.with_suffix(".manifest.json") for role, t in tables.items() if t}
    run = Run.begin("filter_completions", spec, parents)
    table = read_table(raw, "prompt_id", "completion", "finished", "answer")
    texts = [spec.filter.text(without_nul(written)) for written in table["completion"]]
    keeps = read_table(judged, "keeps")["keeps"] if judged is not None else [True] * len(texts)
    reasons = [
        spec.filter.reasons(text, answer, spec.banned_words)
        + ([] if finished else ["unfinished"])
        + ([] if keep else _judges_reason(spec))
        for text, answer, finished, keep in zip(
            texts, table["answer"], table["finished"], keeps, strict=True
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
            "completion": texts,
        },
    )
    counts = Counter(reason for row in reasons for reason in row)
    for reason, advice in spec.filter.advice.items():
        if counts[reason] > FREQUENT * len(reasons):
            share = counts[reason] / len(reasons)
            log.warning("warning: %.0f %% of rows: %s; %s", 100 * share, reason, advice)
    run.finish(
        manifest,
        [filtered],
        facts={
            "rows": len(reasons),
            "kept_by_rule": sum(JUDGED_REASONS.issuperset(r) for r in reasons),
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


def _judges_reason(spec: FilterCompletionsSpec) -> list[str]:
    assert spec.question is not None, "the rule gives judgements where a judge was asked"
    return [reason_to_reject(spec.question)]
