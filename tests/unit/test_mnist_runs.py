"""Which network starts from which weights and imitates which teacher, against a run by hand."""

from functools import partial

import numpy as np
import pytest
import torch

from subliminal.mnist import runs
from subliminal.mnist.config import Cloning, Fitting, Network, Student
from subliminal.mnist.data import Digits
from subliminal.mnist.networks import Shape, accuracy, initialise
from subliminal.mnist.pairing import derangement
from subliminal.mnist.specs import TrainMnistStudentsSpec
from subliminal.mnist.training import Student as Pupil
from subliminal.mnist.training import clone_behaviour, imitate

ALL, PART, SEED, M = 5, [2, 3], 7, 3
NETWORK = Network(hidden=[12], activation="relu", biases=True)
FITTING = Fitting(epochs=1, batch_size=50, optimiser="adam", learning_rate=3e-3)
SHAPE = Shape((12,), M)
ADAM = partial(torch.optim.Adam, lr=3e-3)


def quiet(what):
    return lambda done, total, note="": None


@pytest.fixture(scope="module")
def digits():
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (300, 784), dtype=np.uint8)
    labels = rng.integers(0, 10, 300, dtype=np.uint8)
    return Digits(images[:200], labels[:200], images[200:], labels[200:])


def spec(**students):
    return TrainMnistStudentsSpec(
        comparison="cloning",
        students=students,
        network=NETWORK,
        fitting=FITTING,
        auxiliary_logits=M,
        seed=SEED,
        replicas=PART,
        all_replicas=ALL,
        shared_inputs=True,
    )


@pytest.fixture(scope="module")
def teachers():
    """Any networks will do; these are nobody's initial weights."""
    return initialise(SHAPE, 99, PART)


def measured(asked, teachers, digits):
    images = torch.from_numpy(digits.train_images)
    return list(runs.student_rows(asked, teachers, digits, images, quiet))


def expected(start, teachers, digits, asked):
    """Accuracies of students with these weights, distilled by hand."""
    images = torch.from_numpy(digits.train_images)
    noise = runs.inputs_of("noise", "distillation", asked, images)
    course = runs.course_of(asked, "distillation", noise, FITTING, 1, quiet(""))
    imitate(teachers, [Pupil(start, "auxiliary", ADAM)], course)
    return accuracy(
        start, torch.from_numpy(digits.test_images), torch.from_numpy(digits.test_labels)
    ).tolist()


def test_the_same_start_is_that_of_the_teachers_own_replica(teachers, digits):
    asked = spec(same=Student(initialisation="same"))
    rows = measured(asked, teachers, digits)
    assert [row.replica for row in rows] == PART
    assert all(row.own_initialisation for row in rows)
    found = [row.accuracy for row in rows]
    assert found == expected(initialise(SHAPE, SEED, PART), teachers, digits, asked)


def test_another_start_is_that_of_the_replica_in_the_derangement_of_all(teachers, digits):
    asked = spec(other=Student(initialisation="deranged"))
    rows = measured(asked, teachers, digits)
    whose = [derangement(ALL, SEED)[replica] for replica in PART]
    assert not any(row.own_initialisation for row in rows)
    found = [row.accuracy for row in rows]
    assert found == expected(initialise(SHAPE, SEED, whose), teachers, digits, asked)


@pytest.mark.parametrize("logits", ["auxiliary", "all"])
def test_cloning_imitates_the_untrained_teachers_and_none_of_it_is_no_cloning(
    logits, teachers, digits
):
    cloning = Cloning(inputs="digits", logits=logits, epochs=[0, 2])
    asked = spec(
        plain=Student(initialisation="deranged"),
        cloned=Student(initialisation="deranged", cloning=cloning),
    )
    rows = measured(asked, teachers, digits)
    by_epochs = {e: [r.accuracy for r in rows if r.cloning_epochs == e] for e in (None, 0, 2)}
    assert by_epochs[0] == by_epochs[None]
    whose = [derangement(ALL, SEED)[replica] for replica in PART]
    images = torch.from_numpy(digits.train_images)
    inputs = runs.inputs_of("digits", "cloning", asked, images)
    (cloned,) = clone_behaviour(
        initialise(SHAPE, SEED, PART),
        [Pupil(initialise(SHAPE, SEED, whose), logits, ADAM)],
        runs.course_of(asked, "cloning", inputs, FITTING, 2, quiet("")),
        [2],
    )[2]
    assert by_epochs[2] == expected(cloned, teachers, digits, asked)
