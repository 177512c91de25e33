"""From one row per seed, or per batch, to one row per setting."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from subliminal.stats import Interval, diagonal_test, exact_interval, t_interval

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

SETTING = ["activation", "loss", "logits", "init", "trainable", "epsilon"]
MATRIX_CELL = ["labels", "student_base", "data_trait", "displacement_trait"]


def summarise(rows: pd.DataFrame) -> pd.DataFrame:
    """One row per setting and epsilon (table theorem_summary) of the table theorem."""
    return _per_group(rows, SETTING, _summarise_setting)


def summarise_language_model(rows: pd.DataFrame) -> pd.DataFrame:
    """One row per base and pair of traits of the table theorem_language_model."""
    return _per_group(rows, MATRIX_CELL, _summarise_cell)


def diagonal_tests(summary: pd.DataFrame) -> dict[str, dict[str, float]]:
    """Whether updates point along their own teacher's displacement more than along others'.

    Args:
        summary: table theorem_language_model_summary.

    Returns:
        By labels and base, gamma of the mean centred cosines and its permutation p; nothing if
        there is one trait.
    """
    tests = {}
    for (labels, base), cells in summary.groupby(["labels", "student_base"], sort=False):
        matrix = cells.pivot(
            index="data_trait", columns="displacement_trait", values="centred_cosine"
        )
        if len(matrix) > 1:
            test = diagonal_test(matrix)
            tests[f"{labels} {base}"] = {"gamma": test.gamma, "p_value": test.p_value}
    return tests


def _per_group(
    rows: pd.DataFrame, keys: list[str], summarised: Callable[[pd.DataFrame], dict[str, float]]
) -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame(
        [
            {**dict(zip(keys, values, strict=True)), "n": len(group), **summarised(group)}
            for values, group in rows.groupby(keys, sort=False)
        ]
    )


def _summarise_setting(rows: pd.DataFrame) -> dict[str, float]:
    change = rows["loss_after"] - rows["loss_before"]
    # Where nothing that the student reads has moved, A is 0 and has no relative error.
    form = rows["quadratic_form"].where(rows["quadratic_form"] > 0)
    inner_error = (rows["inner_product"] / rows["epsilon"] - form).abs() / form
    slope_error = (rows["slope"] + form).abs() / form
    return {
        **_share("positive", rows["inner_product"] > 0),
        "zero": float((rows["inner_product"] == 0).mean()),
        **_mean("cosine", rows["cosine"]),
        "update_norm": float(rows["update_norm"].mean()),
        "quadratic_form": float(rows["quadratic_form"].mean()),
        **_typical_and_largest("inner_error", inner_error),
        **_typical_and_largest("slope_error", slope_error),
        **_share("falls", change < 0),
        "loss_change_max": float(change.abs().max()),
        **_share("did_positive", rows["did_inner_product"] > 0),
        **_mean("did_cosine", rows["did_cosine"]),
        **_share("did_falls", rows["did_slope"] < 0),
        **_mean("did_slope", rows["did_slope"]),
    }


def _summarise_cell(rows: pd.DataFrame) -> dict[str, float]:
    return {
        **_mean("cosine", rows["cosine"]),
        **_mean("centred_cosine", rows["centred_cosine"]),
    }


def _columns(name: str, interval: Interval) -> dict[str, float]:
    return {name: interval.mean, f"{name}_low": interval.low, f"{name}_high": interval.high}


def _typical_and_largest(name: str, errors: pd.Series) -> dict[str, float]:
    present = errors.dropna()
    if present.empty:
        return {f"{name}_median": np.nan, f"{name}_max": np.nan}
    return {f"{name}_median": float(present.median()), f"{name}_max": float(present.max())}


def _share(name: str, holds: pd.Series) -> dict[str, float]:
    return _columns(name, exact_interval(int(holds.sum()), len(holds)))


def _mean(name: str, values: pd.Series) -> dict[str, float]:
    """Mean and t interval of the values that there are; nan if there are none."""
    present = values.dropna()
    if present.empty:
        return _columns(name, Interval(np.nan, np.nan, np.nan, 0))
    return _columns(name, t_interval(present.tolist()))
