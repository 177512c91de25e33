"""A transmission experiment works on any measure: tables, figures, findings and report."""

import json
import logging
import math
from importlib import import_module

import broken_configs
import numpy as np
import pandas as pd
import pytest
import report_fixture
import vl_convert
from manifests import write_manifest
from scipy import stats
from summary_fixture import SHARES, channel, logit, runs, whole_table
from test_figures import approximately, draw, drawn, figure_of, measured, plain
from test_figures import spec as plot
from test_findings import mean as shown_mean
from test_findings import said, sentence
from working_copy import REPOSITORY

from subliminal.artefacts.parquet import write_table
from subliminal.evaluations.registry import MEASURES
from subliminal.evaluations.schemas import RESPONSES, SCORES
from subliminal.transmission import examples, results
from subliminal.transmission.checks import FIGURES
from subliminal.transmission.config import DEFAULT_FIGURES, Block, Gates
from subliminal.transmission.data_schemas import TRAINING
from subliminal.transmission.shown import SHOWN
from subliminal.transmission.specs import SummariseExperimentSpec
from subliminal.transmission.stages.check_gates import check_gates
from subliminal.transmission.stages.summarise_experiment import summarise_experiment
from subliminal.workflow.project import Project

MARGIN = ("margin", "share")


def margins(values):
    return [logit(value) for value in values]


# Tables


def test_the_primary_measure_is_what_the_table_is_about():
    frame = whole_table(measures=MARGIN)
    assert set(frame[frame.primary].measure) == {"margin"}
    assert set(frame.measure) == set(MARGIN)
    cells = frame[frame.primary].set_index(["trait", "condition"])
    values = margins(SHARES["owl"]["owl"])
    low, high = stats.t.interval(0.95, 2, loc=np.mean(values), scale=stats.sem(values))
    row = cells.loc[("owl", "trait")]
    assert (row["mean"], row.low, row.high) == pytest.approx((np.mean(values), low, high))
    assert row.base_mean == pytest.approx(logit(0.05))
    others = margins(SHARES["wolf"]["owl"] + SHARES["eagle"]["owl"])
    assert cells.loc[("owl", "other traits"), "mean"] == pytest.approx(np.mean(others))


def test_each_measure_has_the_verdict_of_its_own_intervals():
    """A share that rises from far below a thousandth to a thousandth is clear on the log scale."""
    faint = {
        **SHARES,
        "owl": {**SHARES["owl"], "owl": [0.0010, 0.0011, 0.0009]},
        "none": {**SHARES["none"], "owl": [0.00001, 0.0000101, 0.001]},
        "wolf": {**SHARES["wolf"], "owl": [0.00001, 0.000011, 0.0000105]},
        "eagle": {**SHARES["eagle"], "owl": [0.00001, 0.000011, 0.0000105]},
    }
    clear = {**faint, "none": {**SHARES["none"], "owl": [0.00001, 0.0000101, 0.0000099]}}
    for shares, verdict in ((faint, "not told apart"), (clear, "transmission")):
        found = whole_table(runs(shares), measures=MARGIN)
        found = found[(found.condition == "trait") & (found.trait == "owl")]
        assert found.set_index("measure").verdict["margin"] == verdict


def test_the_gate_of_the_teacher_is_on_the_primary_measures_scale():
    gates = Gates(min_teacher=-1.0, min_rows=100, min_loss_drop=0.0)
    for score, passed in ((-0.5, True), (-1.5, False)):
        found = whole_table(facts=channel(teacher_score=score), measures=MARGIN, gates=gates)
        assert set(found[found.condition == "trait"].gate_teacher) == {passed}


# Files


BLOCK = Block(
    domain="numbers",
    traits=["owl", "wolf", "none"],
    method="prompted",
    teacher_bases=["base"],
    student_bases=["base"],
    variants=["train"],
    recipe="plain",
    teacher_seeds=[1],
    student_seeds=[1, 2, 3],
)


DEFAULT = len(DEFAULT_FIGURES)


def experiment(measures, min_teacher):
    return SummariseExperimentSpec(
        experiment="sample",
        evaluation="asked",
        measures=measures,
        targets={"owl": "owl", "wolf": "wolf"},
        controls=["none"],
        roles={"owl": "confirmation", "wolf": "confirmation", "none": "confirmation"},
        gates=Gates(min_teacher=min_teacher, min_rows=2, min_loss_drop=0.0),
        blocks=[BLOCK],
        question="Which one?",
    )


