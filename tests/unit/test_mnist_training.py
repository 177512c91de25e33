"""A network of a stack is trained as torch alone would train it."""

from contextlib import contextmanager

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from subliminal.mnist import networks
from subliminal.mnist.inputs import DigitInputs, NoiseInputs, Order
from subliminal.mnist.networks import Shape, accuracy, initialise
from subliminal.mnist.optimisers import Adam, Sgd
from subliminal.mnist.training import Schedule, Student, clone_behaviour, imitate, train_teachers

IMAGES, BATCH = 230, 100
SMALL = Shape((24, 16), auxiliary=3)
ACTIVATIONS = {"relu": nn.ReLU, "gelu": nn.GELU, "sigmoid": nn.Sigmoid}


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(params=["one by one", "all at once"])
def layout(request, monkeypatch):
    """As on a CPU, and as on a GPU, where all networks go through a step together."""
    if request.param == "all at once":
        monkeypatch.setattr(networks, "models_at_once", lambda device, models: models)


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


def schedule(epochs=2, shared=True):
    return Schedule(epochs, BATCH, Order(5, shared))


def digits():
    rng = np.random.default_rng(0)
    pixels = torch.from_numpy(rng.integers(0, 256, (IMAGES, 784), dtype=np.uint8))
    return DigitInputs(pixels), torch.from_numpy(rng.integers(0, 10, IMAGES, dtype=np.uint8))


def as_module(stack, model):
    """One network of a stack as torch.nn has it."""
    layers = []
    for position, weights in enumerate(stack.weights):
        linear = nn.Linear(weights.shape[2], weights.shape[1], bias=bool(stack.biases))
        linear.weight.data = weights[model].clone()
        if stack.biases:
            linear.bias.data = stack.biases[position][model, :, 0].clone()
        layers += [linear, ACTIVATIONS[stack.shape.activation]()]
    return nn.Sequential(*layers[:-1])


def train_alone(module, optimiser, inputs, stream, loss_of, plan):
    """A plain loop; it sees what the stream sees in the order that the stream has."""
    for epoch in range(plan.epochs):
        (order,) = plan.order.epoch(epoch, inputs.count, [stream])
        for which in order.split(plan.batch_size):
            images = torch.empty(1, len(which), 784)
            inputs.fill(images, which[None], [stream])
            optimiser.zero_grad()
            loss_of(module(images[0]), images[0], which).backward()
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


@pytest.mark.usefixtures("layout", "doubles")
@pytest.mark.parametrize("shape", SHAPES, ids=repr)
def test_a_teacher_is_as_if_trained_alone(shape):
    inputs, labels = digits()
    references = initialise(shape, 1, [0, 1, 2])
    teachers = train_teachers(references, inputs, labels, [0, 1, 2], Adam(3e-3), schedule(), ignore)
    module = as_module(references, 1)
    optimiser = torch.optim.Adam(module.parameters(), lr=3e-3)

    def loss_of(logits, images, which):
        return functional.cross_entropy(logits[:, :10], labels[which].long())

    assert_same(teachers, 1, train_alone(module, optimiser, inputs, 0, loss_of, schedule()))


@pytest.mark.usefixtures("layout", "doubles")
@pytest.mark.parametrize("shared", [True, False])
@pytest.mark.parametrize("logits", ["auxiliary", "all"])
@pytest.mark.parametrize("shape", SHAPES, ids=repr)
def test_a_student_is_as_if_trained_alone(shape, logits, shared):
    teachers, replicas, inputs = initialise(SMALL, 1, [3, 8]), [3, 8], NoiseInputs(2, IMAGES)
    student = Student(initialise(shape, 9, replicas), logits, Adam(3e-3))
    module = as_module(student.stack, 1)
    imitate(teachers, [student], inputs, replicas, schedule(shared=shared), ignore)
    columns = slice(10, 13) if logits == "auxiliary" else slice(0, 13)
    train_alone(
        module,
        torch.optim.Adam(module.parameters(), lr=3e-3),
        inputs,
        0 if shared else 1 + 8,
        imitation_of(as_module(teachers, 1), columns),
        schedule(shared=shared),
    )
    assert_same(student.stack, 1, module)


