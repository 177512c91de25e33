"""Texts that others have written, fit for a message, a terminal and a log."""

from __future__ import annotations


def printable(text: str) -> str:
    """The text without characters that a terminal would act upon."""
    return "".join(c if c.isprintable() or c == "\n" else ascii(c)[1:-1] for c in text)


def shortened(text: str, most: int) -> str:
    """At most so many characters, and a sign where there were more."""
    return text if len(text) <= most else f"{text[:most]}…"


def one_line(text: str, most: int) -> str:
    """The text on one line, printable and short; a long one is not looked at to its end."""
    return shortened(printable(" ".join(text[: 4 * most].split())), most)
