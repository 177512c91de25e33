"""MNIST's tables, figures and findings say what the runs say."""

import re
from importlib import import_module
from typing import get_args

import numpy as np
import pandas as pd
import pytest
import vl_convert
from scipy import stats

from subliminal.mnist.config import ComparisonName
from subliminal.mnist.shown import SHOWN
from subliminal.mnist.tables import MnistTables, comparison_rows, ordered, summarise
from subliminal.report.specs import ExperimentTextSpec, PlotFigureSpec

STUDENTS = {
    "pairs": ["same-auxiliary", "other-auxiliary"],
    "logit_sweep": ["student"],
    "cloning": ["cloned"],
    "ablations": ["same", "cloned"],
    "architectures": ["gelu"],
}
CLONED = {"cloned": [0, 5], "gelu": [5]}
LOGITS = {"pairs": [3], "logit_sweep": [3, 10], "cloning": [3], "ablations": [10]}
REPLICAS = 4


def runs():
    """Accuracies that a random generator made up, in a random order."""
    rng = np.random.default_rng(0)
    settings = [
        ("teachers", m, role, role, None) for m in (3, 10) for role in ("reference", "teacher")
    ]
    settings += [
        (comparison, m, "student", name, epochs)
        for comparison, names in STUDENTS.items()
        for name in names
        for m in LOGITS.get(comparison, [10])
        for epochs in (CLONED.get(name, [None]) if comparison != "pairs" else [None])
    ]
    columns = ["comparison", "auxiliary_logits", "role", "model", "cloning_epochs"]
    rows = [
        dict(zip(columns, setting, strict=True))
        | {"replica": r, "own_initialisation": r == 0, "accuracy": float(rng.uniform(0.1, 0.9))}
        for setting in settings
        for r in range(REPLICAS)
    ]
    frame = pd.DataFrame(rows).astype({"cloning_epochs": "Int32"})
    return frame.sample(frac=1, random_state=1, ignore_index=True)


@pytest.fixture(scope="module")
def tables():
    together = ordered(runs(), STUDENTS)
    return MnistTables(accuracy=summarise(together), mnist_runs=together)


def test_rows_come_in_the_order_of_the_experiments_file(tables):
    shown = tables.accuracy[["comparison", "model"]].drop_duplicates().to_numpy().tolist()
    expected = [["teachers", "reference"], ["teachers", "teacher"]]
    expected += [[comparison, name] for comparison, names in STUDENTS.items() for name in names]
    assert shown == expected


def test_intervals_are_scipys(tables):
    row = tables.accuracy.iloc[-1]
    values = runs().query("comparison == 'architectures'")["accuracy"]
    low, high = stats.t.interval(0.95, len(values) - 1, values.mean(), stats.sem(values))
    assert (row["mean"], row["low"], row["high"]) == pytest.approx((values.mean(), low, high))
    assert row["normal_high"] - row["mean"] == pytest.approx(1.96 * stats.sem(values, ddof=0))
    assert row["own_initialisations"] == 1


def test_the_released_script_s_interval_divides_by_all_replicas():
    """Of 0.2, 0.4, 0.4 and 0.6 the mean squared deviation is 0.08 / 4 = 0.02."""
    row = runs().iloc[:1]
    four = pd.concat([row] * 4).assign(accuracy=[0.2, 0.4, 0.4, 0.6])
    made = summarise(four).iloc[0]
    half_width = 1.96 * 0.02**0.5 / 2
    assert (made["normal_low"], made["normal_high"]) == pytest.approx(
        (0.4 - half_width, 0.4 + half_width)
    )


def test_a_comparison_has_the_teachers_of_its_own_logits(tables):
    rows = comparison_rows(tables.accuracy, "pairs")
    assert set(rows["auxiliary_logits"]) == {3}
    assert rows["model"].tolist() == ["reference", "teacher", *STUDENTS["pairs"]]


def test_every_comparison_is_here():
    assert set(get_args(ComparisonName)) == set(STUDENTS)


@pytest.mark.parametrize("figure", STUDENTS)
def test_figure_draws_every_mean_of_its_comparison(tables, figure):
    spec = PlotFigureSpec(
        kind="mnist", experiment="digits", figure=figure, paper="ED Fig. 2", model_organism=False
    )
    module = import_module(f"subliminal.mnist.figures.{figure}")
    chart = getattr(module, figure)(tables, spec).to_dict()
    drawn = {row["mean"] for rows in chart["datasets"].values() for row in rows if "mean" in row}
    shown = tables.accuracy.query("comparison == @figure")["mean"]
    assert set(shown) <= drawn
    svg = vl_convert.vegalite_to_svg(chart)
    assert "NaN" not in svg and "undefined" not in svg
    assert "Model organism" not in svg


def test_findings_and_report_tables_name_every_comparison(tables):
    text = ExperimentTextSpec(
        kind="mnist", name="digits", title="x", paper="y", model_organism=False, figures=[]
    )
    found = SHOWN.findings(tables, text)
    assert len(found) == len(STUDENTS)
    mean = tables.accuracy.query("model == 'same-auxiliary'")["mean"].item()
    sentence = found[0].statements[0].text
    assert re.search(rf"same auxiliary {mean:.2f} \[", sentence)
    assert re.search(r"teachers 0\.\d\d", sentence)
    assert re.search(r"chance 0\.1", sentence)
    shown = SHOWN.report_tables(tables, text)
    assert [table.title.removeprefix("Accuracy: ") for table in shown] == [
        name.replace("_", " ") for name in STUDENTS
    ]
    assert all(len(row) == len(table.head) for table in shown for row in table.rows)
