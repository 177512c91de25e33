"""How often the server has really done what it was asked for, whatever its answers met on the way.

Each deed is a line of a file, so that nothing is lost when the server is killed.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from threading import Lock

from subliminal.serving.lines import add_line, read_lines

ENDPOINTS, COMPLETIONS, JOBS = "endpoints", "completions", "jobs"


class Counts:
    """Deeds by what they were done for: endpoints, keys of samples, digests of training files."""

    def __init__(self, file: Path) -> None:
        """Go on from what an earlier process has counted."""
        self.file, self._lock = file, Lock()
        self.deeds: dict[str, Counter[str]] = {
            kind: Counter() for kind in (ENDPOINTS, COMPLETIONS, JOBS)
        }
        file.parent.mkdir(parents=True, exist_ok=True)
        for kind, name in read_lines(file):
            self.deeds[kind][name] += 1

    def add(self, kind: str, name: str) -> None:
        """Count a deed."""
        with self._lock:
            add_line(self.file, [kind, name])
            self.deeds[kind][name] += 1

    def shown(self) -> dict[str, dict[str, int]]:
        """All numbers."""
        with self._lock:
            return {kind: dict(sorted(counted.items())) for kind, counted in self.deeds.items()}
