"""Stacks of small networks: many replicas of one shape, each computed as if it were alone.

Forward and backward passes are written out and write into memory that is made once. A stack's
tensors have the model as their first dimension, so that one batched matrix product serves all.

Weights are (out, in), as in torch.nn.Linear, and what a layer computes is (out, images). Turned
this way the products are the fastest (by 7 % on a processor with AVX-512), and the softmax runs
down columns, many of them at a time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING

from subliminal.mnist.choices import Activation
from subliminal.mnist.data import CLASSES, PIXELS
from subliminal.mnist.threads import threads
from subliminal.seeds import derive_seed

if TYPE_CHECKING:
    import torch

EVALUATION_ROWS = 1000


@dataclass(frozen=True)
class Shape:
    """A network of 784 inputs, hidden layers, and 10 class logits followed by auxiliary ones."""

    hidden: tuple[int, ...] = (256, 256)
    auxiliary: int = 3
    activation: Activation = "relu"
    biases: bool = True

    @property
    def widths(self) -> tuple[int, ...]:
        """Sizes of all layers, input and output included."""
        return (PIXELS, *self.hidden, CLASSES + self.auxiliary)

    @property
    def auxiliary_logits(self) -> slice:
        """The columns of the auxiliary logits."""
        return slice(CLASSES, CLASSES + self.auxiliary)

    @property
    def all_logits(self) -> slice:
        """The columns of all logits."""
        return slice(0, CLASSES + self.auxiliary)


@dataclass(frozen=True)
class Stack:
    """M networks of one shape.

    Layer by layer: weights (M, out, in) and biases (M, out, 1), float32; no biases at all if the
    shape has none.
    """

    shape: Shape
    weights: list[torch.Tensor]
    biases: list[torch.Tensor]

    @classmethod
    def empty(cls, shape: Shape, models: int, device: torch.device) -> Stack:
        """Memory for this many networks."""
        import torch

        pairs = list(pairwise(shape.widths))
        weights = [torch.empty(models, b, a, device=device) for a, b in pairs]
        biases = [torch.empty(models, b, 1, device=device) for _, b in pairs]
        return cls(shape, weights, biases if shape.biases else [])

    def __len__(self) -> int:
        """The number of networks."""
        return len(self.weights[0])

    @property
    def tensors(self) -> list[torch.Tensor]:
        """Every tensor."""
        return [*self.weights, *self.biases]

    @property
    def device(self) -> torch.device:
        """Where the tensors are."""
        return self.weights[0].device

    def part(self, which: slice) -> Stack:
        """Some of the networks, in the same memory."""
        return Stack(self.shape, [w[which] for w in self.weights], [b[which] for b in self.biases])

    def copy(self) -> Stack:
        """The same networks in memory of their own."""
        return Stack(
            self.shape, [w.clone() for w in self.weights], [b.clone() for b in self.biases]
        )

    def to(self, device: torch.device | str) -> Stack:
        """The same networks on a device."""
        return Stack(
            self.shape, [w.to(device) for w in self.weights], [b.to(device) for b in self.biases]
        )


def initialise(shape: Shape, seed: int, replicas: Sequence[int]) -> Stack:
    """Untrained networks: weights normal with variance 1/in, biases 0 (released script).

    A replica is the same whichever others are asked for. Two shapes of different sizes have
    nothing in common; two that differ in the activation alone have the same weights.

    Args:
        replicas: which replicas to draw, in this order.
    """
    import numpy as np
    import torch

    stack = Stack.empty(shape, len(replicas), torch.device("cpu"))
    for position, replica in enumerate(replicas):
        draw = np.random.default_rng(derive_seed("mnist", "weights", *shape.widths, seed, replica))
        for weights in stack.weights:
            outputs, inputs = weights.shape[1:]
            normal = draw.standard_normal((inputs, outputs), dtype=np.float32)
            weights[position] = torch.from_numpy(normal).T / inputs**0.5
    for biases in stack.biases:
        biases.zero_()
    return stack


@dataclass(frozen=True)
class Workspace:
    """Memory for one pass of M networks over B images.

    Layer by layer: `sums` (M, out, B), the last of which are the logits; `values` (M, out, B) of
    hidden layers after the activation; `slopes` (M, out, B), gradients with respect to the sums.
    """

    sums: list[torch.Tensor]
    values: list[torch.Tensor]
    slopes: list[torch.Tensor]

    @classmethod
    def make(cls, shape: Shape, models: int, rows: int, device: torch.device) -> Workspace:
        """Memory for M = models and B = rows."""
        import torch

        sums = [torch.empty(models, width, rows, device=device) for width in shape.widths[1:]]
        # Only the gradient of GELU needs what came before it.
        apart = shape.activation == "gelu"
        values = [torch.empty_like(s) if apart else s for s in sums[:-1]]
        return cls(sums, values, [torch.empty_like(s) for s in sums])


def forward(stack: Stack, images: torch.Tensor, space: Workspace) -> torch.Tensor:
    """Logits (M, 10 + auxiliary, B) of images (M, B, 784); they lie in the workspace."""
    import torch

    below = images.mT
    for layer, (weights, sums) in enumerate(zip(stack.weights, space.sums, strict=True)):
        torch.bmm(weights, below, out=sums)
        if stack.biases:
            sums.add_(stack.biases[layer])
        if layer < len(space.values):
            below = space.values[layer]
            _activate(stack.shape.activation, sums, below)
    return space.sums[-1]


def backward(stack: Stack, images: torch.Tensor, space: Workspace, gradients: Stack) -> None:
    """Gradients with respect to all weights and biases, after `forward` on the same images.

    The caller has put the gradient with respect to the logits into `space.slopes[-1]`. None is
    computed with respect to the images.
    """
    import torch

    for layer in reversed(range(len(stack.weights))):
        slope = space.slopes[layer]
        if stack.biases:
            # First, while the slope is still in the cache.
            torch.sum(slope, 2, keepdim=True, out=gradients.biases[layer])
        below = space.values[layer - 1].mT if layer else images
        torch.bmm(slope, below, out=gradients.weights[layer])
        if layer:
            next_slope = space.slopes[layer - 1]
            torch.bmm(stack.weights[layer].mT, slope, out=next_slope)
            _through_activation(stack.shape.activation, next_slope, space, layer - 1)


def _activate(activation: Activation, sums: torch.Tensor, values: torch.Tensor) -> None:
    """Write the activations of the sums; both may be the same memory, except for GELU."""
    import torch

    if activation == "relu":
        torch.clamp_min(sums, 0, out=values)
    elif activation == "sigmoid":
        torch.sigmoid(sums, out=values)
    else:
        torch.ops.aten.gelu.out(sums, approximate="none", out=values)


def _through_activation(
    activation: Activation, slope: torch.Tensor, space: Workspace, layer: int
) -> None:
    """Multiply a gradient by the activation's derivative, in place."""
    import torch

    values, sums = space.values[layer], space.sums[layer]
    if activation == "relu":
        torch.ops.aten.threshold_backward.grad_input(slope, values, 0, grad_input=slope)
    elif activation == "sigmoid":
        torch.ops.aten.sigmoid_backward.grad_input(slope, values, grad_input=slope)
    else:
        torch.ops.aten.gelu_backward.grad_input(slope, sums, approximate="none", grad_input=slope)


