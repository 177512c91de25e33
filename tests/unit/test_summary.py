"""An experiment's tables: who is compared with whom, intervals, gates and verdicts."""

import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats as scipy_stats

from subliminal import summary
from subliminal.config import Gates

WORDS = {"owl": "owl", "wolf": "wolf", "eagle": "eagle"}
ROLES = {"owl": "confirmation", "wolf": "development", "eagle": "confirmation"}
GATES = Gates(min_teacher_share=0.5, min_rows=100, min_loss_drop=0.0)
SHARES = {  # teacher's trait -> measured trait -> share of each seed's student
    "owl": {"owl": [0.80, 0.90, 0.85], "wolf": [0.02, 0.03, 0.01], "eagle": [0.01, 0.02, 0.03]},
    "wolf": {"owl": [0.05, 0.06, 0.04], "wolf": [0.40, 0.55, 0.45], "eagle": [0.05, 0.04, 0.03]},
    "eagle": {"owl": [0.07, 0.05, 0.06], "wolf": [0.06, 0.08, 0.07], "eagle": [0.06, 0.07, 0.05]},
    "none": {"owl": [0.06, 0.05, 0.07], "wolf": [0.06, 0.07, 0.05], "eagle": [0.06, 0.05, 0.07]},
}


def runs(shares=SHARES, variant="train", loss_drop=0.1):
    rows = []
    for taught, measured in shares.items():
        for trait, values in measured.items():
            for seed, share in enumerate(values, start=1):
                rows.append(
                    {
                        "domain": "numbers",
                        "method": "reference" if taught == "none" else "finetuned",
                        "variant": variant,
                        "recipe": "tiny",
                        "teacher_base": "tiny-a",
                        "student_base": "tiny-a",
                        "teacher_trait": taught,
                        "teacher_seed": 1,
                        "seed": seed,
                        "measured_trait": trait,
                        "loss_drop": loss_drop,
                        "share": share,
                        "margin": math.log(share / (1 - share)),
                        "mass": 0.99,
                        "rate_substring": share,
                        "rate_word": share,
                    }
                )
    return pd.DataFrame(rows)


def scores(**columns):
    frame = pd.DataFrame({"candidate": list(WORDS.values()), "base": "tiny-a", **columns})
    return frame.assign(margin=0.0, mass=1.0, rate_substring=frame["share"], rate_word=0.0)


def channel(rows_kept=3000):
    return pd.DataFrame(
        {
            "domain": "numbers",
            "method": "finetuned",
            "teacher_base": "tiny-a",
            "trait": list(WORDS),
            "teacher_share": 0.97,
            "rows_kept": rows_kept,
            "keep_rate": 0.6,
            "kl_per_token": 0.3,
            "entropy_per_token": 3.5,
        }
    )


def table(some_runs=None, teacher_share=0.97, rows_kept=3000):
    teachers = pd.concat(
        [scores(share=[0.97] * 3).assign(trait=t, method="finetuned") for t in WORDS]
    )
    facts = channel(rows_kept).assign(teacher_share=teacher_share)
    frame = summary.transmission_table(
        runs() if some_runs is None else some_runs,
        scores(share=[0.05, 0.06, 0.07]),
        teachers,
        facts,
        WORDS,
        ROLES,
        GATES,
    )
    return frame.set_index(["trait", "condition"])


def test_every_trait_has_its_controls_beside_it():
    found = table()
    for trait in WORDS:
        assert set(found.loc[trait].index) == {
            "base",
            "regular",
            "other traits",
            "trait",
            "teacher",
        }


def test_the_interval_is_scipys_t_interval_over_students():
    row = table().loc[("owl", "trait")]
    values = SHARES["owl"]["owl"]
    low, high = scipy_stats.t.interval(0.95, 2, loc=np.mean(values), scale=scipy_stats.sem(values))
    assert (row.share_mean, row.share_low, row.share_high) == pytest.approx(
        (np.mean(values), low, high)
    )
    assert row.n_runs == 3


def test_other_traits_are_the_students_of_every_other_teacher_with_a_trait():
    row = table().loc[("owl", "other traits")]
    assert row.n_runs == 6
    assert row.share_mean == pytest.approx(np.mean(SHARES["wolf"]["owl"] + SHARES["eagle"]["owl"]))


def test_verdicts_by_disjoint_intervals():
    found = table()
    assert found.loc[("owl", "trait"), "verdict"] == "transmission"
    assert found.loc[("eagle", "trait"), "verdict"] == "not told apart"
    assert (found.drop(index="trait", level="condition").verdict == "").all()


def test_a_share_below_the_control_is_reversed():
    low = {**SHARES, "owl": {**SHARES["owl"], "owl": [0.001, 0.002, 0.0015]}}
    assert table(runs(low)).loc[("owl", "trait"), "verdict"] == "reversed"


def test_a_rise_in_students_of_every_trait_is_not_specific():
    """Three of another trait's students are as high: teachers of any trait might do this."""
    drift = {**SHARES, "wolf": {**SHARES["wolf"], "owl": [0.78, 0.88, 0.83]}}
    two = {taught: drift[taught] for taught in ("owl", "wolf", "none")}
    assert table(runs(two)).loc[("owl", "trait"), "verdict"] == "not specific"


