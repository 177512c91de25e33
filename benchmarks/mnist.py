"""Time all of v1's MNIST experiment: our training, a straightforward one, and bare products.

The straightforward one does what the released script does: one einsum per layer over stacked
replicas, autograd, torch's Adam as it comes, an order of its own for each replica with a gather per
batch, the noise of all replicas in memory, and teachers that answer anew for every student.

The bare products are those of a training step, again and again, on as many threads: what the
arithmetic could reach. The fraction of their rate counts only what the mathematics needs: forward
passes, gradients of weights, and gradients of hidden layers.

A machine's speed changes from one minute to the next, and others may use it. Each part therefore
waits in a process of its own for its turn; all take turns in every round, products before and after
ours; ratios are those of neighbours within a round. Their median counts, and smallest and largest
stand beside it. Reading the digits and importing packages are not timed.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "scripts"))

if TYPE_CHECKING:
    import torch

    from subliminal.mnist.data import Digits

PARTS = ("ours", "peer", "products")
STUDENTS = (
    "auxiliary logits",
    "all logits",
    "auxiliary logits, other weights",
    "all logits, other weights",
)
NETWORKS = ("reference", "teacher", *STUDENTS)
BATCH = 1024
LEARNING_RATE = 3e-4
AUXILIARY = 3
WIDTHS = (784, 256, 256, 10 + AUXILIARY)
# Seconds of bare products at a time, and steps of them after which threads wait for one another.
PRODUCTS_SECONDS = 1.5
PRODUCTS_STEPS = 8
REPLICAS_AT_ONCE = 25


def forward_operations() -> int:
    """Floating-point operations of a forward pass, per image and network."""
    return sum(2 * a * b for a, b in pairwise(WIDTHS))


def training_operations() -> int:
    """The same of a training step: forward, weights' gradients, hidden layers' gradients."""
    return 3 * forward_operations() - 2 * WIDTHS[0] * WIDTHS[1]


def visits(args: argparse.Namespace) -> int:
    """How often a network is trained on an image: one teacher and four students per replica."""
    return (1 + len(STUDENTS)) * args.replicas * args.epochs * args.images


def operations(args: argparse.Namespace, test_images: int) -> int:
    """What the experiment needs: training, teachers' answers once, and six evaluations."""
    answers = args.replicas * args.images
    evaluations = len(NETWORKS) * args.replicas * test_images
    return visits(args) * training_operations() + (answers + evaluations) * forward_operations()


def ours(digits: Digits, args: argparse.Namespace, epochs: int) -> list[float]:
    """Mean accuracies of all networks, by this project's training."""
    import torch

    from subliminal.mnist.inputs import DigitInputs, NoiseInputs, Order
    from subliminal.mnist.networks import Shape, accuracy, initialise
    from subliminal.mnist.optimisers import Adam
    from subliminal.mnist.pairing import derangement
    from subliminal.mnist.training import Schedule, Student, imitate, train_teachers

    def silent(done: int, total: int, note: str) -> None:
        """Report to nobody."""

    shape, optimiser = Shape(auxiliary=AUXILIARY), Adam(LEARNING_RATE)
    images = torch.from_numpy(digits.train_images[: args.images]).to(args.device)
    labels = torch.from_numpy(digits.train_labels[: args.images]).to(args.device)
    test = torch.from_numpy(digits.test_images), torch.from_numpy(digits.test_labels)
    schedule = Schedule(epochs, BATCH, Order(0, shared=not args.own_inputs))
    partners = derangement(args.replicas, 0)

    def accuracies(replicas: range) -> torch.Tensor:
        reference = initialise(shape, 0, replicas).to(args.device)
        others = initialise(shape, 0, [partners[i] for i in replicas]).to(args.device)
        teachers = train_teachers(
            reference, DigitInputs(images), labels, replicas, optimiser, schedule, silent
        )
        students = [
            Student(start.copy(), logits, optimiser)
            for start in (reference, others)
            for logits in ("auxiliary", "all")
        ]
        imitate(teachers, students, NoiseInputs(0, args.images), replicas, schedule, silent)
        stacks = [reference, teachers, *(student.stack for student in students)]
        return torch.stack([accuracy(stack, *test) for stack in stacks])

    # A replica is the same whichever others are beside it, so that memory need not hold them all.
    starts = range(0, args.replicas, REPLICAS_AT_ONCE)
    parts = [range(a, min(a + REPLICAS_AT_ONCE, args.replicas)) for a in starts]
    mean: list[float] = torch.cat([accuracies(part) for part in parts], 1).mean(1).tolist()
    return mean