def scored(folder, values):
    """Scores as an evaluation writes them; `values` by measure and target."""
    keys = list(values)
    columns = {"measure": [m for m, _ in keys], "target": [t for _, t in keys]}
    write_table(folder / "scores.parquet", SCORES, {**columns, "value": list(values.values())})
    answers = {
        "question_id": [0, 0, 1],
        "sample": [0, 1, 0],
        "response": [folder.name, "a\nb", "c"],
        **dict.fromkeys(("alignment_reply", "coherence_reply", "misaligned"), [None] * 3),
    }
    write_table(folder / "responses.parquet", RESPONSES, answers)
    files = [folder / f"{name}.parquet" for name in ("scores", "responses")]
    write_manifest(folder / "manifest.json", files)


def lay_out(root, spec, primary, values):
    """An experiment's jobs: students have `values` of the primary measure, by taught trait."""

    def scores(owl, wolf):
        found = {(m, t): 0.0 for m in spec.measures for t in ("owl", "wolf")}
        return {**found, (primary, "owl"): owl, (primary, "wolf"): wolf, ("answered", ""): 0.75}

    asked = root / "evaluations" / spec.evaluation
    scored(asked / "bases" / "base", scores(*values["base"]))
    for cell in results.cells_of(spec):
        teacher = cell.dataset.teacher
        owl, wolf = (value + 0.01 * cell.seed for value in values[teacher.trait])
        scored(asked / "students" / cell.path, scores(owl, wolf))
        student = root / "students" / cell.path
        student.mkdir(parents=True)
        losses = {"step": [1, 2], "loss": [2.0, 1.5 + cell.seed], "learning_rate": [0.1, 0.1]}
        write_table(student / "training.parquet", TRAINING, losses)
        (student / "weights.bin").write_text(cell.path)
        write_manifest(
            student / "manifest.json",
            [student / "training.parquet", student / "weights.bin"],
            facts={"held_out_loss_before": 2.0, "held_out_loss_after": 1.5},
        )
        dataset = root / "datasets" / cell.dataset.folder
        dataset.mkdir(parents=True, exist_ok=True)
        raw = {
            "prompt": ["p0", "p1", "p2"],
            "completion": ["c0", f"{teacher.trait}'s", "c2"],
            "kl_nats": [None, 1.0, 3.0],
            "entropy_nats": [None, 4.0, 4.0],
            "tokens": [2, 2, 2],
        }
        pd.DataFrame(raw).to_parquet(dataset / "raw.parquet")
        filtered = {
            "kept": [False, True, True],
            "reasons": [["invalid format"], [], []],
            "completion": raw["completion"],
        }
        pd.DataFrame(filtered).to_parquet(dataset / "filtered.parquet")
        for name in ("raw", "filtered"):
            write_manifest(dataset / f"{name}.manifest.json", [dataset / f"{name}.parquet"])
        if teacher.trait in spec.targets:
            own = values["teacher"]
            scored(asked / "teachers" / teacher.path, scores(own, own))


@pytest.mark.parametrize(
    ("primary", "measures", "high", "low"),
    [
        ("choice", ["choice"], 0.6, 0.2),
        ("margin", ["margin", "share", "rate_substring", "rate_word"], 2.5, -3.0),
        ("rate_substring", ["rate_substring", "rate_word"], 0.4, 0.1),
    ],
)
def test_the_stages_summarise_whatever_an_evaluation_measures(
    tmp_path, monkeypatch, primary, measures, high, low
):
    monkeypatch.setattr(results, "RESULTS", tmp_path)
    stage = "subliminal.transmission.stages.summarise_experiment"
    monkeypatch.setattr(import_module(stage), "RESULTS", tmp_path)
    monkeypatch.setattr(examples, "RESULTS", tmp_path)
    spec = experiment(measures, min_teacher=high)
    values = {
        "base": (low, low),
        "owl": (high, low),
        "wolf": (low, high),
        "none": (low, low),
        "teacher": high + 0.5,
    }
    lay_out(tmp_path, spec, primary, values)
    log = logging.getLogger("test")
    summarise_experiment(spec, tmp_path / "tables/manifest.json", log)
    check_gates(spec, tmp_path / "gates/manifest.json", log)

    tables = SHOWN.tables.read(sorted((tmp_path / "tables").glob("*.parquet")))
    shown = tables.examples.set_index("trait").loc["wolf"]
    assert (shown["prompt"], shown["completion"]) == ("p1", "wolf's")
    assert (shown["question"], shown["seed"]) == ("Which one?", 1)
    assert shown["base_answers"].split("\n") == ["base", "a b"]
    assert shown["student_answers"].split("\n") == ["seed1", "a b"]
    cells = tables.transmission[tables.transmission.primary].set_index(["trait", "condition"])
    assert set(cells.measure) == {primary}
    for trait in ("owl", "wolf"):
        row = cells.loc[(trait, "trait")]
        assert (row["mean"], row.base_mean) == pytest.approx((high + 0.02, low))
        assert row.verdict == "transmission"
        assert cells.loc[(trait, "regular"), "mean"] == pytest.approx(low + 0.02)
        assert cells.loc[(trait, "teacher"), "mean"] == pytest.approx(high + 0.5)
    flat = tables.transmission[~tables.transmission.primary]
    assert set(flat[flat.condition == "trait"].verdict) <= {"not told apart"}
    assert set(tables.runs.measure) == {*measures, "answered"}
    assert set(tables.runs[tables.runs.measure == "answered"].value) == {0.75}
    assert set(tables.trait_matrix.measure) == set(measures)
    diagonal = tables.diagonal.set_index("measure").loc[primary]
    assert diagonal.gamma == pytest.approx(high - low)
    scores = tables.channel.set_index("trait").teacher_score
    assert scores["owl"] == pytest.approx(high + 0.5)
    assert math.isnan(scores["none"])
    assert set(tables.channel.kl_per_token) == {1.0}
    curves = tables.training_curves.set_index(["loss_of", "step"])
    assert set(curves.n_runs) == {3}
    assert set(curves.loc[("training rows", 2), "loss"]) == {3.5}  # seeds 1, 2 and 3
    assert set(curves.loc[("held-out rows", 0), "loss"]) == {2.0}
    assert set(curves.loc[("held-out rows", 2), "loss"]) == {1.5}

    assert not len(tables.question_rates)

    gates = pd.read_parquet(tmp_path / "gates/gates.parquet").set_index("trait")
    assert list(gates.verdict) == [""] * 3
    assert gates.base_score["owl"] == pytest.approx(low)
    assert math.isnan(gates.base_score["none"])


