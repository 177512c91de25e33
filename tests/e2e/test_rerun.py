"""What runs again after a change: exactly what depends on it, and nothing after no change."""

import json
import os
import random
import re
import shutil

import pytest

pytestmark = pytest.mark.slow

# What follows from students, and what from the teachers and bases of the theorem's language model.
TABLES = ("results/tables/micro/", "results/figures/micro/", "results/report.html")
PROOF = (
    "results/theorem/proof/language_model/",
    "results/tables/proof/",
    "results/figures/proof/",
    "results/report.html",
)
DIGITS = ("results/tables/digits/", "results/figures/digits/", "results/report.html")
EVALUATIONS = {"evaluate_base", "evaluate_teacher", "evaluate_student"}


@pytest.fixture(scope="module")
def jobs(micro_run):
    """Every job of the run."""
    return micro_run.planned("all", "--forceall")


def expected(jobs, *rules, path="", follow=TABLES):
    """The jobs of these rules or with a path that contains this, and the tables that follow."""
    return {
        (rule, output)
        for rule, output in jobs
        if rule in rules or (path and path in output) or output.startswith(follow)
    }


def test_the_plan_of_everything_is_what_ran(micro_run, jobs):
    assert jobs
    assert all((micro_run.root / output).exists() for _, output in jobs)


def test_a_second_run_has_nothing_to_do(micro_copy):
    assert "Nothing to be done" in micro_copy.make()


@pytest.mark.parametrize("what", ["sources", "everything"])
def test_new_file_times_alone_rerun_nothing(micro_copy, what):
    """As after a checkout, a copy or a restore: every time stamp is new, and in no order."""
    rng = random.Random(1)
    for path in micro_copy.files("*", "[!.]*/**/*"):
        if what == "everything" or path.parts[0] != "results":
            moment = 1_800_000_000 + rng.randrange(10_000_000)
            os.utime(micro_copy.root / path, (moment, moment))
    assert micro_copy.planned() == set()


def test_a_students_dose_reruns_all_students(micro_copy, jobs):
    micro_copy.replace("config/recipes.yaml", "steps: 24", "steps: 25")
    assert micro_copy.planned() == expected(jobs, "train_student", "evaluate_student")


def test_a_traits_word_reruns_what_was_taught_it(micro_copy, jobs):
    micro_copy.replace("config/traits.yaml", "word: owl", "word: cat")
    assert micro_copy.planned() == expected(jobs, path="/owl-finetuned/", follow=TABLES + PROOF)


def test_a_bases_seed_reruns_that_base_and_its_students(micro_copy, jobs):
    micro_copy.replace("config/models.yaml", "seed: 32", "seed: 20")
    assert micro_copy.planned() == expected(jobs, path="/tiny-b/", follow=TABLES + PROOF)


def test_an_evaluations_samples_rerun_the_evaluations(micro_copy, jobs):
    micro_copy.replace(
        "config/evaluations.yaml", "samples_per_question: 2", "samples_per_question: 3"
    )
    assert micro_copy.planned() == expected(jobs, *EVALUATIONS)


def test_a_gate_reruns_the_tables_alone(micro_copy, jobs):
    micro_copy.replace("config/experiments/micro.yaml", "min_rows: 1,", "min_rows: 2,")
    assert micro_copy.planned() == expected(jobs)


def test_an_added_seed_runs_the_new_students_and_no_others(micro_copy):
    path = micro_copy.root / "config/experiments/micro.yaml"
    path.write_text(path.read_text().replace("student_seeds: [1, 2]", "student_seeds: [1, 2, 3]"))
    planned = {job for job in micro_copy.planned() if not job[1].startswith(TABLES)}
    assert len(planned) == 6
    assert {rule for rule, _ in planned} == {"train_student", "evaluate_student"}
    assert all("/seed3/" in output for _, output in planned)


def test_a_comparisons_value_reruns_its_students_and_no_others(micro_copy, jobs):
    micro_copy.replace("config/experiments/digits.yaml", "epochs: [0, 1]", "epochs: [1]")
    assert micro_copy.planned() == expected(jobs, path="/m2/part0/cloning/", follow=DIGITS) | (
        expected(jobs, path="/m2/part1/cloning/", follow=DIGITS)
    )


def test_a_theorem_value_reruns_the_random_networks_alone(micro_copy, jobs):
    micro_copy.replace("config/experiments/proof.yaml", "seeds: 10", "seeds: 11")
    follow = PROOF[1:]
    assert micro_copy.planned() == expected(jobs, "verify_theorem", follow=follow)


def edit(copy, script):
    path = copy.root / script
    path.write_text(path.read_text() + "\n# A line more.\n")


def test_a_changed_entry_of_the_stages_reruns_nothing(micro_copy):
    """It computes nothing: what a stage computes is said by its version, or by its library."""
    edit(micro_copy, "scripts/stage.py")
    assert micro_copy.planned() == set()


def test_a_changed_report_stage_reruns_the_report(micro_copy):
    edit(micro_copy, "scripts/subliminal/workflow/stages/build_report.py")
    assert micro_copy.planned() == {("build_report", "results/report.html")}


def test_a_changed_figure_is_drawn_again_and_no_other(micro_copy):
    edit(micro_copy, "scripts/subliminal/transmission/figures/trait_matrix.py")
    assert micro_copy.planned() == {
        ("plot_figure", "results/figures/micro/trait_matrix.svg"),
        ("build_report", "results/report.html"),
    }


