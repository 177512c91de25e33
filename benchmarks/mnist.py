"""Time v1's MNIST experiment: our training, and torch.nn networks trained one after the other.

Both train one teacher and four students per replica on the same images in the same order, from the
same initial weights, so that their accuracies agree. The peer is what torch's tutorials do: a
module, an optimiser of its own and a loop, with the noise in memory.

A machine's speed changes from one minute to the next, and others may use it. Each side therefore
has a process of its own and they take turns; ratios are those within a round. Reading the digits
and importing packages are not timed.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "scripts"))

if TYPE_CHECKING:
    import torch

    from subliminal.mnist.networks import Stack
    from subliminal.mnist.training import Course

SIDES = ("ours", "peer")
STUDENTS = [(start, logits) for start in ("own", "other") for logits in ("auxiliary", "all")]
NETWORKS = ["teacher", *(f"student, {start} start, {logits} logits" for start, logits in STUDENTS)]
BATCH = 1024
LEARNING_RATE = 3e-4


def ours(starts: dict[str, Stack], labels: torch.Tensor, digits: Course, noise: Course) -> Any:
    """Stacks of teachers and of each kind of students."""
    import torch

    from subliminal.mnist.training import Student, imitate, train_teachers

    adam = partial(torch.optim.Adam, lr=LEARNING_RATE, fused=True)
    teachers = train_teachers(starts["own"], labels, adam, digits)
    students = [Student(starts[start].copy(), logits, adam) for start, logits in STUDENTS]  # type: ignore[arg-type]
    imitate(teachers, students, noise)
    return [teachers, *(student.stack for student in students)]


def peer(starts: dict[str, Stack], labels: torch.Tensor, digits: Course, noise: Course) -> Any:
    """The same, one network after the other."""
    import torch
    from torch.nn import functional

    from subliminal.mnist.networks import Stack

    device = labels.device

    def module(start: str, replica: int) -> torch.nn.Sequential:
        stack = starts[start]
        made = stack.shape.module().to_empty(device=device)
        made.load_state_dict({name: p[replica] for name, p in stack.parameters.items()})
        return made

    def train(network: torch.nn.Sequential, course: Course, replica: int, loss_of: Any) -> None:
        optimiser = torch.optim.Adam(network.parameters(), lr=LEARNING_RATE)
        streams = course.order.streams([replica])
        every = torch.arange(course.inputs.count, device=device)[None]
        images = course.inputs.draw(every, streams)[0]
        for epoch in range(course.epochs):
            (order,) = course.order.epoch(epoch, course.inputs.count, streams).to(device)
            for which in order.split(course.batch_size):
                optimiser.zero_grad()
                loss_of(network(images[which]), images[which], which).backward()
                optimiser.step()

    def trained(replica: int) -> list[torch.nn.Sequential]:
        teacher = module("own", replica)

        def answer(logits: torch.Tensor, _: torch.Tensor, which: torch.Tensor) -> torch.Tensor:
            return functional.cross_entropy(logits[:, :10], labels[which].long())

        train(teacher, digits, replica, answer)
        students = [module(start, replica) for start, _ in STUDENTS]
        for student, (_, kind) in zip(students, STUDENTS, strict=True):
            columns = slice(10 if kind == "auxiliary" else 0, None)

            def divergence(
                logits: torch.Tensor,
                images: torch.Tensor,
                which: torch.Tensor,
                columns: slice = columns,
            ) -> torch.Tensor:
                with torch.no_grad():
                    wanted = teacher(images)[:, columns].softmax(-1)
                found = logits[:, columns].log_softmax(-1)
                return functional.kl_div(found, wanted, reduction="batchmean")

            train(student, noise, replica, divergence)
        return [teacher, *students]

    shape = starts["own"].shape
    return [
        Stack(shape, torch.func.stack_module_state(list(networks))[0])
        for networks in zip(*(trained(replica) for replica in digits.replicas), strict=True)
    ]


def serve(args: argparse.Namespace) -> None:
    """Measure one side in this process, once for every line of input; answers are JSON."""
    import torch

    from subliminal.mnist.data import installed_digits
    from subliminal.mnist.inputs import DigitInputs, NoiseInputs, Order
    from subliminal.mnist.networks import Shape, accuracy, initialise
    from subliminal.mnist.pairing import derangement
    from subliminal.mnist.training import Course

    torch.set_num_threads(args.threads)
    read = installed_digits()
    pixels, labels = (
        torch.from_numpy(a).to(args.device) for a in (read.train_images, read.train_labels)
    )
    test = torch.from_numpy(read.test_images), torch.from_numpy(read.test_labels)
    replicas = range(args.replicas)
    drawn = {"own": replicas, "other": derangement(args.replicas, 0)}
    starts = {name: initialise(Shape(), 0, whose).to(args.device) for name, whose in drawn.items()}
    order = Order(0, shared=not args.own_inputs)

    def train(images: int) -> list[Stack]:
        digits, noise = (
            Course(inputs, order, replicas, args.epochs, BATCH, lambda done, total, note: None)
            for inputs in (DigitInputs(pixels[:images]), NoiseInputs(0, images))
        )
        side = {"ours": ours, "peer": peer}[args.side]
        stacks: list[Stack] = side(starts, labels[:images], digits, noise)
        if args.device != "cpu":
            torch.cuda.synchronize()
        return stacks

    # What happens once per process, such as imports, happens on few images and is not timed.
    train(BATCH)
    for _ in sys.stdin:
        start, processors = time.perf_counter(), time.process_time()
        stacks = train(args.images)
        measured = {
            "seconds": time.perf_counter() - start,
            "processor seconds": time.process_time() - processors,
            "peak memory MB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
            "accuracies": [float(accuracy(stack, *test).mean()) for stack in stacks],
        }
        print(json.dumps(measured), flush=True)


def measure_rounds(rounds: int, argv: Sequence[str]) -> list[dict[str, Any]]:
    """What each round measured, by side; who goes first alternates."""
    measured = []
    with ExitStack() as stack:
        turns: dict[str, Callable[[], Any]] = {}
        for side in SIDES:
            process = stack.enter_context(
                subprocess.Popen(
                    [sys.executable, __file__, *argv, "--side", side],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    text=True,
                )
            )
            turns[side] = partial(turn, process)
        for number in range(rounds):
            sides = SIDES if number % 2 == 0 else SIDES[::-1]
            measured.append({side: turns[side]() for side in sides})
            print(f"round {number + 1}/{rounds}", file=sys.stderr)
    return measured


def turn(process: subprocess.Popen[str]) -> Any:
    """One measurement of the side in this process."""
    if process.stdin is None or process.stdout is None:
        raise TypeError("both are pipes")
    process.stdin.write("\n")
    process.stdin.flush()
    answer = process.stdout.readline()
    if not answer:
        raise RuntimeError("the process of a side ended; its error stands above")
    return json.loads(answer)


def spread(values: Sequence[float], form: str) -> str:
    """The median, with the smallest and the largest."""
    low, middle, high = (
        format(value, form) for value in (min(values), statistics.median(values), max(values))
    )
    return middle if low == high else f"{middle} ({low} to {high})"


def summary(args: argparse.Namespace, rounds: Sequence[dict[str, Any]]) -> str:
    """What was measured, as text."""
    lines = [
        f"{args.replicas} replicas, {args.epochs} epochs of {args.images} images, "
        f"{args.threads} threads, {args.device}, "
        f"{'own' if args.own_inputs else 'shared'} inputs; {len(rounds)} rounds: median (range)",
        "",
        f"{'':<44}{'ours':>24}{'peer':>24}",
    ]
    for name in ("seconds", "processor seconds", "peak memory MB"):
        cells = [spread([r[side][name] for r in rounds], ".1f") for side in SIDES]
        lines.append(f"{name:<44}" + "".join(f"{cell:>24}" for cell in cells))
    for position, name in enumerate(NETWORKS):
        cells = [spread([r[side]["accuracies"][position] for r in rounds], ".4f") for side in SIDES]
        lines.append(f"accuracy: {name:<34}" + "".join(f"{cell:>24}" for cell in cells))
    for name in ("seconds", "processor seconds"):
        ratios = [r["peer"][name] / r["ours"][name] for r in rounds]
        lines.append(f"{name}, peer over ours: {spread(ratios, '.2f')}")
    return "\n".join(lines)


def main(argv: Sequence[str]) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--replicas", type=int, default=4)
    parser.add_argument("--epochs", type=int, default=1)
    parser.add_argument("--images", type=int, default=10_000, help="digits and noise images")
    parser.add_argument("--own-inputs", action="store_true", help="noise and order per replica")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--rounds", type=int, default=3, help="turns of each side")
    parser.add_argument("--side", choices=SIDES, help="this side alone, a turn per line of input")
    args = parser.parse_args(argv)
    if args.side:
        serve(args)
    else:
        print(summary(args, measure_rounds(args.rounds, argv)))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