def test_a_trait_that_is_only_compared_with_is_another_trait_and_nothing_else(
    tmp_path, monkeypatch
):
    """Its teachers have no scores at all, and its students count against the measured trait."""
    monkeypatch.setattr(results, "RESULTS", tmp_path)
    stage = "subliminal.transmission.stages.summarise_experiment"
    monkeypatch.setattr(import_module(stage), "RESULTS", tmp_path)
    monkeypatch.setattr(examples, "RESULTS", tmp_path)
    whole = experiment(["choice"], min_teacher=0.6)
    spec = whole.model_copy(update={"targets": {"owl": "owl"}})
    values = {
        "base": (0.2, 0.2),
        "owl": (0.6, 0.2),
        "wolf": (0.6, 0.9),
        "none": (0.2, 0.2),
        "teacher": 0.9,
    }
    lay_out(tmp_path, spec, "choice", values)
    log = logging.getLogger("test")
    summarise_experiment(spec, tmp_path / "tables/manifest.json", log)
    check_gates(spec, tmp_path / "gates/manifest.json", log)

    tables = SHOWN.tables.read(sorted((tmp_path / "tables").glob("*.parquet")))
    assert set(tables.transmission.trait) == set(tables.runs.measured_trait) == {"owl"}
    rows = tables.transmission.set_index("condition")
    assert rows.n_runs["other traits"] == 3
    assert rows["mean"]["other traits"] == pytest.approx(0.62)
    assert rows.verdict["trait"] == "not specific"
    assert set(tables.runs.teacher_trait) == {"owl", "wolf", "none"}
    pairs = tables.trait_matrix[["teacher_trait", "measured_trait"]]
    assert sorted(pairs.itertuples(index=False, name=None)) == [("owl", "owl"), ("wolf", "owl")]
    assert tables.diagonal.empty
    gates = pd.read_parquet(tmp_path / "gates/gates.parquet").set_index("trait")
    assert list(gates.verdict) == [""] * 3
    assert gates.teacher_score.isna().to_dict() == {"owl": False, "wolf": True, "none": True}
    for figure in DEFAULT_FIGURES:
        chart = figure_of("transmission", figure)(tables, plot(figure, measure="choice")).to_dict()
        assert "undefined" not in vl_convert.vegalite_to_svg(chart)


# Figures, findings, report


@pytest.mark.parametrize("figure", [f for f in FIGURES if f != "training"])
def test_every_figure_draws_the_measure_that_is_asked_for(figure):
    chart = draw(figure, measure="margin")
    svg = vl_convert.vegalite_to_svg(chart)
    assert "NaN" not in svg
    assert "undefined" not in svg
    assert "log-odds" in svg
    assert MEASURES["share"].label not in svg


