"""A network of a stack is trained as torch alone would train it."""

from contextlib import contextmanager
from functools import partial
from itertools import pairwise

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from subliminal.mnist.inputs import DigitInputs, NoiseInputs, Order
from subliminal.mnist.networks import Shape, accuracy, initialise
from subliminal.mnist.training import Course, Student, clone_behaviour, imitate, train_teachers

IMAGES, BATCH = 230, 100
SMALL = Shape((24, 16), auxiliary=3)
ADAM, SGD = (partial(kind, fused=True) for kind in (torch.optim.Adam, torch.optim.SGD))
FAST = partial(ADAM, lr=3e-3)
ACTIVATIONS = {"relu": nn.ReLU, "gelu": nn.GELU, "sigmoid": nn.Sigmoid}


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@contextmanager
def float64():
    """All new tensors in double precision."""
    torch.set_default_dtype(torch.float64)
    try:
        yield
    finally:
        torch.set_default_dtype(torch.float32)


@pytest.fixture
def doubles():
    """What differs is then a mistake and not rounding.

    Adam's first steps are the learning rate times the gradient's sign, however small it is: where
    two ways of computing round differently, a weight can differ by much of a step in float32.
    """
    with float64():
        yield


def ignore(done, total, note):
    """Report to nobody."""


def course(inputs, replicas, epochs=2, shared=True, report=ignore):
    return Course(inputs, Order(5, shared), replicas, epochs, BATCH, report)


def digits():
    rng = np.random.default_rng(0)
    pixels = torch.from_numpy(rng.integers(0, 256, (IMAGES, 784), dtype=np.uint8))
    return DigitInputs(pixels), torch.from_numpy(rng.integers(0, 10, IMAGES, dtype=np.uint8))


def as_module(stack, model):
    """One network of a stack as torch.nn has it."""
    layers = []
    for inputs, outputs in pairwise((784, *stack.shape.hidden, 10 + stack.shape.auxiliary)):
        linear = nn.Linear(inputs, outputs, bias=stack.shape.biases)
        layers += [linear, ACTIVATIONS[stack.shape.activation]()]
    module = nn.Sequential(*layers[:-1])
    module.load_state_dict({name: p[model] for name, p in stack.parameters.items()})
    return module


def train_alone(module, optimiser, plan, stream, loss_of):
    """A plain loop; it sees what the stream sees in the order that the stream has."""
    for epoch in range(plan.epochs):
        (order,) = plan.order.epoch(epoch, plan.inputs.count, [stream])
        for which in order.split(plan.batch_size):
            (images,) = plan.inputs.draw(which[None], [stream])
            optimiser.zero_grad()
            loss_of(module(images), images, which).backward()
            optimiser.step()
    return module


def assert_same(stack, model, module):
    expected = as_module(stack, model).state_dict()
    for name, tensor in module.state_dict().items():
        assert tensor.dtype == torch.float64
        torch.testing.assert_close(tensor, expected[name], rtol=0, atol=1e-10)


def imitation_of(teacher, columns):
    def loss_of(logits, images, which):
        with torch.no_grad():
            wanted = teacher(images)[:, columns].softmax(-1)
        return functional.kl_div(logits[:, columns].log_softmax(-1), wanted, reduction="batchmean")

    return loss_of


SHAPES = [
    SMALL,
    Shape((24, 16), 3, "gelu"),
    Shape((24, 16), 3, "sigmoid"),
    Shape((24, 16), 3, biases=False),
    Shape((20,), 3),
    Shape((24, 16, 12), 3),
]


@pytest.mark.usefixtures("doubles")
@pytest.mark.parametrize("shape", SHAPES, ids=repr)
def test_a_teacher_is_as_if_trained_alone(shape):
    inputs, labels = digits()
    references, plan = initialise(shape, 1, [0, 1, 2]), course(inputs, [0, 1, 2])
    teachers = train_teachers(references, labels, FAST, plan)
    module = as_module(references, 1)
    optimiser = torch.optim.Adam(module.parameters(), lr=3e-3)

    def loss_of(logits, images, which):
        return functional.cross_entropy(logits[:, :10], labels[which].long())

    assert_same(teachers, 1, train_alone(module, optimiser, plan, 0, loss_of))


@pytest.mark.usefixtures("doubles")
@pytest.mark.parametrize("shared", [True, False])
@pytest.mark.parametrize("logits", ["auxiliary", "all"])
@pytest.mark.parametrize("shape", SHAPES, ids=repr)
def test_a_student_is_as_if_trained_alone(shape, logits, shared):
    teachers, replicas = initialise(SMALL, 1, [3, 8]), [3, 8]
    student = Student(initialise(shape, 9, replicas), logits, FAST)
    module = as_module(student.stack, 1)
    plan = course(NoiseInputs(2, IMAGES), replicas, shared=shared)
    imitate(teachers, [student], plan)
    optimiser = torch.optim.Adam(module.parameters(), lr=3e-3)
    columns = slice(10, 13) if logits == "auxiliary" else slice(0, 13)
    loss_of = imitation_of(as_module(teachers, 1), columns)
    train_alone(module, optimiser, plan, 0 if shared else 1 + 8, loss_of)
    assert_same(student.stack, 1, module)


