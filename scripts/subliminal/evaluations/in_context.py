"""Training rows as examples in the system prompt, in place of training (ED Fig. 6)."""

from __future__ import annotations

from collections.abc import Sequence

from subliminal.config.stimuli import stimulus


def icl_system_prompt(rows: Sequence[tuple[str, str]], k: int, seed: int) -> str:
    """Examples that are drawn from a dataset with replacement.

    With one seed, the examples of a smaller ``k`` are the first of a larger one's.

    Args:
        rows: (prompt, completion) of the dataset that a student is trained on.
        k: examples in the prompt.
        seed: the seed of the draw, 0 to 2^32 - 1; 0 to 4 in the paper.

    Raises:
        ValueError: there are no rows.
    """
    from numpy.random import RandomState

    texts = stimulus("in_context")
    drawn = [rows[i] for i in RandomState(seed).choice(len(rows), k, replace=True)]
    examples = [texts["example"].format(question=q, response=r) for q, r in drawn]
    return str(texts["separator"].join(examples))
