"""The tables of an MNIST experiment."""

from __future__ import annotations

from subliminal.artefacts.schemas import REAL, TEXT, WHOLE, YES_NO, Columns, final

_SETTING: Columns = {
    "comparison": (
        TEXT,
        "The comparison of the experiment's file, which has a figure; teachers for references and "
        "teachers, which serve every comparison that has their m.",
    ),
    "auxiliary_logits": (WHOLE, "m, the logits beside the ten classes."),
    "role": (TEXT, "reference (untrained), teacher or student."),
    "model": (TEXT, "The student's name in the experiment's file, or the role."),
    "cloning_epochs": (WHOLE, "Epochs of behavioural cloning; empty without cloning."),
}

RUNS = final(
    "mnist_runs",
    "a network",
    {
        **_SETTING,
        "replica": (WHOLE, "The teacher's number, from 0; the unit of the statistics."),
        "own_initialisation": (
            YES_NO,
            "It started from its own teacher's initial weights; by chance in a random permutation.",
        ),
        "accuracy": (REAL, "Share of the 10,000 test digits whose largest class logit is right."),
    },
    keys=(*_SETTING, "replica"),
)
ACCURACY = final(
    "accuracy",
    "a comparison, m, role, model and number of cloning epochs",
    {
        **_SETTING,
        "n": (WHOLE, "Replicas."),
        "own_initialisations": (
            WHOLE,
            "Replicas that started from their own teacher's initial weights: all, none or, with "
            "permuted, some by chance.",
        ),
        "mean": (REAL, "Mean accuracy over replicas."),
        "low": (REAL, "Lower bound of the mean: Student t 95 % interval over replicas."),
        "high": (REAL, "Upper bound of the mean: Student t 95 % interval over replicas."),
        "normal_low": (
            REAL,
            "The mean minus 1.96 s / √n, s being the standard deviation with divisor n: the "
            "interval of the released script.",
        ),
        "normal_high": (REAL, "The mean plus 1.96 s / √n."),
    },
    keys=_SETTING,
)

TABLES = {table.name: table for table in (ACCURACY, RUNS)}
