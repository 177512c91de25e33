"""What verdicts of all kinds of experiments have in common."""

from __future__ import annotations

UNINTERPRETABLE = "uninterpretable"  # followed by a colon and the reason


def uninterpretable(reason: str) -> str:
    """The verdict on what says nothing."""
    return f"{UNINTERPRETABLE}: {reason}"


def reason_of(verdict: object) -> str:
    """Why something says nothing; empty if it does say something."""
    word, _, reason = str(verdict).partition(":")
    return reason.strip() if word == UNINTERPRETABLE else ""
