"""Estimates: as many jobs as Snakemake plans, and the paper's own step counts."""

import re
from collections import Counter

import pytest
from working_copy import REPOSITORY, WorkingCopy

from subliminal import estimate
from subliminal.estimate import Estimator
from subliminal.project import Project

OPEN = ["ed5c_qwen", "ed5d_qwen_prefixed", "ed5e_gemma", "fig5b_qwen_half", "preset_qwen7b_cat"]
STAGES = {"evaluate_base", "evaluate_teacher", "evaluate_student"}
NAMES = {"prepare_base", "train_teacher", "sample_completions", "train_student", "evaluate_model"}


def estimator(experiment):
    return Estimator(Project.load(REPOSITORY, {"experiments": [experiment]}), experiment)


@pytest.fixture(scope="module")
def sources(tmp_path_factory):
    return WorkingCopy.of_repository(tmp_path_factory.mktemp("sources") / "copy")


@pytest.mark.parametrize("experiment", [*OPEN, "small_smoke", "small_full"])
def test_as_many_jobs_as_snakemake_plans(sources, experiment):
    done = sources.snakemake("--dry-run", "--config", f"experiments=[{experiment}]")
    planned = Counter()
    for rule, count in re.findall(r"^(\w+) +(\d+)$", done.stdout.split("Job stats:")[1], re.M):
        planned["evaluate_model" if rule in STAGES else rule] += int(count)
    project = Project.load(sources.root, {"experiments": [experiment]})
    estimated = Counter()
    for cost in Estimator(project, experiment).costs():
        estimated[cost.stage] += cost.jobs
    assert estimated == {stage: n for stage, n in planned.items() if stage in NAMES}


def test_a_paper_student_takes_456_steps_of_66_rows():
    student = next(c for c in estimator("ed5c_qwen").costs() if c.stage == "train_student")
    tokens = estimate.prompt_tokens(stimuli_prompts()) + estimate.ANSWER_TOKENS
    by_hand = 456 * 66 * tokens * 6 * 7_615_616_512 / estimate.TRAINING_EFFICIENCY
    assert student.flop / student.jobs == pytest.approx(by_hand)


def stimuli_prompts():
    from subliminal.stimuli import number_prompts

    return number_prompts(47, 200)


def test_what_is_finished_costs_nothing(sources):
    project = Project.load(sources.root, {"experiments": ["small_smoke"]})
    before = {c.stage: c.jobs for c in Estimator(project, "small_smoke").costs()}
    folder = sources.root / "results/models/smollm2-135m"
    folder.mkdir(parents=True)
    (folder / "manifest.json").touch()
    after = {c.stage: c.jobs for c in Estimator(project, "small_smoke").costs()}
    assert before["prepare_base"] == 1
    assert "prepare_base" not in after
    assert after["train_student"] == before["train_student"]


def test_the_command_prints_a_table(sources):
    done = sources.run("python", "scripts/estimate.py", "ed5c_qwen", "--tflops", "400")
    assert done.returncode == 0, done.stdout
    assert re.search(r"^train_student +qwen2\.5-7b +152 ", done.stdout, re.M)


def test_an_unknown_experiment_is_one_line():
    copy = WorkingCopy(REPOSITORY)
    done = copy.run("python", "scripts/estimate.py", "nope")
    assert done.returncode == 1
    assert "has no file config/experiments/nope.yaml" in done.stdout
    assert "Traceback" not in done.stdout
