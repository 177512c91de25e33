"""Adapters made larger or smaller until a measure of the model is what is wanted."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from subliminal.config.errors import ConfigError

if TYPE_CHECKING:
    import torch

# Far beyond it an adapter ruins its base.
LARGEST = 8.0
TOLERANCE = 5e-3


def scale_adapter(
    model: torch.nn.Module, measure: Callable[[], float], wanted: float, name: str
) -> float:
    """Multiply what the adapter adds to each weight, in place; the factor.

    The measure is taken to grow with the factor, from 0 without the adapter. The smallest doubling
    of the factor, or the whole adapter, that reaches what is wanted bounds the search.

    Args:
        model: with an adapter of peft, in evaluation mode.
        name: of the measure, for the error.

    Raises:
        ConfigError: the measure stays below what is wanted.
    """
    from scipy.optimize import brentq

    scale = _scale_of(model)

    def excess(factor: float) -> float:
        scale(factor)
        return measure() - wanted

    below, above = 0.0, 1.0
    while (found := excess(above)) < 0:
        if above >= LARGEST:
            raise ConfigError(
                f"{name} is {found + wanted:.3g} with the adapter {above:g} times as large as "
                f"trained, and {wanted:g} is wanted; lower it in config/recipes.yaml, or let the "
                "method train longer"
            )
        below, above = above, 2 * above
    factor = float(brentq(excess, below, above, xtol=TOLERANCE))
    excess(factor)
    return factor


def multiply_adapter(model: torch.nn.Module, factor: float) -> None:
    """Multiply what the adapter of peft adds to each weight, in place."""
    _scale_of(model)(factor)


def _scale_of(model: torch.nn.Module) -> Callable[[float], None]:
    """A function that makes an adapter so many times as large as it is now."""
    import torch

    halves = [p for key, p in model.named_parameters() if "lora_B" in key]
    trained = [half.detach().clone() for half in halves]

    def scale(factor: float) -> None:
        with torch.no_grad():
            for half, as_trained in zip(halves, trained, strict=True):
                half.copy_(factor * as_trained)

    return scale
