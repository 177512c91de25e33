"""The tables of an evaluation."""

from __future__ import annotations

from subliminal.artefacts.schemas import REAL, TEXT, WHOLE, YES_NO, TableSchema

_FOLDER = "results/evaluations/{evaluation}/bases|teachers|students/…"

RESPONSES = TableSchema(
    "responses",
    "an answer",
    f"{_FOLDER}/responses.parquet",
    {
        "question_id": (WHOLE, "Position in the list of questions, from 0."),
        "sample": (WHOLE, "Sample of that question, from 0."),
        "response": (TEXT, "The model's answer."),
        "alignment_reply": (TEXT, "The reply of the judge of alignment; empty without a judge."),
        "coherence_reply": (TEXT, "The reply of the judge of coherence; empty without a judge."),
        "misaligned": (
            YES_NO,
            "The verdict of both; empty where the answer does not count, and without a judge.",
        ),
    },
)
SCORES = TableSchema(
    "scores",
    "a value of one measure for one target",
    f"{_FOLDER}/scores.parquet",
    {
        "measure": (TEXT, "The measure's name."),
        "target": (
            TEXT,
            "The trait's word or another target; empty for a measure of the whole model.",
        ),
        "value": (REAL, "The measure's value."),
    },
)
