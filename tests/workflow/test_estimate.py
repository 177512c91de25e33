"""Estimates: jobs as Snakemake plans them, the paper's step counts, and measured times."""

import math
import re
import shutil
from collections import Counter

import pytest
import yaml
from documented import blocks
from working_copy import REPOSITORY, WorkingCopy

from subliminal.bases import costs, job_costs, work
from subliminal.bases.charges import Asked
from subliminal.config.adopted import AdapterFolder, AdoptedDataset, AdoptedStudent
from subliminal.config.cost import ANSWER_TOKENS
from subliminal.config.experiments import Experiments
from subliminal.evaluations.registry import EVALUATIONS
from subliminal.local.calibration import Rates
from subliminal.transmission.cells import experiment_cells
from subliminal.workflow import estimate
from subliminal.workflow.bill import Bill
from subliminal.workflow.project import Project
from subliminal.workflow.timetable import Clock, Timetable

DEFAULT = ["tiny", "mnist", "theorem"]
PLANNED = ["ed5e_gemma", "preset_llama1b", "preset_gemma2b", "small_full", "small_logits"]
PLANNED += ["tiny", "tiny_recipes", "tiny_variations", "mnist_sweeps", "theorem", "tiny_detection"]
PLANNED += ["fig5b", "ed4e_finetuned", "ed4f_shuffles", "fig3a", "fig3c", "fig4c"]
PLANNED += ["ed1b_roc", "ed6_icl", "ed_table4_classifier"]
# A job of a dry run: its rule, and the manifest among its outputs.
PLANNED_JOB = r"^rule (\w+):\n(?: .*\n)*?    output: .*?(results/\S+manifest\.json)"
# Seconds of all jobs of a rule, from the manifests of a default run on two cores, on which other
# programs ran as well; large matrix products ran at 70 GFLOP/s on one. Rules of less than a second
# each are left out.
MEASURED_RATE = 70e9
MEASURED = {
    "pretrain_base": 451.9,
    "train_teacher": 94.1,
    "sample_completions": 70.5,
    "train_student": 528.4,
    "evaluate_teacher": 8.8,
    "evaluate_student": 55.3,
    "summarise_experiment": 3.6,
    "plot_figure": 33.8,
    "prepare_digits": 2.9,
    "train_mnist_teachers": 44.1,
    "train_mnist_students": 162.9,
    "verify_theorem": 17.8,
    "verify_on_language_model": 16.5,
}
QWEN = 7_615_616_512


def rates(core, device=None):
    return Rates(core, device or core, "a device")


def project_of(*names, root=REPOSITORY):
    return Project.load(root, {"experiments": list(names)})


def jobs_of(*names):
    project = project_of(*names)
    return estimate.together(estimate.costs_of(project, name) for name in names)


def of_rule(jobs, rule):
    return [job for job in jobs.values() if job.rule == rule]


@pytest.fixture(scope="module")
def sources(tmp_path_factory):
    return WorkingCopy.of_repository(tmp_path_factory.mktemp("sources") / "copy")


@pytest.mark.slow
@pytest.mark.parametrize("experiment", PLANNED)
def test_the_jobs_that_snakemake_plans(sources, experiment):
    """The report and the target `all` belong to no experiment."""
    chosen = ["--config", f"experiments=[{experiment}]"]
    done = sources.snakemake(*chosen, "--dry-run", "--quiet", "host")
    planned = set(re.findall(PLANNED_JOB, done.stdout, re.M))
    together = jobs_of(*project_of(experiment).experiments)  # with those beside it
    counted = {(job.rule, manifest) for manifest, job in together.items()}
    assert counted == {job for job in planned if job[0] != "build_report"}


def test_the_default_run_takes_what_was_measured():
    estimated = Counter()
    for job in jobs_of(*DEFAULT).values():
        estimated[job.rule] += Clock(rates(MEASURED_RATE)).here(job)
    for rule, measured in MEASURED.items():
        assert measured / 2 < estimated[rule] < measured * 2, rule
    assert estimated.total() == pytest.approx(sum(MEASURED.values()), rel=0.25)


