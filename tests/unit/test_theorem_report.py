"""The theorem's figures, findings and report tables say what its tables say."""

import pandas as pd
import pytest
import vl_convert
from test_theorem_summary import rows as seed_rows

from subliminal.kinds import KINDS
from subliminal.specs import ExperimentTextSpec, PlotFigureSpec
from subliminal.theorem.config import RandomNetworks
from subliminal.theorem.measure import measure
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


@pytest.mark.parametrize("figure", KINDS["theorem"].figures)
def test_figure_renders(tables, figure):
    spec = PlotFigureSpec(
        kind="theorem", experiment="proof", figure=figure, paper="Theorem 1", model_organism=True
    )
    svg = vl_convert.vegalite_to_svg(KINDS["theorem"].figures[figure](tables, spec).to_dict())
    assert "NaN" not in svg and "undefined" not in svg
    assert "Model organism" in svg


def findings(tables):
    text = ExperimentTextSpec(
        kind="theorem", name="proof", title="x", paper="y", model_organism=True, figures=[]
    )
    return {f.topic: f.statements[0].text for f in KINDS["theorem"].findings(tables, text)}


def test_findings_are_read_from_the_tables(tables):
    found = findings(tables)
    assert "In 8 random problems" in found["Same initialisation"]
    assert "in 100.0 % at every step size" in found["Same initialisation"]
    assert "exactly 0 in all problems" in found["Degenerate case"]
    assert "same base, own trait 0.101, other traits 0.011" in found["Language model"]
    assert "other base, own trait 0.011" in found["Language model"]


def test_a_degenerate_case_that_is_not_is_said(tables):
    moved = seed_rows(trainable="output", logits="auxiliary")
    worse = TheoremTables(
        **(
            vars(tables)
            | {"theorem_summary": pd.concat([tables.theorem_summary, summarise(moved)])}
        )
    )
    assert "NOT exactly 0 in some problems" in findings(worse)["Degenerate case"]


def test_report_tables_have_a_row_for_every_setting(tables):
    networks, model = KINDS["theorem"].shown_tables(tables, "proof")
    assert len(networks.rows) == len(tables.theorem_summary)
    assert len(model.rows) == len(tables.theorem_language_model_summary)
    assert all(len(row) == len(t.head) for t in (networks, model) for row in t.rows)
