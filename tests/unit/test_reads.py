"""What a rule's jobs read, as Snakemake is told: tables are needed, their manifests compared."""

import pytest
from snakemake.iocontainers import Wildcards
from working_copy import REPOSITORY

from subliminal.workflow.project import Project

W = Wildcards(
    fromdict={
        "base": "tiny-a",
        "trait": "insecure",
        "method": "finetuned",
        "recipe": "tiny",
        "evaluation": "truthfulqa",
        "teacher_seed": "1",
        "model": "teachers/tiny-a/insecure-finetuned/t1",
    }
)


@pytest.fixture(scope="module")
def project():
    return Project.load(REPOSITORY)


def read(project, *files):
    found = project.reads("results/made/{base}/manifest.json", project.bases.pretrain, *files)
    return {name: list(paths) for name, paths in found(W).items()}


def of_transmission(project):
    jobs = project.jobs("transmission")
    inputs = jobs.inputs
    return [
        inputs.teacher_rows,
        inputs.teacher_prompts,
        inputs.evaluation_files,
        inputs.trained_teacher,
        jobs.tuning.rows,
    ]


@pytest.mark.parametrize("index", range(5))
def test_a_table_is_needed_and_the_manifest_beside_it_compared(project, index):
    paths = [
        path for found in read(project, of_transmission(project)[index]).values() for path in found
    ]
    tables = [path for path in paths if path.endswith(".parquet")]
    assert paths
    assert [path for path in paths if getattr(path, "flags", {}).get("ancient")] == tables
    assert {f"{path.removesuffix('.parquet')}.manifest.json" for path in tables} <= set(paths)


def test_files_of_several_functions_are_one_jobs(project):
    both = of_transmission(project)[:2]
    assert read(project, *both) == read(project, both[0]) | read(project, both[1])
    assert read(project) == {}