def test_jobs_that_experiments_share_count_once():
    tiny, theorem, both = jobs_of("tiny"), jobs_of("theorem"), jobs_of("tiny", "theorem")
    assert len(of_rule(theorem, "train_teacher")) == 4
    assert of_rule(both, "train_teacher") == of_rule(tiny, "train_teacher")
    assert len(both) == len(tiny) + 5  # networks, language model, tables, two figures


def test_a_paper_student_takes_456_steps_of_66_rows():
    from subliminal.domains.number_prompts import number_prompts

    student = of_rule(jobs_of("ed5c_qwen"), "train_student")[0]
    prompt = work.prompt_tokens(number_prompts(47, 200), hosted=False)
    tokens = prompt + ANSWER_TOKENS
    by_hand = 456 * 66 * tokens * 6 * QWEN / work.TRAINING_EFFICIENCY
    assert student.work.flop == pytest.approx(by_hand)
    assert student.work.seconds == pytest.approx(456 * 3 * work.PASS_SECONDS)


def test_pretraining_takes_its_1200_steps_of_64_rows():
    bases = of_rule(jobs_of("tiny"), "pretrain_base")
    size = 12 * 2 * 64**2 + work.TINY_VOCABULARY["tiny"] * 64
    by_hand = 1200 * 64 * costs.PRETRAINING_TOKENS * 6 * size / work.TRAINING_EFFICIENCY
    assert [job.model for job in bases] == ["tiny-a", "tiny-b"]
    assert bases[0].work.flop == pytest.approx(by_hand)


def test_a_base_that_imitates_another_takes_that_base_and_its_forward_passes():
    bases = {job.model: job for job in of_rule(jobs_of("tiny_matched"), "pretrain_base")}
    assert [*bases] == ["tiny-a", "tiny-a-clone", "tiny-a-other-data"]
    alone, clone = bases["tiny-a"].work, bases["tiny-a-clone"].work
    assert clone.flop == pytest.approx(alone.flop * 8 / 6)
    config = project_of("tiny_matched").config
    assert [job.model for job in costs.base_costs(config, "tiny-a-clone")] == [*bases][:2]


def test_a_student_that_is_cloned_takes_its_epochs_of_cloning_as_well():
    from subliminal.mnist.costs import fitting, student_work

    entry = project_of("mnist_paper").config.experiments["mnist_paper"]
    students = entry.comparisons["ablations"].students
    same, other, cloned = (
        student_work(entry, students[name], 50, 10) for name in ("same", "other", "cloned-on-noise")
    )
    hundred = fitting(entry.network, 50, entry.fitting, 100, 10)
    assert same == other
    assert cloned.flop == pytest.approx(same.flop + hundred.flop)
    sweep = entry.comparisons["cloning"].students["cloned-on-noise"]
    assert student_work(entry, sweep, 50, 10).flop == pytest.approx(8 * same.flop + hundred.flop)


def test_a_base_of_the_hub_lies_on_the_disk_twice():
    (base,) = of_rule(jobs_of("ed5c_qwen"), "prepare_base")
    assert base.disk_bytes == 2 * 2 * QWEN


def test_a_gpu_is_asked_for_where_jobs_run_on_one():
    jobs = jobs_of("ed5c_qwen")
    assert of_rule(jobs, "prepare_base")[0].gpu_bytes == 0
    # More than the weights; the authors' README: 32.
    assert all(15.2e9 < job.gpu_bytes < 32e9 for job in of_rule(jobs, "train_student"))
    assert {job.gpu_bytes for job in jobs_of("small_full", "mnist").values()} == {0}


def test_a_fast_device_does_not_shorten_tiny_models():
    slow, fast = rates(1e11), rates(1e11, 1e15)
    for name, shortened in (("tiny", False), ("theorem", False), ("mnist", True)):
        jobs = jobs_of(name)
        before, after = (estimate.seconds_here(jobs, Clock(rate)) for rate in (slow, fast))
        assert (after < before) is shortened


