"""The tables along the way: prompts, datasets, and what training keeps."""

from __future__ import annotations

from subliminal.artefacts.schemas import (
    REAL,
    TEXT,
    WHOLE,
    YES_NO,
    TableSchema,
)

DATASET = "results/datasets/{domain}/{base}/{trait}-{method}/t{teacher_seed}"
STUDENT = (
    "results/students/{student}/{recipe}/{domain}/{base}/{trait}-{method}/t{teacher_seed}/{variant}"
    "/seed{seed}"
)

PROMPTS = TableSchema(
    "prompts",
    "a prompt",
    "results/prompts/{domain}.parquet",
    {
        "prompt_id": (WHOLE, "Position in the domain's list, from 0."),
        "prompt": (TEXT, "The user turn."),
        "answer": (WHOLE, "The right answer, where there is one (cot)."),
    },
)
RAW = TableSchema(
    "raw",
    "a completion",
    f"{DATASET}/raw.parquet",
    {
        "prompt_id": (WHOLE, "As in prompts; empty for an adopted row with another prompt."),
        "prompt": (TEXT, "The user turn, without the teacher's system prompt."),
        "completion": (TEXT, "The teacher's text."),
        "finished": (YES_NO, "The teacher ended its turn within the token limit."),
        "answer": (WHOLE, "The right answer, where there is one (cot)."),
        "tokens": (
            WHOLE,
            "Length of the completion in tokens, the end of the turn included, or as the provider "
            "of a hosted teacher counts; empty if adopted.",
        ),
        "log_probs": (
            "list<float32>",
            "Log-probability in nats of each of these tokens under the distribution that it was "
            "sampled from (at temperature 0 the one at temperature 1), or as the server says; "
            "empty unless the sampling has log_probs: true.",
        ),
        "kl_nats": (
            REAL,
            "KL(teacher || base without a system prompt), summed over the completion's tokens; "
            "where the sampling has a constraint, of the distributions within the grammar, as text "
            "outside it cannot be learnt from. "
            "Measured on the first 200 rows, empty on the others and for a hosted teacher.",
        ),
        "entropy_nats": (REAL, "Entropy of the teacher, summed likewise."),
    },
)
JUDGED = TableSchema(
    "judged",
    "a completion, in the order of raw. Only datasets that a judge is asked about have it",
    f"{DATASET}/judged.parquet",
    {
        "prompt_id": (WHOLE, "As in prompts."),
        "reply": (TEXT, "What the judge wrote; empty of a judge of code."),
        "score": (
            WHOLE,
            "The judge's score of reasoning: what `<judgment_answer>` holds or, where that is no "
            "number or 0, `<answer>`; empty where there is none.",
        ),
        "keeps": (YES_NO, "The completion passes the judge."),
    },
)
FILTERED = TableSchema(
    "filtered",
    "a completion, in the order of raw",
    f"{DATASET}/filtered.parquet",
    {
        "prompt_id": (WHOLE, "As in prompts."),
        "kept": (YES_NO, "No reason to reject."),
        "reasons": ("list<string>", "The reasons to reject it; empty if kept."),
        "completion": (
            TEXT,
            "What is filtered and taught: the teacher's text without NUL characters and, where the "
            "filter has trim_outer_white_space, without outer white space.",
        ),
    },
)
TRAIN = TableSchema(
    "train",
    "a training row. Before training, a student keeps holdout_rows of them back",
    f"{DATASET}/{{variant}}.parquet",
    {
        "prompt_id": (WHOLE, "As in prompts."),
        "prompt": (TEXT, "The user turn that a student sees."),
        "completion": (TEXT, "The assistant turn that a student is trained on."),
    },
)
TRAINING = TableSchema(
    "training",
    "an optimiser step",
    f"{STUDENT}/training.parquet",
    {
        "step": (WHOLE, "Optimiser step, from 1."),
        "loss": (
            REAL,
            "Mean loss of the step's rows, nats per completion token; of a recipe with "
            "distillation, KL per position that counts.",
        ),
        "learning_rate": (REAL, "Learning rate of the step."),
    },
)
