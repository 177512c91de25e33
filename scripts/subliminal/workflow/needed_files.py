"""Files and adapters of others that a run needs and cannot have: said before its first job."""

from __future__ import annotations

from typing import Any

from subliminal.bases.adapters import missing_adapter
from subliminal.config.adopted import ADOPTED, AdoptedAdapter
from subliminal.config.errors import ConfigError
from subliminal.workflow.project import Project

RULE = "take_file"
# What a rule that takes an adapter takes, below `results`.
ADAPTERS = {"adopt_teacher": "teachers/{teacher}", "adopt_student": "students/{adopted}"}


def require_files(workflow: Any, project: Project) -> None:
    """Check that the files and adapters are there which the jobs of a Snakemake workflow take.

    A dry run is not asked for them: it only says what would be done.

    Raises:
        ConfigError: one or more are not, each on a line.
    """
    jobs = list(workflow.dag.needrun_jobs())
    files = sorted(job.wildcards_dict["file"] for job in jobs if job.rule.name == RULE)
    places = {
        ADAPTERS[job.rule.name].format(**job.wildcards_dict)
        for job in jobs
        if job.rule.name in ADAPTERS
    }
    adapters = {
        name: entry.adapter
        for name, entry in project.config.adopted.items()
        if entry.place in places and isinstance(entry, AdoptedAdapter)
    }
    missing = (missing_adapter(a, f"{ADOPTED}: {name}") for name, a in adapters.items())
    problems = [*project.files.lacking(files), *filter(None, missing)]
    if problems:
        raise ConfigError("\n".join(problems))
