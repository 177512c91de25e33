"""The final tables of transmission experiments."""

from __future__ import annotations

from subliminal.artefacts.schemas import (
    REAL,
    TEXT,
    WHOLE,
    YES_NO,
    Columns,
    final,
    with_interval,
)

GROUP: Columns = {
    "domain": (TEXT, "The domain of the data: a key of domains.yaml."),
    "method": (TEXT, "The way in which the teacher got its trait; reference for the control."),
    "variant": (TEXT, "train: rows as written. shuffled-within, shuffled-across: shuffled."),
    "recipe": (TEXT, "The students' recipe."),
    "teacher_base": (TEXT, "The base that the teacher started from."),
    "student_base": (TEXT, "The base that the student started from."),
}
"""What students must share to be compared."""

_EXPERIMENT: Columns = {"experiment": (TEXT, "The experiment's name.")}
_MEASURE: Columns = {"measure": (TEXT, "The measure, by its name.")}
_CHANNEL: Columns = {
    "keep_rate": (REAL, "Rows kept over all rows."),
    "kl_per_token": (
        REAL,
        "KL(teacher || base without a system prompt) per token, in nats, over the kept ones of the "
        "first 200 rows; within the grammar where the sampling has a constraint.",
    ),
    "entropy_per_token": (REAL, "The teacher's entropy per token, in nats, over the same rows."),
    "teacher_score": (
        REAL,
        "The teacher's value of the primary measure for its own trait; empty where nobody asks it.",
    ),
}


def _bounds(over: str) -> Columns:
    """The columns of the mean's interval over these values."""
    return {
        "low": (REAL, f"Lower bound of its 95 % t interval over {over}; empty for one."),
        "high": (REAL, "Upper bound of the interval."),
    }


