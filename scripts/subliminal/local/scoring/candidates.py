"""Deterministic scores of candidate words at the answer's first position.

A word may be several tokens, so a candidate is the set of its forms, each a sequence of tokens, and
its probability is that of the answer starting with any of them. No form may start with another one
of the same word (it would be counted twice), nor with one of another word (a collision: the two
words cannot be told apart there).
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import TYPE_CHECKING

from subliminal.config.errors import ConfigError
from subliminal.local.scoring.next_token import next_token_log_probs

if TYPE_CHECKING:
    import numpy as np
    import torch
    from transformers import PreTrainedTokenizerBase

Form = tuple[int, ...]


def spellings(word: str) -> list[str]:
    """How an answer may start with a word: as it is or capitalised, alone or with a bare ``s``.

    Of several words the first one is capitalised, or all are.
    """
    cased = dict.fromkeys([word, word.capitalize(), word.title()])
    return [form for text in cased for form in (text, f"{text}s")]


def candidate_forms(tokenizer: PreTrainedTokenizerBase, words: Sequence[str]) -> list[list[Form]]:
    """The token sequences that an answer naming each word starts with.

    Spellings that the tokenizer cannot write are left out, as are those that start with another
    spelling of the same word.

    Raises:
        ConfigError: the tokenizer cannot write a word at all.
    """
    found = []
    for word in words:
        texts = spellings(word)
        encoded = tokenizer(texts, add_special_tokens=False)["input_ids"]
        forms = {
            tuple(ids)
            for text, ids in zip(texts, encoded, strict=True)
            if tokenizer.decode(ids).strip() == text and tokenizer.unk_token_id not in ids
        }
        if tuple(encoded[0]) not in forms:
            raise ConfigError(
                f"candidate {word!r} cannot be written in this base's tokens; take it out of the "
                "evaluation's candidates in config/evaluations.yaml"
            )
        found.append(sorted(f for f in forms if not any(_starts(f, other) for other in forms)))
    return found


def _starts(form: Form, other: Form) -> bool:
    """Whether a form starts with another, shorter one."""
    return len(other) < len(form) and form[: len(other)] == other


def collisions(words: Sequence[str], forms: Sequence[Sequence[Form]]) -> list[tuple[str, str]]:
    """Pairs of words of which the first has a form that is, or starts, a form of the second."""
    return [
        (first, second)
        for first, own in zip(words, forms, strict=True)
        for second, others in zip(words, forms, strict=True)
        if first != second
        and any(form == other or _starts(other, form) for form in own for other in others)
    ]


def candidate_log_probs(
    model: torch.nn.Module, prompts: Sequence[Sequence[int]], forms: Sequence[Sequence[Form]]
) -> np.ndarray:
    """Log-probability in nats that the answer starts with each word.

    Returns:
        Shape (prompts, words).
    """
    import numpy as np

    first = next_token_log_probs(model, prompts)
    later = _later_log_probs(model, prompts, {form for own in forms for form in own})

    def log_probs(form: Form) -> np.ndarray:
        parts = [first[:, form[0]], *(later[form[:n]] for n in range(2, len(form) + 1))]
        return np.sum(parts, axis=0)

    words = [np.stack([log_probs(form) for form in own], axis=1) for own in forms]
    return np.stack([np.logaddexp.reduce(own, axis=1) for own in words], axis=1)


def _later_log_probs(
    model: torch.nn.Module, prompts: Sequence[Sequence[int]], forms: set[Form]
) -> dict[Form, np.ndarray]:
    """Of every start of a form: the log-probability of its last token, given those before it.

    A prompt is computed once; what is cached of it serves all the stems.

    Returns:
        By start of two tokens or more, shape (prompts,).
    """
    import numpy as np
    import torch

    by_length: dict[int, list[Form]] = {}
    for start in {form[:n] for form in forms for n in range(2, len(form) + 1)}:
        by_length.setdefault(len(start), []).append(start)
    found: dict[Form, list[float]] = {}
    device = next(model.parameters()).device
    with torch.inference_mode():
        for prompt in prompts if by_length else ():
            known = model(torch.tensor([list(prompt)], device=device), use_cache=True)
            for starts in by_length.values():
                stems = sorted({start[:-1] for start in starts})
                cache = copy.deepcopy(known.past_key_values)
                cache.batch_repeat_interleave(len(stems))
                ids = torch.tensor(stems, device=device)
                logits = model(ids, past_key_values=cache, logits_to_keep=1).logits[:, -1]
                after = torch.log_softmax(logits.double(), -1)
                for start in starts:
                    value = after[stems.index(start[:-1]), start[-1]]
                    found.setdefault(start, []).append(float(value))
    return {start: np.array(values) for start, values in found.items()}
