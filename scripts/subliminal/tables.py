"""Parquet with fixed schemas, written whole or not at all."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from subliminal.theorem.columns import THEOREM_TABLES

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd
    import pyarrow as pa

# Column types and meanings; docs/tables.md tells them to people.
SCHEMAS: dict[str, dict[str, tuple[str, str]]] = {
    "prompts": {
        "prompt_id": ("int32", "Position in the domain's list, from 0."),
        "prompt": ("string", "The user turn."),
        "answer": ("int32", "The right answer (cot only)."),
    },
    "raw": {
        "prompt_id": ("int32", "As in prompts."),
        "prompt": ("string", "The user turn, without the teacher's system prompt."),
        "completion": ("string", "What the teacher wrote."),
        "finished": ("bool", "The teacher ended its turn within the token limit."),
        "answer": ("int32", "The right answer (cot only)."),
        "tokens": ("int32", "Length of the completion in tokens, the end of the turn included."),
        "log_probs": (
            "list<float32>",
            "Log-probability in nats of each of these tokens under the distribution that it was "
            "sampled from; empty unless the sampling asks for it.",
        ),
        "kl_nats": (
            "float64",
            "KL(teacher || base without a system prompt), summed over the completion's tokens; "
            "measured on the first rows only, empty on the others.",
        ),
        "entropy_nats": ("float64", "Entropy of the teacher, summed likewise."),
    },
    "filtered": {
        "prompt_id": ("int32", "As in prompts."),
        "kept": ("bool", "No reason to reject."),
        "reasons": ("list<string>", "Why it was rejected; empty if kept."),
    },
    "train": {
        "prompt_id": ("int32", "As in prompts."),
        "prompt": ("string", "The user turn that a student sees."),
        "completion": ("string", "The assistant turn that a student is trained on."),
    },
    "training": {
        "step": ("int32", "Optimiser step, from 1."),
        "loss": ("float64", "Mean loss of the step's rows, nats per completion token."),
        "learning_rate": ("float64", "Learning rate of the step."),
    },
    "responses": {
        "question_id": ("int32", "Position in the question list, from 0."),
        "sample": ("int32", "Sample of that question, from 0."),
        "response": ("string", "What the model answered."),
    },
    "scores": {
        "candidate": ("string", "A word of the closed set."),
        "share": (
            "float64",
            "Probability of naming it first (as X or Xs) over that of naming any candidate, "
            "mean over questions; deterministic.",
        ),
        "margin": (
            "float64",
            "Log-probability of the candidate less the mean over the other candidates, in nats, "
            "mean over questions; deterministic.",
        ),
        "mass": ("float64", "Probability of naming any candidate first, mean over questions."),
        "rate_substring": ("float64", "Sampled rate, the paper's rule: substring of the response."),
        "rate_word": ("float64", "Sampled rate at word boundaries, plural included."),
    },
    "mnist_runs": {
        "comparison": ("string", "The comparison; `teachers` for references and teachers."),
        "auxiliary_logits": ("int32", "m, the logits beside the ten classes."),
        "role": ("string", "reference (untrained), teacher or student."),
        "model": ("string", "The student's name in the experiment's file, or the role."),
        "cloning_epochs": ("int32", "Epochs of behavioural cloning; empty without cloning."),
        "replica": ("int32", "The teacher's number, from 0; the unit of the statistics."),
        "own_initialisation": (
            "bool",
            "It started from its own teacher's initial weights; by chance in a random permutation.",
        ),
        "accuracy": ("float64", "Share of the 10,000 test digits whose class it gives."),
    },
    **THEOREM_TABLES,
}


def schema(name: str) -> pa.Schema:
    """The Arrow schema of a kind of table, with each column's meaning as metadata."""
    import pyarrow as pa

    types = {
        "int32": pa.int32(),
        "float64": pa.float64(),
        "string": pa.string(),
        "bool": pa.bool_(),
        "list<string>": pa.list_(pa.string()),
        "list<float32>": pa.list_(pa.float32()),
    }
    return pa.schema(
        [
            pa.field(column, types[kind], metadata={"description": meaning})
            for column, (kind, meaning) in SCHEMAS[name].items()
        ]
    )


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """A temporary name to write to; renamed to ``path`` if nothing went wrong.

    The name is always the same, so that what a killed job leaves is replaced by the next attempt.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.partial")
    try:
        yield temporary
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def write_table(path: Path, name: str, columns: Mapping[str, Iterable[Any]]) -> None:
    """Write columns as a table of the named kind.

    Raises:
        KeyError, pyarrow.ArrowInvalid: the columns are not those of the schema.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    shape = schema(name)
    arrays = {column: list(columns[column]) for column in shape.names}
    with whole_file(path) as temporary:
        pq.write_table(pa.table(arrays, schema=shape), temporary, compression="zstd")


def write_frame(path: Path, name: str, frame: pd.DataFrame) -> None:
    """Write a data frame as a table of the named kind; a missing number becomes an empty cell."""
    whole = frame.astype(object).where(frame.notna(), None)
    write_table(path, name, {column: whole[column].tolist() for column in whole})


def read_table(path: Path) -> dict[str, list[Any]]:
    """The columns of a Parquet file as Python lists."""
    import pyarrow.parquet as pq

    # pq.read_table would import pandas and more, half a second of every job.
    with pq.ParquetFile(path) as file:
        return file.read().to_pydict()