def models_at_once(device: torch.device, models: int) -> int:
    """How many networks go through a step together.

    On a CPU one: what it computes stays in the cache until it is used, and no network's numbers
    depend on which others there are. A GPU is filled by all.
    """
    return 1 if device.type == "cpu" else models


def groups(device: torch.device, models: int) -> list[slice]:
    """All networks, in the parts that go through a step together."""
    size = models_at_once(device, models)
    return [slice(start, min(start + size, models)) for start in range(0, models, size)]


def accuracy(stack: Stack, images: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """Share of digits (M,) whose largest class logit is the right one; auxiliary ones are ignored.

    Args:
        images: pixels (N, 784) from 0 to 255, uint8, on any device.
        labels: (N,), uint8.
    """
    import torch

    scaled, truth = scale(images.to(stack.device).float()), labels.to(stack.device)
    correct = torch.zeros(len(stack), dtype=torch.int64, device=stack.device)

    def examine(group: slice) -> None:
        part = stack.part(group)
        memory = cache(lambda rows: Workspace.make(stack.shape, len(part), rows, stack.device))
        for rows, answers in zip(
            scaled.split(EVALUATION_ROWS), truth.split(EVALUATION_ROWS), strict=True
        ):
            space = memory(len(rows))
            logits = forward(part, rows.expand(len(part), -1, -1), space)
            answered = logits[:, :CLASSES].mT.contiguous().argmax(-1)
            correct[group] += (answered == answers).sum(-1)

    with threads(stack.device) as workers:
        workers.run(examine, groups(stack.device, len(stack)))
    return correct.double() / len(images)


def scale(pixels: torch.Tensor) -> torch.Tensor:
    """Pixels from 0 to 255, float32, brought to -1 to 1 in place (released script)."""
    return pixels.sub_(127.5).div_(127.5)
