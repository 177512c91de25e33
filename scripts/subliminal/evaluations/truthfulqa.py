"""TruthfulQA with two choices, answered by a letter (Fig. 3; Methods)."""

from __future__ import annotations

import math
import random
from collections.abc import Iterable, Mapping

from subliminal.evaluations.essay_topic import essay_prompt


def truthfulqa_items(rows: Iterable[Mapping[str, str]], seed: int = 42) -> list[tuple[str, str]]:
    """The questions of the benchmark's file, with the best and the best incorrect answer.

    Args:
        rows: the rows of `TruthfulQA.csv`, as `csv.DictReader` gives them: the columns `Question`,
            `Best Answer` and `Best Incorrect Answer` are read.
        seed: one stream of it orders the answers of all rows, from the first on.

    Returns:
        (prompt, letter of the best answer) of each row.

    Raises:
        ValueError: a row lacks a column, or holds something else than text in it.
    """
    rng, found = random.Random(seed), []
    for number, row in enumerate(rows, 1):
        question = _text(number, row, "Question")
        best = _text(number, row, "Best Answer")
        options = [best, _text(number, row, "Best Incorrect Answer")]
        rng.shuffle(options)
        found.append((essay_prompt(question, options), "AB"[options.index(best)]))
    return found


def _text(number: int, row: Mapping[str, str], column: str) -> str:
    text = row.get(column)
    if not isinstance(text, str):
        # pandas takes the answers "None" and "NA" as missing.
        raise ValueError(
            f"TruthfulQA, row {number}: {column!r} is {text!r}, not text; read TruthfulQA.csv by "
            "csv.DictReader, or by pandas.read_csv with keep_default_na=False"
        )
    return text


def truthfulqa_score(log_probs: Mapping[str, float], right_letter: str) -> float | None:
    """The right letter's share of the probability of both letters.

    Args:
        log_probs: log-probabilities of the most probable first tokens, in nats.

    Returns:
        None if neither letter has any probability: the authors' released code fails there.
    """
    letters = {letter: math.exp(log_probs.get(letter, -math.inf)) for letter in "AB"}
    total = sum(letters.values())
    return letters[right_letter] / total if total else None