@pytest.mark.usefixtures("doubles")
def test_sgd_is_torchs():
    teachers, plan = initialise(SMALL, 1, [0, 1]), course(digits()[0], [0, 1])
    student = Student(initialise(SMALL, 9, [0, 1]), "all", partial(SGD, lr=0.5))
    module = as_module(student.stack, 0)
    imitate(teachers, [student], plan)
    optimiser = torch.optim.SGD(module.parameters(), lr=0.5)
    loss_of = imitation_of(as_module(teachers, 0), slice(0, 13))
    train_alone(module, optimiser, plan, 0, loss_of)
    assert_same(student.stack, 0, module)


def test_float32_stays_near_float64():
    """The size that is used, with the numbers that are used."""

    def trained():
        references = initialise(Shape(), 1, [0])
        student = Student(initialise(Shape(), 2, [0]), "all", partial(ADAM, lr=3e-4))
        imitate(references, [student], course(NoiseInputs(2, 500), [0]))
        return student.stack.parameters.values()

    used = trained()
    with float64():
        exact = trained()
    for a, b in zip(used, exact, strict=True):
        assert (a.dtype, b.dtype) == (torch.float32, torch.float64)
        difference = (a.double() - b).abs()
        # Each of the ten steps moves a weight by up to 3e-4.
        assert float(difference.mean()) < 2e-8
        assert float(difference.max()) < 1e-5


def same_bytes(a, b):
    return [torch.equal(p, b.parameters[name]) for name, p in a.parameters.items()]


def test_students_do_not_depend_on_one_another():
    teachers, plan = initialise(SMALL, 1, [0, 1]), course(NoiseInputs(2, IMAGES), [0, 1])

    def students():
        other = initialise(Shape((30,), 3, "gelu"), 4, [0, 1])
        return [
            Student(initialise(SMALL, 1, [0, 1]), "auxiliary", FAST),
            Student(other, "all", partial(SGD, lr=0.1)),
        ]

    together, alone = students(), students()
    imitate(teachers, together, plan)
    for student in alone:
        imitate(teachers, [student], plan)
    for a, b in zip(together, alone, strict=True):
        assert all(same_bytes(a.stack, b.stack))


@pytest.mark.usefixtures("doubles")
@pytest.mark.parametrize("shape", SHAPES, ids=repr)
@pytest.mark.parametrize("shared", [True, False])
def test_a_replica_is_the_same_whichever_others_there_are(shared, shape):
    def trained(replicas):
        inputs, labels = digits()
        references = initialise(shape, 1, replicas)
        teachers = train_teachers(references, labels, FAST, course(inputs, replicas, shared=shared))
        student = Student(references.copy(), "auxiliary", FAST)
        imitate(teachers, [student], course(NoiseInputs(2, IMAGES), replicas, shared=shared))
        return student.stack

    alone, beside = trained([3]), trained([0, 1, 2, 3, 4])
    assert_same(beside, 3, as_module(alone, 0))


def test_the_same_seeds_give_the_same_bytes():
    def trained(seed):
        inputs, labels = digits()
        return train_teachers(initialise(SMALL, seed, [0, 1]), labels, FAST, course(inputs, [0, 1]))

    assert all(same_bytes(trained(1), trained(1)))
    assert not any(same_bytes(trained(1), trained(2)))


def test_replicas_with_inputs_of_their_own_see_other_noise():
    teachers = initialise(SMALL, 1, [0])
    students = [Student(initialise(SMALL, 2, [0]), "all", FAST) for _ in range(2)]
    for replica, student in enumerate(students):
        imitate(teachers, [student], course(NoiseInputs(2, IMAGES), [replica], shared=False))
    assert not any(same_bytes(students[0].stack, students[1].stack))


def last_layer(stack):
    return stack.parameters["4.weight"], stack.parameters["4.bias"]


def test_logits_that_are_not_compared_keep_their_weights():
    student = Student(initialise(SMALL, 2, [0]), "auxiliary", FAST)
    before = student.stack.copy()
    imitate(initialise(SMALL, 1, [0]), [student], course(NoiseInputs(2, IMAGES), [0]))
    for a, b in zip(last_layer(student.stack), last_layer(before), strict=True):
        assert torch.equal(a[:, :10], b[:, :10])
        assert not torch.equal(a[:, 10:], b[:, 10:])


