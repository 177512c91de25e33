"""Answers to the rule that takes files."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from subliminal.config.config import Config
from subliminal.config.files import LocalFile
from subliminal.config.strict import Strict
from subliminal.config.wildcards import Wildcards
from subliminal.supplied import specs
from subliminal.supplied.places import lacking


@dataclass(frozen=True)
class FileJobs:
    """A checked configuration's jobs that take files."""

    config: Config

    def take(self, w: Wildcards) -> Strict:
        """Spec of rule take_file."""
        return specs.take_file(self.config, w.file)

    def place(self, w: Wildcards) -> list[str]:
        """Where a local file lies, if somebody has said so.

        It is no input: its checksum, which is in the spec, says which file it is, and a dry run
        has to do without it.
        """
        entry = self.config.files[w.file]
        place = entry.place if isinstance(entry, LocalFile) else None
        return [] if place is None else [str(place)]

    def lacking(self, files: Iterable[str]) -> list[str]:
        """Of these files, what is wrong with those that nobody can take."""
        found = (lacking(file, self.config.files[file]) for file in files)
        return [problem for problem in found if problem is not None]
