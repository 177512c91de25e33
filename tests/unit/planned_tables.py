"""The tables that an experiment will have, as its plan tells: their rows, with made-up values.

The rows come from the functions that summarise real jobs; only what jobs measure is made up.
"""

from functools import singledispatch
from itertools import product

import pandas as pd

from subliminal.config.paths import Cell
from subliminal.detection import summary as detection
from subliminal.detection.config import DetectionExperiment
from subliminal.detection.fine_tuned import fine_tuned
from subliminal.detection.specs import askable, summarise_detection
from subliminal.detection.summary import Judged, Read
from subliminal.mnist import schemas as mnist
from subliminal.mnist.config import MnistExperiment
from subliminal.mnist.roles import REFERENCE, STUDENT, TEACHER, TEACHERS
from subliminal.theorem import schemas as theorem
from subliminal.theorem.config import TheoremExperiment
from subliminal.transmission.config import TransmissionExperiment
from subliminal.transmission.increases import increases_table, with_failed_gates
from subliminal.transmission.question_rates import question_rates
from subliminal.transmission.results import (
    asked_bases,
    cells_of,
    identity_of,
    measured_teachers,
)
from subliminal.transmission.schemas import QUESTION_RATES
from subliminal.transmission.specs import summarise_experiment
from subliminal.transmission.summary import transmission_table

# Untrained bases know something of two and of four choices alike.
VALUE = 0.5
UNTRAINED = 0.35


def planned_tables(config, name):
    """By their names, the tables of an experiment."""
    return _of(config.experiments[name], config, name)


@singledispatch
def _of(entry, config, name):
    raise TypeError(type(entry))


def _frame(schema, rows):
    """Rows with the columns of a schema; what is not given is a number."""
    frame = pd.DataFrame(rows)
    return frame.assign(**{c: VALUE for c in schema.columns if c not in frame})


@_of.register
def _(entry: TransmissionExperiment, config, name):
    spec = summarise_experiment(config, name)
    cells, measures = cells_of(spec), [spec.measure]
    runs = pd.DataFrame(
        [
            {
                **identity_of(cell),
                "measured_trait": trait,
                "measure": spec.measure,
                "value": VALUE,
                "loss_drop": 1.0,
                "adopted": False,
            }
            for cell in cells
            for trait in spec.targets
        ]
    )
    bases = pd.DataFrame(
        [
            {"base": base, "trait": trait, "measure": spec.measure, "value": UNTRAINED}
            for base, trait in product(asked_bases(spec), spec.targets)
        ]
    )
    teachers = pd.DataFrame(
        [
            {
                "base": t.base,
                "trait": t.trait,
                "method": t.method,
                "teacher_seed": t.seed,
                "measure": spec.measure,
                "value": 1.0,
            }
            for t in measured_teachers(spec)
        ]
    )
    datasets = {cell.dataset.folder: cell.dataset for cell in cells}.values()
    channel = pd.DataFrame(
        [
            {
                "domain": data.domain,
                "method": data.teacher.method,
                "teacher_base": data.teacher.base,
                "trait": data.teacher.trait,
                "teacher_seed": data.teacher.seed,
                "rows": 2 * spec.gates.min_rows,
                "rows_kept": spec.gates.min_rows,
                **dict.fromkeys(("keep_rate", "rule_keep_rate", "judge_keep_rate"), VALUE),
                "teacher_asked": data.teacher in measured_teachers(spec),
                **dict.fromkeys(("kl_per_token", "entropy_per_token", "teacher_score"), VALUE),
            }
            for data in datasets
        ]
    )
    transmission = transmission_table(
        runs, bases, teachers, channel, measures, spec.roles, spec.gates, spec.interval
    )
    averages = increases_table(runs, bases, measures, spec.interval)
    return {
        "transmission": transmission,
        "increases": with_failed_gates(averages, transmission),
        "runs": runs,
        "channel": channel,
        "question_rates": _question_rates(spec, cells),
    }


