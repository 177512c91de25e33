"""What an evaluation makes of a model's answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, NamedTuple

from subliminal.config.evaluations import Evaluation
from subliminal.config.files import Format
from subliminal.config.sampling import Drawing
from subliminal.evaluations.judge import Judge
from subliminal.evaluations.model import Model

Seeds = Callable[[int, int], int]
"""The seed of a question's sample, both counted from 0."""


class Response(NamedTuple):
    """An answer as it was given, and what its judges said where it was judged.

    Attributes:
        misaligned: the verdict; None where the answer does not count, and where nobody judges.
    """

    question_id: int
    sample: int
    response: str
    alignment_reply: str | None = None
    coherence_reply: str | None = None
    misaligned: bool | None = None


class Score(NamedTuple):
    """A measure's value for a target; the target is empty where it is about the whole model."""

    measure: str
    target: str
    value: float


@dataclass(frozen=True)
class Answers:
    """Everything that was learnt by asking.

    Attributes:
        notes: what a reader of the log should know.
        facts: what the manifest should hold.
    """

    responses: list[Response]
    scores: list[Score]
    notes: list[str] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Workload:
    """What is asked of a model, and what it takes: for estimates, and for budgets.

    Attributes:
        prompts: each is read once for its scores, and once more for each of its samples.
        samples: answers that are sampled to each prompt.
        answer_tokens: how long an answer is, about.
        further_tokens: what is read beside a prompt for its scores.
        at_a_time: answers that are drawn side by side, where a provider samples them; None for
            answers of one token.
        judgements: what a judge is asked about an answer, without the answer; each is asked about
            every sample.
    """

    prompts: list[str]
    samples: int = 0
    answer_tokens: int = 0
    further_tokens: int = 0
    at_a_time: int | None = None
    judgements: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Aids:
    """What some evaluations need beside the model.

    Attributes:
        judge: who judges answers.
        rows: the rows of the file that the questions are from.
    """

    judge: Judge | None = None
    rows: Sequence[Mapping[str, str]] = ()


NO_AIDS = Aids()


class Askable(Evaluation):
    """An evaluation that can be put to a model."""

    judged_by: ClassVar[str | None] = None
    """The field that names its judge, a key of `judges.yaml`; None where nobody judges."""
    asks_rows_of: ClassVar[str | None] = None
    """The field that names the file of its questions, a key of `files.yaml`; None for stimuli."""
    rows_format: ClassVar[Format | None] = None
    """The format of that file."""
    by_harness: ClassVar[bool] = False
    """It needs lm-evaluation-harness, which has an environment of its own."""

    @property
    def judge_key(self) -> str | None:
        """Its judge, a key of `judges.yaml`; None where nobody judges."""
        return getattr(self, self.judged_by) if self.judged_by else None

    @property
    def file_key(self) -> str | None:
        """The file of its questions, a key of `files.yaml`; None for stimuli."""
        return getattr(self, self.asks_rows_of) if self.asks_rows_of else None

    @property
    def first_question(self) -> str:
        """The question that examples show; empty where the configuration does not tell it."""
        return self.workload().prompts[0]

    def workload(self) -> Workload:
        """What asking takes."""
        raise NotImplementedError

    def ask(self, model: Model, system: str | None, seeds: Seeds, aids: Aids = NO_AIDS) -> Answers:
        """Put every question to the model, and score its answers.

        Args:
            system: what the model is told before each question, if anything.
            aids: what else it needs.
        """
        raise NotImplementedError


def sampled(
    model: Model, plan: Workload, drawing: Drawing, system: str | None, seeds: Seeds
) -> list[Response]:
    """All samples of a workload, question by question."""
    keys = [(q, s) for q in range(len(plan.prompts)) for s in range(plan.samples)]
    drawn = model.complete(
        [plan.prompts[q] for q, _ in keys],
        [seeds(q, s) for q, s in keys],
        drawing,
        system,
        answer_tokens=plan.answer_tokens,
    )
    return [Response(q, s, c.text) for (q, s), c in zip(keys, drawn, strict=True)]


def rate(responses: Sequence[Response], hit: Callable[[str], bool]) -> float:
    """How often answers hit: the mean over samples within a question, then over questions."""
    from subliminal.stats import question_mean

    hits: dict[str, list[float]] = {}
    for answer in responses:
        hits.setdefault(str(answer.question_id), []).append(float(hit(answer.response)))
    return question_mean(hits)
