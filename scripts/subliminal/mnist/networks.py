"""Stacks of small networks: many replicas of one shape, each computed as if it were alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from subliminal.artefacts.seeds import derive_seed
from subliminal.mnist.choices import Activation, Logits
from subliminal.mnist.data import CLASSES, PIXELS

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

    def columns(self, logits: Logits) -> slice:
        """The columns of these logits."""
        return slice(CLASSES if logits == "auxiliary" else 0, CLASSES + self.auxiliary)

    def module(self) -> torch.nn.Sequential:
        """The network as torch.nn has it, without memory for its parameters."""
        from torch import nn

        activations = {"relu": nn.ReLU, "gelu": nn.GELU, "sigmoid": nn.Sigmoid}
        layers: list[nn.Module] = []
        for inputs, outputs in pairwise(self.widths):
            layers += [
                nn.Linear(inputs, outputs, bias=self.biases, device="meta"),
                activations[self.activation](),
            ]
        return nn.Sequential(*layers[:-1])


@dataclass(frozen=True)
class Stack:
    """M networks of one shape.

    The parameters have the names that `Shape.module` gives them: `0.weight` (M, out, in), `0.bias`
    (M, out), `2.weight` and so on, float32.
    """

    shape: Shape
    parameters: dict[str, torch.Tensor]

    def __len__(self) -> int:
        """The number of networks."""
        return len(self.parameters["0.weight"])

    @property
    def device(self) -> torch.device:
        """Where the parameters are."""
        return self.parameters["0.weight"].device

    def copy(self) -> Stack:
        """The same networks in memory of their own."""
        return Stack(self.shape, {name: p.clone() for name, p in self.parameters.items()})

    def to(self, device: torch.device | str) -> Stack:
        """The same networks on a device."""
        return Stack(self.shape, {name: p.to(device) for name, p in self.parameters.items()})

    def logits(self, images: torch.Tensor) -> torch.Tensor:
        """Logits (M, B, 10 + auxiliary) of images (M or 1, B, 784)."""
        import torch

        each = torch.func.vmap(forward(self.shape))
        logits: torch.Tensor = each(self.parameters, images.expand(len(self), -1, -1))
        return logits


def forward(shape: Shape) -> Callable[[dict[str, torch.Tensor], torch.Tensor], torch.Tensor]:
    """What gives a network's logits (B, 10 + auxiliary) for its parameters and images (B, 784)."""
    import torch

    module = shape.module()

    def logits(parameters: dict[str, torch.Tensor], images: torch.Tensor) -> torch.Tensor:
        found: torch.Tensor = torch.func.functional_call(module, parameters, (images,))
        return found

    return logits


def initialise(shape: Shape, seed: int, replicas: Sequence[int]) -> Stack:
    """Untrained networks: weights normal with variance 1/in, biases 0 (released script).

    A replica is the same whichever others are asked for. Two shapes of different sizes have
    nothing in common; two that differ in the activation alone have the same weights.

    Args:
        replicas: which replicas to draw, in this order.
    """
    import numpy as np
    import torch

    parameters = {
        name: torch.zeros(len(replicas), *p.shape) for name, p in shape.module().named_parameters()
    }
    for position, replica in enumerate(replicas):
        draw = np.random.default_rng(derive_seed("mnist", "weights", *shape.widths, seed, replica))
        for weights in (p for name, p in parameters.items() if name.endswith("weight")):
            outputs, inputs = weights.shape[1:]
            normal = draw.standard_normal((inputs, outputs), dtype=np.float32)
            weights[position] = torch.from_numpy(normal).T / inputs**0.5
    return Stack(shape, parameters)


def accuracy(stack: Stack, images: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """Share of digits (M,) whose largest class logit is the right one; auxiliary ones are ignored.

    Args:
        images: pixels (N, 784) from 0 to 255, uint8, on any device.
        labels: (N,), uint8.
    """
    import torch

    correct = torch.zeros(len(stack), dtype=torch.int64, device=stack.device)
    for pixels, truth in zip(
        images.split(EVALUATION_ROWS), labels.split(EVALUATION_ROWS), strict=True
    ):
        rows = scale(pixels.to(stack.device))[None]
        answered = stack.logits(rows)[..., :CLASSES].argmax(-1)
        correct += (answered == truth.to(stack.device)).sum(-1)
    return correct.double() / len(images)


def scale(pixels: torch.Tensor) -> torch.Tensor:
    """Pixels from 0 to 255, brought to -1 to 1 (released script)."""
    import torch

    return pixels.to(torch.get_default_dtype()).sub_(127.5).div_(127.5)
