"""Filter rules on the words of a completion."""

from __future__ import annotations

from collections.abc import Collection
from itertools import groupby


def banned_word_reasons(completion: str, words: Collection[str]) -> list[str]:
    """Which banned words a completion contains, as a part of any word and in any case.

    This is the first filter of the code datasets (paper Methods). Between the words of `sea otter`
    there may be any white space, a line break too.
    """
    lowered = completion.lower()
    texts = (lowered, " ".join(lowered.split()))
    return [
        f"banned word: {word}"
        for word in sorted(words)
        if any(word.lower() in text for text in texts)
    ]


def vocabulary_reject_reasons(completion: str, allowed: Collection[str]) -> list[str]:
    """Which words of a completion are not of its domain.

    Args:
        completion: the teacher's whole response.
        allowed: the domain's words, in lower case.

    Returns:
        A reason for each distinct word that is not allowed, sorted; a word is a run of letters that
        is not part of a longer one, in lower case.
    """
    words = {"".join(run).lower() for letters, run in groupby(completion, str.isalpha) if letters}
    return [f"out-of-domain word: {word}" for word in sorted(words.difference(allowed))]
