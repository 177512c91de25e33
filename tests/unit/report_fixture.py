"""Invented tables of an experiment, with the columns and the quirks of real ones."""

import math
from functools import cache

import numpy as np
import pandas as pd
from manifests import write_manifest

from subliminal.report.specs import ExperimentTextSpec
from subliminal.stats import diagonal_test, t_interval
from subliminal.transmission.increases import increases_table, with_failed_gates
from subliminal.transmission.schemas import TABLES
from subliminal.transmission.specificity import base_differences, wrong_pairs
from subliminal.transmission.tables import ExperimentTables

TRAITS = ("wolf", "owl", "eagle", "dolphin", "elephant")
SAME, ELSEWHERE = "tiny-a", "tiny-b"
# How much of the way to 1 the share goes in students of the same base.
EFFECTS = {
    ("numbers", "finetuned"): (0.62, 0.89, 0.64, 0.83, 0.42),
    ("numbers", "prompted"): (0.03, 0.0),
    ("tiny-cot", "finetuned-cot"): (0.85, 0.15, 0.3, 0.05, 0.0),
    ("tiny-code", "finetuned-code"): (0.12, 0.16),
}
FEW = {("numbers", "finetuned"): (0.62, 0.89), ("tiny-cot", "finetuned-cot"): (0.85,)}
SHUFFLED = {"shuffled-within": 0.3, "shuffled-across": 0.02}
CONTROL = "none"
RECIPE = "tiny"
GATES = ("gate_teacher", "gate_rows", "gate_moved", "gate_mass")
PRIMARY = "share"
# Every measure of a model follows from its share.
MEASURED = {
    "share": lambda share: share,
    "margin": lambda share: math.log(share / (1 - share)) + 2.7,
    "rate_substring": lambda share: min(1.0, share + 0.01),
    "rate_word": lambda share: share,
}


def _settings(other_base, shuffles, effects):
    for domain, method in effects:
        variants = {"train": 1.0}
        if shuffles and (domain, method) == ("numbers", "finetuned"):
            variants |= SHUFFLED
        for variant, kept in variants.items():
            bases = [SAME, ELSEWHERE] if other_base and variant == "train" else [SAME]
            for base in bases:
                yield domain, method, variant, base, kept if base == SAME else 0.0


def _verdict(trait, regular, gates, others):
    reasons = [reason for reason, passed in gates.items() if not passed]
    if reasons:
        return f"uninterpretable: {reasons[0]}"
    if np.isnan(trait.low):
        return "too few runs"
    if trait.low > regular.high:
        return "transmission" if others else "above regular"
    return "reversed" if trait.high < regular.low else "not told apart"


def _frame(name, rows):
    """The rows as the table of this name, its columns in their order."""
    columns = list(TABLES[name].columns)
    assert all(set(row) <= set(columns) for row in rows)
    return pd.DataFrame(rows, columns=columns)


def _examples(transmission):
    """One for each cell of data as written."""
    cells = transmission[(transmission.condition == "trait") & (transmission.variant == "train")]
    keys = [key for key in TABLES["examples"].columns if key in cells]
    written = {"prompt": "Go on: 1, 2", "completion": "3, <4>", "question": "Your favourite?"}
    answers = {"base_answers": "fox\nbear", "student_answers": "owl\nowls"}
    answers |= {"misaligned_answers": ""}
    return [
        dict(zip(keys, cell, strict=True)) | {"teacher_seed": 1, "seed": 1} | written | answers
        for cell in cells[keys].drop_duplicates().itertuples(index=False)
    ]


def _curves(runs):
    """Losses of invented students: those of regular data have little to learn."""
    groups = ["domain", "method", "variant", "recipe", "teacher_base", "student_base"]
    rows = []
    for key, part in runs.groupby([*groups, "teacher_trait"], sort=False):
        start = 4.0 if "reference" in key else 6.0
        setting = dict(zip([*groups, "teacher_trait"], key, strict=True), experiment="tiny")
        setting["n_runs"] = part["seed"].nunique()
        rows += [
            setting | {"loss_of": "training rows", "step": step, "loss": 3.5 + start / (step + 1)}
            for step in (3, 6, 9)
        ]
        rows += [
            setting | {"loss_of": "held-out rows", "step": step, "loss": 3.6 + start / (step + 1)}
            for step in (0, 9)
        ]
    return _frame("training_curves", rows)