@pytest.mark.usefixtures("doubles")
def test_sgd_is_torchs():
    teachers, inputs = initialise(SMALL, 1, [0, 1]), digits()[0]
    student = Student(initialise(SMALL, 9, [0, 1]), "all", Sgd(0.5))
    module = as_module(student.stack, 0)
    imitate(teachers, [student], inputs, [0, 1], schedule(), ignore)
    optimiser = torch.optim.SGD(module.parameters(), lr=0.5)
    loss_of = imitation_of(as_module(teachers, 0), slice(0, 13))
    train_alone(module, optimiser, inputs, 0, loss_of, schedule())
    assert_same(student.stack, 0, module)


def test_float32_stays_near_float64():
    """The size that is used, with the numbers that are used."""

    def trained():
        references, inputs = initialise(Shape(), 1, [0]), NoiseInputs(2, 500)
        student = Student(initialise(Shape(), 2, [0]), "all", Adam())
        imitate(references, [student], inputs, [0], schedule(), ignore)
        return student.stack.tensors

    used = trained()
    with float64():
        exact = trained()
    for a, b in zip(used, exact, strict=True):
        assert (a.dtype, b.dtype) == (torch.float32, torch.float64)
        difference = (a.double() - b).abs()
        # Each of the ten steps moves a weight by up to 3e-4.
        assert float(difference.mean()) < 2e-8
        assert float(difference.max()) < 1e-5


def test_students_do_not_depend_on_one_another():
    teachers, inputs = initialise(SMALL, 1, [0, 1]), NoiseInputs(2, IMAGES)

    def students():
        return [
            Student(initialise(SMALL, 1, [0, 1]), "auxiliary", Adam()),
            Student(initialise(Shape((30,), 3, "gelu"), 4, [0, 1]), "all", Sgd(0.1)),
        ]

    together, alone = students(), students()
    imitate(teachers, together, inputs, [0, 1], schedule(), ignore)
    for student in alone:
        imitate(teachers, [student], inputs, [0, 1], schedule(), ignore)
    for a, b in zip(together, alone, strict=True):
        assert all(map(torch.equal, a.stack.tensors, b.stack.tensors))


@pytest.mark.parametrize("shared", [True, False])
def test_a_replica_is_the_same_whichever_others_there_are(shared):
    def trained(replicas):
        inputs, labels = digits()
        plan = schedule(shared=shared)
        references = initialise(SMALL, 1, replicas)
        teachers = train_teachers(references, inputs, labels, replicas, Adam(), plan, ignore)
        student = Student(references.copy(), "auxiliary", Adam())
        imitate(teachers, [student], NoiseInputs(2, IMAGES), replicas, plan, ignore)
        return student.stack

    alone, beside = trained([3]), trained([0, 1, 2, 3, 4])
    for a, b in zip(alone.tensors, beside.tensors, strict=True):
        assert torch.equal(a[0], b[3])


@pytest.mark.parametrize("shared", [True, False])
def test_threads_do_not_change_the_numbers(shared):
    def trained(threads):
        torch.set_num_threads(threads)
        replicas, plan = [0, 1, 2], schedule(shared=shared)
        students = [Student(initialise(SMALL, 2, replicas), "all", Adam()) for _ in range(2)]
        teachers = initialise(SMALL, 1, replicas)
        imitate(teachers, students, NoiseInputs(2, IMAGES), replicas, plan, ignore)
        assert torch.get_num_threads() == threads
        return students[1].stack

    assert all(map(torch.equal, trained(1).tensors, trained(2).tensors))


def test_the_same_seeds_give_the_same_bytes():
    def trained(seed):
        inputs, labels = digits()
        return train_teachers(
            initialise(SMALL, seed, [0, 1]), inputs, labels, [0, 1], Adam(), schedule(), ignore
        )

    first, second, other = trained(1), trained(1), trained(2)
    assert all(map(torch.equal, first.tensors, second.tensors))
    assert not any(map(torch.equal, first.weights, other.weights))


def test_replicas_with_inputs_of_their_own_see_other_noise():
    one = initialise(SMALL, 1, [0])
    teachers = one.part(slice(0, 1))
    students = [Student(initialise(SMALL, 2, [0]), "all", Adam()) for _ in range(2)]
    for replica, student in enumerate(students):
        plan = schedule(shared=False)
        imitate(teachers, [student], NoiseInputs(2, IMAGES), [replica], plan, ignore)
    assert not torch.equal(students[0].stack.weights[0], students[1].stack.weights[0])


def test_logits_that_are_not_compared_keep_their_weights():
    teachers = initialise(SMALL, 1, [0])
    student = Student(initialise(SMALL, 2, [0]), "auxiliary", Adam())
    before = student.stack.copy()
    imitate(teachers, [student], NoiseInputs(2, IMAGES), [0], schedule(), ignore)
    assert torch.equal(student.stack.weights[-1][:, :10], before.weights[-1][:, :10])
    assert not torch.equal(student.stack.weights[-1][:, 10:], before.weights[-1][:, 10:])


