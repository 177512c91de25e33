"""The theorem's tables: intervals of other libraries, counts by hand, and the stage's files."""

import math

import numpy as np
import pandas as pd
import pytest

from subliminal.artefacts.verified import read_manifest
from subliminal.theorem.config import RandomNetworks
from subliminal.theorem.schemas import THEOREM, THEOREM_SUMMARY
from subliminal.theorem.specs import VerifyTheoremSpec
from subliminal.theorem.stages.verify_theorem import verify_theorem
from subliminal.theorem.summary import SETTING, diagonal_tests, summarise, summarise_language_model


def spec(**changes):
    fields = {
        "seeds": 5,
        "activations": ["tanh", "gelu"],
        "inputs": 4,
        "hidden": [6],
        "trait_logits": 2,
        "auxiliary_logits": 2,
        "trait_examples": 4,
        "distillation_examples": 4,
        "epsilons": [1e-2, 1e-4],
        "alpha": 0.1,
    }
    return VerifyTheoremSpec(networks=RandomNetworks(**{**fields, **changes}))


def rows(**changes):
    """Four seeds of one setting, epsilon 1/2."""
    columns = {
        "activation": "tanh",
        "loss": "squared-error",
        "logits": "all",
        "init": "same",
        "trainable": "all",
        "epsilon": 0.5,
        "seed": range(4),
        "inner_product": [1.0, 1.1, 0.9, -1.0],
        "cosine": [0.1, 0.2, 0.3, math.nan],
        "update_norm": [1.0, 2.0, 3.0, 4.0],
        "quadratic_form": [2.0, 2.0, 2.0, 2.0],
        "slope": [-2.0, -1.0, -2.0, 2.0],
        "loss_before": [1.0, 1.0, 1.0, 1.0],
        "loss_after": [0.5, 0.5, 1.0, 2.0],
        "did_inner_product": [1.0, 1.0, -1.0, 0.0],
        "did_cosine": [0.1, 0.1, 0.1, 0.1],
        "did_slope": [-1.0, 1.0, 1.0, 1.0],
    }
    return pd.DataFrame({**columns, **changes})


def test_a_summary_by_hand():
    (found,) = summarise(rows()).to_dict("records")
    expected = {
        "n": 4,
        "positive": 0.75,
        "zero": 0.0,
        "cosine": 0.2,
        "update_norm": 2.5,
        "quadratic_form": 2.0,
        # inner product / epsilon is 2, 2.2, 1.8, -2 where A is 2.
        "inner_error_median": 0.1,
        "inner_error_max": 2.0,
        "slope_error_median": 0.25,
        "slope_error_max": 2.0,
        "falls": 0.5,
        "loss_change_max": 1.0,
        "did_positive": 0.5,
        "did_cosine": 0.1,
        "did_falls": 0.25,
        "did_slope": 0.5,
    }
    assert {name: found[name] for name in expected} == pytest.approx(expected)


def test_without_a_form_there_is_no_relative_error():
    for form in (0.0, math.nan):
        (found,) = summarise(rows(quadratic_form=form, cosine=math.nan)).to_dict("records")
        missing = ["inner_error_median", "slope_error_max", "cosine", "cosine_low"]
        assert all(math.isnan(found[name]) for name in missing)


def test_every_table_of_the_stage_has_its_columns_and_its_bytes_repeat(tmp_path):
    files = []
    for folder in ("first", "second"):
        paths = [tmp_path / folder / f"{name}.parquet" for name in ("theorem", "summary")]
        verify_theorem(spec(), *paths, tmp_path / folder / "manifest.json")
        files.append([path.read_bytes() for path in paths])
    assert files[0] == files[1]
    long, short = (pd.read_parquet(path) for path in paths)
    assert list(long) == list(THEOREM.columns)
    assert list(short) == list(THEOREM_SUMMARY.columns)
    settings, epsilons, seeds = 2 * 12, 2, 5
    assert (len(long), len(short)) == (settings * epsilons * seeds, settings * epsilons)
    assert read_manifest(tmp_path / "second/manifest.json")["facts"] == {"rows": len(long)}
    same = short.query("init == 'same' and trainable == 'all'")
    assert (same["positive"] == 1).all()
    assert (same["slope_error_max"] < 0.01).all()
    degenerate = short.query("trainable == 'output'")
    assert (degenerate["zero"] == 1).all()
    assert (degenerate["loss_change_max"] == 0).all()


def test_the_key_of_the_long_table_is_setting_and_seed(tmp_path):
    verify_theorem(spec(), *(tmp_path / name for name in ("t.parquet", "s.parquet", "m.json")))
    long = pd.read_parquet(tmp_path / "t.parquet")
    assert not long.duplicated([*SETTING, "seed"]).any()


def cells(centred):
    """Two batches of each cell of a matrix, a hundredth apart."""
    traits = ["owl", "eagle", "wolf"]
    return pd.DataFrame(
        [
            {
                "labels": "tokens",
                "student_base": "a",
                "data_trait": i,
                "displacement_trait": j,
                "batch": batch,
                "cosine": 0.5,
                "centred_cosine": centred[x][y] + 0.01 * batch,
            }
            for x, i in enumerate(traits)
            for y, j in enumerate(traits)
            for batch in (0, 1)
        ]
    )


def test_a_matrix_of_means_and_its_diagonal_by_hand():
    """A unit diagonal over zeros is a gamma of 1; of 3! orders one is as high: p = 1/6."""
    summary = summarise_language_model(cells(np.eye(3)))
    assert len(summary) == 9
    assert summary["n"].tolist() == [2] * 9
    assert summary["centred_cosine"].tolist() == pytest.approx((np.eye(3) + 0.005).ravel())
    test = diagonal_tests(summary)["tokens a"]
    assert test == pytest.approx({"gamma": 1.0, "p_value": 1 / 6})


def test_one_trait_has_no_diagonal():
    one = cells(np.eye(3)).query("data_trait == 'owl' and displacement_trait == 'owl'")
    assert diagonal_tests(summarise_language_model(one)) == {}