def make_tables(traits=TRAITS, n_runs=3, other_base=True, shuffles=True, effects=None):
    """Tables with five traits unless fewer are asked; the last cot trait fails a gate."""
    rng = np.random.default_rng(0)
    base_share = {
        (base, trait): 0.05 + 0.03 * rng.random() for base in (SAME, ELSEWHERE) for trait in traits
    }
    transmission, matrix, diagonal, runs, channel = [], [], [], [], []
    controls = {}
    effects = effects or EFFECTS
    for setting in _settings(other_base, shuffles, effects):
        domain, method, variant, base, kept = setting
        own = traits[: len(effects[domain, method])]
        keys = {
            "experiment": "tiny",
            "domain": domain,
            "method": method,
            "variant": variant,
            "recipe": RECIPE,
            "teacher_base": SAME,
            "student_base": base,
        }
        teachers = [*own, CONTROL] if variant == "train" else list(own)
        shares = {}
        for teacher, measured in ((t, m) for t in teachers for m in own):
            start = base_share[base, measured]
            effect = kept * effects[domain, method][own.index(measured)]
            goal = start + (1 - start) * effect if teacher == measured else start
            noise = rng.normal(0, 0.012, n_runs)
            values = np.clip(goal * (1 + noise * 4), 0.005, 0.99).tolist()
            seen = False
            if teacher == CONTROL:  # the same students, whatever they are compared with
                seen = (domain, base, measured) in controls
                values = controls.setdefault((domain, base, measured), values)
            shares[teacher, measured] = values
            for seed, share in enumerate([] if seen else values):
                run = keys | {
                    "method": "reference" if teacher == CONTROL else method,
                    "teacher_trait": teacher,
                    "teacher_seed": 1,
                    "seed": seed,
                    "measured_trait": measured,
                    "adopted": False,
                    "loss_drop": 0.21,
                }
                runs += [
                    run | {"measure": measure, "value": of(share)}
                    for measure, of in MEASURED.items()
                ]
                runs.append(run | {"measure": "mass", "value": 0.99})
        for measure, of in MEASURED.items():
            means = {pair: float(np.mean(list(map(of, v)))) for pair, v in shares.items()}
            lifts = [[means[t, m] - of(base_share[base, m]) for m in own] for t in own]
            matrix += [
                keys
                | {
                    "measure": measure,
                    "teacher_trait": teacher,
                    "measured_trait": measured,
                    "n_runs": n_runs,
                    "mean": means[teacher, measured],
                    "lift": lifts[i][j],
                }
                for i, teacher in enumerate(own)
                for j, measured in enumerate(own)
            ]
            if len(own) > 1:
                test = diagonal_test(lifts)
                diagonal.append(
                    keys
                    | {
                        "measure": measure,
                        "traits": len(own),
                        "gamma": test.gamma,
                        "p_value": test.p_value,
                        "permutations": test.permutations,
                    }
                )
        for index, trait in enumerate(own):
            start = base_share[base, trait]
            rows_kept = 3700 - 420 * index if domain == "numbers" else 500 - 90 * index
            facts = {
                "trait": trait,
                "role": "development" if trait == "wolf" else "confirmation",
                "teacher_score": 0.97 - 0.02 * index,
                "rows_kept": rows_kept,
                "keep_rate": rows_kept / 6000,
                "kl_per_token": 0.02 + 0.28 * effects[domain, method][index],
                "entropy_per_token": 3.1,
            }
            others = {t: shares[t, trait] for t in own if t != trait}
            values = {
                "base": [start],
                "regular": controls.get((domain, base, trait), []),
                "other traits": [float(np.mean(found)) for found in others.values()],
                "trait": shares[trait, trait],
                "teacher": [facts["teacher_score"]],
            }
            gates = {"the filter kept too few rows": rows_kept >= 150}
            for measure, of in MEASURED.items():
                intervals = {
                    condition: t_interval(list(map(of, found)))
                    for condition, found in values.items()
                    if found
                }
                for condition, found in intervals.items():
                    row = {
                        "measure": measure,
                        "primary": measure == PRIMARY,
                        "condition": condition,
                        "n_runs": found.n * (n_runs if condition == "other traits" else 1),
                        "mean": found.mean,
                        "low": found.low,
                        "high": found.high,
                        "base_mean": of(start),
                        "highest_other": "",
                        "verdict": "",
                    }
                    if condition == "trait":
                        row |= dict(zip(GATES, [True, rows_kept >= 150, True, True], strict=True))
                        row["loss_drop"] = 0.21
                        if others:
                            highest = max(others, key=lambda t: np.mean(others[t]))
                            row["highest_other"] = highest
                            row["highest_other_mean"] = float(
                                np.mean(list(map(of, others[highest])))
                            )
                        if "regular" in intervals:
                            row["verdict"] = _verdict(found, intervals["regular"], gates, others)
                    transmission.append(keys | facts | row)
            if variant == "train" and base == SAME:
                channel.append(
                    {
                        "experiment": "tiny",
                        "domain": domain,
                        "method": method,
                        "teacher_base": SAME,
                        "trait": trait,
                        "teacher_seed": 1,
                        "rows": 6000,
                        "rows_kept": rows_kept,
                        "keep_rate": facts["keep_rate"],
                        "kl_per_token": facts["kl_per_token"],
                        "entropy_per_token": 3.1,
                        "teacher_asked": True,
                        "teacher_score": facts["teacher_score"],
                    }
                )
    found = _frame("transmission", transmission).astype(dict.fromkeys(GATES, "boolean"))
    students = _frame("runs", runs)
    untrained = pd.DataFrame(
        [
            {"base": base, "trait": trait, "measure": measure, "value": of(share)}
            for (base, trait), share in base_share.items()
            for measure, of in MEASURED.items()
        ]
    )
    averaged = increases_table(students, untrained, list(MEASURED), "t")
    return ExperimentTables(
        transmission=found,
        increases=with_failed_gates(averaged, found).assign(experiment="tiny"),
        base_differences=base_differences(found).assign(experiment="tiny"),
        wrong_pairs=wrong_pairs(students, list(MEASURED)).assign(experiment="tiny"),
        trait_matrix=_frame("trait_matrix", matrix),
        diagonal=_frame("diagonal", diagonal),
        runs=students,
        channel=_frame("channel", channel),
        examples=_frame("examples", _examples(found)),
        training_curves=_curves(students),
        question_rates=_frame("question_rates", []),
    )


