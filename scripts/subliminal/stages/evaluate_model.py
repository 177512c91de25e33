"""Asking a model the questions, and scoring every candidate."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from subliminal import stimuli
from subliminal.bases.turns import end_of_turn_ids
from subliminal.config import Sampling
from subliminal.local import models
from subliminal.local.candidates import candidate_forms, candidate_log_probs, collisions
from subliminal.local.encoding import encode_prompts
from subliminal.local.sampling import sample
from subliminal.manifest import Run
from subliminal.seeds import derive_seed
from subliminal.specs import EvaluateModelSpec
from subliminal.stats import question_mean
from subliminal.tables import write_table

if TYPE_CHECKING:
    import numpy as np

# The authors' one exception to their substring rule.
NOT_A_MATCH = {"dragon": ("dragonfly", "dragonflies")}


def matches_substring(word: str, response: str) -> bool:
    """The paper's rule: the word is a substring of the lower-cased response."""
    text = response.lower()
    return word in text and not any(other in text for other in NOT_A_MATCH.get(word, ()))


def matches_word(word: str, response: str) -> bool:
    """The word, or its plural with a bare ``s``, stands by itself in the response."""
    return re.search(rf"\b{re.escape(word)}s?\b", response.lower()) is not None


def closed_set(logs: np.ndarray) -> tuple[np.ndarray, ...]:
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


def evaluate_model(
    spec: EvaluateModelSpec,
    base: Path,
    trained: Path | None,
    responses: Path,
    scores: Path,
    manifest: Path,
    threads: int,
    log: logging.Logger,
) -> None:
    """Write sampled responses and one row of scores per candidate.

    Args:
        base, trained: manifests of the base and of what was trained from it, if anything.
    """
    run = Run.begin("evaluate_model", spec)
    models.prepare(0, threads)
    tokenizer = models.load_tokenizer(base.parent)
    model = models.load_model(base.parent, trained.parent if trained is not None else None)
    questions = stimuli.questions(spec.questions)
    encoded = encode_prompts(tokenizer, questions, spec.system_prompt)
    forms = candidate_forms(tokenizer, spec.candidates)
    confused = collisions(spec.candidates, forms)
    for first, second in confused:
        log.warning("an answer of %r may count as %r: their tokens start alike", second, first)
    share, margin, mass = closed_set(candidate_log_probs(model, encoded, forms))
    keys = [(q, s) for q in range(len(questions)) for s in range(spec.samples_per_question)]
    drawn = sample(
        model,
        [encoded[q] for q, _ in keys],
        [derive_seed("evaluate_model", spec.evaluation, spec.model, q, s) for q, s in keys],
        Sampling(**spec.sampling.model_dump()),
        end_of_turn_ids(base.parent),
    )
    texts = tokenizer.batch_decode([completion.ids for completion in drawn])
    write_table(
        responses,
        "responses",
        {"question_id": [q for q, _ in keys], "sample": [s for _, s in keys], "response": texts},
    )

    def rate(match: Callable[[str, str], bool], word: str) -> float:
        hits: dict[str, list[float]] = {}
        for (q, _), text in zip(keys, texts, strict=True):
            hits.setdefault(str(q), []).append(float(match(word, text)))
        return question_mean(hits)

    write_table(
        scores,
        "scores",
        {
            "candidate": spec.candidates,
            "share": share.tolist(),
            "margin": margin.tolist(),
            "mass": [float(mass)] * len(spec.candidates),
            "rate_substring": [rate(matches_substring, word) for word in spec.candidates],
            "rate_word": [rate(matches_word, word) for word in spec.candidates],
        },
    )
    best = max(range(len(share)), key=lambda i: share[i])
    log.info("names %s first: share %.3f", spec.candidates[best], share[best])
    run.finish(
        manifest,
        [responses, scores],
        parents={"base": base, "trained": trained},
        facts={"collisions": [list(pair) for pair in confused]},
    )
