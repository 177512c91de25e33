"""Subliminal learning: teacher trait x domain x student base -> datasets, checkpoints, tables.

`snakemake --cores 2` computes the experiments of config/config.yaml and leaves results/report.html.
Named targets compute a part: bases, teachers, datasets, gates, students, evaluations, tables, figures.
"""

import sys
from pathlib import Path

from snakemake.exceptions import WorkflowError
from snakemake.logging import logger
from snakemake.settings.types import RerunTrigger
from snakemake.utils import min_version

min_version("9.20")

ROOT = Path(workflow.basedir)
sys.path.insert(0, str(ROOT / "scripts"))

from subliminal.config.failures import message_for
from subliminal.config.wildcards import one_of
from subliminal.workflow.project import Project


configfile: "config/config.yaml"


report: "report/workflow.rst"


REMADE = set()
TOLD = 5


def remake(manifest, reason):
    """Have Snakemake make an artefact again; the first few are told with the reason."""
    if RerunTrigger.PARAMS in workflow.rerun_triggers and manifest not in REMADE:
        REMADE.add(manifest)
        workflow.dag.forcefiles.add(manifest)
        if len(REMADE) <= TOLD:
            logger.warning(f"{manifest} {reason}: it is made again")


try:
    PROJECT = Project.load(ROOT, config, remake)
except Exception as error:
    message = message_for(error)
    if message is None:
        raise
    raise WorkflowError(message) from None


include: "rules/common.smk"
include: "rules/bases.smk"
include: "rules/report.smk"


for file in PROJECT.rule_files:

    include: file


localrules:
    all,
    tables,
    figures,


rule all:
    """The report, and everything that it is made of."""
    default_target: True
    input:
        "results/report.html",