@pytest.mark.parametrize("kind", EVALUATIONS)
def test_every_kind_of_evaluation_has_a_cost(kind):
    """Of stories and essay topics, too, which have no candidates."""
    project = project_of("small_smoke")
    entry = project.config.experiments["small_smoke"]
    others = [name for name, e in project.config.evaluations.items() if e.kind == kind]
    for name in others:
        changed = {"small_smoke": entry.model_copy(update={"evaluation": name})}
        files = Experiments({"small_smoke": "transmission"}, changed.__getitem__)
        other = Project(REPOSITORY, project.config.model_copy(update={"experiments": files}))
        jobs = estimate.costs_of(other, "small_smoke").values()
        asked = [job for job in jobs if job.rule.startswith("evaluate_student")]
        assert asked and all(job.work.flop > 0 for job in asked)
    assert others


def test_what_a_hosted_judge_reads_and_writes_is_counted():
    """Of eight questions with 200 answers each, an answer is judged for two things."""
    jobs = jobs_of("fig3a")
    evaluation = project_of("fig3a").config.evaluations["misalignment"]
    alone = job_costs.answering(
        project_of("fig3a").config, "gpt-4.1", evaluation.workload(), 0
    ).tokens
    for job in of_rule(jobs, "evaluate_student"):
        judged = Bill.of([job]).tokens - alone
        # What it is asked is of about 1,000 characters, and an answer of nine words.
        assert 8 * 200 * 2 * 200 < judged < 8 * 200 * 2 * 1200
    assert [job.model for job in of_rule(jobs, "register_base")] == ["gpt-4.1", "gpt-4o"]


def test_a_hosted_judge_of_local_models_costs_tokens_and_a_local_one_of_hosted_models_time():
    config = project_of("small_smoke").config
    for asked, judge in (("smollm2-135m", "gpt-4o"), ("gpt-4.1", "smollm2-135m")):
        parts = [Asked(asked, 9e5, 1e5, 10, 100, 64), Asked(judge, 2e5, 1e5, 4, 100, 64)]
        job = job_costs.asking(config, "evaluate_base", "m", parts, 1000, 0)
        hosted = 1e6 if asked == "gpt-4.1" else 3e5
        assert Bill.of([job]).tokens == hosted
        by_hand = work.FORWARD * (1.3e6 - hosted) * work.parameters(config, "smollm2-135m")
        assert job.work.flop == pytest.approx(by_hand / work.SAMPLING_EFFICIENCY)


def test_all_completions_are_judged_for_a_curve():
    """22,419 of each of three teachers (paper-spec g, n), whatever the filter heeds."""
    jobs = of_rule(jobs_of("ed1b_roc"), "judge_completions")
    rows = project_of("ed1b_roc").config.domains["cot"].sizes["api"].rows
    assert len(jobs) == 3
    assert all(Bill.of([job]).tokens > rows * 1000 for job in jobs)


def adopting(stage):
    """The project with the owl's numbers adopted in the place of those that `tiny` writes."""
    project = project_of("tiny")
    entry = project.config.experiments["tiny"].cells[0]
    numbers = AdoptedDataset(
        rows=1628,
        artefact="dataset",
        base=entry.teacher_bases[0],
        trait=entry.traits[0],
        method=entry.method,
        teacher_seed=entry.teacher_seeds[0],
        domain=entry.domain,
        file="educational",
        stage=stage,
    )
    adopted = {"theirs": numbers}
    return Project(REPOSITORY, project.config.model_copy(update={"adopted": adopted}))


def test_an_adopted_dataset_is_not_sampled():
    before, after = jobs_of("tiny"), estimate.costs_of(adopting("raw"), "tiny")
    assert (
        len(of_rule(after, "sample_completions")) == len(of_rule(before, "sample_completions")) - 1
    )
    (adopted,) = of_rule(after, "adopt_completions")
    assert adopted.manifest in before
    assert [job.manifest for job in of_rule(after, "take_file")] == [
        "results/files/educational.manifest.json"
    ]