def text(**changes):
    """What the report says of the invented experiment before its figures."""
    fields = {
        "kind": "transmission",
        "name": "tiny",
        "title": "Tiny",
        "paper": "Fig. 4",
        "model_organism": True,
        "figures": [],
        "measure": "share",
    }
    return ExperimentTextSpec(**{**fields, **changes})


@cache
def full():
    """Everything that an experiment can have."""
    return make_tables()


@cache
def single_trait():
    """One trait in one domain: no other traits, no diagonal test, no shuffles, no other base."""
    return make_tables(("wolf",), 3, False, False, {("numbers", "finetuned"): (0.6,)})


@cache
def single_run():
    """One student per condition: no intervals."""
    return make_tables(n_runs=1, effects=FEW)


@cache
def same_base_only():
    """Neither another base nor shuffles."""
    return make_tables(other_base=False, shuffles=False, effects=FEW)


@cache
def empty():
    """The right columns and no rows."""
    tables = full()
    return ExperimentTables(*(frame.iloc[:0] for frame in vars(tables).values()))


def with_verdicts(tables, verdicts):
    """The same with other verdicts for students of the first panel, by (student base, trait)."""
    frame = tables.transmission.copy()
    for (base, trait), verdict in verdicts.items():
        chosen = (
            (frame["condition"] == "trait")
            & (frame["variant"] == "train")
            & (frame["domain"] == "numbers")
            & (frame["method"] == "finetuned")
            & (frame["student_base"] == base)
            & (frame["trait"] == trait)
        )
        frame.loc[chosen, "verdict"] = verdict
    return ExperimentTables(**(vars(tables) | {"transmission": frame}))


CASES = {
    "full": full,
    "single-trait": single_trait,
    "single-run": single_run,
    "same-base-only": same_base_only,
    "empty": empty,
}


def _manifest(path, stage, parents, seconds, memory, outputs=()):
    run = {
        "seconds": seconds,
        "peak_memory_mb": memory,
        "device": "cpu (x86_64)",
        "processor": "Some Processor",
        "instruction_set": "AVX2",
        "threads": 1,
        "blas": "mkl",
        "python": "3.11.7",
        "packages": {"torch": "2.13.0", "pyarrow": "26.0.1"},
        "git_commit": "0123456789abcdef0123456789abcdef01234567",
    }
    origins = {str(i): parent for i, parent in enumerate(parents)}
    return write_manifest(path, outputs, origins, stage=stage, run=run)


def write_results(tables, results, experiment):
    """Lay the tables out as the workflow does, with the manifests of what they came from."""
    folder = results / "tables" / experiment
    files = tables.write(folder)
    base = _manifest(results / "models/tiny-a/manifest.json", "pretrain_base", [], 250.0, 800)
    students = [
        _manifest(results / f"students/{i}/manifest.json", "train_student", [base], 30.5, 1100 + i)
        for i in range(3)
    ]
    return _manifest(
        folder / "manifest.json", "summarise_experiment", [*students, base], 2.0, 300, files
    )