TRANSMISSION = final(
    "transmission",
    "a group, trait, measure and condition",
    {
        **_EXPERIMENT,
        **GROUP,
        "trait": (TEXT, "The trait that is measured."),
        "role": (TEXT, "development (recipes were tuned on it) or confirmation."),
        **_MEASURE,
        "primary": (YES_NO, "It is the experiment's primary measure."),
        "condition": (
            TEXT,
            "The models whose values they are.\n"
            "base: the untrained student base, one model.\n"
            "regular: students of the control's data, with the same domain, bases and recipe.\n"
            "other traits: students of the group's other traits, in means over each dataset.\n"
            "trait: students of this trait's data.\n"
            "teacher: the teachers themselves, one per teacher seed.",
        ),
        "n_runs": (WHOLE, "Models behind the mean."),
        "mean": (REAL, "Mean of the measure over models."),
        **_bounds("models, of other traits over datasets"),
        "paper_mean": (REAL, "Mean over all models of the condition, as the paper has it."),
        "paper_low": (
            REAL,
            "Lower bound of its 95 % interval over all these models, made as the experiment's "
            "`interval` says.",
        ),
        "paper_high": (REAL, "Upper bound of the interval."),
        "highest_other": (
            TEXT,
            "Of the group's other traits with three students or more, the one whose interval "
            "reaches highest; condition trait only.",
        ),
        "highest_other_mean": (REAL, "The mean of its students."),
        "paired_difference": (
            REAL,
            "Students of the trait's data less students of regular data of the same seed. They "
            "share their first adapter, and the order of rows where both have as many. Condition "
            "trait only; empty for several teachers.",
        ),
        "paired_low": (REAL, "Lower bound of its 95 % t interval over pairs."),
        "paired_high": (REAL, "Upper bound of the interval."),
        "base_mean": (REAL, "The measure in the untrained student base."),
        "rows_kept": (REAL, "Rows that the filter kept, mean over teacher seeds."),
        **{
            name: (kind, f"{meaning.removesuffix('.')}; mean over teacher seeds.")
            for name, (kind, meaning) in _CHANNEL.items()
        },
        "loss_drop": (
            REAL,
            "loss_drop of table runs, mean over students; condition trait only.",
        ),
        "gate_teacher": (
            YES_NO,
            "teacher_score of every teacher that is asked reaches min_teacher; condition trait "
            "only. Empty where none is asked: their data are adopted, and their base is one that "
            "somebody else serves.",
        ),
        "gate_rows": (
            YES_NO,
            "The fewest rows kept, of the trait's datasets and of the regular ones that it is "
            "compared with, reach min_rows; condition trait only.",
        ),
        "gate_moved": (
            YES_NO,
            "loss_drop of every student is above min_loss_drop; condition trait only. Empty where "
            "all students are adopted, and their training rows are not here.",
        ),
        "gate_mass": (
            YES_NO,
            "Every student of the trait's data and of regular data names a candidate with "
            "probability min_mass or more; condition trait only.",
        ),
        "verdict": (
            TEXT,
            "For condition trait only, empty elsewhere. The interval of trait is compared with "
            "those of regular and of every single other trait's students.\n"
            "transmission: it lies above regular's and above each other trait's.\n"
            "not specific: it lies above regular's, but not above each other trait's: students of "
            "another trait moved so, too.\n"
            "above regular: it lies above regular's, and there are no three students of another "
            "trait to compare it with.\n"
            "reversed: it lies below regular's.\n"
            "not told apart: it overlaps regular's, which is no evidence that nothing came over.\n"
            "too few runs: there are fewer than three students of the trait or of regular data.\n"
            "uninterpretable: a gate failed, and the verdict names it. The cell says nothing, in "
            "either direction.",
        ),
    },
    keys=(*GROUP, *_MEASURE, "trait", "condition"),
)
INCREASES = final(
    "increases",
    "a group, measure and condition: averages over all traits, as in the paper's Fig. 5",
    {
        **_EXPERIMENT,
        **GROUP,
        **_MEASURE,
        "condition": (
            TEXT,
            "The students, as in transmission: regular, other traits or trait.",
        ),
        "traits": (WHOLE, "Traits that have such students; those that recipes were tuned on, too."),
        "n_runs": (
            WHOLE,
            "Runs: a student and a trait that it is measured for. A student of regular data or of "
            "other traits is a run for each trait.",
        ),
        **with_interval(
            "mean",
            "Mean of the measure over runs.",
            "95 % over runs, made as the experiment's interval says (ED Fig. 4f)",
        ),
        "base_mean": (REAL, "Mean over traits of the measure in the untrained student base."),
        **with_interval(
            "increase",
            "Mean over runs of the measure less that of the student's own untrained base.",
            "95 % over runs, made as the experiment's interval says",
        ),
        "starred": (YES_NO, "The interval of the increase excludes 0."),
        **with_interval(
            "trait_increase",
            "Mean over traits of each trait's mean increase.",
            "95 % t over traits, whose students share their datasets",
        ),
        "relative_traits": (
            WHOLE,
            "Traits with a relative change: the measure has bounds, and its value in the untrained "
            "base is above 0.",
        ),
        **with_interval(
            "relative",
            "Mean over these traits of the mean increase over the value in the untrained base.",
            "95 % t over traits",
        ),
        "verdict": (
            TEXT,
            "Of students of the trait: uninterpretable, and which traits failed which gate; else "
            "empty.",
        ),
    },
    keys=(*GROUP, *_MEASURE, "condition"),
)
BASE_DIFFERENCES = final(
    "base_differences",
    "a setting, measure and student base that is not the teacher's: the difference of differences",
    {
        **_EXPERIMENT,
        **GROUP,
        **_MEASURE,
        "traits": (WHOLE, "Confirmation traits: the unit."),
        "mean": (
            REAL,
            "Mean over traits of students of the trait's data less those of regular data, on the "
            "teacher's base, less the same on the student base.",
        ),
        **_bounds("traits"),
    },
    keys=(*GROUP, *_MEASURE),
)
WRONG_PAIRS = final(
    "wrong_pairs",
    "a group of three traits or more, measure, teacher's trait and a trait that it does not have",
    {
        **_EXPERIMENT,
        **GROUP,
        **_MEASURE,
        "teacher_trait": (TEXT, "The trait of the students' teacher."),
        "measured_trait": (TEXT, "Another trait, which is measured as if it were the teacher's."),
        "n_runs": (WHOLE, "Students."),
        "mean": (REAL, "Mean of the measure over students."),
        **_bounds("students"),
        "verdict": (
            TEXT,
            "What the rule of transmission's verdict says, gates apart; the measured trait's own "
            "students are not compared with.",
        ),
    },
    keys=(*GROUP, *_MEASURE, "teacher_trait", "measured_trait"),
)
TRAIT_MATRIX = final(
    "trait_matrix",
    "a group, measure, teacher's trait and measured trait. Students of the control are not in it",
    {
        **_EXPERIMENT,
        **GROUP,
        **_MEASURE,
        "teacher_trait": (TEXT, "The trait of the students' teacher."),
        "measured_trait": (TEXT, "The trait that is measured."),
        "n_runs": (WHOLE, "Students."),
        "mean": (REAL, "Mean of the measure over students."),
        "lift": (REAL, "The mean minus the measure in the untrained student base."),
    },
    keys=(*GROUP, *_MEASURE, "teacher_trait", "measured_trait"),
)
DIAGONAL = final(
    "diagonal",
    "a group and measure with two confirmation traits or more: the permutation test of its lifts",
    {
        **_EXPERIMENT,
        **GROUP,
        **_MEASURE,
        "traits": (WHOLE, "Rows (and columns) of the matrix."),
        "gamma": (REAL, "Mean of the diagonal minus the mean of the rest, on lifts."),
        "p_value": (
            REAL,
            "One-sided: the part of the orders of traits whose gamma is at least as high.",
        ),
        "permutations": (WHOLE, "Orders compared: all k! up to eight traits, then 20,001."),
    },
    keys=(*GROUP, *_MEASURE),
)
RUNS = final(
    "runs",
    "a student, measured trait and measure. Students of the control are in it",
    {
        **_EXPERIMENT,
        **GROUP,
        "teacher_trait": (
            TEXT,
            "The trait of the student's teacher; the control's for regular data.",
        ),
        "teacher_seed": (WHOLE, "The teacher's seed."),
        "seed": (WHOLE, "The student's seed."),
        "measured_trait": (TEXT, "The trait that is measured."),
        "adopted": (YES_NO, "Whether others have trained the student."),
        "loss_drop": (
            REAL,
            "The student's held-out loss before minus after training. Where its recipe holds "
            "nothing out, its training loss at the start minus at the end; of a hosted student, of "
            "the first epoch minus of the last. Of an adopted student: its base's loss minus its "
            "own on adopted training rows, empty without any.",
        ),
        **_MEASURE,
        "value": (REAL, "The measure's value, as in scores."),
    },
    keys=(*GROUP, *_MEASURE, "teacher_trait", "teacher_seed", "seed", "measured_trait"),
)
CHANNEL = final(
    "channel",
    "a dataset, of one domain and teacher",
    {
        **_EXPERIMENT,
        "domain": GROUP["domain"],
        "method": GROUP["method"],
        "teacher_base": GROUP["teacher_base"],
        "trait": (TEXT, "The teacher's trait."),
        "teacher_seed": (WHOLE, "The teacher's seed."),
        "rows": (WHOLE, "Completions."),
        "rows_kept": (WHOLE, "Completions that the filter kept."),
        "rule_keep_rate": (REAL, "Rows that break no rule over all rows; a judge comes after."),
        "judge_keep_rate": (
            REAL,
            "Rows kept over rows that break no rule: the part that the judge keeps of them; 1 "
            "where none decides.",
        ),
        **_CHANNEL,
        "teacher_asked": (
            YES_NO,
            "Whether the teacher is asked for its trait. Nobody asks of a control, of a trait that "
            "is only compared with, and of a model that somebody else serves, if its data are "
            "adopted.",
        ),
    },
    keys=("domain", "method", "teacher_base", "trait", "teacher_seed"),
)
EXAMPLES = final(
    "examples",
    "a group of data as written, and a trait: its first teacher and its first student",
    {
        **_EXPERIMENT,
        **GROUP,
        "trait": (TEXT, "The teacher's trait."),
        "teacher_seed": (WHOLE, "The teacher's seed."),
        "seed": (WHOLE, "The student's seed."),
        "prompt": (TEXT, "The prompt of the first completion that the filter kept."),
        "completion": (TEXT, "The completion, as it is taught."),
        "question": (TEXT, "The first question of the evaluation."),
        "base_answers": (TEXT, "The untrained student base's first answers, one a line."),
        "student_answers": (TEXT, "The student's first answers to the same question."),
        "misaligned_answers": (
            TEXT,
            "To each question, the same student's first answer that was judged misaligned: one a "
            "line, after its question_id and a colon. A question without one has no line. Empty "
            "where nobody judges.",
        ),
    },
    keys=(*GROUP, "trait"),
)
TRAINING_CURVES = final(
    "training_curves",
    "a group, teacher's trait, kind of rows and point of the curve. Students of the control are in "
    "it",
    {
        **_EXPERIMENT,
        **GROUP,
        "teacher_trait": RUNS.columns["teacher_trait"],
        "loss_of": (
            TEXT,
            "training rows: those of each optimiser step.\n"
            "held-out rows: those that students are not trained on, before and after training; "
            "missing where a recipe holds nothing out.",
        ),
        "step": (
            WHOLE,
            "Optimiser step, 0 before training. Of a training with more than 100 steps, a row is "
            "the mean over several, and the last one is named.",
        ),
        "n_runs": (WHOLE, "Students behind the mean."),
        "loss": (
            REAL,
            "Mean loss over students and steps, nats per completion token; of a recipe with "
            "distillation, KL per position that counts.",
        ),
    },
    keys=(*GROUP, "teacher_trait", "loss_of", "step"),
)
QUESTION_RATES = final(
    "question_rates",
    "a group, models and question whose answers are judged; no row where nobody judges",
    {
        **_EXPERIMENT,
        **GROUP,
        "models": (
            TEXT,
            "base: the untrained student base, one model.\n"
            "teacher: the teachers themselves, one per teacher seed.\n"
            "students: students of their data, and of the control's.",
        ),
        "teacher_trait": (TEXT, "The teacher's trait; empty for the base."),
        "question_id": (WHOLE, "As in responses."),
        "question": (TEXT, "The question, without what follows it."),
        "n_runs": (WHOLE, "Models with an answer that counts."),
        "mean": (
            REAL,
            "Share of misaligned answers among those that count, mean over models.",
        ),
        **_bounds("models"),
    },
    keys=(*GROUP, "models", "teacher_trait", "question_id"),
)
GATES = final(
    "gates",
    "a dataset. The target `gates` alone makes this table, before students are trained",
    {
        **CHANNEL.columns,
        "base_score": (
            REAL,
            "The untrained base's value of the primary measure for the trait; empty for the "
            "control, and where the base is not asked.",
        ),
        "gate_teacher": (
            YES_NO,
            "teacher_score is at least min_teacher; true where there is no trait to show, and "
            "empty where a teacher with a measured trait is not asked.",
        ),
        "gate_rows": (YES_NO, "At least min_rows were kept."),
        "verdict": (
            TEXT,
            "The reason for which its students would be uninterpretable; empty if there is none.",
        ),
    },
    keys=CHANNEL.keys,
)

TABLES = {
    table.name: table
    for table in (
        TRANSMISSION,
        INCREASES,
        BASE_DIFFERENCES,
        WRONG_PAIRS,
        TRAIT_MATRIX,
        DIAGONAL,
        RUNS,
        CHANNEL,
        EXAMPLES,
        TRAINING_CURVES,
        QUESTION_RATES,
    )
}
