"""The tables of a theorem experiment."""

from __future__ import annotations

from subliminal.artefacts.schemas import Columns, final, with_interval

_SETTING: Columns = {
    "activation": ("string", "Of the hidden layers: tanh or gelu."),
    "loss": ("string", "The student's loss: cross-entropy (soft targets) or squared-error."),
    "logits": (
        "string",
        "The logits that the student imitates: all, or the auxiliary ones, which the teacher's "
        "loss does not read.",
    ),
    "init": ("string", "The student starts from the teacher's parameters (same) or not (other)."),
    "trainable": (
        "string",
        "The layers that move in teacher and student: all, or the output layer alone (with "
        "auxiliary logits: the degenerate case).",
    ),
    "epsilon": ("float64", "The teacher's step size."),
}
_SHARE = "share of seeds"
_EXACT = "exact (Clopper-Pearson) 95 % interval"
_STUDENT = "Student t 95 % interval over seeds"


THEOREM = final(
    "theorem",
    "a setting, step size and random problem",
    {
        **_SETTING,
        "seed": ("int32", "The random problem, from 0; the same in every setting."),
        "inner_product": ("float64", "Student's update times teacher's update."),
        "cosine": ("float64", "Their cosine; empty if one is zero."),
        "update_norm": ("float64", "Euclidean norm of the student's update."),
        "quadratic_form": (
            "float64",
            "A, which inner_product / epsilon tends to; by Jacobian-vector products. Empty for "
            "another initialisation, where there is no A.",
        ),
        "slope": (
            "float64",
            "Change of the teacher's loss by the student's step, over epsilon alpha; tends to -A.",
        ),
        "loss_before": ("float64", "The teacher's loss of the student before its step, in nats."),
        "loss_after": ("float64", "The teacher's loss of the student after its step, in nats."),
        "did_inner_product": (
            "float64",
            "Inner product of the teacher's update and the difference between the student's "
            "updates on the trained and the untrained teacher's outputs.",
        ),
        "did_cosine": ("float64", "The cosine that goes with it; empty if one is zero."),
        "did_slope": (
            "float64",
            "The teacher's loss after the step on the trained teacher's outputs, minus the loss "
            "after the step on the untrained teacher's, over epsilon alpha.",
        ),
    },
    keys=(*_SETTING, "seed"),
)

THEOREM_SUMMARY = final(
    "theorem_summary",
    "a setting and step size",
    {
        **_SETTING,
        "n": ("int32", "Seeds."),
        **with_interval("positive", f"Inner product > 0, {_SHARE}.", _EXACT),
        "zero": ("float64", f"Inner product exactly 0, {_SHARE}."),
        **with_interval("cosine", "Mean cosine.", _STUDENT),
        "update_norm": ("float64", "Mean norm of the student's update."),
        "quadratic_form": ("float64", "Mean A; empty for another initialisation."),
        "inner_error_median": (
            "float64",
            "|inner_product / epsilon - A| / A, median over seeds; empty without a positive A.",
        ),
        "inner_error_max": ("float64", "The same, largest over seeds."),
        "slope_error_median": ("float64", "|slope + A| / A, median over seeds; empty likewise."),
        "slope_error_max": ("float64", "The same, largest over seeds."),
        **with_interval("falls", f"The teacher's loss falls, {_SHARE}.", _EXACT),
        "loss_change_max": ("float64", "Largest absolute change of the teacher's loss, in nats."),
        **with_interval("did_positive", f"did_inner_product > 0, {_SHARE}.", _EXACT),
        **with_interval("did_cosine", "Mean did_cosine.", _STUDENT),
        **with_interval("did_falls", f"did_slope < 0, {_SHARE}.", _EXACT),
        **with_interval("did_slope", "Mean did_slope.", _STUDENT),
    },
    keys=_SETTING,
)

_PAIR: Columns = {
    "labels": (
        "string",
        "tokens: cross-entropy of the completion's tokens, as in training. distribution: "
        "cross-entropy against the writer's distribution over numbers, where a number stands.",
    ),
    "student_base": ("string", "The base whose gradient it is."),
    "data_trait": ("string", "Trait of the teacher that wrote the rows."),
    "displacement_trait": ("string", "Trait of the teacher whose displacement it is."),
}
LANGUAGE_MODEL = final(
    "theorem_language_model",
    "a kind of labels, base, pair of traits and batch",
    {
        **_PAIR,
        "batch": ("int32", "From 0; the same rows for both bases."),
        "inner_product": (
            "float64",
            "Update (negative gradient, nats per token) times displacement, over all parameters.",
        ),
        "cosine": ("float64", "Their cosine."),
        "control_inner_product": (
            "float64",
            "The same for the control's update: on the untrained base's rows for the same prompts "
            "(tokens), or on its distribution in the same rows (distribution).",
        ),
        "centred_inner_product": ("float64", "inner_product minus control_inner_product."),
        "centred_cosine": (
            "float64",
            "Cosine of the displacement and of the difference between update and control's update.",
        ),
    },
    keys=(*_PAIR, "batch"),
)

LANGUAGE_MODEL_SUMMARY = final(
    "theorem_language_model_summary",
    "a kind of labels, base and pair of traits",
    {
        **_PAIR,
        "n": ("int32", "Batches."),
        **with_interval("cosine", "Mean cosine.", "Student t 95 % interval over batches"),
        **with_interval(
            "centred_cosine", "Mean centred_cosine.", "Student t 95 % interval over batches"
        ),
    },
    keys=_PAIR,
)

TABLES = {
    table.name: table
    for table in (THEOREM, THEOREM_SUMMARY, LANGUAGE_MODEL, LANGUAGE_MODEL_SUMMARY)
}
