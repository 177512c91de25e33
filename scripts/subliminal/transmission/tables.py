"""The tables of an experiment, and how its figures and findings look at them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields

import pandas as pd

from subliminal.artefacts.table_set import TableSet
from subliminal.config.evaluations import Measure
from subliminal.config.paths import CONTROL_METHOD, PLAIN_VARIANT
from subliminal.transmission.schemas import GROUP, TABLES
from subliminal.transmission.verdicts import OTHER, REGULAR, TRAIT


@dataclass(frozen=True)
class ExperimentTables(TableSet):
    """The tables of a transmission experiment."""

    transmission: pd.DataFrame
    increases: pd.DataFrame
    base_differences: pd.DataFrame
    wrong_pairs: pd.DataFrame
    trait_matrix: pd.DataFrame
    diagonal: pd.DataFrame
    runs: pd.DataFrame
    channel: pd.DataFrame
    examples: pd.DataFrame
    training_curves: pd.DataFrame
    question_rates: pd.DataFrame

    schemas = TABLES

    def of(self, measure: Measure) -> ExperimentTables:
        """The rows of one measure; tables without a measure stay as they are.

        The table `transmission` gets a column `companion`: the mean of the measure's companion,
        empty where it has none.
        """
        narrowed = {name: getattr(self, name) for name in self.names()}
        for name, table in narrowed.items():
            if "measure" in table:
                narrowed[name] = table[table["measure"] == measure.name].reset_index(drop=True)
        beside = self.transmission[self.transmission["measure"] == measure.companion]
        keys = [*GROUP, "trait", "condition"]
        beside = beside[[*keys, "mean"]].rename(columns={"mean": "companion"})
        narrowed["transmission"] = narrowed["transmission"].merge(beside, on=keys, how="left")
        return ExperimentTables(**narrowed)


@dataclass(frozen=True)
class Panel:
    """The subject of one panel of a figure, or of one finding."""

    domain: str
    method: str
    teacher_base: str
    recipe: str

    def select(self, frame: pd.DataFrame) -> pd.DataFrame:
        """The panel's rows of a table."""
        return frame[self._matches(frame) & (frame["method"] == self.method)]

    def select_with_control(self, frame: pd.DataFrame) -> pd.DataFrame:
        """The panel's rows of a table, and the control's rows: its teacher has no method."""
        return frame[self._matches(frame) & frame["method"].isin([self.method, CONTROL_METHOD])]

    def _matches(self, frame: pd.DataFrame) -> pd.Series:
        return (
            (frame["domain"] == self.domain)
            & (frame["teacher_base"] == self.teacher_base)
            & (frame["recipe"] == self.recipe)
        )


def panels(frame: pd.DataFrame) -> list[Panel]:
    """The panels of a table, in its order."""
    keys = [f.name for f in fields(Panel)]
    return [Panel(*row) for row in frame[keys].drop_duplicates().itertuples(index=False)]


def alike(shown: Iterable[Panel], main: Panel) -> list[Panel]:
    """The panels that differ from the main one in nothing but the teachers' base."""

    def setting(panel: Panel) -> tuple[str, str, str]:
        return panel.domain, panel.method, panel.recipe

    return [panel for panel in shown if setting(panel) == setting(main)]


def panel_titles(shown: Iterable[Panel]) -> dict[Panel, str]:
    """Each panel's title: domain and method, and the base and recipe where they differ."""
    shown = list(shown)
    several_bases = len({panel.teacher_base for panel in shown}) > 1
    several_recipes = len({panel.recipe for panel in shown}) > 1
    return {
        panel: f"{panel.domain}, {panel.method} teachers"
        + (f" on {panel.teacher_base}" if several_bases else "")
        + (f", recipe {panel.recipe}" if several_recipes else "")
        for panel in shown
    }


def panel_places(shown: Iterable[Panel], *left_out: str) -> dict[Panel, str]:
    """Each panel in the few words that tell it from the others; empty for a single one.

    Args:
        left_out: fields of a panel that are told elsewhere.
    """
    shown = list(shown)
    keys = [f.name for f in fields(Panel) if f.name not in left_out]
    keys = [key for key in keys if len({getattr(panel, key) for panel in shown}) > 1]
    return {panel: ", ".join(getattr(panel, key) for key in keys) for panel in shown}


def same_base(frame: pd.DataFrame) -> pd.Series:
    """True where teacher and student share their base, row by row."""
    return frame["teacher_base"] == frame["student_base"]


def plain(frame: pd.DataFrame) -> pd.DataFrame:
    """The rows of data as the teacher wrote them."""
    return frame[frame["variant"] == PLAIN_VARIANT]


def treated(transmission: pd.DataFrame) -> pd.DataFrame:
    """The rows of students of the trait that is measured: those that have a verdict."""
    return transmission[transmission["condition"] == TRAIT]


def traits_of(frame: pd.DataFrame) -> list[str]:
    """The traits of a table with a `trait` column, in its order."""
    return list(frame["trait"].drop_duplicates())


def student_bases(rows: pd.DataFrame, panel: Panel) -> list[str]:
    """The student bases of a panel's rows, the teacher's own first."""
    found = rows["student_base"].unique()
    return sorted(found, key=lambda base: (base != panel.teacher_base, base))


def base_pair(panel: Panel, student_base: str) -> str:
    """Whose data which base was trained on, and whether the two are the same base."""
    kind = "same" if student_base == panel.teacher_base else "other"
    return f"{kind} base: {panel.teacher_base} → {student_base}"


def with_condition(runs: pd.DataFrame) -> pd.DataFrame:
    """The runs with their condition: whose data the student had, seen from the measured trait."""

    def condition(method: str, teacher: str, measured: str) -> str:
        if method == CONTROL_METHOD:
            return REGULAR
        return TRAIT if teacher == measured else OTHER

    seen = runs[["method", "teacher_trait", "measured_trait"]].itertuples(index=False)
    return runs.assign(condition=[condition(*row) for row in seen])
