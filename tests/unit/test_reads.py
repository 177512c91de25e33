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
    }
)


@pytest.fixture(scope="module")
def project():
    return Project.load(REPOSITORY)


def read(project, *files):
    found = project.reads("results/made/{base}/manifest.json", project.bases.pretrain, *files)
    return {name: list(paths) for name, paths in found(W).items()}


FUNCTIONS = ["teacher_rows", "teacher_prompts", "evaluation_files", "trained_teacher"]


def functions(project, *names):
    return [getattr(project.jobs("transmission").inputs, name) for name in names]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_table_is_needed_and_the_manifest_beside_it_compared(project, name):
    found = read(project, *functions(project, name))
    paths = [path for some in found.values() for path in some]
    tables = [path for path in paths if path.endswith(".parquet")]
    assert paths
    assert [path for path in paths if getattr(path, "flags", {}).get("ancient")] == tables
    assert {f"{path.removesuffix('.parquet')}.manifest.json" for path in tables} <= set(paths)


def test_files_of_several_functions_are_one_jobs(project):
    one, other = functions(project, *FUNCTIONS[:2])
    assert read(project, one, other) == read(project, one) | read(project, other)
    assert read(project) == {}