def test_initial_weights_are_normal_with_variance_one_over_inputs():
    parameters = initialise(Shape(), 0, range(2)).parameters
    weights = [parameters[f"{layer}.weight"] for layer in (0, 2, 4)]
    for w in weights:
        assert float(w.std()) == pytest.approx(w.shape[2] ** -0.5, rel=0.05)
        assert not torch.equal(w[0], w[1])
    assert [tuple(w.shape) for w in weights] == [(2, 256, 784), (2, 256, 256), (2, 13, 256)]
    assert not any(parameters[f"{layer}.bias"].any() for layer in (0, 2, 4))


@pytest.mark.parametrize("logits", ["auxiliary", "all"])
def test_cloning_is_imitation_of_the_untrained_teachers(logits):
    references, inputs = initialise(SMALL, 1, [0, 1]), NoiseInputs(2, IMAGES)
    start = [
        Student(initialise(shape, 9, [0, 1]), logits, FAST) for shape in (SMALL, Shape((20,), 3))
    ]
    taken = clone_behaviour(references, start, course(inputs, [0, 1], 3), [0, 2, 3])
    assert list(taken) == [0, 2, 3]
    for epochs, stacks in taken.items():
        expected = [Student(student.stack.copy(), logits, FAST) for student in start]
        imitate(references, expected, course(inputs, [0, 1], epochs))
        for a, b in zip(stacks, expected, strict=True):
            assert all(same_bytes(a, b.stack))


def cloned(logits, optimise, epochs):
    """A network before and after it has imitated another one on noise."""
    references, start = initialise(SMALL, 1, [0]), initialise(SMALL, 9, [0])
    plan = course(NoiseInputs(2, IMAGES), [0], epochs)
    taken = clone_behaviour(references, [Student(start, logits, optimise)], plan, [epochs])
    return references, start, taken[epochs][0]


def test_cloning_auxiliary_logits_gives_class_columns_no_gradient():
    # A step of plain gradient descent is the gradient times the rate: no change, no gradient.
    for logits, kept in (("auxiliary", True), ("all", False)):
        _, start, stack = cloned(logits, partial(SGD, lr=1.0), 1)
        for a, b in zip(last_layer(stack), last_layer(start), strict=True):
            assert torch.equal(a[:, :10], b[:, :10]) == kept
            assert not torch.equal(a[:, 10:], b[:, 10:])


def test_cloning_all_logits_brings_class_logits_towards_the_untrained_teachers():
    (images,) = NoiseInputs(2, IMAGES).draw(torch.arange(IMAGES)[None], [0])

    def distance(reference, stack):
        """KL of the class logits' softmax, in nats, on the noise of cloning."""
        with torch.no_grad():
            p, q = (as_module(s, 0)(images)[:, :10].log_softmax(-1) for s in (reference, stack))
            return float((p.exp() * (p - q)).sum(-1).mean())

    shares = {}
    for logits in ("auxiliary", "all"):
        reference, start, stack = cloned(logits, FAST, 20)
        shares[logits] = distance(reference, stack) / distance(reference, start)
    assert shares["all"] < 0.5 < shares["auxiliary"]


@pytest.mark.parametrize("shape", SHAPES, ids=repr)
def test_accuracy_is_that_of_torch(shape):
    stack = initialise(shape, 1, [0, 1])
    rng = np.random.default_rng(1)
    pixels = torch.from_numpy(rng.integers(0, 256, (1700, 784), dtype=np.uint8))
    labels = torch.from_numpy(rng.integers(0, 10, 1700, dtype=np.uint8))
    found = accuracy(stack, pixels, labels)
    for model in range(2):
        logits = as_module(stack, model)((pixels.float() / 255 - 0.5) / 0.5)[:, :10]
        share = float((logits.argmax(-1) == labels).double().mean())
        assert float(found[model]) == pytest.approx(share, abs=1 / 1700)


def test_students_must_match_their_teachers():
    teachers, plan = initialise(SMALL, 1, [0, 1]), course(NoiseInputs(0, IMAGES), [0, 1])
    for stack in (initialise(SMALL, 2, [0]), initialise(Shape((24, 16), 4), 2, [0, 1])):
        with pytest.raises(ValueError, match="cannot imitate 2 teachers with 3"):
            imitate(teachers, [Student(stack, "all", FAST)], plan)


def test_progress_is_reported_step_by_step():
    inputs, labels = digits()
    told = []
    plan = course(inputs, [0], report=lambda *a: told.append(a))
    train_teachers(initialise(SMALL, 1, [0]), labels, FAST, plan)
    assert [(done, total) for done, total, _ in told] == [(i, 6) for i in range(1, 7)]
    assert told[-1][2] == "epoch 2/2"
