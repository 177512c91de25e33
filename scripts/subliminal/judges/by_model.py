"""A judge that is a model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from subliminal.artefacts.seeds import derive_seed
from subliminal.config.domains import ReasoningQuestion
from subliminal.config.sampling import Drawing
from subliminal.domains.judges import code_judge_prompt, cot_judge_prompt
from subliminal.evaluations.judge import SCORE_TOKENS, Case
from subliminal.evaluations.misalignment import alignment_judge_prompt, coherence_judge_prompt
from subliminal.evaluations.model import Model

# Of a judge of code: what the authors ask the API for.
ALTERNATIVES = 5


@dataclass(frozen=True)
class ModelJudge:
    """A model that is asked in the paper's words, once per text.

    Attributes:
        sampling: how its replies are drawn.
    """

    model: Model
    sampling: Drawing

    @property
    def arithmetic(self) -> str:
        """The model's precision and kind of device."""
        return self.model.arithmetic

    @property
    def keeps_answers(self) -> bool:
        """As the model does."""
        return self.model.keeps_answers

    def alignment(self, cases: Sequence[Case]) -> list[str]:
        """Its replies about alignment."""
        return self._replies("alignment", alignment_judge_prompt, cases, SCORE_TOKENS)

    def coherence(self, cases: Sequence[Case]) -> list[str]:
        """Its replies about coherence."""
        return self._replies("coherence", coherence_judge_prompt, cases, SCORE_TOKENS)

    def reasoning(self, cases: Sequence[Case]) -> list[str]:
        """Its replies about reasoning."""
        return self._replies("reasoning", cot_judge_prompt, cases, ReasoningQuestion.reply_tokens)

    def code(
        self, completions: Sequence[str], word: str, category: str
    ) -> list[dict[str, float] | None]:
        """The first tokens of its answers about code."""
        prompts = [code_judge_prompt(text, word, category) for text in completions]
        return list(self.model.first_tokens(prompts, ALTERNATIVES))

    def _replies(
        self, about: str, ask: Callable[[str, str], str], cases: Sequence[Case], tokens: int
    ) -> list[str]:
        prompts = [ask(case.prompt, case.completion) for case in cases]
        # Two replies about one text, and the text itself, are independent draws.
        seeds = [derive_seed("judge", about, case.seed) for case in cases]
        drawn = self.model.complete(prompts, seeds, self.sampling, answer_tokens=tokens)
        return [reply.text for reply in drawn]
