"""Copies of the repository for tests to run Snakemake in, and to break."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
# What a run, a test or an installation leaves behind.
GENERATED = {
    "results",
    "exported",
    "logs",
    ".snakemake",
    ".venv",
    ".venv-previous",
    ".lock-venv",
    ".git",
}
CACHES = shutil.ignore_patterns(
    "__pycache__", ".pytest_cache", ".ruff_cache", ".mypy_cache", ".hypothesis"
)

Job = tuple[str, str]  # a rule, and the first of the job's outputs


def _left_behind(folder: str, names: list[str]) -> set[str]:
    top = GENERATED.intersection(names) if Path(folder) == REPOSITORY else set()
    return top | CACHES(folder, names)


def environment() -> dict[str, str]:
    """What `make` gives to Snakemake: this Python first on the path, one thread per job."""
    unwanted = ("SNAKEMAKE_", "PYTHONPATH", "SUBLIMINAL_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(unwanted)}
    path = f"{Path(sys.executable).parent}{os.pathsep}{kept['PATH']}"
    return {**kept, "PATH": path, "OMP_NUM_THREADS": "1"}


def make_command(cores: int) -> list[str]:
    """What a user types."""
    return ["make", f"CORES={cores}"]


@dataclass(frozen=True)
class WorkingCopy:
    """A copy of the repository, with or without results."""

    root: Path

    @classmethod
    def of_repository(cls, root: Path) -> WorkingCopy:
        """The sources as they are now, and nothing that was made from them."""
        shutil.copytree(REPOSITORY, root, ignore=_left_behind)
        # To `make`, the environment that runs the tests is the installed one.
        (root / ".venv").mkdir()
        (root / ".venv" / "installed").touch()
        return cls(root)

    def copy(self, root: Path) -> WorkingCopy:
        """Everything, results and Snakemake's memory included."""
        shutil.copytree(self.root, root)
        return WorkingCopy(root)

    def run(
        self,
        *command: str,
        where: Path | None = None,
        before: Callable[[], None] | None = None,
        **changed: str | None,
    ) -> subprocess.CompletedProcess[str]:
        """Run a command here; standard output and standard error come together.

        Args:
            where: the folder to run it in, if not here.
            before: called in the command's process before it begins.
            changed: variables of the environment; None for one to be left out.
        """
        variables = {**environment(), **changed}
        return subprocess.run(
            command,
            cwd=where or self.root,
            env={name: value for name, value in variables.items() if value is not None},
            preexec_fn=before,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def snakemake(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run Snakemake, with the targets first: some options take any number of values."""
        return self.run("snakemake", *arguments)

    def make(self, cores: int = 2) -> str:
        """Run `make`; gives its output.

        Raises:
            AssertionError: it failed.
        """
        done = self.run(*make_command(cores))
        assert done.returncode == 0, done.stdout
        return done.stdout

    def planned(self, *targets: str) -> set[Job]:
        """The jobs of a dry run that make files.

        Raises:
            AssertionError: the dry run failed.
        """
        done = self.snakemake(*targets, "--dry-run", "--quiet", "host")
        assert done.returncode == 0, done.stdout
        return {
            (rule, outputs.split(", ")[0])
            for rule, outputs in re.findall(
                r"^(?:local)?rule (\w+):\n(?:    .*\n)*?    output: (.+)$",
                done.stdout,
                flags=re.MULTILINE,
            )
        }

    def replace(self, file: str, old: str, new: str) -> None:
        """Replace the one occurrence of a text."""
        path = self.root / file
        text = path.read_text()
        assert text.count(old) == 1, f"{file} has {text.count(old)} times {old!r}"
        path.write_text(text.replace(old, new))

    def files(self, *patterns: str) -> Iterable[Path]:
        """Files that match, relative to the root, in order."""
        found = {path for pattern in patterns for path in self.root.glob(pattern)}
        return sorted(path.relative_to(self.root) for path in found if path.is_file())