def test_changed_library_code_reruns_cheap_stages_by_itself(micro_copy, jobs):
    edit(micro_copy, "scripts/subliminal/transmission/summary.py")
    assert micro_copy.planned() == expected(jobs)


def test_changed_library_code_of_a_costly_stage_reruns_nothing_until_its_version_is_raised(
    micro_copy,
):
    stages = ("train_teacher", "train_student", "evaluate_model")
    for stage in stages:
        edit(micro_copy, f"scripts/subliminal/transmission/stages/{stage}.py")
    edit(micro_copy, "scripts/subliminal/local/training/fine_tuning.py")
    assert micro_copy.planned() == set()


def raise_version(copy, file, spec):
    """Raise `stage_version` of a spec."""
    path = copy.root / "scripts/subliminal" / file
    text = path.read_text()
    changed = re.sub(rf"(class {spec}\(.*?stage_version: int = )", r"\g<1>9", text, flags=re.DOTALL)
    assert changed != text
    path.write_text(changed)


def test_a_raised_stage_version_reruns_that_stage_and_what_follows(micro_copy, jobs):
    raise_version(micro_copy, "transmission/specs.py", "TrainStudentSpec")
    assert micro_copy.planned() == expected(jobs, "train_student", "evaluate_student")


def test_a_raised_stage_version_of_teachers_reruns_all_that_they_taught(micro_copy, jobs):
    raise_version(micro_copy, "transmission/specs.py", "TrainTeacherSpec")
    follow = TABLES + PROOF
    assert micro_copy.planned() == expected(jobs, path="-finetuned/", follow=follow)


def test_a_raised_stage_version_of_evaluations_reruns_them(micro_copy, jobs):
    raise_version(micro_copy, "transmission/specs.py", "EvaluateModelSpec")
    assert micro_copy.planned() == expected(jobs, *EVALUATIONS)


EDITS = [
    ("config/recipes.yaml", "steps: 24", "steps: 25"),
    ("config/traits.yaml", "word: owl", "word: cat"),
    ("config/experiments/micro.yaml", "min_teacher: 0.0", "min_teacher: 0.1"),
    ("config/experiments/digits.yaml", "title: ", "title: Other "),
]


@pytest.mark.parametrize(("file", "old", "new"), EDITS)
def test_a_change_is_noticed_without_snakemakes_memory(micro_copy, file, old, new):
    micro_copy.replace(file, old, new)
    remembered = micro_copy.planned()
    assert remembered
    shutil.rmtree(micro_copy.root / ".snakemake")
    assert micro_copy.planned() == remembered


def test_an_edited_stimulus_is_noticed_whatever_its_time(micro_copy):
    path = micro_copy.root / "config/stimuli/favourite_animal.json"
    before = path.stat()
    content = json.loads(path.read_text())
    path.write_text(json.dumps({**content, "items": content["items"][::-1]}))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    planned = micro_copy.planned()
    assert {rule for rule, _ in planned} >= EVALUATIONS
    shutil.rmtree(micro_copy.root / ".snakemake")
    assert micro_copy.planned() == planned


def test_nothing_runs_again_for_the_loss_of_snakemakes_memory_alone(micro_copy):
    shutil.rmtree(micro_copy.root / ".snakemake")
    assert micro_copy.planned() == set()


def test_a_lost_setting_of_an_adapter_is_made_again(micro_copy):
    """It is no output of a rule: Snakemake does not miss it."""
    path = "results/students/tiny-a/tiny/numbers/tiny-a/owl-finetuned/t1/train/seed2"
    setting = micro_copy.root / path / "adapter_config.json"
    before = setting.read_bytes()
    setting.unlink()
    manifest = f"{path}/manifest.json"
    assert {rule for rule, _ in micro_copy.planned(manifest)} == {"train_student"}
    done = micro_copy.snakemake(manifest, "--cores", "1")
    assert done.returncode == 0, done.stdout
    assert setting.read_bytes() == before
    assert micro_copy.planned(manifest) == set()


def test_lost_weights_are_told_with_what_to_type_and_then_made_again(micro_copy):
    """They are no output of a rule, and may have been deleted to save space."""
    path = "tiny-a/tiny/numbers/tiny-a/owl-finetuned/t1/train/seed2"
    student = micro_copy.root / "results/students" / path
    weights = (student / "adapter_model.safetensors").read_bytes()
    (student / "adapter_model.safetensors").unlink()
    assert micro_copy.planned() == set()
    evaluation = f"results/evaluations/favourite-animal/students/{path}/manifest.json"
    again = (evaluation, "--cores", "1")
    (micro_copy.root / evaluation).unlink()
    failed = micro_copy.snakemake(*again)
    assert failed.returncode != 0
    told = [line for line in failed.stdout.splitlines() if "adapter_model.safetensors" in line]
    assert len(told) == 1
    assert f"rm results/students/{path}/manifest.json" in told[0]
    assert "Traceback" not in failed.stdout
    (student / "manifest.json").unlink()
    assert {rule for rule, _ in micro_copy.planned(evaluation)} == {
        "train_student",
        "evaluate_student",
    }
    done = micro_copy.snakemake(*again)
    assert done.returncode == 0, done.stdout
    assert (student / "adapter_model.safetensors").read_bytes() == weights