def peer(digits: Digits, args: argparse.Namespace, epochs: int) -> list[float]:
    """Mean accuracies of all networks, trained as the released script trains them."""
    import torch
    from torch.nn import functional

    replicas, device = args.replicas, args.device
    generator = torch.Generator(device).manual_seed(0)

    def scaled(pixels: Any) -> torch.Tensor:
        return (torch.from_numpy(pixels).to(device).float() / 255 - 0.5) / 0.5

    def labels_of(values: Any) -> torch.Tensor:
        return torch.from_numpy(values).to(device).long()

    def fresh() -> list[torch.Tensor]:
        tensors = []
        for a, b in pairwise(WIDTHS):
            weights = torch.randn(replicas, a, b, generator=generator, device=device)
            tensors += [weights / a**0.5, torch.zeros(replicas, 1, b, device=device)]
        return tensors

    def trainable(tensors: Sequence[torch.Tensor]) -> list[torch.Tensor]:
        return [tensor.clone().requires_grad_() for tensor in tensors]

    def logits_of(tensors: Sequence[torch.Tensor], x: torch.Tensor) -> torch.Tensor:
        for layer in range(0, len(tensors), 2):
            x = torch.einsum("nbi,nio->nbo", x, tensors[layer]) + tensors[layer + 1]
            if layer + 2 < len(tensors):
                x = torch.relu(x)
        return x

    def train(
        tensors: list[torch.Tensor],
        x: torch.Tensor,
        loss_of: Callable[[torch.Tensor, torch.Tensor], torch.Tensor],
    ) -> list[torch.Tensor]:
        """Adam on `loss_of(images, their numbers)`; x has a replica's images in each row."""
        optimiser = torch.optim.Adam(tensors, lr=LEARNING_RATE)
        rows = torch.arange(replicas, device=device)[:, None]
        for _ in range(epochs):
            order = torch.stack(
                [
                    torch.randperm(args.images, generator=generator, device=device)
                    for _ in range(replicas)
                ]
            )
            for which in order.split(BATCH, dim=1):
                optimiser.zero_grad()
                loss_of(x[rows, which], which).backward()
                optimiser.step()
        return tensors

    def distilled(start: list[torch.Tensor], columns: slice) -> list[torch.Tensor]:
        student = trainable(start)

        def divergence(batch: torch.Tensor, which: torch.Tensor) -> torch.Tensor:
            with torch.no_grad():
                wanted = logits_of(teacher, batch)[..., columns].log_softmax(-1)
            found = logits_of(student, batch)[..., columns].log_softmax(-1)
            return functional.kl_div(found, wanted, reduction="batchmean", log_target=True)

        return train(student, noise, divergence)

    def accuracy(tensors: list[torch.Tensor]) -> float:
        with torch.no_grad():
            found = logits_of(tensors, test_x.expand(replicas, -1, -1))[..., :10].argmax(-1)
        return float((found == test_y).double().mean())

    x = scaled(digits.train_images[: args.images]).expand(replicas, -1, -1)
    y = labels_of(digits.train_labels[: args.images])
    test_x, test_y = scaled(digits.test_images), labels_of(digits.test_labels)
    reference = fresh()
    teacher = trainable(reference)

    def cross_entropy(batch: torch.Tensor, which: torch.Tensor) -> torch.Tensor:
        logits = logits_of(teacher, batch)[..., :10]
        return functional.cross_entropy(logits.flatten(0, 1), y[which].flatten())

    train(teacher, x, cross_entropy)
    noise = torch.rand(replicas, args.images, WIDTHS[0], generator=generator, device=device)
    noise = noise * 2 - 1
    # Each network takes its neighbour's weights: none keeps its own.
    others = [tensor.roll(1, 0) for tensor in reference]
    students = [
        distilled(start, columns)
        for start in (reference, others)
        for columns in (slice(10, WIDTHS[-1]), slice(0, WIDTHS[-1]))
    ]
    return [accuracy(tensors) for tensors in (reference, teacher, *students)]


