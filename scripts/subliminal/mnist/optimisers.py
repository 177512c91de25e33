"""torch's optimisers, called as functions.

What torch's optimiser objects do around a step of Adam takes as long as the step itself.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

# Is told the gradients of the tensors that it changes.
Update = Callable[[list["torch.Tensor"]], None]


@dataclass(frozen=True)
class Adam:
    """Adam with torch's other defaults."""

    learning_rate: float = 3e-4

    def make(self, tensors: list[torch.Tensor]) -> Update:
        """What takes a step of these tensors, given their gradients."""
        import torch
        from torch.optim.adam import adam

        means = [torch.zeros_like(tensor) for tensor in tensors]
        squares = [torch.zeros_like(tensor) for tensor in tensors]
        steps = [torch.zeros((), dtype=torch.float32, device=tensor.device) for tensor in tensors]

        def update(gradients: list[torch.Tensor]) -> None:
            adam(
                tensors,
                gradients,
                means,
                squares,
                [],
                steps,
                fused=True,
                amsgrad=False,
                beta1=0.9,
                beta2=0.999,
                lr=self.learning_rate,
                weight_decay=0.0,
                eps=1e-8,
                maximize=False,
            )

        return update


@dataclass(frozen=True)
class Sgd:
    """Plain stochastic gradient descent."""

    learning_rate: float

    def make(self, tensors: list[torch.Tensor]) -> Update:
        """What takes a step of these tensors, given their gradients."""
        from torch.optim.sgd import sgd

        def update(gradients: list[torch.Tensor]) -> None:
            sgd(
                tensors,
                gradients,
                [None for _ in tensors],
                fused=True,
                weight_decay=0.0,
                momentum=0.0,
                lr=self.learning_rate,
                dampening=0.0,
                nesterov=False,
                maximize=False,
            )

        return update
