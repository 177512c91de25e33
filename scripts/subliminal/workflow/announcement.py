"""The jobs of a run as one says them: told to the logger plugin when all are known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from subliminal.config.cost import JobCost
from subliminal.workflow.bill import Bill
from subliminal.workflow.project import Project
from subliminal.workflow.remaining import Lane, Work
from subliminal.workflow.timetable import Clock, Timetable

# Events beside Snakemake's own; only the plugin takes notice.
INTRODUCED, ANNOUNCED = "introduced", "announced"
# Operations a second of the core that constants of costs were measured on; the first jobs that end
# show how much slower this machine is. A GPU's rate is not known before one of its jobs has ended.
CORE_RATE = 7e10
# Of the jobs that no experiment counts: the report, and tables that are asked for by name.
UNCOUNTED_S = 2.0
# By rule, in its wildcards; a rule without one is said by its name.
LABELS = {
    "take_file": "file {file}",
    "pretrain_base": "base {base}",
    "prepare_base": "base {base}",
    "register_base": "base {base}",
    "train_teacher": "teacher {base}, fine-tuned to have trait {trait}",
    "adopt_teacher": "adopted: teacher {teacher}",
    "adopt_student": "adopted: student {adopted}",
    "make_prompts": "prompts for {domain}",
    "sample_completions": "{domain} written by {base} with trait {trait}",
    "adopt_completions": "adopted: {dataset}",
    "filter_completions": "filter: {domain} of {base} with trait {trait}",
    "make_train_set": "training rows: {domain} of {base} with trait {trait}, variant {variant}",
    "train_student": "student {student} ← {trait} {domain} of {base} ({variant}), seed {seed}",
    "write_training_file": "training file: {model}",
    "check_training_file": "limits and tokens: {model}",
    "submit_tuning": "fine-tuning ordered: {model}",
    "wait_for_tuning": "fine-tuned by its provider: {model}",
    "evaluate_base": "{evaluation} asked of base {base}",
    "evaluate_teacher": "{evaluation} asked of teacher {base} with trait {trait}",
    "evaluate_student": "{evaluation} asked of student {student} ← {trait} of {base}, seed {seed}",
    "evaluate_base_by_harness": "{evaluation} asked of base {base}",
    "evaluate_teacher_by_harness": "{evaluation} asked of teacher {base} with trait {trait}",
    "evaluate_student_by_harness": (
        "{evaluation} asked of student {student} ← {trait} of {base}, seed {seed}"
    ),
    "train_mnist_teachers": "MNIST teachers of {experiment}",
    "train_mnist_students": "MNIST students of {experiment}: {comparison}",
    "verify_theorem": "{experiment} on random networks",
    "verify_on_language_model": "{experiment} on language models",
    "summarise_experiment": "tables of {experiment}",
    "summarise_mnist": "tables of {experiment}",
    "summarise_theorem": "tables of {experiment}",
    "compare_with_paper": "{experiment}: the paper's values beside ours",
    "plot_figure": "figure {figure} of {experiment}",
    "build_report": "report",
}


@dataclass(frozen=True)
class AnnouncedJob:
    """A job: its rule, what it is about, its share of the work, and its files if it has any."""

    rule: str
    label: str
    work: Work
    manifest: str | None
    log: str | None


@dataclass(frozen=True)
class AnnouncedRun:
    """A run that is about to start.

    Attributes:
        slots: jobs that run side by side.
        jobs: by Snakemake's number, in the order of the workflow.
        bill: what providers of hosted bases take for these jobs.
        timetable: of these jobs, as far as is known before any has run.
    """

    experiments: Sequence[str]
    slots: int
    jobs: Mapping[int, AnnouncedJob]
    bill: Bill = field(default_factory=lambda: Bill([]))
    timetable: Timetable = field(default_factory=lambda: Timetable([], False, 1))


def introduce(workflow: Any, project: Project) -> None:
    """Check what is asked for, say what to think of, and tell the loggers of which report it is.

    Raises:
        ConfigError: an experiment that is asked for is wrong.
    """
    from snakemake.logging import logger

    targets = _targets(workflow)
    for warning in project.warnings(project.asked(targets)):
        logger.warning(warning)
    own = [project.report_of(target) for target in targets if target in project.targets]
    _send(workflow, INTRODUCED, report=[*filter(None, own), project.report][0])


def announce(workflow: Any, project: Project) -> None:
    """Tell the loggers of a Snakemake workflow about its jobs."""
    if workflow.logger_manager.get_log_handlers():
        _send(workflow, ANNOUNCED, run=_announced(workflow, project))


def _targets(workflow: Any) -> list[str]:
    """The targets as typed."""
    return [str(target) for target in workflow.dag_settings.targets]


def _send(workflow: Any, event: str, **fields: Any) -> None:
    if workflow.logger_manager.get_log_handlers():
        from snakemake.logging import logger

        logger.info(None, extra={"event": event, **fields})


def _announced(workflow: Any, project: Project) -> AnnouncedRun:
    from subliminal.local.calibration import Rates
    from subliminal.workflow.estimate import clock_of, costs_of, together

    dag, resources = workflow.dag, workflow.resource_settings
    needed = set(dag.needrun_jobs())
    experiments = project.asked(_targets(workflow))
    costs = together(costs_of(project, name) for name in experiments)
    clock = clock_of(project, Rates(CORE_RATE, CORE_RATE, "a core"))
    jobs = {
        job.jobid: _job(job, costs, clock)
        for level in dag.toposorted(needed)
        for job in sorted(level, key=str)
        if job.output
    }
    manifests = {job.manifest for job in jobs.values()}
    due = [cost for path, cost in costs.items() if path in manifests]
    slots = resources.cores or resources.nodes or 1
    timetable = Timetable.of(due, clock, slots)
    return AnnouncedRun(experiments, slots, jobs, Bill.of(due), timetable)


def _job(job: Any, costs: Mapping[str, JobCost], clock: Clock) -> AnnouncedJob:
    rule, wildcards = job.rule.name, job.wildcards_dict
    subject = next((wildcards[k] for k in ("student", "base", "experiment") if k in wildcards), "")
    manifest = next((str(f) for f in job.output if str(f).endswith("manifest.json")), None)
    cost = costs.get(manifest or "")
    plain = " ".join([rule.replace("_", " "), *wildcards.values()])
    return AnnouncedJob(
        rule=rule,
        label=LABELS[rule].format(**wildcards) if rule in LABELS else plain,
        work=Work((rule, subject), _seconds(cost, clock), _lane(cost, clock)),
        manifest=manifest,
        log=next(map(str, job.log), None),
    )


def _seconds(cost: JobCost | None, clock: Clock) -> float | None:
    if cost is None:
        return UNCOUNTED_S
    return None if cost.gpu_bytes else clock.seconds(cost)


def _lane(cost: JobCost | None, clock: Clock) -> Lane | None:
    if cost is None or cost.wait is None or cost.wait.seconds is None:
        return None
    speed = clock.speeds[cost.wait.base]
    return Lane(cost.wait.base, speed.tuning_side_by_side(cost.wait.seconds))
