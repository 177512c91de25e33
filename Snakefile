"""Subliminal learning: teacher trait x domain x student base -> datasets, checkpoints, tables.

`snakemake --cores 2` computes the experiments of config/config.yaml and leaves results/report.html.
Named targets compute a part: bases, teachers, datasets, gates, students, evaluations, tables, figures.
"""

import sys
from pathlib import Path

from snakemake.exceptions import WorkflowError
from snakemake.utils import min_version

min_version("9.20")

ROOT = Path(workflow.basedir)
sys.path.insert(0, str(ROOT / "scripts"))

from subliminal.config.errors import ConfigError
from subliminal.config.wildcards import one_of
from subliminal.workflow.project import Project


configfile: "config/config.yaml"


report: "report/workflow.rst"


try:
    PROJECT = Project.load(ROOT, config)
except ConfigError as error:
    raise WorkflowError(str(error)) from None


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