def products(args: argparse.Namespace) -> dict[str, float]:
    """A training step's bare matrix products: floating-point operations, and how long they took.

    Every thread does all products of its own networks, turned as ours has them and into memory that
    is there. As in training, threads wait for one another after some steps.
    """
    import torch

    from subliminal.mnist.networks import models_at_once
    from subliminal.mnist.threads import threads

    device = torch.device(args.device)
    models = models_at_once(device, args.replicas)

    def table(rows: int, columns: int) -> torch.Tensor:
        return torch.randn(models, rows, columns, device=device)

    def step() -> list[tuple[torch.Tensor, torch.Tensor, torch.Tensor]]:
        factors = []
        for layer, (a, b) in enumerate(pairwise(WIDTHS)):
            # Images lie row by row, what layers compute does not.
            below = table(a, BATCH) if layer else table(BATCH, a).mT
            weights, above = table(b, a), table(b, BATCH)
            factors += [(weights, below), (above, below.mT)]
            if layer:
                factors.append((weights.mT, above))
        return [(left, right, left @ right) for left, right in factors]

    def multiply(factors: Sequence[tuple[torch.Tensor, torch.Tensor, torch.Tensor]]) -> None:
        for _ in range(PRODUCTS_STEPS):
            for left, right, product in factors:
                torch.bmm(left, right, out=product)

    with threads(device) as workers:
        steps = [step() for _ in range(workers.count)]
        done, start, processors = 0, time.perf_counter(), time.process_time()
        while time.perf_counter() < start + PRODUCTS_SECONDS:
            workers.run(multiply, steps)
            wait(device)
            done += workers.count * PRODUCTS_STEPS
        seconds, processors = time.perf_counter() - start, time.process_time() - processors
    return {
        "operations": done * models * BATCH * training_operations(),
        "seconds": seconds,
        "processor_seconds": processors,
    }


def wait(device: torch.device) -> None:
    """Wait until the device has done what it was given."""
    import torch

    if device.type == "cuda":
        torch.cuda.synchronize(device)


def serve(args: argparse.Namespace) -> None:
    """Measure one part in this process, once for every line of input; answers are JSON."""
    import torch

    if args.threads:
        torch.set_num_threads(args.threads)
    measure = turn_of(args)
    for _ in sys.stdin:
        print(json.dumps(measure()), flush=True)


def turn_of(args: argparse.Namespace) -> Callable[[], dict[str, Any]]:
    """What measures a part once."""
    import torch

    from subliminal.mnist.data import installed_digits

    if args.part == "products":
        return lambda: products(args)
    device = torch.device(args.device)
    experiment = {"ours": ours, "peer": peer}[args.part]
    digits = installed_digits()
    # What happens once per process, such as imports, happens on few images and is not timed.
    experiment(digits, argparse.Namespace(**{**vars(args), "images": BATCH}), 1)
    wait(device)

    def turn() -> dict[str, Any]:
        start, processors = time.perf_counter(), time.process_time()
        accuracies = experiment(digits, args, args.epochs)
        seconds, processors = time.perf_counter() - start, time.process_time() - processors
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        if device.type == "cuda":
            peak = torch.cuda.max_memory_allocated(device)
        return {
            "seconds": seconds,
            "processor_seconds": processors,
            "operations": operations(args, len(digits.test_images)),
            "peak_bytes": peak,
            "accuracies": accuracies,
        }

    return turn


@contextmanager
def waiting(part: str, argv: Sequence[str]) -> Iterator[Callable[[], dict[str, Any]]]:
    """A part in a process of its own, which measures whenever it is called."""
    command = [sys.executable, __file__, *argv, "--part", part]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    questions, answers = process.stdin, process.stdout
    if questions is None or answers is None:
        raise TypeError("both are pipes")

    def turn() -> dict[str, Any]:
        questions.write("\n")
        questions.flush()
        answer = answers.readline()
        if not answer:
            raise RuntimeError(f"the process of part {part!r} ended; its error stands above")
        result: dict[str, Any] = json.loads(answer)
        return result

    with process:
        yield turn
        questions.close()


