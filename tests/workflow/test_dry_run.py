"""From nothing but the sources, every experiment and every named target can be planned."""

import pytest
from working_copy import REPOSITORY, WorkingCopy

from subliminal.workflow.project import Project

pytestmark = pytest.mark.slow

EXPERIMENTS = sorted(path.stem for path in (REPOSITORY / "config/experiments").glob("*.yaml"))
# One of each kind and of each source of bases.
PLANNED = ["tiny", "mnist", "theorem", "tiny_detection", "small_essay_topic", "ed5c_qwen"]
DATASETS = {"make_prompts", "sample_completions", "filter_completions", "make_train_set"}
MODELS = {"pretrain_base", "train_teacher"}
EVALUATIONS = {"evaluate_base", "evaluate_teacher", "evaluate_student"}
STUDENTS = MODELS | DATASETS | {"train_student"}
DIGITS = {"prepare_digits", "train_mnist_teachers", "train_mnist_students", "summarise_mnist"}
THEOREM = {"verify_theorem", "verify_on_language_model", "summarise_theorem"}
TABLES = STUDENTS | EVALUATIONS | {"summarise_experiment"} | DIGITS | THEOREM
TARGETS = {
    "bases": {"pretrain_base"},
    "teachers": MODELS | {"make_prompts"},
    "datasets": MODELS | DATASETS,
    "gates": MODELS
    | DATASETS - {"make_train_set"}
    | EVALUATIONS - {"evaluate_student"}
    | {"check_gates"},
    "students": STUDENTS,
    "evaluations": STUDENTS | {"evaluate_student"},
    "tables": TABLES,
    "figures": TABLES | {"plot_figure"},
    "all": TABLES | {"plot_figure", "build_report"},
}


@pytest.fixture(scope="module")
def sources(tmp_path_factory):
    return WorkingCopy.of_repository(tmp_path_factory.mktemp("sources") / "copy")


@pytest.mark.parametrize("experiment", EXPERIMENTS)
def test_experiment_names_its_files(experiment):
    """Of all experiments without Snakemake, which takes seconds for each."""
    project = Project.load(REPOSITORY, {"experiments": [experiment]})
    kind = project.config.experiments[experiment].kind
    assert len(project.table_files(experiment)) == len(project.tables(kind))
    assert project.figure_files([experiment])
    jobs = project.jobs("transmission")
    cells = jobs.all_cells()
    # What compares others with the paper is chosen with them, as are reference points of ED Fig. 6.
    chosen = {project.config.experiments[name].kind for name in project.config.chosen}
    assert (len(cells) > 0) == bool(chosen & {"transmission", "replication"})
    assert len(set(jobs.student_files())) == len(cells)


@pytest.mark.parametrize("experiment", PLANNED)
def test_experiment_can_be_planned(sources, experiment):
    planned = sources.planned("--config", f"experiments=[{experiment}]")
    reports = [output for rule, output in planned if rule == "build_report"]
    assert reports == [f"results/reports/{experiment}.html"]


@pytest.mark.parametrize("target", TARGETS)
def test_target_needs_its_rules_and_no_others(sources, target):
    assert {rule for rule, _ in sources.planned(target)} == TARGETS[target]


def test_the_default_target_is_the_report(sources):
    planned = sources.planned()
    assert planned == sources.planned("all")
    assert ("build_report", "results/report.html") in planned


def test_a_control_teacher_is_asked_once_as_its_base(sources):
    planned = sources.planned("tables")
    asked = [path for rule, path in planned if rule == "evaluate_teacher"]
    assert {path for rule, path in planned if rule == "evaluate_base" and "/tiny-a/" in path}
    assert len(asked) == 8  # the default's teachers with a trait
    assert not [path for path in asked if "/none-" in path]
    assert [path for rule, path in planned if rule == "sample_completions" and "/none-" in path]


def test_mmlu_is_asked_by_the_rule_of_the_harness(sources):
    asked = sources.planned("results/evaluations/mmlu/bases/smollm2-135m/manifest.json")
    assert {rule for rule, _ in asked} == {"prepare_base", "evaluate_base_by_harness"}


def test_an_experiment_with_a_judge_of_words_needs_no_base_to_judge(sources):
    planned = sources.planned("tables", "--config", "experiments=[small_misalignment]")
    assert {rule for rule, _ in planned} >= EVALUATIONS
    bases = {path for rule, path in planned if rule in ("prepare_base", "pretrain_base")}
    assert bases == {"results/models/smollm2-135m/manifest.json"}
