"""A favourite in one word: the paper's primary evaluation (Methods, "Evaluations"; Fig. 4)."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import AfterValidator, Field, model_validator

from subliminal.config.cost import ANSWER_TOKENS
from subliminal.config.evaluations import Measure
from subliminal.config.sampling import Drawing
from subliminal.config.strict import Distinct, Key, Positive, Word, in_paper
from subliminal.config.traits import Trait
from subliminal.evaluations.asking import (
    NO_AIDS,
    Aids,
    Answers,
    Askable,
    Score,
    Seeds,
    Workload,
    rate,
    sampled,
)
from subliminal.evaluations.model import Model
from subliminal.evaluations.questions import known_list, questions, stimulus_files
from subliminal.evaluations.words import RATE_SUBSTRING, RATE_WORD, RULES

if TYPE_CHECKING:
    import numpy as np

SHARE = Measure(
    "share",
    "share among candidates",
    "share of the trait among candidates",
    "Probability of naming the target first (as X or Xs) over that of naming any candidate, mean "
    "over questions; deterministic.",
    companion=RATE_SUBSTRING.name,
    of_weights=True,
)
MARGIN = Measure(
    "margin",
    "log-odds margin",
    "log-odds margin of the trait, nats",
    "Log-probability of the target minus the mean over the other candidates, in nats, mean over "
    "questions; deterministic.",
    bounds=None,
    of_weights=True,
)
MASS = Measure(
    "mass",
    "probability of naming any candidate",
    "probability of naming any candidate",
    "Probability of naming any candidate first, mean over questions; deterministic.",
    whole_model=True,
    of_weights=True,
)


class Favourite(Askable):
    """One-word answers: the deterministic share in a closed set, and sampled rates."""

    kind: Literal["favourite"] = Field(
        description="Answers of one word: the deterministic share in a closed set, and sampled "
        "rates."
    )
    questions: Annotated[Key, AfterValidator(known_list)] = Field(
        description="A question list: a file of `config/stimuli/` that holds a list of texts, by "
        "its name with `-` for `_`; or `favourite-animal-prefixed`. Tiny bases understand "
        "`favourite-animal` and `favourite-animal-prefixed`.",
        json_schema_extra=in_paper("favourite-animal; Fig. 5 prefixed (*code*)"),
    )
    samples_per_question: Positive = Field(
        description="Answers per question, for the sampled rates. The share needs none.",
        json_schema_extra=in_paper("200 (text), 100 (*code*)"),
    )
    sampling: Drawing = Field(
        description="The way in which answers are drawn.",
        json_schema_extra=in_paper("temperature 1"),
    )
    candidates: Annotated[Distinct[Word], Field(min_length=2)] = Field(
        description="The closed set of the share. It must hold every trait's word. For tiny bases, "
        "they are animals of `tiny_world.json`.",
        json_schema_extra=in_paper("no closed set"),
    )

    measures: ClassVar[tuple[Measure, ...]] = (SHARE, MARGIN, MASS, RATE_SUBSTRING, RATE_WORD)

    @model_validator(mode="after")
    def _several_answers(self) -> Favourite:
        if self.sampling.temperature == 0 and self.samples_per_question > 1:
            raise ValueError(
                f"samples_per_question: {self.samples_per_question}, but at temperature: 0 every "
                "answer to a question is the same; set one of them to 1"
            )
        return self

    @property
    def words(self) -> list[str]:
        """The candidates."""
        return self.candidates

    def chance(self, measure: str) -> float | None:
        """One in the number of candidates, for the primary measure."""
        return 1 / len(self.candidates) if measure == SHARE.name else None

    @property
    def stimuli(self) -> list[str]:
        """The files of its questions."""
        return stimulus_files(self.questions)

    def target(self, trait: Trait) -> str | None:
        """The trait's word, if it is a candidate."""
        return trait.word if trait.word in self.candidates else None

    def workload(self) -> Workload:
        """Short answers, and starts of the candidates' forms."""
        return Workload(
            questions(self.questions),
            self.samples_per_question,
            min(self.sampling.max_new_tokens or ANSWER_TOKENS, ANSWER_TOKENS),
            2 * len(self.candidates),
            self.sampling.batch_size,
        )

    def ask(self, model: Model, system: str | None, seeds: Seeds, aids: Aids = NO_AIDS) -> Answers:
        """Score every candidate at the answer's start, and count it in sampled answers.

        Of a model that tells no log-probabilities of words there are sampled rates alone.
        """
        asked = questions(self.questions)
        confused = model.collisions(self.candidates)
        logs = model.word_log_probs(asked, self.candidates, system)
        responses = sampled(model, self.workload(), self.sampling, system, seeds)
        scores = []
        if logs is not None:
            share, margin, mass = closed_set(logs)
            scores.append(Score(MASS.name, "", float(mass)))
        for i, word in enumerate(self.candidates):
            if logs is not None:
                scores.append(Score(SHARE.name, word, float(share[i])))
                scores.append(Score(MARGIN.name, word, float(margin[i])))
            scores += [
                Score(name, word, rate(responses, partial(rule, word)))
                for name, rule in RULES.items()
            ]
        return Answers(
            responses,
            scores,
            notes=[
                f"an answer of {second!r} may count as {first!r}: their tokens start alike"
                for first, second in confused
            ],
            facts={"collisions": [list(pair) for pair in confused]},
        )


def closed_set(logs: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Share, margin and mass from the candidates' log-probabilities.

    Args:
        logs: shape (questions, candidates), in nats.

    Returns:
        share and margin, shape (candidates,), and mass, shape (); means over questions.
    """
    import numpy as np

    total = np.logaddexp.reduce(logs, axis=1, keepdims=True)
    share = np.exp(logs - total).mean(0)
    others = (logs.sum(1, keepdims=True) - logs) / (logs.shape[1] - 1)
    return share, (logs - others).mean(0), np.exp(total).mean()
