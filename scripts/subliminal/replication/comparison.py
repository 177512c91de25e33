"""The tables of a comparison: a row per claim of the paper, and a row per value."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

from subliminal.replication.claims import ClaimPart, by_claim
from subliminal.replication.counterparts import Counterpart
from subliminal.replication.expected import Expected
from subliminal.replication.measured import (
    PRIMARY,
    Names,
    by_own_rule,
    measured,
    measured_each,
    rows_of,
    void_of,
)
from subliminal.replication.schemas import CLAIMS, PAPER
from subliminal.replication.specs import CompareWithPaperSpec
from subliminal.replication.verdicts import (
    NOT_REPRODUCED,
    NOT_RUN,
    REPRODUCED,
    Ours,
    Verdict,
    of_all,
    said,
    untested,
    verdict,
)

# From chance; on either side, as a measure may be of wrong answers.
NEAR_CHANCE = 0.05
ONLY_CLAIMS = "toy models are asked for the paper's claims, and not for its values"
# A table of what is frequent has no row of what is not.
LISTED = "number"
Tables = Mapping[tuple[str, str], pd.DataFrame]
"""By the experiment that was run and the table's name."""


def _names(where: Counterpart, spec: CompareWithPaperSpec) -> Names:
    # A value of the paper goes with its own numbers alone.
    numbers = spec.claimed if isinstance(where, ClaimPart) else {}
    return Names(spec.stand_ins, numbers, spec.measures.get(spec.runs.get(where.experiment, "")))


def _table(where: Counterpart, spec: CompareWithPaperSpec, tables: Tables) -> pd.DataFrame:
    run = spec.runs.get(where.experiment, "")
    return tables.get((run, where.table), pd.DataFrame())


def _not_measured(where: Counterpart, spec: CompareWithPaperSpec, tables: Tables) -> Verdict:
    table = _table(where, spec, tables)
    rows = rows_of(table, _names(where, spec).filters(where.filters))
    place = f"{where.table} of {spec.runs[where.experiment]}"
    if rows.empty:
        return Verdict(NOT_RUN, f"{place} has no such rows")
    return untested(
        void_of(rows) or f"a run has no value: {place} has none of {where.column} there"
    )


def _at_chance(where: Counterpart, spec: CompareWithPaperSpec, tables: Tables) -> str:
    """Why a comparison with a base says nothing: one that knows nothing has nothing to lose, and
    nothing to be misled in. Empty if it says something.
    """
    chance = spec.chances.get(spec.runs.get(where.experiment, ""))
    if not where.minus or chance is None:
        return ""
    filters = _names(where, spec).filters(f"measure={PRIMARY};condition=base")
    bases = rows_of(_table(where, spec, tables), filters)
    if bases.empty or ((bases["mean"] - chance).abs() >= NEAR_CHANCE).any():
        return ""
    return f"the untrained base chooses at random ({said(bases['mean'].mean())})"


def _tested(where: Counterpart, ours: Ours, spec: CompareWithPaperSpec, tables: Tables) -> Verdict:
    """The verdict on ours; a difference that shows beside a base at chance is one."""
    found = verdict(where.wanted, ours)
    shows = found.word == REPRODUCED and where.rule != "none"
    void = "" if shows or found.word == NOT_RUN else _at_chance(where, spec, tables)
    return untested(void) if void else found


# Values


def _judged(
    paper: Expected, ours: Ours | None, spec: CompareWithPaperSpec, tables: Tables
) -> Verdict:
    if paper.not_compared:
        return Verdict(NOT_RUN, paper.not_compared)
    if (reason := spec.not_run.get(paper.experiment)) is not None:
        return Verdict(NOT_RUN, reason)
    if paper.experiment not in spec.runs:
        return Verdict(NOT_RUN, f"{paper.experiment} is of another item, which is not asked for")
    if spec.only_claims(paper.experiment):
        return Verdict(NOT_RUN, ONLY_CLAIMS)
    if ours is not None:
        return _tested(paper, ours, spec, tables)
    filters = _names(paper, spec).filters(paper.filters)
    beside = {name: asked for name, asked in filters.items() if name != LISTED}
    if LISTED in filters and len(rows_of(_table(paper, spec, tables), beside)):
        return Verdict(NOT_REPRODUCED, f"{LISTED} {filters[LISTED][0]} is not among those listed")
    return _not_measured(paper, spec, tables)


