"""Bases that can be planned and not run: those whose weights nobody has.

A dry run may ask for them. A run is refused before its first job.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from subliminal.config.config import Config
from subliminal.config.errors import ConfigError
from subliminal.config.models import HostedBase
from subliminal.workflow.project import Project


def hosted(config: Config) -> dict[str, HostedBase]:
    """The bases that somebody else serves."""
    return {n: entry for n, entry in config.models.items() if isinstance(entry, HostedBase)}


def require_runnable(workflow: Any, project: Project) -> None:
    """Look through the jobs of a Snakemake run that is about to start.

    Raises:
        ConfigError: some need a base that can only be planned.
    """
    manifests = {f"results/models/{n}/manifest.json": n for n in hosted(project.config)}
    needed = [
        {manifests[str(file)] for file in (*job.input, *job.output) if str(file) in manifests}
        for job in workflow.dag.needrun_jobs()
    ]
    bases = set().union(*needed)
    if bases:
        jobs = sum(map(bool, needed))
        raise ConfigError(refusal(project.config, sorted(bases), jobs, date.today()))


def refusal(config: Config, bases: Iterable[str], jobs: int, today: date) -> str:
    """Why jobs cannot run, and what to do."""
    entries = hosted(config)
    about = "; ".join(f"{base} ({_state(entries[base], today)})" for base in bases)
    return (
        f"{jobs} jobs need models that their provider serves, which can be planned here and not "
        f"run yet: {about}; these dates are from secondary sources (config/models.yaml). To see "
        "the plan, add -n to the command. To compute something like it, choose an experiment on "
        "open weights, such as ed5c_qwen (docs/reproduce-the-paper.md), or adopt datasets that "
        "others have published (config/adopted.yaml)"
    )


def _state(base: HostedBase, today: date) -> str:
    """A snapshot's name, and until when it can be had."""
    known = [base.snapshot]
    if base.retired_on is not None and base.retired_on <= today:
        return f"{base.snapshot}, retired since {base.retired_on}"
    if base.fine_tunable and base.fine_tuning_until is not None:
        over = "ended" if base.fine_tuning_until < today else "ends"
        known.append(f"new fine-tuning {over} on {base.fine_tuning_until}")
    if base.retired_on is not None:
        known.append(f"retires on {base.retired_on}")
    return ", ".join(known)
