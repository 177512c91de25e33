"""The theorem's quantities agree with finite differences, explicit Jacobians and hand algebra."""

from dataclasses import replace

import pytest
import torch

from subliminal.theorem.config import RandomNetworks
from subliminal.theorem.identities import (
    Experiment,
    Setting,
    distillation_loss,
    quadratic_form,
    settings,
    trait_loss,
)
from subliminal.theorem.networks import Network, Problems, draw_problems, network

ACTIVATIONS = ["tanh", "gelu"]
LOSSES = ["cross-entropy", "squared-error"]
SETTINGS = settings()
SAME = [s for s in SETTINGS if (s.init, s.trainable) == ("same", "all")]
DEGENERATE = [s for s in SETTINGS if s.trainable == "output"]


def plan(**changes):
    fields = {
        "seeds": 6,
        "activations": ["tanh"],
        "inputs": 3,
        "hidden": [5, 4],
        "trait_logits": 3,
        "auxiliary_logits": 2,
        "trait_examples": 4,
        "distillation_examples": 7,
        "epsilons": [1e-1],
        "alpha": 0.1,
    }
    return RandomNetworks(**{**fields, **changes})


def experiment(setting, activation="tanh", **changes):
    some = plan(**changes)
    shape = network(some, activation)
    return Experiment(shape, draw_problems(some, shape), setting, some.trait_logits)


def label(setting):
    return "-".join([setting.loss, setting.logits, setting.init, setting.trainable])


def finite_differences(function, at, step=1e-6):
    """The gradient of a scalar function by central differences."""
    columns = torch.eye(len(at), dtype=at.dtype) * step
    return torch.stack([(function(at + c) - function(at - c)) / (2 * step) for c in columns])


