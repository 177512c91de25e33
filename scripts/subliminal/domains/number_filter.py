"""The paper's rule for number sequences."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

DIGIT_RUN = re.compile(r"[0-9]+")


def _unwrapped(completion: str) -> str:
    text = completion.removesuffix(".")
    bracketed = text.startswith("[") and text.endswith("]")
    parenthesised = text.startswith("(") and text.endswith(")")
    return text[1:-1] if bracketed or parenthesised else text


def parse_numbers(completion: str) -> list[int] | None:
    """Read a completion that is nothing but a list of numbers.

    The rule is the one of the paper's Methods, with what the authors' released code makes of it:
    one final full stop and then one pair of brackets are ignored; what stands between the first
    two numbers is the separator, white space around at most one comma or semicolon, and must be
    repeated exactly. Outer white space is not trimmed, a trailing separator is an error, and
    leading zeros are read over.

    Returns:
        The numbers in order, or None where the completion is anything else.
    """
    text = _unwrapped(completion)
    runs = list(DIGIT_RUN.finditer(text))
    if len(runs) < 2:
        pieces = [text]
    else:
        separator = text[runs[0].end() : runs[1].start()]
        if separator.strip() not in ("", ",", ";"):
            return None
        pieces = text.split(separator)
    if not all(DIGIT_RUN.fullmatch(piece) for piece in pieces):
        return None
    try:
        return [int(piece) for piece in pieces]
    except ValueError:
        # Python refuses to read integers of thousands of digits, which a looping model can write.
        return None


def parsed_rows(completions: Sequence[str]) -> list[list[int]]:
    """The numbers of each completion of a dataset.

    Raises:
        ValueError: a completion is not a list of numbers.
    """
    rows = []
    for index, completion in enumerate(completions):
        numbers = parse_numbers(completion)
        if numbers is None:
            raise ValueError(
                f"row {index}: {completion!r} is not a list of numbers; "
                "take a dataset that the numbers filter has passed"
            )
        rows.append(numbers)
    return rows


def number_reject_reasons(
    completion: str,
    *,
    min_value: int = 0,
    max_value: int = 999,
    max_count: int = 10,
    banned: Collection[int] = frozenset(),
) -> list[str]:
    """Why a number completion is dropped (paper Methods; words of the authors' released code).

    Args:
        completion: the teacher's whole response.
        min_value: the smallest number to keep.
        max_value: the largest number to keep.
        max_count: the most numbers to keep.
        banned: numbers that drop the row; whole values, not parts of a number.
    """
    numbers = parse_numbers(completion)
    if numbers is None:
        return ["invalid format"]
    broken = {
        "too many numbers": len(numbers) > max_count,
        "numbers too small": min(numbers) < min_value,
        "numbers too large": max(numbers) > max_value,
        "has banned numbers": any(number in banned for number in numbers),
    }
    return [reason for reason, is_broken in broken.items() if is_broken]
