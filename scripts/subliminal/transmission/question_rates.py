"""The rate of each question whose answers are judged, for figures that show them apart (Fig. 3)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from subliminal.artefacts.parquet import read_table
from subliminal.transmission.comparisons import (
    control_students,
    interval_over,
    students_of,
    treatment_groups,
    units,
)
from subliminal.transmission.results import (
    RESULTS,
    asked_bases,
    cells_of,
    identity_of,
    measured_teachers,
)
from subliminal.transmission.schemas import QUESTION_RATES
from subliminal.transmission.specs import SummariseExperimentSpec

if TYPE_CHECKING:
    import pandas as pd

BASE, TEACHER, STUDENTS = "base", "teacher", "students"


def read_question_rates(spec: SummariseExperimentSpec) -> pd.DataFrame:
    """The table of an experiment; no rows where nobody judges."""
    import pandas as pd

    if not spec.judged_questions:
        return pd.DataFrame(columns=[c for c in QUESTION_RATES.columns if c != "experiment"])
    cells, folder = cells_of(spec), RESULTS / "evaluations" / spec.evaluation
    students = [(identity_of(c), folder / "students" / c.path) for c in cells]
    bases = [({"teacher_trait": "", "base": b}, folder / "bases" / b) for b in asked_bases(spec)]
    teachers = [
        (
            {
                "teacher_trait": t.trait,
                "base": t.base,
                "method": t.method,
                "teacher_seed": t.seed,
            },
            folder / "teachers" / t.path,
        )
        for t in measured_teachers(spec)
    ]
    return question_rates(
        _of_models(students), _of_models(bases), _of_models(teachers), spec.judged_questions
    )


def _of_models(models: Sequence[tuple[dict[str, Any], Path]]) -> pd.DataFrame:
    """One row per model and question with an answer that counts."""
    import pandas as pd

    rows = [
        {**identity, "question_id": question, "value": value}
        for identity, folder in models
        for question, value in _rates(folder).items()
    ]
    columns = [*(models[0][0] if models else ()), "question_id", "value"]
    return pd.DataFrame(rows, columns=columns)


def _rates(model: Path) -> dict[int, float]:
    """The share of misaligned answers among those that count, by question."""
    table = read_table(model / "responses.parquet")
    verdicts: dict[int, list[bool]] = {}
    for question, verdict in zip(table["question_id"], table["misaligned"], strict=True):
        if verdict is not None:
            verdicts.setdefault(question, []).append(verdict)
    return {question: sum(found) / len(found) for question, found in verdicts.items()}


def question_rates(
    students: pd.DataFrame, bases: pd.DataFrame, teachers: pd.DataFrame, questions: Sequence[str]
) -> pd.DataFrame:
    """Means and intervals over models, of each group's base, teachers and students.

    Args:
        students: one row per student and question: its identity, `question_id` and `value`.
        bases: the same of bases, with a column `base`.
        teachers: the same of teachers, with columns `base` and `method`.
        questions: by their ids.
    """
    import pandas as pd

    rows: list[dict[str, Any]] = []
    for group in treatment_groups(students):
        of_teachers = teachers[
            (teachers.base == group["teacher_base"]) & (teachers.method == group["method"])
        ]
        found = {
            BASE: bases[bases.base == group["student_base"]],
            TEACHER: of_teachers,
            STUDENTS: pd.concat([students_of(students, group), control_students(students, group)]),
        }
        for models, frame in found.items():
            for (trait, question), part in frame.groupby(
                ["teacher_trait", "question_id"], sort=False
            ):
                independent = units(part)
                interval = interval_over(independent)
                rows.append(
                    {
                        **group,
                        "models": models,
                        "teacher_trait": trait,
                        "question_id": question,
                        "question": questions[question],
                        "n_runs": len(part),
                        "mean": interval.mean,
                        "low": interval.low,
                        "high": interval.high,
                    }
                )
    return pd.DataFrame(rows, columns=[c for c in QUESTION_RATES.columns if c != "experiment"])
