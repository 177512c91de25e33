"""Time and memory of planning an experiment's jobs, beside what Snakemake itself takes for as many.

    python benchmarks/planning.py                 # tiny_full: thousands of jobs, none of them done
    python benchmarks/planning.py tiny --rounds 5
    python benchmarks/planning.py --done          # the default, after `make`: nothing is to be done

The floor, `planning_floor.smk`, has the same jobs and files in rules of fixed strings. Both are dry
runs under the same profile, by turns. Seconds are of processor time: the middle of the rounds, the
least and the most.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
FLOOR = ROOT / "benchmarks/planning_floor.smk"
PROFILE = ROOT / "profiles/default"
JOBS = re.compile(rb"^total +(\d+)$", re.MULTILINE)
ROW = "{:<26}{:>8}{:>12}{:>16}{:>8}"


class Planned(NamedTuple):
    """A dry run: its jobs, processor seconds, and peak memory in MB."""

    jobs: int
    seconds: float
    memory_mb: float


def planned(folder: Path, arguments: Sequence[str]) -> Planned:
    """Make a dry run in a folder.

    Raises:
        SystemExit: it failed.
    """
    command = [sys.executable, "-m", "snakemake", "-n", "--cores", "2", *arguments]
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(command, cwd=folder, stdout=output, stderr=output)
        _, status, usage = os.wait4(process.pid, 0)
        output.seek(0)
        text = output.read()
    if status:
        sys.exit(text.decode(errors="replace"))
    jobs = JOBS.search(text)
    seconds = usage.ru_utime + usage.ru_stime
    return Planned(int(jobs[1]) if jobs else 0, seconds, usage.ru_maxrss / 1024)


def lay_floor(folder: Path, experiment: str) -> None:
    """Write what the floor reads: the files that an experiment's tables are made of."""
    sys.path.insert(0, str(ROOT / "scripts"))
    from types import SimpleNamespace

    from subliminal.config.wildcards import one_of
    from subliminal.workflow.project import Project

    project = Project.load(ROOT)
    config, jobs = project.config, project.jobs("transmission")
    made = jobs.inputs.summary_files(SimpleNamespace(experiment=experiment))
    admitted = {
        "base|student": config.models,
        "trait": config.traits,
        "domain": config.domains,
        "method": jobs.methods,
        "variant": jobs.variants,
        "recipe": config.recipes.students,
        "evaluation": config.evaluations,
    }
    constraints = {
        name: one_of(found) for names, found in admitted.items() for name in names.split("|")
    }
    asked = {
        "constraints": constraints | dict.fromkeys(("seed", "teacher_seed"), "[0-9]{1,10}"),
        "files": sorted({file for files in made.values() for file in files}),
    }
    (folder / "jobs.json").write_text(json.dumps(asked), encoding="utf-8")
    for name in ("script", "stimuli"):
        (folder / name).touch()
    shutil.copy(FLOOR, folder / "Snakefile")


def told(name: str, runs: Sequence[Planned]) -> float:
    """Print a row of the table; gives the middle of the seconds."""
    seconds = [run.seconds for run in runs]
    middle = median(seconds)
    spread = f"{min(seconds):.1f}-{max(seconds):.1f}"
    memory = max(run.memory_mb for run in runs)
    print(ROW.format(name, runs[0].jobs, f"{middle:.1f}", spread, f"{memory:.0f}"), flush=True)
    return middle


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("experiment", nargs="?", default="tiny_full")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--done", action="store_true", help="the default, where all is done")
    given = parser.parse_args()
    rounds = range(given.rounds)
    print(ROW.format("plan", "jobs", "seconds", "least-most", "MB"))
    told("the Snakefile alone", [planned(ROOT, ["--list-rules"]) for _ in rounds])
    if given.done:
        told("the default", [planned(ROOT, []) for _ in rounds])
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        lay_floor(folder, given.experiment)
        ours, floor = zip(
            *(
                (
                    planned(ROOT, [given.experiment]),
                    planned(folder, ["--workflow-profile", str(PROFILE)]),
                )
                for _ in rounds
            ),
            strict=True,
        )
    ratio = told(given.experiment, ours) / told("Snakemake's floor", floor)
    print(f"{ratio:.2f} times the floor's seconds")


if __name__ == "__main__":
    main()
