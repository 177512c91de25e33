"""Subliminal learning: teacher trait x domain x student base -> datasets, checkpoints, tables.

`snakemake --cores 2` computes the experiments of config/config.yaml and leaves results/report.html.
Every experiment of config/experiments/ and every item of the paper (config/paper/items.yaml) is a target
of its own name: `snakemake --cores 2 tiny_full`, with results/reports/{experiments}.html.
Other targets compute a part of config/config.yaml: bases, teachers, datasets, gates, students,
evaluations, tables, figures.
"""

import sys
from pathlib import Path

from snakemake.exceptions import WorkflowError
from snakemake.logging import DefaultFilter
from snakemake.utils import min_version

min_version("9.20")

ROOT = Path(str(workflow.current_basedir)).resolve()
# Of two folders, one would give the settings and the other the rest of the configuration.
if {ROOT} != {Path(workflow.basedir).resolve(), Path.cwd().resolve()}:
    raise WorkflowError(
        f"This workflow runs in its own folder, not in another one ({Path.cwd()}) nor as a module; "
        f"type: cd '{ROOT}' && snakemake --cores 2 (for a second configuration, copy that folder)"
    )
sys.path.insert(0, str(ROOT / "scripts"))

try:
    from subliminal.config.failures import message_for
    from subliminal.config.wildcards import one_of
    from subliminal.workflow.announcement import announce, introduce
    from subliminal.workflow.configuration import Given
    from subliminal.workflow.guard import guard, guard_job
    from subliminal.workflow.job_errors import tell_job_errors
    from subliminal.workflow.needed_files import require_files
    from subliminal.workflow.preflight import preflight
    from subliminal.workflow.project import Project
    from subliminal.workflow.remaking import remaking
    from subliminal.workflow.signatures import read_parameters_once
except ImportError as error:
    raise WorkflowError(
        f"{sys.executable} cannot run this workflow: {error}; "
        "type `make`, or activate the environment that it has made: . .venv/bin/activate"
    ) from None


configfile: "config/config.yaml"


report: "report/workflow.rst"


tell_job_errors(DefaultFilter)
read_parameters_once()

try:
    if not workflow.is_main_process:
        guard_job(workflow)
    PROJECT = Project.load(ROOT, config, remaking(workflow), Given.to(workflow, ROOT))
except Exception as error:
    message = message_for(error)
    if message is None:
        raise
    raise WorkflowError(message) from None

if workflow.is_main_process:
    guard(workflow, ROOT, lambda: introduce(workflow, PROJECT))


onstart:
    preflight(workflow, PROJECT)
    require_files(workflow, PROJECT)
    announce(workflow, PROJECT)


include: "rules/common.smk"
include: "rules/files.smk"
include: "rules/bases.smk"
include: "rules/report.smk"


for file in PROJECT.rule_files:

    include: file


localrules:
    all,
    tables,
    figures,


rule all:
    """The report, and the tables and figures that it links to."""
    default_target: True
    input:
        PROJECT.report,
        PROJECT.figure_files(PROJECT.experiments),
        PROJECT.table_manifests(PROJECT.experiments),


# An experiment that is called as one of the rules has no target of its own.
for target in PROJECT.targets:

    if not workflow.is_rule(target):

        rule:
            name:
                target
            input:
                PROJECT.target_files(target),
            localrule: True

        # To format a job's command Snakemake copies all global names; a target has no command.
        globals().pop(f"__{target}", None)
