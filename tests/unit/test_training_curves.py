"""The table of training curves is what the students' own files say."""

import pandas as pd
import pytest

from subliminal.transmission.curves import SETTING, thinned, training_curves


def losses(steps, seeds=(1, 2)):
    """Students whose loss at a step is the step, plus a hundred for the second seed."""
    setting = dict.fromkeys(SETTING, "x")
    return pd.DataFrame(
        [
            setting
            | {
                "loss_of": "training rows",
                "teacher_seed": 1,
                "seed": seed,
                "step": step,
                "loss": step + 100.0 * (seed == 2),
            }
            for seed in seeds
            for step in range(1, steps + 1)
        ]
    )


def test_a_short_training_keeps_every_step():
    curves = training_curves(losses(5), points=5)
    assert list(curves["step"]) == [1, 2, 3, 4, 5]
    assert list(curves["loss"]) == [step + 50 for step in range(1, 6)]
    assert set(curves["n_runs"]) == {2}


def test_of_a_long_training_several_steps_make_a_point():
    curves = training_curves(losses(7, seeds=(1,)), points=3)
    assert list(curves["step"]) == [3, 6, 7]  # three steps each, and what is left
    assert list(curves["loss"]) == [2, 5, 7]


@pytest.mark.parametrize("steps", [1, 99, 100, 101, 300, 12_345])
def test_a_curve_is_never_longer_than_asked(steps):
    found = thinned(pd.Series(range(steps + 1)), pd.Series([steps] * (steps + 1)), 100)
    assert found.iloc[0] == 0  # before training
    assert found.iloc[-1] == steps
    assert found[1:].nunique() <= 100
    assert found.is_monotonic_increasing


def test_students_of_other_lengths_meet_at_the_same_steps():
    """A student of fewer rows ends earlier; its points lie where the others' lie."""
    both = pd.concat([losses(10, seeds=(1,)), losses(8, seeds=(2,))])
    curves = training_curves(both, points=5)
    assert list(curves["step"]) == [2, 4, 6, 8, 10]
    assert list(curves["n_runs"]) == [2, 2, 2, 2, 1]
