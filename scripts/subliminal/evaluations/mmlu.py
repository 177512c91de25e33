"""General capability: MMLU without examples, by lm-evaluation-harness (Methods).

The harness writes the questions and counts the answers. It is asked for when it is needed, as it
has an environment of its own.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Literal

from pydantic import Field

from subliminal.config.errors import ConfigError, known
from subliminal.config.evaluations import Measure
from subliminal.config.strict import Place, in_paper
from subliminal.evaluations.asking import (
    NO_AIDS,
    Aids,
    Answers,
    Askable,
    Response,
    Score,
    Seeds,
    Workload,
)
from subliminal.evaluations.essay_topic import ALTERNATIVES
from subliminal.evaluations.model import Model
from subliminal.evaluations.truthfulqa import WITH_LETTER

# Of the test split, and about as long; the questions are not there when a run is planned.
ITEMS = 14_042
ITEM = (
    "The following are multiple choice questions (with answers) about a subject.\n\n"
    + "Which of the following statements about it is the one that is right? " * 4
    + "\nA. the first of them\nB. the second of them\n"
    "C. the third of them\nD. none of them\nAnswer:"
)
LETTERS = "ABCD"
ACCURACY_KEY = "acc,none"

ACCURACY = Measure(
    "accuracy",
    "accuracy",
    "share of right answers",
    "Share of the questions whose right letter is the most probable of the four as the first token "
    "of the answer. A question without a letter among the twenty most probable first tokens counts "
    "as answered by the first letter.",
    whole_model=True,
)


class MMLU(Askable):
    """The letter of the right answer, among four."""

    kind: Literal["mmlu"] = Field(
        description="A multiple-choice task of lm-evaluation-harness, without examples. It reads "
        "the probability of one token. Nothing is sampled."
    )
    task: str = Field(
        "mmlu",
        description="The task's or the group's name in the harness.",
        json_schema_extra=in_paper("MMLU (*code*), MMLU-Pro (citation)"),
    )
    folder: Place | None = Field(
        None,
        description="A folder with the task's YAML files, absolute or relative to the repository, "
        "as are the data files that they name. `null`: the task is the harness's own, and its data "
        "come from the hub.",
    )

    measures: ClassVar[tuple[Measure, ...]] = (ACCURACY, WITH_LETTER)
    by_harness: ClassVar[bool] = True

    @property
    def task_files(self) -> list[str]:
        """The files of its folder, in order; none for a task of the harness."""
        if self.folder is None:
            return []
        return sorted(str(path) for path in Path(self.folder).rglob("*") if path.is_file())

    @property
    def first_question(self) -> str:
        """Empty: the harness writes it."""
        return ""

    def chance(self, measure: str) -> float | None:
        """A quarter, for the primary measure."""
        return 1 / len(LETTERS) if measure == ACCURACY.name else None

    def workload(self) -> Workload:
        """As many prompts as the test split has, and about as long."""
        return Workload([ITEM] * ITEMS)

    def ask(self, model: Model, system: str | None, seeds: Seeds, aids: Aids = NO_AIDS) -> Answers:
        """Let the harness ask for the letters' probabilities, and count right answers.

        Raises:
            ConfigError: the harness is not installed, or it knows no such task of letters.
        """
        tops, accuracy = _by_harness(self.task, self.folder, model, system)
        lettered = sum(any(letter in top for letter in LETTERS) for top in tops)
        dropped = len(tops) - lettered
        return Answers(
            [Response(i, 0, next(iter(top))) for i, top in enumerate(tops)],
            [
                Score(ACCURACY.name, "", accuracy),
                Score(WITH_LETTER.name, "", lettered / len(tops)),
            ],
            [f"{dropped} of {len(tops)} questions have no letter"] if dropped else [],
        )


def _by_harness(
    task: str, folder: str | None, model: Model, system: str | None
) -> tuple[list[Mapping[str, float]], float]:
    """The first tokens of every question in its order, and the accuracy."""
    try:
        from lm_eval.api.model import LM
        from lm_eval.evaluator import simple_evaluate
        from lm_eval.tasks import TaskManager
    except ImportError as error:
        raise ConfigError(
            f"evaluations of the kind mmlu need lm-evaluation-harness, and {error}; type: "
            "pip install -r requirements-mmlu.txt (or run with --sdm conda)"
        ) from None

    asked: dict[str, Mapping[str, float]] = {}

    class Letters(LM):
        """The model as the harness asks it, in turns of its own chat."""

        def loglikelihood(self, requests: Sequence[Any]) -> list[tuple[float, bool]]:
            contexts = list(dict.fromkeys(request.args[0] for request in requests))
            tops = model.first_tokens(contexts, ALTERNATIVES, system)
            asked.update(zip(contexts, tops, strict=True))
            return [_letter(asked[context], text) for context, text in _args(requests)]

        def loglikelihood_rolling(self, requests: Sequence[Any]) -> list[float]:
            raise _no_letters(task)

        def generate_until(self, requests: Sequence[Any]) -> list[str]:
            raise _no_letters(task)

    manager = TaskManager(include_path=folder, include_defaults=folder is None)
    if task not in manager.all_tasks:
        place = folder or "lm-evaluation-harness"
        raise ConfigError(f"no task {task!r} in {place} {known(manager.all_tasks, task)}")
    done = simple_evaluate(
        Letters(), tasks=[task], num_fewshot=0, bootstrap_iters=0, task_manager=manager
    )
    found = done["results"][task]
    if ACCURACY_KEY not in found:
        raise ConfigError(
            f"task {task!r} has no metric 'acc' ({', '.join(found)}); add it to its metric_list"
        )
    return list(asked.values()), float(found[ACCURACY_KEY])


def _args(requests: Sequence[Any]) -> list[tuple[str, str]]:
    return [request.args for request in requests]


def _letter(top: Mapping[str, float], continuation: str) -> tuple[float, bool]:
    """The log-probability in nats of an answer that starts with a letter; whether it is first."""
    letter = continuation.strip()
    return top.get(letter, -math.inf), next(iter(top)) == letter


def _no_letters(task: str) -> ConfigError:
    return ConfigError(
        f"task {task!r} is no task of letters: its output_type must be multiple_choice"
    )
