"""The table of a comparison with the paper."""

from __future__ import annotations

from subliminal.artefacts.schemas import REAL, TEXT, WHOLE, YES_NO, final

PAPER = final(
    "paper",
    "a value of the paper",
    {
        "item": (TEXT, "Figure, table or claim: a key of items.yaml."),
        "experiment": (TEXT, "The experiment that the paper's value belongs to."),
        "run": (TEXT, "The experiment that was run for it; empty for none."),
        "model_organism": (YES_NO, "It was run on toy models."),
        "cell": (TEXT, "The bar, point or row."),
        "quantity": (TEXT, "What is measured."),
        "paper_value": (REAL, "The paper's value; empty where it gives a direction."),
        "paper_low": (REAL, "Lower bound in the paper, if it gives one."),
        "paper_high": (REAL, "Upper bound in the paper."),
        "paper_n": (REAL, "Runs behind it, if known."),
        "source": (TEXT, "Where the paper or its repository says so."),
        "trust": (
            TEXT,
            "text: of the article or its review. text layer: of a figure. vectors: coordinates in "
            "an early figure. code: the repository. third party: quoted or measured by others.",
        ),
        "rule": (
            TEXT,
            "equal: the intervals overlap, or come as close as within. at least, at most: ours is, "
            "give or take within. rises, falls: our interval is above or below 0. none: our "
            "interval holds 0, or ours is within within of it.",
        ),
        "within": (REAL, "The difference that does not count."),
        "ours": (REAL, "Our value."),
        "low": (REAL, "Lower bound of its 95 % interval, as in its table; of a mean over rows, by "
                "Student's t over these; of a difference, between the nearest bounds."),
        "high": (REAL, "Upper bound of the interval."),
        "n": (WHOLE, "Runs, or rows, behind ours; 0 for none."),
        "verdict": (
            TEXT,
            "reproduced: the rule holds. same direction: it does not, and ours is on the paper's "
            "side of no effect. not reproduced. not run.",
        ),
        "reason": (TEXT, "Why it was not run; empty otherwise."),
    },
    keys=("item", "experiment", "cell", "quantity", "source", "rule"),
)  # fmt: skip
TABLES = {"paper": PAPER}
