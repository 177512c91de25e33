"""Examples for readers: a row that a teacher wrote, and a question before and after training."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from subliminal.artefacts.parquet import read_table
from subliminal.config.paths import PLAIN_VARIANT, Cell
from subliminal.transmission.results import RESULTS, cells_of, identity_of
from subliminal.transmission.schemas import EXAMPLES
from subliminal.transmission.specs import SummariseExperimentSpec

if TYPE_CHECKING:
    import pandas as pd

ANSWERS = 10


def _answers(model: Path) -> str:
    """A model's first answers to the first question, one a line."""
    table = read_table(model / "responses.parquet")
    asked = zip(table["question_id"], table["response"], strict=True)
    first = [_in_one_line(answer) for question, answer in asked if question == 0]
    return "\n".join(first[:ANSWERS])


def _misaligned(model: Path) -> str:
    """To each question the first answer that was judged misaligned, a line each with its id."""
    table = read_table(model / "responses.parquet")
    columns = (table[name] for name in ("question_id", "response", "misaligned"))
    first: dict[int, str] = {}
    for question, answer, misaligned in zip(*columns, strict=True):
        if misaligned:
            first.setdefault(question, _in_one_line(answer))
    return "\n".join(f"{question}: {first[question]}" for question in sorted(first))


def _in_one_line(answer: str) -> str:
    return " ".join(answer.split())


def _written(folder: Path) -> tuple[str, str]:
    """The first row that the filter kept: prompt and what is taught; empty if it kept none."""
    raw, filtered = read_table(folder / "raw.parquet"), read_table(folder / "filtered.parquet")
    rows = zip(raw["prompt"], filtered["completion"], filtered["kept"], strict=True)
    return next(((prompt, completion) for prompt, completion, kept in rows if kept), ("", ""))


def read_examples(spec: SummariseExperimentSpec) -> pd.DataFrame:
    """One row per group and trait. Nothing is chosen: first row, first question, first seeds.

    Of judged answers also the first misaligned one to each question.
    """
    import pandas as pd

    first: dict[tuple[str, ...], Cell] = {}
    for cell in cells_of(spec):
        teacher = cell.dataset.teacher
        if cell.dataset.variant == PLAIN_VARIANT and teacher.trait in spec.targets:
            group = (cell.dataset.domain, teacher.method, cell.recipe, teacher.base, cell.student)
            first.setdefault((*group, teacher.trait), cell)
    asked = RESULTS / "evaluations" / spec.evaluation
    rows = []
    for cell in first.values():
        prompt, completion = _written(RESULTS / "datasets" / cell.dataset.folder)
        identity, student = identity_of(cell), asked / "students" / cell.path
        rows.append(
            {
                **identity,
                "trait": identity["teacher_trait"],
                "prompt": prompt,
                "completion": completion,
                "question": spec.question,
                "base_answers": _answers(asked / "bases" / cell.student),
                "student_answers": _answers(student),
                "misaligned_answers": _misaligned(student) if spec.judged_questions else "",
            }
        )
    return pd.DataFrame(rows, columns=[c for c in EXAMPLES.columns if c != "experiment"])
