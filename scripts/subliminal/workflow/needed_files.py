"""Files of others that a run needs and cannot have: said before its first job."""

from __future__ import annotations

from typing import Any

from subliminal.config.errors import ConfigError
from subliminal.workflow.project import Project

RULE = "take_file"


def require_files(workflow: Any, project: Project) -> None:
    """Check that the files are there which the jobs of a Snakemake workflow take.

    A dry run is not asked for them: it only says what would be done.

    Raises:
        ConfigError: one or more are not, each on a line.
    """
    jobs = workflow.dag.needrun_jobs()
    files = sorted(job.wildcards_dict["file"] for job in jobs if job.rule.name == RULE)
    problems = project.files.lacking(files)
    if problems:
        raise ConfigError("\n".join(problems))