def _nan(value: float | None) -> float:
    return math.nan if value is None else value


def _row(paper: Expected, spec: CompareWithPaperSpec, tables: Tables) -> dict[str, Any]:
    table, names = _table(paper, spec, tables), _names(paper, spec)
    ours = measured(table, paper, names) if paper.table else None
    own = by_own_rule(table, paper, names)
    found = _judged(paper, ours, spec, tables)
    shown, beside = ours or Ours(math.nan, n=0), own or Ours(math.nan)
    run = spec.runs.get(paper.experiment, "")
    return {
        "item": paper.item,
        "experiment": paper.experiment,
        "run": run,
        "model_organism": run in spec.model_organisms,
        "cell": paper.cell,
        "quantity": paper.quantity,
        "repeats": paper.repeats,
        "paper_value": _nan(paper.value),
        "paper_low": _nan(paper.low),
        "paper_high": _nan(paper.high),
        "paper_interval": paper.interval,
        "paper_n": _nan(paper.n),
        "source": paper.source,
        "trust": paper.trust,
        "rule": paper.rule,
        "within": paper.within or 0.0,
        "null": _nan(paper.null),
        "ours": shown.value,
        "low": shown.low,
        "high": shown.high,
        "n": shown.n,
        "own": beside.value,
        "own_low": beside.low,
        "own_high": beside.high,
        "verdict": found.word,
        "why": found.why,
    }


def compared(
    expected: Iterable[Expected], spec: CompareWithPaperSpec, tables: Tables
) -> pd.DataFrame:
    """The paper's values of the spec's items, in their order, with ours and the verdicts."""
    rows = [_row(p, spec, tables) for p in expected if p.item in spec.asked]
    return pd.DataFrame(rows, columns=list(PAPER.columns))


# Claims


def _labels(parts: Sequence[ClaimPart]) -> list[list[str]]:
    """What tells the parts of a claim apart, in words."""
    taken = [part.minus.replace("condition=", "").replace(";", ", ") for part in parts]
    told = [[part.experiment for part in parts], [f"less {less}" if less else "" for less in taken]]
    useful = [words for words in told if len(set(words)) > 1]
    labels = [[word for word in words if word] for words in zip(*useful, strict=True)]
    if len({tuple(label) for label in labels}) == len(parts):
        return labels
    return [[f"part {number}"] if len(parts) > 1 else [] for number in range(1, len(parts) + 1)]


def _of_claim(
    parts: Sequence[ClaimPart], spec: CompareWithPaperSpec, tables: Tables
) -> tuple[Verdict, list[tuple[str, Verdict]]]:
    """The verdict on a claim, and those on the comparisons that it is made of."""
    comparisons: list[tuple[str, Verdict]] = []
    for part, label in zip(parts, _labels(parts), strict=True):
        if (reason := spec.not_run.get(part.experiment)) is not None:
            return Verdict(NOT_RUN, reason), []
        found = measured_each(_table(part, spec, tables), part, _names(part, spec))
        if found is None:
            return _not_measured(part, spec, tables), []
        for name, ours in found.items():
            words = [name, *label] if name else label
            comparisons.append((" ".join(words), _tested(part, ours, spec, tables)))
    return of_all(comparisons), comparisons


def claimed(parts: Iterable[ClaimPart], spec: CompareWithPaperSpec, tables: Tables) -> pd.DataFrame:
    """The paper's claims of the spec's items, in their order, with a verdict for each."""
    rows = []
    for (item, claim), of_claim in by_claim(parts).items():
        if item not in spec.asked:
            continue
        found, comparisons = _of_claim(of_claim, spec, tables)
        runs = dict.fromkeys(spec.runs.get(part.experiment, "") for part in of_claim)
        rows.append(
            {
                "item": item,
                "claim": claim,
                "source": of_claim[0].source,
                "runs": ", ".join(run for run in runs if run),
                "model_organism": any(run in spec.model_organisms for run in runs),
                "comparisons": len(comparisons),
                "hold": sum(each.word == REPRODUCED for _, each in comparisons),
                "verdict": found.word,
                "why": found.why,
            }
        )
    return pd.DataFrame(rows, columns=list(CLAIMS.columns))
