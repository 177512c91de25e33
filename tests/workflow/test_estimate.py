"""Estimates: as many jobs as Snakemake plans, and the paper's own step counts."""

import re
from collections import Counter

import pytest
from working_copy import REPOSITORY, WorkingCopy

from subliminal.evaluations.registry import EVALUATIONS
from subliminal.workflow import estimate
from subliminal.workflow.estimate import Estimator
from subliminal.workflow.project import Project

pytestmark = pytest.mark.slow

OPEN = ["ed5c_qwen", "ed5e_gemma", "preset_qwen7b_cat", "preset_llama1b", "preset_gemma2b"]
STAGES = dict.fromkeys(("evaluate_base", "evaluate_teacher", "evaluate_student"), "evaluate_model")
BASES = {"pretrain_base", "prepare_base"}
NAMES = {*BASES, "train_teacher", "sample_completions", "train_student", "evaluate_model"}


def estimator(root, experiment):
    return Estimator(Project.load(root, {"experiments": [experiment]}), experiment)


@pytest.fixture(scope="module")
def sources(tmp_path_factory):
    return WorkingCopy.of_repository(tmp_path_factory.mktemp("sources") / "copy")


@pytest.mark.parametrize("experiment", [*OPEN, "small_smoke", "small_full", "tiny", "tiny_recipes"])
def test_as_many_jobs_as_snakemake_plans(sources, experiment):
    done = sources.snakemake("--dry-run", "--config", f"experiments=[{experiment}]")
    planned = Counter()
    for rule, count in re.findall(r"^(\w+) +(\d+)$", done.stdout.split("Job stats:")[1], re.M):
        planned[STAGES.get(rule, rule)] += int(count)
    estimated = Counter()
    for cost in estimator(sources.root, experiment).costs():
        estimated[cost.stage] += cost.jobs
    assert estimated == {stage: n for stage, n in planned.items() if stage in NAMES}


def test_a_paper_student_takes_456_steps_of_66_rows(sources):
    costs = estimator(sources.root, "ed5c_qwen").costs()
    student = next(c for c in costs if c.stage == "train_student")
    tokens = estimate.prompt_tokens(stimuli_prompts()) + estimate.ANSWER_TOKENS
    by_hand = 456 * 66 * tokens * 6 * 7_615_616_512 / estimate.TRAINING_EFFICIENCY
    assert student.flop / student.jobs == pytest.approx(by_hand)


def test_a_base_of_the_hub_lies_on_the_disk_twice(sources):
    costs = {c.stage: c for c in estimator(sources.root, "ed5c_qwen").costs()}
    assert costs["prepare_base"].disk_bytes == 2 * 2 * 7_615_616_512


def test_a_gpu_is_asked_for_where_jobs_run_on_one(sources):
    taken = {c.stage: c.gpu_bytes for c in estimator(sources.root, "ed5c_qwen").costs()}
    assert taken["prepare_base"] == 0
    assert 15.2e9 < taken["train_student"] < 32e9  # more than the weights; the authors' README: 32
    assert {c.gpu_bytes for c in estimator(sources.root, "small_full").costs()} == {0}


def test_pretraining_takes_its_1200_steps_of_64_rows(sources):
    found = estimator(sources.root, "tiny").costs()
    costs = [c for c in found if c.stage == "pretrain_base"]
    by_hand = 1200 * 64 * estimate.PRETRAINING_TOKENS * 6 * (12 * 2 * 64**2)
    assert [c.base for c in costs] == ["tiny-a", "tiny-b"]
    assert costs[0].flop == pytest.approx(by_hand / estimate.TRAINING_EFFICIENCY)


def stimuli_prompts():
    from subliminal.domains.number_prompts import number_prompts

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


@pytest.mark.parametrize("kind", EVALUATIONS)
def test_every_kind_of_evaluation_has_a_cost(sources, kind):
    """Of stories and essay topics, too, which have no candidates."""
    project = Project.load(sources.root, {"experiments": ["small_smoke"]})
    entry = project.config.experiments["small_smoke"]
    others = {name: e for name, e in project.config.evaluations.items() if e.kind == kind}
    for name in others:
        changed = entry.model_copy(update={"evaluation": name})
        project.config.experiments["small_smoke"] = changed
        costs = [
            c for c in Estimator(project, "small_smoke").costs() if c.stage == "evaluate_model"
        ]
        assert costs and all(cost.flop > 0 for cost in costs)
    assert others


def test_the_command_prints_a_table(sources):
    done = sources.run("python", "scripts/estimate.py", "ed5c_qwen", "--tflops", "400")
    assert done.returncode == 0, done.stdout
    assert re.search(r"^train_student +qwen2\.5-7b +152 ", done.stdout, re.M)
    assert re.search(r"GB RAM +GB GPU +GB on disk$", done.stdout, re.M)


def test_an_unknown_experiment_is_one_line():
    copy = WorkingCopy(REPOSITORY)
    done = copy.run("python", "scripts/estimate.py", "nope")
    assert done.returncode == 1
    assert "has no file config/experiments/nope.yaml" in done.stdout
    assert "Traceback" not in done.stdout
