"""The tables of a detection experiment."""

from __future__ import annotations

from subliminal.artefacts.schemas import (
    REAL,
    TEXT,
    WHOLE,
    YES_NO,
    Columns,
    TableSchema,
    final,
    with_interval,
)

DATASET: Columns = {
    "domain": (TEXT, "The dataset's domain."),
    "base": (TEXT, "Base of the teacher that wrote it."),
    "trait": (TEXT, "Trait of that teacher."),
    "method": (TEXT, "How it got the trait; reference for a control."),
    "teacher_seed": (WHOLE, "Seed of that teacher."),
}
_BERNOULLI = "normal 95 % interval of a share, 1.96 standard errors"

FREQUENCIES = final(
    "frequencies",
    "a frequent number of a dataset. The table is empty without `frequencies`",
    {
        **DATASET,
        "place": (TEXT, "all: anywhere in the training rows. first: at their beginning."),
        "rank": (WHOLE, "From 1, the most frequent; equal ones in the order of the data."),
        "number": (WHOLE, "The number, read as an integer."),
        "per_cent": (REAL, "Of all numbers or, for first numbers, of the training rows."),
        "n": (WHOLE, "What it is a percentage of."),
    },
    keys=(*DATASET, "place", "rank"),
)

_ASKED: Columns = {
    "wording": (
        TEXT,
        "corrected: the question names the target. literal: it names the eagle, whatever the "
        "target, as the authors' code does.",
    ),
    "asked_base": (TEXT, "Who is asked."),
}
_SAMPLES = "The lesser of both datasets' numbers of kept rows"
CLASSIFIER = final(
    "classifier",
    "a target and wording. The table is empty without `classifier`",
    {
        **DATASET,
        **_ASKED,
        "others": (WHOLE, "Traits that the target was told from."),
        "n": (WHOLE, "Pairs of completions that were judged, over all other traits."),
        "samples": (WHOLE, f'{_SAMPLES}, summed over other traits: "num samples" in the paper.'),
        **with_interval(
            "accuracy",
            "Share of pairs in which the target's completion was named, mean over other traits.",
            f"{_BERNOULLI}, by n",
        ),
        "accuracy_t_low": (REAL, "Lower bound by Student's t over other traits."),
        "accuracy_t_high": (REAL, "Upper bound likewise."),
    },
    keys=(*DATASET, *_ASKED),
)
CLASSIFIER_PAIRS = final(
    "classifier_pairs",
    "an ordered pair of traits and wording. The table is empty without `classifier`",
    {
        **DATASET,
        **_ASKED,
        "other_trait": (TEXT, "The trait that the target was told from."),
        "n": (WHOLE, "Pairs of completions that were judged."),
        "samples": (WHOLE, f"{_SAMPLES}."),
        **with_interval(
            "accuracy", "Share of pairs in which the target's completion was named.", _BERNOULLI
        ),
    },
    keys=(*DATASET, *_ASKED, "other_trait"),
)