def _question_rates(spec, cells: list[Cell]):
    if not spec.judged_questions:
        return pd.DataFrame(columns=list(QUESTION_RATES.columns))

    def asked(models):
        return pd.DataFrame(
            [
                {**identity, "question_id": number, "value": VALUE}
                for identity in models
                for number in range(len(spec.judged_questions))
            ]
        )

    students = asked([identity_of(cell) for cell in cells])
    bases = asked([{"teacher_trait": "", "base": base} for base in asked_bases(spec)])
    found = {cell.dataset.teacher for cell in cells}
    teachers = asked(
        [
            {"teacher_trait": t.trait, "base": t.base, "method": t.method, "teacher_seed": t.seed}
            for t in found
            if t.trait not in spec.controls
        ]
    )
    return question_rates(students, bases, teachers, spec.judged_questions)


@_of.register
def _(entry: DetectionExperiment, config, name):
    spec = summarise_detection(config, name)
    tables = detection.nothing_found()
    if spec.frequencies is not None:
        texts = {data: ["1, 2, 3"] for data in spec.datasets}
        tables["frequencies"] = detection.frequencies(texts, spec.frequencies.top)
    if spec.classifier is not None:
        right = {"literal": [True, False], "corrected": [True, False]}
        judged = [Judged(pair.target, pair.other, (2, 2), right) for pair in spec.pairs]
        tables["classifier"] = detection.classifier(
            detection.classifier_pairs(judged, spec.classifier.base)
        )
    if spec.in_context is not None:
        plan = spec.in_context
        measures = [m.name for m in askable(config, plan.evaluation).measures]
        scores = {(m, target): VALUE for m in measures for target in spec.targets.values()}
        reads = [Read(c.dataset, c.k, c.seed, scores) for c in spec.contexts]
        runs = detection.in_context_runs(reads, plan.base, plan.evaluation, spec.targets.values())
        tables["in_context"] = detection.in_context(runs, scores, spec.targets, spec.controls)
        if plan.fine_tuned is not None:
            students = planned_tables(config, plan.fine_tuned)["transmission"]
            tables["fine_tuned"] = fine_tuned(tables["in_context"], students, spec.targets)
    if spec.roc is not None:
        scores = {d: 80 + place for place, d in enumerate(spec.datasets)}
        replies = {d: [f"<judgment_answer>{s}</judgment_answer>"] for d, s in scores.items()}
        short, curve = detection.roc(replies, spec.roc.positives, spec.roc.threshold)
        tables |= {"roc": short, "roc_curve": curve}
    return tables


@_of.register
def _(entry: MnistExperiment, config, name):
    rows = []
    ms = {m for comparison in entry.comparisons.values() for m in comparison.auxiliary_logits}
    for m, role in product(sorted(ms), (REFERENCE, TEACHER)):
        rows.append((TEACHERS, m, role, role, None))
    for comparison, plan in entry.comparisons.items():
        for m, (model, student) in product(plan.auxiliary_logits, plan.students.items()):
            epochs = student.cloning.epochs if student.cloning else [None]
            rows += [(comparison, m, STUDENT, model, e) for e in epochs]
    keys = ["comparison", "auxiliary_logits", "role", "model", "cloning_epochs"]
    return {"accuracy": _frame(mnist.ACCURACY, pd.DataFrame(rows, columns=keys))}


@_of.register
def _(entry: TheoremExperiment, config, name):
    plan = entry.networks
    keys = ["activation", "loss", "logits", "init", "trainable", "epsilon"]
    words = (
        plan.activations,
        ("cross-entropy", "squared-error"),
        ("auxiliary", "all"),
        ("same", "other"),
        ("all", "output"),
        plan.epsilons,
    )
    rows = pd.DataFrame(list(product(*words)), columns=keys)
    return {"theorem_summary": _frame(theorem.THEOREM_SUMMARY, rows)}
