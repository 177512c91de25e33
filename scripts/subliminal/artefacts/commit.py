"""The commit that a job's code is of."""

from __future__ import annotations

import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
# What results depend on.
SOURCES = ("Snakefile", "rules", "scripts", "config")
MODIFIED = " (modified)"
DIGITS = 12


def _git(root: Path, *arguments: str) -> str:
    command = ["git", "-C", str(root), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def git_commit(root: Path = ROOT) -> str | None:
    """The commit that is checked out, and whether sources differ from it.

    None outside a repository, and in one that the project only happens to lie in.
    """
    try:
        if Path(_git(root, "rev-parse", "--show-toplevel")).resolve() != root.resolve():
            return None
        head = _git(root, "rev-parse", "HEAD")
        changed = _git(root, "status", "--porcelain", "--", *SOURCES)
    except (OSError, subprocess.CalledProcessError):
        return None
    return head + (MODIFIED if changed else "")


def shortened(commit: str) -> str:
    """A commit's first digits, and whether sources differed."""
    head, _, changed = commit.partition(" ")
    return head[:DIGITS] + (MODIFIED if changed else "")