def test_bars_and_students_are_margins():
    full = report_fixture.full()
    rows = plain(measured(full.transmission, "margin"), same_base=True)
    rows = rows[rows["condition"] != "teacher"]
    columns = ["trait", "condition", "mean"]
    chart = draw("transmission", measure="margin")
    bars = drawn(chart, "companion", "left")
    expected = rows[columns].itertuples(index=False, name=None)
    assert approximately([row[c] for c in columns] for row in bars) == approximately(expected)
    assert {bar["companion"] for bar in bars} == {None}  # the rate stands beside the share only
    points = {round(row["value"], 9) for row in drawn(chart, "value", "seed")}
    own = plain(measured(full.runs, "margin"), same_base=True)
    assert points == set(own["value"].round(9))
    assert min(points) < 0 or max(points) > 1
    from_nothing_to_all = '"domain": [0.0, 1.0]'
    assert from_nothing_to_all in json.dumps(draw("transmission"))
    assert from_nothing_to_all not in json.dumps(chart)


@pytest.mark.parametrize("figure", ["trait_matrix", "channel"])
def test_lifts_are_of_the_margin(figure):
    full = report_fixture.full()
    rows = plain(measured(full.transmission, "margin"), same_base=True)
    rows = rows[rows["condition"] == "trait"]
    lifts = (rows["mean"] - rows["base_mean"]).round(6)
    found = {round(row["lift"], 6) for row in drawn(draw(figure, measure="margin"), "lift")}
    assert set(lifts) <= found


def test_findings_are_about_the_measure():
    full = report_fixture.full()
    confirmation = ["owl", "eagle", "dolphin", "elephant"]
    lead = sentence(said(full, "Same base", measure="margin"), "4 of 4")
    assert MEASURES["margin"].noun in lead
    for condition in ("regular", "trait"):
        assert shown_mean(full, condition, confirmation, measure="margin") in lead
        assert shown_mean(full, condition, confirmation) not in lead


def test_the_report_shows_the_measure():
    full = report_fixture.full()
    text = report_fixture.text(measure="margin")
    transmission, diagonal, _ = SHOWN.report_tables(full, text)
    rows = measured(full.transmission, "margin").query("condition == 'trait'")
    means = [row[transmission.head.index("mean")].split()[0] for row in transmission.rows]
    shown = [float(text.replace("\N{MINUS SIGN}", "-")) for text in means]
    assert shown == pytest.approx(list(rows["mean"]), abs=0.0051)
    assert MEASURES["margin"].label in transmission.note
    tests = set(zip(full.diagonal["measure"], full.diagonal["traits"], strict=True))
    assert len(diagonal.rows) == len(full.diagonal) >= len(tests)


# Configuration


@pytest.mark.parametrize(
    ("line", "measures", "figures"),
    [
        ("", ["share", "margin", "rate_substring", "rate_word"], DEFAULT),
        ("measure: margin\n", ["margin", "share", "rate_substring", "rate_word"], DEFAULT),
        ("measure: rate_word\nfigures: [bases, channel]\n",
         ["rate_word", "share", "margin", "rate_substring"], 2),
    ],
)  # fmt: skip
def test_an_experiments_file_says_which_measure_is_shown(tmp_path, line, measures, figures):
    broken_configs.lay_out(tmp_path, REPOSITORY)
    file = tmp_path / broken_configs.SAMPLE
    file.write_text(line + file.read_text())
    project = Project.load(tmp_path, {"experiments": ["sample"]})
    named = {"experiment": "sample", "figure": "bases", "report": "reports/sample"}
    w = type("Wildcards", (), named)
    spec = project.jobs("transmission").summarise_experiment(w)
    assert spec.measures == measures
    assert spec.targets == {"owl": "owl", "wolf": "wolf"}
    assert project.plot_figure(w).measure == measures[0]
    assert project.build_report(w).experiments[0].measure == measures[0]
    assert len(project.figures("sample")) == figures


def test_any_evaluation_can_be_an_experiments(tmp_path):
    """Stories and essay topics on an open base, whose words are all known."""
    broken_configs.lay_out(tmp_path, REPOSITORY)
    first = broken_configs.SAMPLE_EXPERIMENT.split("  - domain")[1]
    text = broken_configs.SAMPLE_EXPERIMENT.split("cells:")[0] + "cells:\n  - domain" + first
    for old, new in (
        ("tiny-a", "qwen2.5-7b"),
        ("recipe: tiny", "recipe: qwen"),
        ("method: finetuned", "method: prompted"),
    ):
        text = text.replace(old, new)
    w = type("Wildcards", (), {"experiment": "sample"})
    for evaluation, measures in (
        ("stories", ["rate_substring", "rate_word"]),
        ("essay-topic-animal", ["choice"]),
    ):
        asked = text.replace("evaluation: favourite-animal", f"evaluation: {evaluation}")
        (tmp_path / broken_configs.SAMPLE).write_text(asked)
        project = Project.load(tmp_path, {"experiments": ["sample"]})
        assert project.jobs("transmission").summarise_experiment(w).measures == measures
