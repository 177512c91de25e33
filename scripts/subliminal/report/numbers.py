"""Numbers for readers."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

EN_DASH, MINUS, GAMMA = "\N{EN DASH}", "\N{MINUS SIGN}", "\N{GREEK SMALL LETTER GAMMA}"


def number(value: float, digits: int = 2, sign: bool = False) -> str:
    """A number for readers: fixed digits, a true minus, a dash where there is none."""
    if pd.isna(value):
        return EN_DASH
    rounded = round(float(value), digits) + 0.0  # turns a negative zero into a plain one
    return f"{rounded:{'+' if sign and rounded else ''}.{digits}f}".replace("-", MINUS)


def with_interval(mean: float, low: float, high: float) -> str:
    """A mean with its interval, such as `0.20 [0.14, 0.27]`; alone where it has none."""
    if pd.isna(low):
        return number(mean)
    return f"{number(mean)} [{number(low)}, {number(high)}]"


def p_value(value: float) -> str:
    """A p value with its relation, such as `= 0.008`."""
    return "< 0.001" if value < 0.001 else f"= {value:.3f}"


def count_range(counts: Iterable[int]) -> str:
    """A count as text: `3`, or the least and the most where counts differ."""
    values = sorted({int(count) for count in counts})
    return str(values[0]) if len(values) == 1 else f"{values[0]}{EN_DASH}{values[-1]}"


def counted(counts: Iterable[int], noun: str) -> str:
    """A count with its noun, such as `3 students` or `1 student`."""
    found = count_range(counts)
    return f"{found} {noun}" if found == "1" else f"{found} {noun}s"