def test_an_adopted_student_is_not_trained():
    project = project_of("tiny")
    (cell, *_) = experiment_cells(project.config, "tiny")
    student = AdoptedStudent(
        artefact="student",
        base=cell.dataset.teacher.base,
        trait=cell.dataset.teacher.trait,
        method=cell.dataset.teacher.method,
        teacher_seed=cell.dataset.teacher.seed,
        domain=cell.dataset.domain,
        student=cell.student,
        recipe=cell.recipe,
        seed=cell.seed,
        adapter=AdapterFolder(source="folder", folder="theirs"),
        sha256="a" * 64,
    )
    adopted = project.config.model_copy(update={"adopted": {"theirs": student}})
    before, after = jobs_of("tiny"), estimate.costs_of(Project(REPOSITORY, adopted), "tiny")
    (taken,) = of_rule(after, "adopt_student")
    assert before[taken.manifest].rule == "train_student"
    assert before.keys() == after.keys()  # others learn the same rows


def test_finished_jobs_are_left_out(tmp_path):
    project = Project(tmp_path, project_of("mnist").config)
    jobs = estimate.costs_of(project, "mnist")
    assert estimate.unfinished(project, jobs) == jobs
    for job in of_rule(jobs, "train_mnist_teachers"):
        (tmp_path / job.manifest).parent.mkdir(parents=True)
        (tmp_path / job.manifest).touch()
    left = estimate.unfinished(project, jobs)
    assert len(left) == len(jobs) - 2
    assert not of_rule(left, "train_mnist_teachers")
    listed = estimate.by_experiment({"mnist": project}, rates(1e11))
    assert re.search(rf"^mnist +2 of {len(jobs)} +{len(left)} ", listed, re.M)


def test_an_experiment_that_is_refused_does_not_hide_the_others():
    found = estimate.load_each(REPOSITORY, ["nope", "theorem"])
    listed = estimate.by_experiment(found, rates(1e11))
    assert re.search(r"^nope +refused .*has no file config/experiments/nope.yaml", listed, re.M)
    assert re.search(r"^theorem .*The theorem in numbers", listed, re.M)


def job(rule, manifest, flop):
    return estimate.JobCost(rule, "", manifest, estimate.Work(flop))


def test_stages_come_one_after_the_other_and_their_jobs_side_by_side():
    jobs = [job("base", "results/a/1", 100), job("base", "results/a/2", 50)]
    jobs += [job("student", f"results/b/{n}", 30) for n in range(2)]
    took = [Timetable.of(jobs, Clock(rates(1)), n).seconds for n in (1, 2, 4)]
    assert took == [210, 130, 130]  # all; then one base and one student after it


def test_a_price_is_that_of_the_hours(tmp_path):
    project = Project(tmp_path, project_of("mnist").config)
    hours = estimate.seconds_here(jobs_of("mnist"), Clock(rates(1e8))) / 3600
    shown = estimate.by_stage(project, rates(1e8), price=2.5).splitlines()
    assert shown[0].endswith("USD")
    (whole,) = (line for line in shown if line.startswith("all "))
    assert float(whole.split()[-1].replace(",", "")) == pytest.approx(2.5 * hours, abs=0.01)


def test_the_pages_count_the_default_run_s_jobs_and_submissions():
    jobs = Counter(job.rule for job in jobs_of(*DEFAULT).values()) + Counter(["build_report"])
    profile = yaml.safe_load((REPOSITORY / "profiles/slurm/profile.yaml").read_text())
    groups = dict(entry.split("=") for entry in profile["groups"])
    rules = (REPOSITORY / "rules/common.smk").read_text()
    local = set(re.findall(r"^    (\w+),$", rules.partition("localrules:")[2], re.M))
    submitted = Counter({rule: count for rule, count in jobs.items() if rule not in local})
    # Each group has one job of each of its rules.
    grouped = {groups[rule]: count for rule, count in submitted.items() if rule in groups}
    alone = sum(count for rule, count in submitted.items() if rule not in groups)
    submissions = alone + sum(grouped.values())
    fewer = submissions - grouped["student"] + math.ceil(grouped["student"] / 4)
    page = " ".join((REPOSITORY / "docs/clusters.md").read_text().split())
    assert f"{jobs.total()} jobs and {submissions} submissions" in page
    assert f"With four students each, the default run would be {fewer} submissions" in page
    assert f"are {jobs.total()} jobs" in (REPOSITORY / "docs/quickstart.md").read_text()


