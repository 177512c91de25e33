"""How the report shows a transmission experiment."""

from __future__ import annotations

from typing import Any

import pandas as pd

from subliminal.config.evaluations import Measure
from subliminal.evaluations.registry import MEASURES
from subliminal.report.findings import Headline
from subliminal.report.numbers import EN_DASH, number, p_value, with_interval
from subliminal.report.page import Shown, Table
from subliminal.report.specs import ExperimentTextSpec
from subliminal.transmission.config import DEVELOPMENT
from subliminal.transmission.findings import findings
from subliminal.transmission.main_setting import example, headline
from subliminal.transmission.schemas import GROUP
from subliminal.transmission.tables import ExperimentTables, treated
from subliminal.transmission.verdicts import BASE, OTHER, REGULAR, verdict_kind

KEYS = [*GROUP, "trait"]


def _setting(row: Any, recipes: int) -> list[str]:
    """Data, teachers, variant and bases; and the recipe where there are several."""
    variant = row.variant if recipes == 1 else f"{row.variant}, {row.recipe}"
    return [row.domain, row.method, variant, f"{row.teacher_base} → {row.student_base}"]


def _count(value: float) -> str:
    return EN_DASH if pd.isna(value) else f"{int(value):,}"


def _companion(measure: Measure) -> str:
    if measure.companion is None:
        return ""
    return f"beside: {MEASURES[measure.companion].label}; "


def transmission_table(transmission: pd.DataFrame, measure: Measure, experiment: str) -> Table:
    """One row per trait and setting, its controls beside it."""
    controls = {
        condition: {
            tuple(getattr(row, key) for key in KEYS): row.mean
            for row in transmission[transmission["condition"] == condition].itertuples()
        }
        for condition in (BASE, REGULAR, OTHER)
    }
    rows, kinds = [], []
    for row in treated(transmission).itertuples():
        key = tuple(getattr(row, key) for key in KEYS)
        rows.append(
            [
                *_setting(row, transmission["recipe"].nunique()),
                f"{row.trait} (dev.)" if row.role == DEVELOPMENT else row.trait,
                row.verdict,
                str(row.n_runs),
                with_interval(row.mean, row.low, row.high),
                *(number(controls[condition].get(key, float("nan"))) for condition in controls),
                number(row.highest_other_mean),
                number(row.companion),
                number(row.teacher_score),
                _count(row.rows_kept),
                number(row.loss_drop, 3),
            ]
        )
        kinds.append(verdict_kind(row.verdict).replace(" ", "-"))
    return Table(
        title="Transmission",
        note=(
            f"Measured: {measure.label}. Students of the trait's data with the 95 % t interval "
            f"over students, then the controls; {_companion(measure)}the teacher's own value; "
            "the rows that the filter kept; and the fall of the loss (on held-out rows, if there "
            "are any), in nats per token. "
            f"All measures: results/tables/{experiment}/transmission.csv."
        ),
        head=[
            "data",
            "teachers",
            "variant",
            "bases",
            "trait",
            "verdict",
            "n",
            "mean",
            "untrained",
            "regular",
            "other traits",
            "the highest of them",
            "beside",
            "teacher",
            "rows",
            "loss drop",
        ],
        rows=rows,
        kinds=kinds,
        text_columns=6,
    )


def diagonal_table(diagonal: pd.DataFrame, experiment: str) -> Table:
    """One row per trait matrix."""
    rows = [
        [
            *_setting(row, diagonal["recipe"].nunique()),
            MEASURES[row.measure].noun,
            str(row.traits),
            number(row.gamma),
            p_value(row.p_value).removeprefix("= "),
            f"{row.permutations:,}",
        ]
        for row in diagonal.itertuples()
    ]
    return Table(
        title="Diagonal test",
        note=(
            "How much more students raise their own teacher's trait than the others; p is "
            "one-sided, by permutation of the traits. As a table: "
            f"results/tables/{experiment}/diagonal.csv."
        ),
        head=[
            "data",
            "teachers",
            "variant",
            "bases",
            "measure",
            "traits",
            "gamma",
            "p",
            "permutations",
        ],
        rows=rows,
        kinds=[""] * len(rows),
        text_columns=5,
    )


def channel_table(channel: pd.DataFrame, experiment: str) -> Table:
    """One row per dataset."""
    rows = [
        [
            row.domain,
            row.method,
            row.teacher_base,
            row.trait,
            str(row.teacher_seed),
            number(row.teacher_score),
            _count(row.rows),
            _count(row.rows_kept),
            number(row.keep_rate),
            number(row.kl_per_token, 3),
            number(row.entropy_per_token, 3),
        ]
        for row in channel.itertuples()
    ]
    return Table(
        title="Channel",
        note=(
            "What each teacher wrote: how much the filter kept, and how far its kept rows are "
            "from the base that it shares with same-base students, in nats per token. All "
            f"columns: results/tables/{experiment}/channel.csv."
        ),
        head=[
            "data",
            "teachers",
            "base",
            "trait",
            "teacher seed",
            "teacher's value",
            "rows",
            "rows kept",
            "kept",
            "KL",
            "entropy",
        ],
        rows=rows,
        kinds=[""] * len(rows),
        text_columns=4,
    )


def misaligned_table(examples: pd.DataFrame, experiment: str) -> Table:
    """One row per student that is shown and question to which it gave a misaligned answer."""
    rows = [
        [row.domain, f"{row.teacher_base} → {row.student_base}", row.trait, str(row.seed), *parts]
        for row in examples.itertuples()
        for line in row.misaligned_answers.splitlines()
        for parts in [line.split(": ", 1)]
    ]
    return Table(
        title="Misaligned answers",
        note="To each question, by its number from 0, the first answer of the first student that "
        "was judged misaligned; nothing is chosen. First answers, whatever their verdict, and all "
        f"columns: results/tables/{experiment}/examples.csv.",
        head=["data", "bases", "trait", "student", "question", "answer"],
        rows=rows,
        kinds=[""] * len(rows),
        text_columns=6,
    )


def report_tables(tables: ExperimentTables, text: ExperimentTextSpec) -> list[Table]:
    """The tables of a transmission experiment."""
    measure = MEASURES[text.measure]
    answers = misaligned_table(tables.examples, text.name)
    return [
        transmission_table(tables.of(measure).transmission, measure, text.name),
        diagonal_table(tables.diagonal, text.name),
        channel_table(tables.channel, text.name),
        *([answers] if answers.rows else []),
    ]


def _headline(tables: ExperimentTables, text: ExperimentTextSpec) -> Headline:
    measure = MEASURES[text.measure]
    return headline(tables.of(measure), measure, text.chance)


SHOWN = Shown(ExperimentTables, _headline, findings, report_tables, example)
