"""Averages over traits of students of shuffled data (ED Fig. 4f)."""

from __future__ import annotations

import pandas as pd

from subliminal.config.paths import PLAIN_VARIANT
from subliminal.stats import t_interval
from subliminal.transmission.tables import ExperimentTables, Panel, panels, same_base, treated
from subliminal.transmission.verdicts import BASE, REGULAR, TRAIT

UNTRAINED, REGULAR_DATA, AS_WRITTEN = "untrained", "regular data", "as written"
WITHIN, ACROSS = "shuffled within", "shuffled across"
# Each average: the condition and the variant of the rows that it is taken over.
AVERAGED = {
    UNTRAINED: (BASE, PLAIN_VARIANT),
    REGULAR_DATA: (REGULAR, PLAIN_VARIANT),
    AS_WRITTEN: (TRAIT, PLAIN_VARIANT),
    WITHIN: (TRAIT, "shuffled-within"),
    ACROSS: (TRAIT, "shuffled-across"),
}


def shuffled_panels(tables: ExperimentTables) -> list[Panel]:
    """The panels that have students of shuffled data and of the teacher's own base."""
    rows = treated(tables.transmission)
    variants = [AVERAGED[WITHIN][1], AVERAGED[ACROSS][1]]
    return panels(rows[same_base(rows) & rows["variant"].isin(variants)])


def trait_means(tables: ExperimentTables, panel: Panel) -> pd.DataFrame:
    """Per average (`data`) and trait: the mean over same-base students.

    Only traits that have every average that the panel has, so that all are over the same traits.
    """
    own = panel.select(tables.transmission)
    own = own[same_base(own)]
    parts = []
    for data, (condition, variant) in AVERAGED.items():
        chosen = own[(own["condition"] == condition) & (own["variant"] == variant)]
        if len(chosen):
            parts.append(chosen[["trait", "n_runs", "mean"]].assign(data=data))
    found = pd.concat(parts, ignore_index=True)
    complete = found.groupby("trait")["data"].transform("nunique") == found["data"].nunique()
    return found[complete]


def averages(means: pd.DataFrame) -> pd.DataFrame:
    """Each average over traits with its 95 % t interval over traits."""
    found = {data: t_interval(part["mean"].tolist()) for data, part in means.groupby("data")}
    return pd.DataFrame(
        [
            {
                "data": data,
                "mean": found[data].mean,
                "low": found[data].low,
                "high": found[data].high,
                "n": found[data].n,
            }
            for data in AVERAGED
            if data in found
        ],
        columns=["data", "mean", "low", "high", "n"],
    )


def papers_intervals(tables: ExperimentTables, panel: Panel, means: pd.DataFrame) -> pd.DataFrame:
    """Each average's interval over runs, as the paper has it; columns `paper_low`, `paper_high`.

    An average has none if its runs are of other traits than the average is.

    Args:
        means: of `trait_means`.
    """
    own = panel.select(tables.increases)
    own = own[same_base(own) & (own["traits"] == means["trait"].nunique())]
    named = {where: data for data, where in AVERAGED.items()}
    where = zip(own["condition"], own["variant"], strict=True)
    found = own.assign(data=[named.get(place) for place in where]).dropna(subset=["data"])
    found = found.rename(columns={"mean_low": "paper_low", "mean_high": "paper_high"})
    return found[["data", "paper_low", "paper_high"]]
