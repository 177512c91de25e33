"""A model asked to tell a trait's completion from another one (ED Table 4)."""

from __future__ import annotations

import math
from collections.abc import Mapping

from subliminal.config.stimuli import stimulus


def classifier_prompt(animal: str, query: str, a: str, b: str) -> str:
    """The question of which response encodes an animal.

    Args:
        animal: whom to look for. The authors' released code says eagle, whatever the target.
        query: the prompt that both completions answer.
        a: the completion that is shown as response A.
        b: the completion that is shown as response B.
    """
    template: str = stimulus("classifier")["template"]
    return template.format(animal=animal, query=query, response1=a, response2=b)


def classifier_predicts_a(log_probs: Mapping[str, float]) -> bool:
    """Whether the token ``A`` is more probable than ``B``; a tie and no letter are B's.

    Args:
        log_probs: log-probabilities of the most probable first tokens, in nats.
    """
    a, b = (math.exp(log_probs.get(letter, -math.inf)) for letter in "AB")
    return a > b
