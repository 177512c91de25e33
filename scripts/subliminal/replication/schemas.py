"""The tables of a comparison with the paper."""

from __future__ import annotations

from subliminal.artefacts.schemas import REAL, TEXT, WHOLE, YES_NO, Columns, final

_ITEM: Columns = {"item": (TEXT, "Figure, table or claim: a key of items.yaml.")}
_WHY: Columns = {
    "why": (
        TEXT,
        "What keeps it from being reproduced, why it was not run, or why it could not be tested; "
        "empty otherwise.",
    )
}
ITEMS = final(
    "items",
    "a figure, table or claim of the paper, in its order",
    {
        "item": (TEXT, "A key of items.yaml."),
        "title": (TEXT, "What the paper calls it, and what it shows."),
        "claims": (WHOLE, "Its claims."),
        "claims_reproduced": (WHOLE, "Claims whose verdict is reproduced."),
        "values": (WHOLE, "Its values, without those that repeat another one's claim."),
        "values_reproduced": (WHOLE, "Values whose verdict is reproduced."),
        "verdict": (
            TEXT,
            "By its claims and values: reproduced as far as it was tested (all are), partly "
            "reproduced (some are), same direction, not reproduced, not run, nothing to compare "
            "(it has neither).",
        ),
        "why": (TEXT, "Why there is nothing to compare; empty otherwise."),
    },
    keys=("item",),
)
CLAIMS = final(
    "claims",
    "a qualitative claim of the paper",
    {
        **_ITEM,
        "claim": (TEXT, "What the paper says."),
        "source": (TEXT, "Where it says so."),
        "runs": (TEXT, "The experiments that were run for it, joined by commas; empty for none."),
        "model_organism": (YES_NO, "One of them was run on toy models."),
        "comparisons": (WHOLE, "Comparisons that the claim is made of, such as one per trait."),
        "hold": (WHOLE, "Those of them whose rule holds, as in `paper`."),
        "verdict": (
            TEXT,
            "reproduced: every comparison holds. same direction: more than half hold, or ours is "
            "on the paper's side. not reproduced: half or more were tested and do not. not run: "
            "too few were tested to say.",
        ),
        **_WHY,
    },
    keys=("item", "claim"),
)
PAPER = final(
    "paper",
    "a value of the paper",
    {
        **_ITEM,
        "experiment": (TEXT, "The experiment that the paper's value belongs to."),
        "run": (TEXT, "The experiment that was run for it; empty for none."),
        "model_organism": (YES_NO, "It was run on toy models."),
        "cell": (TEXT, "The bar, point or row."),
        "quantity": (TEXT, "What is measured."),
        "repeats": (
            TEXT,
            "The cell of the same item whose claim it repeats, by an early figure, by a single "
            "question or in other words. Counts leave it out. Empty: it counts by itself.",
        ),
        "paper_value": (REAL, "The paper's value; empty where it gives a direction."),
        "paper_low": (REAL, "Lower bound in the paper, if it gives one."),
        "paper_high": (REAL, "Upper bound in the paper."),
        "paper_interval": (
            TEXT,
            "ci95: the bounds are of its 95 % interval. range: the paper's value is one of several "
            "between them, and paper_value is their middle. Empty: it gives none.",
        ),
        "paper_n": (REAL, "Runs behind it, if known."),
        "source": (TEXT, "Where the paper or its repository says so."),
        "trust": (
            TEXT,
            "text: of the article or its review. text layer: of a figure. vectors: coordinates in "
            "an early figure. code: the repository. third party: quoted or measured by others.",
        ),
        "rule": (
            TEXT,
            "equal: ours is in the paper's interval, give or take within, and our interval does "
            "not reach null. at least, at most: our whole interval is, give or take within. "
            "rises, falls: our whole interval is above or below 0. none: our whole interval is "
            "within within of 0.",
        ),
        "within": (REAL, "The difference that does not count."),
        "null": (REAL, "The value that stands for no effect; empty where there is none."),
        "ours": (
            REAL,
            "Our value, by the paper's statistic: of transmission, the mean over all models.",
        ),
        "low": (REAL, "Lower bound of its 95 % interval, as in its table; of a mean over rows, by "
                "Student's t over these; of a difference, between the nearest bounds."),
        "high": (REAL, "Upper bound of the interval."),
        "n": (WHOLE, "Runs, or rows, behind ours; 0 for none."),
        "own": (
            REAL,
            "The same by this workflow's own statistic, which counts students of other traits by "
            "dataset and students of several teachers by teacher; empty where there is one alone.",
        ),
        "own_low": (REAL, "Lower bound of its 95 % interval. No verdict reads it."),
        "own_high": (REAL, "Upper bound of the interval."),
        "verdict": (
            TEXT,
            "reproduced: the rule holds. same direction: it does not, and ours is as it says, or "
            "on the paper's side of no effect. not reproduced: neither. not run: not tested, such "
            "as where a gate failed or the untrained base chooses at random.",
        ),
        **_WHY,
    },
    keys=("item", "experiment", "cell", "quantity", "source", "rule"),
)  # fmt: skip
TABLES = {table.name: table for table in (ITEMS, CLAIMS, PAPER)}