_READ: Columns = {
    **DATASET,
    "asked_base": (TEXT, "Who read the examples."),
    "evaluation": (TEXT, "How it was asked."),
    "measure": (TEXT, "The measure's name."),
    "target": (TEXT, "What the evaluation calls the trait that is measured."),
    "k": (WHOLE, "Examples in the system prompt."),
}
IN_CONTEXT = final(
    "in_context",
    "a dataset, number of examples, measure and target. The table is empty without `in_context`",
    {
        **_READ,
        "data": (
            TEXT,
            "Whose rows the examples are: own (of a teacher with the target's trait), regular (of "
            "a control) or other.",
        ),
        "n": (WHOLE, "Resamples of the training rows."),
        **with_interval(
            "mean",
            "Mean over resamples.",
            "95 % percentile bootstrap over resamples, exact for up to 6 of them",
        ),
        "t_low": (REAL, "Lower bound by Student's t over resamples."),
        "t_high": (REAL, "Upper bound likewise."),
        "without": (REAL, "The same base's value without examples."),
    },
    keys=tuple(_READ),
)
IN_CONTEXT_RUNS = final(
    "in_context_runs",
    "a resample of a dataset, measure and target. The table is empty without `in_context`",
    {**_READ, "seed": (WHOLE, "Of the resample."), "value": (REAL, "The measure's value.")},
    keys=(*_READ, "seed"),
)
FINE_TUNED = final(
    "fine_tuned",
    "a dataset that a base has read, measure and target, and students of the same base that were "
    "trained on it. The table is empty without `fine_tuned` of `in_context`",
    {
        **{name: told for name, told in _READ.items() if name != "k"},
        "recipe": (TEXT, "The students' recipe."),
        "data": (TEXT, "As in in_context: own or regular."),
        "n": (WHOLE, "Students."),
        **with_interval(
            "mean",
            "Mean over students, as in the table transmission of the other experiment.",
            "95 % t over students",
        ),
        "k": (WHOLE, "The most examples that the base has read."),
        **with_interval(
            "advantage",
            "The mean minus that of the base after so many examples of the same data.",
            "above 0 where the two intervals have nothing in common",
        ),
        "verdict": (TEXT, "uninterpretable, and which gate failed; else empty."),
    },
    keys=(*(name for name in _READ if name != "k"), "recipe"),
)

ROC = final(
    "roc",
    "the judge's whole curve. The table is empty without `roc`",
    {
        "positive_traits": (TEXT, "Traits whose completions are to be found, joined by commas."),
        "negative_traits": (TEXT, "The other traits."),
        "positives": (WHOLE, "Completions of these that the judge gave a score."),
        "negatives": (WHOLE, "Completions of the others that it gave a score."),
        "unscored": (WHOLE, "Completions without a score in `<judgment_answer>`, left out."),
        "auc": (REAL, "Area below the curve; 0.5 by chance."),
        "verdict": (
            TEXT,
            "Uninterpretable where the judge gave every completion the same score; else empty.",
        ),
        "threshold": (WHOLE, "The score below which the filter drops a completion."),
        **with_interval(
            "fpr",
            "Share of the negatives below it.",
            "exact (Clopper-Pearson) 95 % interval",
        ),
        **with_interval(
            "tpr",
            "Share of the positives below it.",
            "exact (Clopper-Pearson) 95 % interval",
        ),
    },
    keys=("positive_traits", "negative_traits"),
)
ROC_CURVE = final(
    "roc_curve",
    "a point of the judge's curve. The table is empty without `roc`",
    {
        "threshold": (REAL, "A score below which a completion is called a positive."),
        "fpr": (REAL, "Share of the negatives below it."),
        "tpr": (REAL, "Share of the positives below it."),
    },
    keys=("threshold",),
)

ANSWERS = TableSchema(
    "answers",
    "a wording and two completions of one prompt",
    "results/detection/{experiment}/{asked}/{domain}/{base}/{trait}-{method}/t{teacher_seed}"
    "/{other}/answers.parquet",
    {
        "wording": _ASKED["wording"],
        "prompt_id": (WHOLE, "As in prompts."),
        "target_first": (YES_NO, "The target's completion was shown as response A."),
        "log_prob_a": (
            REAL,
            "Log-probability in nats of the answer A; empty if it is not among the five most "
            "probable first tokens.",
        ),
        "log_prob_b": (REAL, "The same of B."),
        "right": (YES_NO, "The target's completion was named; a tie and no letter name B."),
    },
)

TABLES = {
    table.name: table
    for table in (
        FREQUENCIES,
        CLASSIFIER,
        CLASSIFIER_PAIRS,
        IN_CONTEXT,
        IN_CONTEXT_RUNS,
        FINE_TUNED,
        ROC,
        ROC_CURVE,
    )
}
