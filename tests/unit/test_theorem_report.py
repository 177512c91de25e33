"""The theorem's figures, findings and report tables say what its tables say."""

import re

import pandas as pd
import pytest
import vl_convert
from test_theorem_summary import rows as seed_rows

from subliminal.report.specs import ExperimentTextSpec, PlotFigureSpec
from subliminal.theorem.config import RandomNetworks
from subliminal.theorem.figures.first_update import first_update
from subliminal.theorem.figures.identities import identities
from subliminal.theorem.kind import KIND
from subliminal.theorem.measure import measure
from subliminal.theorem.shown import SHOWN
from subliminal.theorem.specs import VerifyTheoremSpec
from subliminal.theorem.summary import summarise, summarise_language_model
from subliminal.theorem.tables import TheoremTables


def language_model_rows():
    """Cosines that tell the cells apart: a tenth for the own trait on the own base."""
    traits = ["owl", "eagle"]
    return pd.DataFrame(
        [
            {
                "labels": labels,
                "student_base": base,
                "data_trait": i,
                "displacement_trait": j,
                "batch": batch,
                "inner_product": 0.1,
                "cosine": 0.2,
                "control_inner_product": 0.0,
                "centred_inner_product": 0.1,
                "centred_cosine": (0.1 if i == j and base == "a" else 0.01) + 0.002 * batch,
            }
            for labels in ("tokens", "distribution")
            for base in ("a", "b")
            for i in traits
            for j in traits
            for batch in (0, 1)
        ]
    )


@pytest.fixture(scope="module")
def tables():
    plan = RandomNetworks(
        seeds=8,
        activations=["tanh"],
        inputs=4,
        hidden=[6],
        trait_logits=2,
        auxiliary_logits=2,
        trait_examples=4,
        distillation_examples=4,
        epsilons=[1e-2, 1e-4],
        alpha=0.01,
    )
    rows = measure(VerifyTheoremSpec(networks=plan).networks)
    return TheoremTables(
        theorem=rows,
        theorem_summary=summarise(rows),
        theorem_language_model=language_model_rows(),
        theorem_language_model_summary=summarise_language_model(language_model_rows()),
    )


FIGURES = {"identities": identities, "first_update": first_update}


def test_every_figure_of_the_kind_is_here():
    assert KIND.figures(None) == list(FIGURES)


@pytest.mark.parametrize("figure", FIGURES)
def test_figure_renders(tables, figure):
    spec = PlotFigureSpec(
        kind="theorem", experiment="proof", figure=figure, paper="Theorem 1", model_organism=True
    )
    svg = vl_convert.vegalite_to_svg(FIGURES[figure](tables, spec).to_dict())
    assert "NaN" not in svg and "undefined" not in svg
    # Random networks stand for nothing else; the language model is a toy.
    assert ("Model organism" in svg) == (figure == "first_update")


TEXT = ExperimentTextSpec(
    kind="theorem", name="proof", title="x", paper="y", model_organism=True, figures=[]
)


def findings(tables):
    return {f.topic: f.statements[0].text for f in SHOWN.findings(tables, TEXT)}


def test_findings_are_read_from_the_tables(tables):
    found = findings(tables)
    same = tables.theorem_summary.query("init == 'same' and trainable == 'all'")
    small = same[same["epsilon"] == 1e-4]
    assert re.search(r"\b8\b", found["Same initialisation"])
    assert "100.0 %" in found["Same initialisation"]
    for error in ("inner_error_max", "slope_error_max"):
        assert f"{small[error].max():.1e}" in found["Same initialisation"]
    assert "exactly 0" in found["Degenerate case"]
    assert "NOT" not in found["Degenerate case"]
    cosines = re.findall(r"\d\.\d{3}", found["Language model"])
    assert cosines == ["0.101", "0.011", "0.011"] * 2  # own trait, other traits, other base


def test_a_degenerate_case_that_is_not_is_said(tables):
    moved = seed_rows(trainable="output", logits="auxiliary")
    worse = TheoremTables(
        **(
            vars(tables)
            | {"theorem_summary": pd.concat([tables.theorem_summary, summarise(moved)])}
        )
    )
    assert "NOT exactly 0" in findings(worse)["Degenerate case"]


def test_report_tables_have_a_row_for_every_setting(tables):
    networks, model = SHOWN.report_tables(tables, TEXT)
    assert len(networks.rows) == len(tables.theorem_summary)
    assert len(model.rows) == len(tables.theorem_language_model_summary)
    assert all(len(row) == len(t.head) for t in (networks, model) for row in t.rows)
