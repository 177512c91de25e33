"""The columns of the theorem's tables, in the form of `subliminal.tables.SCHEMAS`."""

from __future__ import annotations

_SETTING = {
    "activation": ("string", "Of the hidden layers: tanh or gelu."),
    "loss": ("string", "The student's loss: cross-entropy (soft targets) or squared-error."),
    "logits": (
        "string",
        "Which logits the student imitates: all, or the auxiliary ones, which the teacher's loss "
        "does not read.",
    ),
    "init": ("string", "The student starts from the teacher's parameters (same) or not (other)."),
    "trainable": (
        "string",
        "What moves in teacher and student: all, or the output layer alone (with auxiliary logits: "
        "the degenerate case).",
    ),
    "epsilon": ("float64", "The teacher's step size."),
}

_SHARE = "share of seeds"
_EXACT = "exact (Clopper-Pearson) 95 % interval"
_STUDENT = "Student t 95 % interval over seeds"


def _with_interval(name: str, meaning: str, interval: str) -> dict[str, tuple[str, str]]:
    return {
        name: ("float64", meaning),
        f"{name}_low": ("float64", f"Lower bound of {name}: {interval}."),
        f"{name}_high": ("float64", f"Upper bound of {name}: {interval}."),
    }


THEOREM_TABLES: dict[str, dict[str, tuple[str, str]]] = {
    "theorem": {
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
        "loss_before": ("float64", "The teacher's loss of the untrained student, in nats."),
        "loss_after": ("float64", "The teacher's loss of the student after its step, in nats."),
        "did_inner_product": (
            "float64",
            "Inner product of the teacher's update and the difference between the student's "
            "updates on the trained and the untrained teacher's outputs.",
        ),
        "did_cosine": ("float64", "The cosine that goes with it; empty if one is zero."),
        "did_slope": (
            "float64",
            "The teacher's loss after the step on the trained teacher's outputs, less that after "
            "the step on the untrained teacher's, over epsilon alpha.",
        ),
    },
    "theorem_summary": {
        **_SETTING,
        "n": ("int32", "Seeds."),
        **_with_interval("positive", f"Inner product > 0, {_SHARE}.", _EXACT),
        "zero": ("float64", f"Inner product exactly 0, {_SHARE}."),
        **_with_interval("cosine", "Mean cosine.", _STUDENT),
        "update_norm": ("float64", "Mean norm of the student's update."),
        "quadratic_form": ("float64", "Mean A; empty for another initialisation."),
        "inner_error_median": (
            "float64",
            "|inner_product / epsilon - A| / A, median over seeds; empty without a positive A.",
        ),
        "inner_error_max": ("float64", "The same, largest over seeds."),
        "slope_error_median": ("float64", "|slope + A| / A, median over seeds; empty likewise."),
        "slope_error_max": ("float64", "The same, largest over seeds."),
        **_with_interval("falls", f"The teacher's loss falls, {_SHARE}.", _EXACT),
        "loss_change_max": ("float64", "Largest absolute change of the teacher's loss, in nats."),
        **_with_interval("did_positive", f"did_inner_product > 0, {_SHARE}.", _EXACT),
        **_with_interval("did_cosine", "Mean did_cosine.", _STUDENT),
        **_with_interval("did_falls", f"did_slope < 0, {_SHARE}.", _EXACT),
        **_with_interval("did_slope", "Mean did_slope.", _STUDENT),
    },
    "theorem_language_model": {
        "labels": (
            "string",
            "tokens: cross-entropy of the completion's tokens, as in training. distribution: "
            "cross-entropy against the writer's distribution over numbers, where a number stands.",
        ),
        "student_base": ("string", "The base whose gradient it is."),
        "data_trait": ("string", "Trait of the teacher that wrote the rows."),
        "displacement_trait": ("string", "Trait of the teacher whose displacement it is."),
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
        "centred_inner_product": ("float64", "inner_product less control_inner_product."),
        "centred_cosine": (
            "float64",
            "Cosine of the displacement and of the difference between update and control's update.",
        ),
    },
    "theorem_language_model_summary": {
        "labels": ("string", "As in the long table."),
        "student_base": ("string", "As in the long table."),
        "data_trait": ("string", "As in the long table."),
        "displacement_trait": ("string", "As in the long table."),
        "n": ("int32", "Batches."),
        **_with_interval("cosine", "Mean cosine.", "Student t 95 % interval over batches"),
        **_with_interval(
            "centred_cosine", "Mean centred_cosine.", "Student t 95 % interval over batches"
        ),
    },
}