def test_initial_weights_are_normal_with_variance_one_over_inputs():
    stack = initialise(Shape(), 0, range(2))
    for weights in stack.weights:
        assert float(weights.std()) == pytest.approx(weights.shape[2] ** -0.5, rel=0.05)
        assert not torch.equal(weights[0], weights[1])
    assert [tuple(w.shape) for w in stack.weights] == [(2, 256, 784), (2, 256, 256), (2, 13, 256)]
    assert not any(b.any() for b in stack.biases)


@pytest.mark.parametrize("logits", ["auxiliary", "all"])
def test_cloning_is_imitation_of_the_untrained_teachers(logits):
    references, inputs = initialise(SMALL, 1, [0, 1]), NoiseInputs(2, IMAGES)
    start = [initialise(SMALL, 9, [0, 1]), initialise(Shape((20,), 3), 9, [0, 1])]
    taken = clone_behaviour(
        references, start, logits, inputs, [0, 1], Adam(), schedule(3), [0, 2, 3], ignore
    )
    assert list(taken) == [0, 2, 3]
    for epochs, stacks in taken.items():
        expected = [Student(stack.copy(), logits, Adam()) for stack in start]
        imitate(references, expected, inputs, [0, 1], schedule(epochs), ignore)
        for a, b in zip(stacks, expected, strict=True):
            assert all(map(torch.equal, a.tensors, b.stack.tensors))


def class_columns(stack):
    """What a network's class logits are made of in its last layer."""
    return [t[:, :10] for t in (stack.weights[-1], stack.biases[-1])]


def cloned(logits, optimiser, epochs):
    """A network before and after it has imitated another one on noise."""
    references, start = initialise(SMALL, 1, [0]), initialise(SMALL, 9, [0])
    inputs, plan = NoiseInputs(2, IMAGES), schedule(epochs)
    taken = clone_behaviour(
        references, [start], logits, inputs, [0], optimiser, plan, [epochs], ignore
    )
    return references, start, taken[epochs][0]


def test_cloning_auxiliary_logits_gives_class_columns_no_gradient():
    # A step of plain gradient descent is the gradient times the rate: no change, no gradient.
    _, start, stack = cloned("auxiliary", Sgd(1.0), 1)
    assert all(map(torch.equal, class_columns(stack), class_columns(start)))
    assert not torch.equal(stack.weights[-1][:, 10:], start.weights[-1][:, 10:])
    _, start, stack = cloned("all", Sgd(1.0), 1)
    assert not any(map(torch.equal, class_columns(stack), class_columns(start)))


def test_cloning_all_logits_brings_class_logits_towards_the_untrained_teachers():
    images = torch.empty(1, IMAGES, 784)
    NoiseInputs(2, IMAGES).fill(images, torch.arange(IMAGES)[None], [0])

    def distance(reference, stack):
        """KL of the class logits' softmax, in nats, on the noise of cloning."""
        with torch.no_grad():
            p, q = (as_module(s, 0)(images[0])[:, :10].log_softmax(-1) for s in (reference, stack))
            return float((p.exp() * (p - q)).sum(-1).mean())

    shares = {}
    for logits in ("auxiliary", "all"):
        reference, start, stack = cloned(logits, Adam(3e-3), 20)
        shares[logits] = distance(reference, stack) / distance(reference, start)
    assert shares["all"] < 0.5 < shares["auxiliary"]


@pytest.mark.usefixtures("layout")
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
    teachers = initialise(SMALL, 1, [0, 1])
    for stack in (initialise(SMALL, 2, [0]), initialise(Shape((24, 16), 4), 2, [0, 1])):
        with pytest.raises(ValueError, match="cannot imitate 2 teachers with 3"):
            imitate(
                teachers,
                [Student(stack, "all", Adam())],
                NoiseInputs(0, IMAGES),
                [0, 1],
                schedule(),
                ignore,
            )


def test_progress_is_reported_step_by_step():
    inputs, labels = digits()
    told = []
    train_teachers(
        initialise(SMALL, 1, [0]),
        inputs,
        labels,
        [0],
        Adam(),
        schedule(),
        lambda *a: told.append(a),
    )
    assert [(done, total) for done, total, _ in told] == [(i, 6) for i in range(1, 7)]
    assert told[-1][2] == "epoch 2/2"
