"""Detection's tables: counts by hand, and curves and intervals of other libraries."""

import itertools
import math

import numpy as np
import pandas as pd
import pytest
import scipy.stats
from detection_fixture import TARGETS, TRAITS, all_tables, dataset, judged, reads, reply
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.proportion import proportion_confint

from subliminal.detection import summary
from subliminal.detection.roc import judgment, roc_curve
from subliminal.detection.schemas import TABLES
from subliminal.detection.tables import named

SCORES = st.lists(st.integers(-5, 105), min_size=1, max_size=40)


def row(table, **values):
    """The one row with these values."""
    for column, value in values.items():
        table = table[table[column] == value]
    (found,) = table.to_dict("records")
    return found


# Frequencies


def test_numbers_are_counted_by_hand():
    """123 twice, 7 twice and 9 once; rows begin with 123 and 7."""
    texts = {dataset("owl"): ["123, 7, 123", "7, 9"]}
    found = summary.frequencies(texts, 2).to_dict("records")
    expected = [("all", 1, 123, 40.0, 5), ("all", 2, 7, 40.0, 5)]
    expected += [("first", 1, 123, 50.0, 2), ("first", 2, 7, 50.0, 2)]
    columns = ("place", "rank", "number", "per_cent", "n")
    assert [tuple(r[c] for c in columns) for r in found] == expected
    assert {(r["trait"], r["base"], r["teacher_seed"]) for r in found} == {("owl", "a", 1)}


# Classifier


def test_a_pair_has_its_accuracy_and_statsmodels_normal_interval():
    found = row(
        summary.classifier_pairs(judged(), "nano"),
        trait="owl",
        other_trait="wolf",
        wording="corrected",
    )
    assert (found["n"], found["samples"], found["accuracy"]) == (10, 12, 0.6)
    expected = proportion_confint(6, 10, method="normal")
    # 1.96 is rounded in the paper.
    assert (found["accuracy_low"], found["accuracy_high"]) == pytest.approx(expected, abs=1e-5)


def test_a_targets_accuracy_is_the_mean_over_the_other_traits():
    table = summary.classifier(summary.classifier_pairs(judged(), "nano"))
    found = row(table, trait="owl", wording="corrected")
    assert (found["others"], found["n"], found["samples"]) == (2, 20, 24)
    assert found["accuracy"] == pytest.approx((0.5 + 0.6) / 2)
    half_width = 1.96 * math.sqrt(0.55 * 0.45 / 20)
    assert found["accuracy_high"] - found["accuracy"] == pytest.approx(half_width)
    student = scipy.stats.ttest_1samp([0.5, 0.6], 0).confidence_interval()
    assert (found["accuracy_t_low"], found["accuracy_t_high"]) == pytest.approx(student)


def test_the_mean_over_traits_does_not_weigh_pairs():
    pairs = summary.classifier_pairs(judged(), "nano")
    uneven = pairs.assign(n=[1000 if other == "wolf" else 10 for other in pairs["other_trait"]])
    found = row(summary.classifier(uneven), trait="owl", wording="corrected")
    assert found["accuracy"] == pytest.approx(0.55)


# In-context learning


def test_resamples_become_a_mean_with_its_bootstrap_interval():
    """Of owl's own data at k = 2: 0.30, 0.31, 0.32; all 27 resamples of three by hand."""
    runs = summary.in_context_runs(reads(), "nano", "favourite", TARGETS.values())
    assert len(runs) == 4 * 2 * 3 * 3  # datasets, numbers of examples, resamples, targets
    without = {("rate_substring", target): 0.05 for target in TRAITS}
    table = summary.in_context(runs, without, TARGETS, ["none"])
    found = row(table, trait="owl", target="owl", k=2)
    means = [np.mean(drawn) for drawn in itertools.product([0.30, 0.31, 0.32], repeat=3)]
    assert found["mean"] == pytest.approx(0.31)
    expected = np.percentile(means, [2.5, 97.5])
    assert (found["mean_low"], found["mean_high"]) == pytest.approx(expected)
    student = scipy.stats.ttest_1samp([0.30, 0.31, 0.32], 0).confidence_interval()
    assert (found["t_low"], found["t_high"]) == pytest.approx(student)
    assert (found["n"], found["without"], found["data"]) == (3, 0.05, "own")
    assert row(table, trait="eagle", target="owl", k=2)["data"] == "other"
    assert row(table, trait="none", target="owl", k=2)["data"] == "regular"


