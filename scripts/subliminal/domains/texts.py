"""What teachers write, without what no training file of the authors' held."""

from __future__ import annotations

# As a character, and as JSON writes it.
NULS = ("\0", "\\u0000")


def without_nul(written: str) -> str:
    """A completion without NUL characters and without every literal ``\\u0000``.

    The authors' released code removes both before it filters and trains.
    """
    for nul in NULS:
        written = written.replace(nul, "")
    return written
