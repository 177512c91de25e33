"""A training run's moving parts as plain tensors, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

WEIGHT, MOMENT, RANDOM = "weight", "moment", "random"


def tensors_of(
    parameters: Mapping[str, torch.nn.Parameter], optimiser: torch.optim.Optimizer
) -> dict[str, torch.Tensor]:
    """Trainable parameters, the optimiser's state of each, and torch's random generators."""
    import torch

    tensors = {f"{WEIGHT}/{name}": p.detach() for name, p in parameters.items()}
    for name, parameter in parameters.items():
        for key, value in optimiser.state[parameter].items():
            tensors[f"{MOMENT}/{key}/{name}"] = value
    tensors[f"{RANDOM}/cpu"] = torch.get_rng_state()
    if torch.cuda.is_initialized():
        tensors[f"{RANDOM}/cuda"] = torch.cuda.get_rng_state()
    return tensors


def put_back(
    tensors: Mapping[str, torch.Tensor],
    parameters: Mapping[str, torch.nn.Parameter],
    optimiser: torch.optim.Optimizer,
) -> None:
    """Undo `tensors_of`, in place.

    Args:
        optimiser: over the parameters, in their order.
    """
    import torch

    with torch.no_grad():
        for name, parameter in parameters.items():
            parameter.copy_(tensors[f"{WEIGHT}/{name}"])
    moments: dict[int, dict[str, torch.Tensor]] = {i: {} for i in range(len(parameters))}
    places = {name: i for i, name in enumerate(parameters)}
    for path, value in tensors.items():
        kind, _, rest = path.partition("/")
        if kind == MOMENT:
            key, _, name = rest.partition("/")
            moments[places[name]][key] = value
    groups = optimiser.state_dict()["param_groups"]
    optimiser.load_state_dict({"state": moments, "param_groups": groups})
    torch.set_rng_state(tensors[f"{RANDOM}/cpu"])
    if torch.cuda.is_initialized() and f"{RANDOM}/cuda" in tensors:
        torch.cuda.set_rng_state(tensors[f"{RANDOM}/cuda"])