def test_a_higher_rise_in_students_of_other_traits_is_not_transmission():
    drift = {**SHARES, "wolf": {**SHARES["wolf"], "owl": [0.98, 0.99, 0.985]}}
    two = {taught: drift[taught] for taught in ("owl", "wolf", "none")}
    assert table(runs(two)).loc[("owl", "trait"), "verdict"] == "not specific"


def test_too_few_students_of_other_traits_are_no_control():
    alone = table(runs({taught: SHARES[taught] for taught in ("owl", "none")}))
    assert alone.loc[("owl", "trait"), "verdict"] == "transmission"
    drift = {**SHARES["wolf"], "owl": [0.78, 0.88, 0.83]}
    some = runs({"owl": SHARES["owl"], "wolf": drift, "none": SHARES["none"]})
    some = some[(some.teacher_trait != "wolf") | (some.seed < 3)]
    assert table(some).loc[("owl", "trait"), "verdict"] == "transmission"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"teacher_share": 0.3}, "the teacher does not express the trait"),
        ({"rows_kept": 99}, "the filter kept too few rows"),
        ({"some_runs": runs(loss_drop=-0.01)}, "the data did not move the students"),
        ({"some_runs": runs(loss_drop=math.nan)}, "the data did not move the students"),
    ],
)
def test_a_failed_gate_makes_a_cell_uninterpretable(changes, reason):
    assert table(**changes).loc[("owl", "trait"), "verdict"] == f"uninterpretable: {reason}"


def test_one_weak_teacher_of_several_fails_the_gate():
    facts = pd.concat([channel(), channel().assign(teacher_share=0.3)])
    teachers = pd.concat(
        [scores(share=[0.97] * 3).assign(trait=t, method="finetuned") for t in WORDS]
    )
    frame = summary.transmission_table(
        runs(), scores(share=[0.05] * 3), teachers, facts, WORDS, ROLES, GATES
    )
    assert set(frame[frame.condition == "trait"].gate_teacher) == {False}


def test_students_of_one_teacher_are_one_value_where_there_are_several_teachers():
    two = pd.concat([runs(), runs().assign(teacher_seed=2)])
    own = two[(two.teacher_trait == "owl") & (two.measured_trait == "owl")]
    assert len(summary.units(own)) == 2
    assert len(summary.units(own[own.teacher_seed == 1])) == 3


def test_one_student_or_no_control_is_too_few():
    single = runs()
    assert table(single[single.seed == 1]).loc[("owl", "trait"), "verdict"] == "too few runs"
    alone = runs({k: v for k, v in SHARES.items() if k != "none"})
    assert table(alone).loc[("owl", "trait"), "verdict"] == "too few runs"


def test_shuffled_students_are_compared_with_students_of_plain_regular_data():
    shuffled = runs({k: v for k, v in SHARES.items() if k != "none"}, variant="shuffled-within")
    both = pd.concat([shuffled, runs({"none": SHARES["none"]})])
    assert table(both).loc[("owl", "regular"), "n_runs"] == 3


def test_matrix_holds_lifts_over_the_untrained_base():
    matrix = summary.trait_matrix(runs(), scores(share=[0.05, 0.06, 0.07]), WORDS)
    cell = matrix[(matrix.teacher_trait == "wolf") & (matrix.measured_trait == "wolf")].iloc[0]
    assert cell.share_lift == pytest.approx(np.mean(SHARES["wolf"]["wolf"]) - 0.06)
    assert len(matrix) == 9
    assert "none" not in set(matrix.teacher_trait)


def test_the_diagonal_is_tested_once_per_group():
    matrix = summary.trait_matrix(runs(), scores(share=[0.05, 0.06, 0.07]), WORDS)
    (row,) = summary.diagonal_table(matrix).to_dict("records")
    assert (row["traits"], row["permutations"]) == (3, 6)
    assert row["gamma"] > 0.3
    assert row["p_value"] == pytest.approx(1 / 6)


def test_a_single_trait_has_no_diagonal_to_test():
    only = runs({"owl": SHARES["owl"], "none": SHARES["none"]})
    matrix = summary.trait_matrix(only, scores(share=[0.05, 0.06, 0.07]), WORDS)
    assert summary.diagonal_table(matrix).empty


def test_nats_per_token_are_over_kept_and_measured_rows():
    assert summary.per_token([2.0, 8.0, None], [4, 8, 5], [True, False, True]) == 0.5
    assert math.isnan(summary.per_token([None], [3], [True]))


def test_gates_that_can_be_told_before_students_are_trained():
    bases = scores(share=[0.06, 0.05, 0.07])
    table = summary.gates_table(channel().assign(rows=5000), bases, WORDS, GATES)
    assert list(table.verdict) == ["", "", ""]
    assert list(table.base_share) == [0.06, 0.05, 0.07]

    silent = channel().assign(rows=5000, teacher_share=[0.97, 0.1, 0.97], rows_kept=[9, 3000, 3000])
    told = summary.gates_table(silent, bases, WORDS, GATES)
    assert list(told.gate_rows) == [False, True, True]
    assert list(told.verdict) == [
        "the filter kept too few rows",
        "the teacher does not express the trait",
        "",
    ]


def test_a_control_teacher_has_no_trait_to_express():
    control = channel().assign(rows=5000, method="reference", trait="none", teacher_share=None)
    table = summary.gates_table(control, scores(share=[0.1, 0.1, 0.1]), WORDS, GATES)
    assert table.gate_teacher.all()
    assert table.base_share.isna().all()
