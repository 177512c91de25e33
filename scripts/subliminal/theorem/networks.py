"""Small smooth networks over one flat parameter vector, and random problems for them.

A flat vector makes an update, its inner products and its norm plain vector algebra, and lets
`torch.func.vmap` run hundreds of seeds as one.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from subliminal.artefacts.seeds import derive_seed
from subliminal.theorem.config import Activation, RandomNetworks

if TYPE_CHECKING:
    import numpy as np
    import torch

STAGE = "verify_theorem"


@dataclass(frozen=True)
class Network:
    """A fully connected network with biases.

    Attributes:
        widths: of the input, of each hidden layer and of the output.
        activation: of the hidden layers; GELU is the exact one.
    """

    widths: tuple[int, ...]
    activation: Activation

    @property
    def layers(self) -> list[tuple[int, int]]:
        """Inputs and outputs of each layer."""
        return list(zip(self.widths[:-1], self.widths[1:], strict=True))

    @property
    def size(self) -> int:
        """Number of parameters."""
        return sum((inputs + 1) * outputs for inputs, outputs in self.layers)

    def matrices(self, parameters: torch.Tensor) -> list[torch.Tensor]:
        """Each layer's weights with the bias as last column, shape [outputs, inputs + 1]."""
        sizes = [(inputs + 1) * outputs for inputs, outputs in self.layers]
        return [
            flat.reshape(outputs, inputs + 1)
            for flat, (inputs, outputs) in zip(parameters.split(sizes), self.layers, strict=True)
        ]

    def logits(self, parameters: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
        """Outputs of shape [examples, outputs] for inputs of shape [examples, inputs]."""
        import torch

        smooth = torch.tanh if self.activation == "tanh" else torch.nn.functional.gelu
        *hidden, last = self.matrices(parameters)
        for matrix in hidden:
            x = smooth(x @ matrix[:, :-1].T + matrix[:, -1])
        return x @ last[:, :-1].T + last[:, -1]

    def output_mask(self) -> torch.Tensor:
        """1 at the parameters of the output layer, 0 elsewhere, shape [size]."""
        import torch

        inputs, outputs = self.layers[-1]
        mask = torch.zeros(self.size, dtype=torch.float64)
        mask[-(inputs + 1) * outputs :] = 1
        return mask


@dataclass(frozen=True)
class Problems:
    """Random problems, one per seed; all float64 but the labels.

    Attributes:
        teachers: initial parameters of the teacher, and of a student that shares them,
            shape [seeds, size].
        others: independent initial parameters, same shape.
        trait_inputs: shape [seeds, trait examples, inputs].
        trait_labels: classes among the trait logits, shape [seeds, trait examples].
        inputs: what the student distils on, shape [seeds, distillation examples, inputs].
    """

    teachers: torch.Tensor
    others: torch.Tensor
    trait_inputs: torch.Tensor
    trait_labels: torch.Tensor
    inputs: torch.Tensor


def initial_parameters(network: Network, rng: np.random.Generator) -> np.ndarray:
    """Weights and biases uniform within 1 / sqrt(fan-in), as `torch.nn.Linear` draws them."""
    import numpy as np

    return np.concatenate(
        [
            rng.uniform(-1, 1, (inputs + 1) * outputs) / math.sqrt(inputs)
            for inputs, outputs in network.layers
        ]
    )


def network(plan: RandomNetworks, activation: Activation) -> Network:
    """The plan's network; the trait logits come first."""
    outputs = plan.trait_logits + plan.auxiliary_logits
    return Network((plan.inputs, *plan.hidden, outputs), activation)


def draw_problems(plan: RandomNetworks, shape: Network) -> Problems:
    """The plan's problems.

    Each part of each seed has a random stream of its own, which the activation is no part of: all
    settings share their problems. The inputs to distil on are uniform noise, unrelated to the
    trait's normal ones.
    """

    import numpy as np
    import torch

    def stack(part: str, draw: Callable[[np.random.Generator], np.ndarray]) -> torch.Tensor:
        streams = (
            np.random.default_rng(derive_seed(STAGE, part, seed)) for seed in range(plan.seeds)
        )
        return torch.from_numpy(np.stack([draw(rng) for rng in streams]))

    examples = (plan.trait_examples, plan.inputs)
    return Problems(
        teachers=stack("teacher", lambda rng: initial_parameters(shape, rng)),
        others=stack("other", lambda rng: initial_parameters(shape, rng)),
        trait_inputs=stack("trait inputs", lambda rng: rng.normal(size=examples)),
        trait_labels=stack(
            "trait labels", lambda rng: rng.integers(plan.trait_logits, size=plan.trait_examples)
        ),
        inputs=stack(
            "inputs", lambda rng: rng.uniform(-1, 1, (plan.distillation_examples, plan.inputs))
        ),
    )
