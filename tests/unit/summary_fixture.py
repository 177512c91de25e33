"""Invented scores of three traits, and what the tables make of them."""

import math

import pandas as pd

from subliminal.transmission import summary
from subliminal.transmission.config import Gates

TRAITS = ("owl", "wolf", "eagle")
ROLES = {"owl": "confirmation", "wolf": "development", "eagle": "confirmation"}
MEASURES = ("share", "margin")  # the primary one first
GATES = Gates(min_teacher=0.5, min_rows=100, min_loss_drop=0.0)
SHARES = {  # teacher's trait -> measured trait -> share of each seed's student
    "owl": {"owl": [0.80, 0.90, 0.85], "wolf": [0.02, 0.03, 0.01], "eagle": [0.01, 0.02, 0.03]},
    "wolf": {"owl": [0.05, 0.06, 0.04], "wolf": [0.40, 0.55, 0.45], "eagle": [0.05, 0.04, 0.03]},
    "eagle": {"owl": [0.07, 0.05, 0.06], "wolf": [0.06, 0.08, 0.07], "eagle": [0.06, 0.07, 0.05]},
    "none": {"owl": [0.06, 0.05, 0.07], "wolf": [0.06, 0.07, 0.05], "eagle": [0.06, 0.05, 0.07]},
}


def logit(share):
    return math.log(share / (1 - share))


def tidy(frame):
    """One row per measure: the share, and a margin that follows from it."""
    shares = frame.drop(columns="share")
    return pd.concat(
        [
            shares.assign(measure="share", value=frame["share"]),
            shares.assign(measure="margin", value=frame["share"].map(logit)),
            shares.assign(measure="mass", value=0.99),
        ],
        ignore_index=True,
    )


def runs(shares=SHARES, variant="train", loss_drop=0.1):
    rows = []
    for taught, measured in shares.items():
        for trait, values in measured.items():
            for seed, share in enumerate(values, start=1):
                rows.append(
                    {
                        "domain": "numbers",
                        "method": "reference" if taught == "none" else "finetuned",
                        "variant": variant,
                        "recipe": "tiny",
                        "teacher_base": "tiny-a",
                        "student_base": "tiny-a",
                        "teacher_trait": taught,
                        "teacher_seed": 1,
                        "seed": seed,
                        "measured_trait": trait,
                        "adopted": False,
                        "loss_drop": loss_drop,
                        "share": share,
                    }
                )
    return tidy(pd.DataFrame(rows))


def bases(shares):
    return tidy(pd.DataFrame({"base": "tiny-a", "trait": TRAITS, "share": shares}))


def teachers(share=0.97):
    frame = pd.DataFrame({"base": "tiny-a", "trait": TRAITS, "share": share})
    return tidy(frame.assign(method="finetuned", teacher_seed=1))


def channel(rows_kept=3000, teacher_score=0.97):
    return pd.DataFrame(
        {
            "domain": "numbers",
            "method": "finetuned",
            "teacher_base": "tiny-a",
            "trait": TRAITS,
            "teacher_asked": True,
            "teacher_score": teacher_score,
            "rows_kept": rows_kept,
            "keep_rate": 0.6,
            "kl_per_token": 0.3,
            "entropy_per_token": 3.5,
        }
    )


def whole_table(
    some_runs=None, facts=None, measures=MEASURES, gates=GATES, interval="t", other_traits=True
):
    return summary.transmission_table(
        runs() if some_runs is None else some_runs,
        bases([0.05, 0.06, 0.07]),
        teachers(),
        channel() if facts is None else facts,
        measures,
        ROLES,
        gates,
        interval,
        other_traits,
    )


def table(some_runs=None, teacher_score=0.97, rows_kept=3000):
    """The rows of the primary measure, by trait and condition."""
    frame = whole_table(some_runs, channel(rows_kept, teacher_score))
    return frame[frame.primary].set_index(["trait", "condition"])