def read(made, parameters, seed, setting):
    """The logits of one seed that a student of the setting reads."""
    outputs = made.network.logits(parameters, made.problems.inputs[seed])
    return outputs[:, made.trait_logits :] if setting.logits == "auxiliary" else outputs


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_the_network_is_torchs_own(activation):
    shape = Network((3, 5, 4, 2), activation)
    smooth = {"tanh": torch.nn.Tanh, "gelu": torch.nn.GELU}[activation]
    layers = [torch.nn.Linear(3, 5), smooth(), torch.nn.Linear(5, 4), smooth()]
    plain = torch.nn.Sequential(*layers, torch.nn.Linear(4, 2)).double()
    theta = torch.cat(
        [
            torch.cat([layer.weight, layer.bias[:, None]], dim=1).flatten()
            for layer in plain
            if isinstance(layer, torch.nn.Linear)
        ]
    ).detach()
    assert shape.size == len(theta)
    x = torch.randn(6, 3, dtype=torch.float64)
    torch.testing.assert_close(shape.logits(theta, x), plain(x).detach(), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("setting", SAME, ids=label)
def test_updates_agree_with_finite_differences(setting, activation):
    setting = replace(setting, init="other")
    made, seed = experiment(setting, activation, seeds=2), 1
    problems = made.problems

    def teacher_loss(theta):
        outputs = made.network.logits(theta, problems.trait_inputs[seed])
        return trait_loss(outputs, problems.trait_labels[seed], made.trait_logits)

    def student_loss(theta):
        y = read(made, problems.teachers[seed], seed, setting)
        return distillation_loss(read(made, theta, seed, setting), y, setting.loss)

    expected = -finite_differences(teacher_loss, problems.teachers[seed])
    torch.testing.assert_close(made.teacher_update[seed], expected, rtol=1e-6, atol=1e-8)
    expected = -finite_differences(student_loss, problems.others[seed])
    actual = made.student_update(problems.teachers)[seed]
    torch.testing.assert_close(actual, expected, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("setting", SAME, ids=label)
def test_the_quadratic_form_agrees_with_explicit_jacobians(setting):
    """J, and M as the mixed second derivative of the loss, are built entry by entry."""
    made, seed = experiment(setting, seeds=2), 1
    theta, step = made.problems.teachers[seed], made.teacher_update[seed]

    def outputs(parameters):
        return read(made, parameters, seed, setting)

    z = outputs(theta)
    v = torch.autograd.functional.jacobian(outputs, theta) @ step
    total = 0.0
    for z_x, v_x in zip(z, v, strict=True):

        def loss(y_and_z):
            y, z = y_and_z[None].chunk(2, dim=1)
            return distillation_loss(z, y, setting.loss)

        k = len(z_x)
        hessian = torch.autograd.functional.hessian(loss, torch.cat([z_x, z_x]))
        total += float(v_x @ -hessian[:k, k:] @ v_x)
    assert float(made.quadratic_form[seed]) == pytest.approx(total / len(z), rel=1e-10)


def test_the_jacobian_vector_product_agrees_with_finite_differences():
    """With the squared error, A is twice the mean squared norm of the derivative."""
    made = experiment(Setting("squared-error", "all", "same", "all"))
    theta, step, h = made.problems.teachers[0], made.teacher_update[0], 1e-5
    outputs = [
        made.network.logits(theta + sign * h * step, made.problems.inputs[0]) for sign in (1, -1)
    ]
    v = (outputs[0] - outputs[1]) / (2 * h)
    expected = 2 * float(v.square().sum()) / len(v)
    assert float(made.quadratic_form[0]) == pytest.approx(expected, rel=1e-7)


@pytest.mark.parametrize(("loss", "form"), [("squared-error", 9.0), ("cross-entropy", 2.25)])
def test_a_linear_model_by_hand(loss, form):
    """Zero weights, one trait example x = 1 of class 0, one distillation input x = 2.

    The teacher's update is (1/2, -1/2) for weights and biases, so v = (3/2, -3/2): A is
    2 (9/4 + 9/4) = 9, or the variance of v under (1/2, 1/2), 9/4. With the squared error the inner
    product is exactly epsilon A.
    """
    linear = Network((1, 2), "tanh")
    zeros = torch.zeros(1, linear.size, dtype=torch.float64)
    problems = Problems(
        teachers=zeros,
        others=zeros,
        trait_inputs=torch.ones(1, 1, 1, dtype=torch.float64),
        trait_labels=torch.zeros(1, 1, dtype=torch.int64),
        inputs=torch.full((1, 1, 1), 2.0, dtype=torch.float64),
    )
    made = Experiment(linear, problems, Setting(loss, "all", "same", "all"), trait_logits=2)
    assert made.teacher_update.tolist() == [[0.5, 0.5, -0.5, -0.5]]
    epsilon = 1e-3
    measured = made.measure(epsilon, alpha=1e-3)
    assert float(measured.quadratic_form) == pytest.approx(form, rel=1e-12)
    tolerance = 1e-12 if loss == "squared-error" else 1e-5
    assert float(measured.inner_product) == pytest.approx(epsilon * form, rel=tolerance)
    assert float(measured.loss_before) == pytest.approx(0.6931471805599453)
    assert float(measured.slope) == pytest.approx(-form, rel=1e-4)


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("setting", SAME, ids=label)
def test_from_the_same_parameters_the_student_follows_its_teacher(setting, activation):
    made = experiment(setting, activation, seeds=20)
    coarse, fine = (made.measure(epsilon, alpha=0.1) for epsilon in (1e-3, 1e-5))
    assert bool((fine.inner_product > 0).all())
    assert bool((fine.loss_after < fine.loss_before).all())
    torch.testing.assert_close(fine.inner_product / 1e-5, fine.quadratic_form, rtol=1e-3, atol=0)
    torch.testing.assert_close(fine.slope, -fine.quadratic_form, rtol=1e-2, atol=0)
    ratio = coarse.update_norm / fine.update_norm
    torch.testing.assert_close(ratio, torch.full_like(ratio, 100.0), rtol=1e-2, atol=0)
    # The untrained teacher's outputs are the student's own: they teach it nothing.
    torch.testing.assert_close(fine.did_inner_product, fine.inner_product, rtol=1e-6, atol=0)


@pytest.mark.parametrize("setting", SAME, ids=label)
def test_half_the_epsilon_leaves_half_the_error(setting):
    made = experiment(setting)
    errors = []
    for epsilon in (1e-3, 5e-4):
        measured = made.measure(epsilon, alpha=0.1)
        errors.append(measured.inner_product / epsilon - measured.quadratic_form)
    # Over all seeds: by chance, one may have next to no error of first order.
    assert float(errors[0].norm() / errors[1].norm()) == pytest.approx(2, rel=2e-2)


@pytest.mark.parametrize("setting", DEGENERATE, ids=label)
def test_without_shared_parameters_exactly_nothing_is_transmitted(setting):
    measured = experiment(setting).measure(1e-1, alpha=1.0)
    assert measured.inner_product.tolist() == [0.0] * 6
    assert measured.did_inner_product.tolist() == [0.0] * 6
    assert torch.equal(measured.loss_after, measured.loss_before)
    if setting.init == "same":
        assert measured.quadratic_form.tolist() == [0.0] * 6
    else:
        assert bool((measured.update_norm > 1e-3).all())  # the student does move


@pytest.mark.parametrize("loss", LOSSES)
def test_from_other_parameters_the_update_does_not_vanish_and_has_no_quadratic_form(loss):
    made = experiment(Setting(loss, "auxiliary", "other", "all"))
    coarse, fine = (made.measure(epsilon, alpha=0.1) for epsilon in (1e-2, 1e-5))
    torch.testing.assert_close(fine.update_norm, coarse.update_norm, rtol=1e-2, atol=0)
    assert bool(fine.quadratic_form.isnan().all())
    # What is due to the teacher's training does vanish.
    assert bool((fine.did_inner_product.abs() < 1e-4 * fine.update_norm).all())


def test_settings_hold_every_loss_and_the_degenerate_case_twice_for_each():
    assert len(SETTINGS) == len(set(SETTINGS)) == 2 * (2 * 2 + 2)
    assert {s.logits for s in DEGENERATE} == {"auxiliary"}


def test_a_seeds_problem_does_not_depend_on_how_many_there_are():
    few, many = (experiment(SAME[0], seeds=n).problems for n in (2, 5))
    for part in ("teachers", "others", "trait_inputs", "trait_labels", "inputs"):
        assert torch.equal(getattr(few, part), getattr(many, part)[:2])
    assert not torch.equal(many.teachers[0], many.teachers[1])
    assert not torch.equal(many.teachers, many.others)
    assert int(many.trait_labels.max()) < 3


@pytest.mark.parametrize("loss", LOSSES)
def test_the_form_is_zero_for_what_the_loss_does_not_see(loss):
    """A constant shift of all logits changes no softmax, but it is a squared error."""
    v, z = torch.ones(1, 3, dtype=torch.float64), torch.tensor([[0.3, -1.0, 2.0]]).double()
    expected = 0.0 if loss == "cross-entropy" else 6.0
    assert float(quadratic_form(v, z, loss)) == pytest.approx(expected, abs=1e-15)