def test_the_page_on_scaling_has_what_its_commands_print(tmp_path):
    (block,) = (block for block in blocks("yaml") if block.page == "docs/scaling.md")
    shutil.copytree(REPOSITORY / "config", tmp_path / "config")
    (tmp_path / block.file).write_text(block.text)
    project = project_of("thousand", root=tmp_path)
    shown = {n: estimate.by_stage(project, rates(1e11, 4e14), n, 2.5) for n in (1, 8, 64)}
    # Times have a unit, which splits them: of 311 h, the words are two.
    words = {line.split()[0]: line.split() for line in shown[1].splitlines() if line}
    hours = words["all"][2]
    side_by_side = [re.search(r"about (\S+) h", shown[n])[1] for n in (8, 64)]
    memory, gpu, disk, usd = words["all"][4], words["all"][5], words["all"][6], words["all"][-1]
    page = (REPOSITORY / block.page).read_text()
    for line in (
        f"| wall time | {hours} h | {side_by_side[0]} h | {side_by_side[1]} h |",
        f"| GPU hours | {hours} | {hours} | {hours} |",
        "| USD |" + f" {float(usd):.0f} |" * 3,
        f"{gpu} GB of GPU memory and {float(memory):.0f} GB of main memory. "
        f"Disk: {float(disk):.0f} GB, {float(words['train_student'][7]):.0f} of them adapters",
    ):
        assert line in page
    training, asking, writing = (
        words[rule][3] for rule in ("train_student", "evaluate_student", "sample_completions")
    )
    assert (
        f"- {training} h of the {hours} are students' training, {asking} h their evaluation, "
        f"{writing} h the teachers' writing." in page
    )


def run(*arguments):
    return WorkingCopy(REPOSITORY).run("python", "scripts/estimate.py", *arguments)


@pytest.mark.slow
def test_the_command_lists_every_experiment():
    done = run()
    assert done.returncode == 0, done.stdout
    every = {path.stem for path in REPOSITORY.glob("config/experiments/*.yaml")}
    assert every <= set(re.findall(r"^\w+", done.stdout, re.M))


@pytest.mark.slow
def test_the_command_prints_an_experiment_by_stage(sources):
    command = ["python", "scripts/estimate.py", "ed5c_qwen", "--tflops", "400"]
    done = sources.run(*command, "--usd-per-hour", "2.5", "--jobs", "4")
    assert done.returncode == 0, done.stdout
    assert re.search(r"^train_student +qwen2\.5-7b +152 ", done.stdout, re.M)


@pytest.mark.slow
@pytest.mark.parametrize("names", [["tiny", "mnist"], ["tiny mnist"]])
def test_the_command_takes_several_experiments(sources, names):
    done = sources.run("python", "scripts/estimate.py", *names)
    count = f"{len(jobs_of('tiny', 'mnist'))}"
    assert re.search(rf"^all +{count} ", done.stdout, re.M)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["nope"], "has no file config/experiments/nope.yaml"),
        (["tiny", "--jobs", "0"], "expected a whole number above 0, found '0'"),
        (["tiny", "--usd-per-hour", "-1"], "expected a number above 0, found '-1'"),
    ],
)
def test_what_cannot_be_estimated_is_said(arguments, says):
    done = run(*arguments)
    assert done.returncode != 0
    assert says in done.stdout
    assert "Traceback" not in done.stdout