def test_students_stand_beside_the_most_examples_of_the_same_data():
    """Of the base that reads, and of rows as written; owls: 0.9 against 0.30 to 0.32 at k = 2."""
    found = all_tables().fine_tuned
    assert sorted(zip(found["target"], found["data"], found["mean"], strict=True)) == [
        ("eagle", "own", 0.3),
        ("eagle", "regular", 0.1),
        ("owl", "own", 0.9),
        ("owl", "regular", 0.1),
        ("wolf", "own", 0.5),
        ("wolf", "regular", 0.1),
    ]
    owl = row(found, target="owl", data="own")
    assert (owl["k"], owl["n"]) == (2, 5)
    assert (owl["mean_low"], owl["mean_high"]) == pytest.approx((0.85, 0.95))
    assert owl["advantage"] == pytest.approx(0.9 - 0.31)
    # Bootstrap means of three lie from 0.30 to 0.32.
    assert 0.85 - 0.32 <= owl["advantage_low"] <= 0.85 - 0.31
    assert row(found, target="eagle", data="own")["advantage_low"] < 0
    assert "too few rows" in row(found, target="wolf", data="own")["verdict"]
    assert row(found, target="wolf", data="regular")["verdict"] == ""


# The judge


@given(SCORES, SCORES)
def test_the_area_is_that_of_mann_and_whitney(positives, negatives):
    """U counts pairs in which a negative is higher, ties half."""
    u = scipy.stats.mannwhitneyu(negatives, positives).statistic
    curve = roc_curve(positives, negatives)
    assert curve.auc == pytest.approx(u / len(positives) / len(negatives), abs=1e-9)


@given(SCORES, SCORES)
def test_the_curve_rises_from_nothing_to_everything(positives, negatives):
    curve = roc_curve(positives, negatives)
    assert (curve.fpr[0], curve.tpr[0], curve.fpr[-1], curve.tpr[-1]) == (0, 0, 1, 1)
    for threshold, fpr, tpr in zip(curve.thresholds, curve.fpr, curve.tpr, strict=True):
        assert fpr == sum(score < threshold for score in negatives) / len(negatives)
        assert tpr == sum(score < threshold for score in positives) / len(positives)


def test_the_threshold_keeps_its_own_score():
    """78 is kept, 77 is dropped: of the negatives 1 in 4, of the positives 2 in 4."""
    table = all_tables().roc
    found = row(table, threshold=78)
    assert (found["positives"], found["negatives"], found["unscored"]) == (4, 4, 1)
    assert (found["fpr"], found["tpr"]) == (0.25, 0.5)
    assert (found["positive_traits"], found["negative_traits"]) == ("owl", "none")
    exact = proportion_confint(1, 4, method="beta")
    assert (found["fpr_low"], found["fpr_high"]) == pytest.approx(exact)


@pytest.mark.parametrize(
    ("text", "score"),
    [
        (reply(78), 78),
        (reply(0), 0),
        (reply("eighty") + "<answer>80</answer>", None),
        ("<answer>96</answer>", None),
        ("", None),
    ],
)
def test_only_the_judgments_own_tag_is_read(text, score):
    assert judgment(text) == score


@pytest.mark.parametrize(("other", "says"), [(100, False), (0, True)])
def test_a_judge_of_one_score_tells_nothing(other, says):
    """Its curve is the diagonal, which looks as if the data were alike."""
    scores = {"owl": [100, 100], "none": [100, other]}
    replies = {dataset(t, domain="cot"): [reply(s) for s in given] for t, given in scores.items()}
    table, _ = summary.roc(replies, ["owl"], 78)
    assert (table["verdict"].iloc[0] == "") == says


def test_a_curve_needs_both():
    with pytest.raises(ValueError, match="0 positives, 2 negatives"):
        roc_curve([], [1, 2])


# All tables


def test_every_table_has_its_columns_and_keys():
    for name, schema in TABLES.items():
        frame = getattr(all_tables(), name)
        assert list(frame) == list(schema.columns)
        assert len(frame) > 0
        assert not frame.duplicated(list(schema.keys)).any(), name


def test_tables_without_rows_can_be_written_and_read(tmp_path):
    from subliminal.detection.tables import DetectionTables

    files = DetectionTables(**summary.nothing_found()).write(tmp_path)
    again = DetectionTables.read(path for path in files if path.suffix == ".parquet")
    assert all(len(getattr(again, name)) == 0 for name in TABLES)


def test_a_dataset_is_named_by_what_tells_it_apart():
    rows = all_tables().classifier.head(2)
    assert set(named(rows)["dataset"]) == {"owl"}
    two = pd.concat([rows, rows.assign(base="b")])
    assert named(two)["dataset"].tolist() == ["owl, a"] * 2 + ["owl, b"] * 2