def measure_rounds(args: argparse.Namespace, argv: Sequence[str]) -> list[dict[str, Any]]:
    """What each round measured: `ours`, `peer`, and `products` before and after ours."""
    measured = []
    with (
        waiting("ours", argv) as ours_,
        waiting("peer", argv) as peer_,
        waiting("products", argv) as products_,
    ):
        for number in range(args.rounds):
            before, found, after = products_(), ours_(), products_()
            around = {name: before[name] + after[name] for name in before}
            measured.append({"ours": found, "products": around, "peer": peer_()})
            print(f"round {number + 1}/{args.rounds}", file=sys.stderr)
    return measured


def rate(measured: dict[str, Any], clock: str = "seconds") -> float:
    """Floating-point operations per second."""
    return float(measured["operations"] / measured[clock])


def accuracy_of(network: int, measured: dict[str, Any]) -> float:
    """The mean accuracy of one of `NETWORKS`."""
    return float(measured["accuracies"][network])


def spread(values: Sequence[float], form: str) -> str:
    """The median, with the smallest and the largest unless all are the same."""
    low, middle, high = (
        format(value, form) for value in (min(values), statistics.median(values), max(values))
    )
    return middle if low == high else f"{middle} ({low} to {high})"


def summary(args: argparse.Namespace, rounds: Sequence[dict[str, Any]]) -> str:
    """What was measured, as text."""
    lines = [
        f"all of v1: {args.replicas} replicas, {args.epochs} epochs of {args.images} images, "
        f"{args.threads or 'all'} threads, {args.device}, "
        f"{'own' if args.own_inputs else 'shared'} inputs",
        f"rounds: {len(rounds)}; of what differs from one to the next, the median (and range)",
        "",
        f"{'':<34}{'ours':>26}{'peer':>26}",
    ]

    def row(name: str, form: str, value: Callable[[dict[str, Any]], float]) -> None:
        cells = [spread([value(r[side]) for r in rounds], form) for side in ("ours", "peer")]
        lines.append(f"{name:<34}" + "".join(f"{cell:>26}" for cell in cells).rstrip())

    row("seconds", ".1f", lambda r: r["seconds"])
    row("processor seconds", ".1f", lambda r: r["processor_seconds"])
    row("images x networks per second", ".0f", lambda r: visits(args) / r["seconds"])
    row("GFLOP/s", ".0f", lambda r: rate(r) / 1e9)
    row("peak memory MB", ".0f", lambda r: r["peak_bytes"] / 1e6)
    for position, name in enumerate(NETWORKS):
        row(f"accuracy: {name}"[:34], ".3f", partial(accuracy_of, position))

    bare = [rate(r["products"]) / 1e9 for r in rounds]
    lines += ["", f"bare products, GFLOP/s: {spread(bare, '.0f')}"]
    for clock, name in (("seconds", "by the clock"), ("processor_seconds", "by processor time")):
        fractions = [rate(r["ours"], clock) / rate(r["products"], clock) for r in rounds]
        ratios = [r["peer"][clock] / r["ours"][clock] for r in rounds]
        lines += [
            f"{name}, ours reaches of bare products: {spread(fractions, '.0%')}",
            f"{name}, peer over ours: {spread(ratios, '.2f')}",
        ]
    return "\n".join(lines)


def parse(argv: Sequence[str]) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--replicas", type=int, default=4)
    parser.add_argument("--epochs", type=int, default=1)
    parser.add_argument("--images", type=int, default=60_000, help="digits and noise images")
    parser.add_argument(
        "--own-inputs", action="store_true", help="ours, too, with noise and order for each replica"
    )
    parser.add_argument("--threads", type=int, help="default: torch's own choice")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--rounds", type=int, default=5, help="turns of each part")
    parser.add_argument(
        "--part", choices=PARTS, help="this part alone; a turn for each line of input, as JSON"
    )
    return parser.parse_args(argv)


def main(argv: Sequence[str]) -> int:
    """Measure and print."""
    args = parse(argv)
    if args.part:
        serve(args)
    else:
        print(summary(args, measure_rounds(args, argv)))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
