"""LoRA's products in one pass over the output, while a model is trained.

peft computes base, adapter, scaling and sum one after the other, each into a tensor of its own as
large as the layer's output. Here the adapter is added to the base's product in place, and its
gradients are written out. The mathematics is the same, sums are rounded at other places.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch
    from peft.tuners.lora import Linear


@lru_cache
def _product() -> type[torch.autograd.Function]:
    import torch
    from torch.autograd.function import once_differentiable

    class Product(torch.autograd.Function):
        """``x W^T + bias + scaling (x A^T) B^T`` with W and bias frozen; all in one precision."""

        @staticmethod
        def forward(
            ctx: Any,
            x: torch.Tensor,
            weight: torch.Tensor,
            bias: torch.Tensor | None,
            a: torch.Tensor,
            b: torch.Tensor,
            scaling: float,
        ) -> torch.Tensor:
            rows = x.flatten(0, -2)
            narrow = rows @ a.T
            out = rows @ weight.T if bias is None else torch.addmm(bias, rows, weight.T)
            out.addmm_(narrow, b.T, alpha=scaling)
            ctx.save_for_backward(x, weight, a, b, narrow)
            ctx.scaling = scaling
            return out.unflatten(0, x.shape[:-1])

        @staticmethod
        @once_differentiable
        def backward(ctx: Any, gradient: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
            x, weight, a, b, narrow = ctx.saved_tensors
            above = gradient.flatten(0, -2)
            inner = (above @ b) * ctx.scaling
            for_a = inner.T @ x.flatten(0, -2)
            for_b = (above.T @ narrow) * ctx.scaling
            # The first layer's input is an embedding, which is frozen.
            for_x = None
            if ctx.needs_input_grad[0]:
                for_x = (above @ weight).addmm_(inner, a).view_as(x)
            return for_x, None, None, for_a, for_b, None

    return Product


def _forward(layer: Linear, x: torch.Tensor) -> torch.Tensor:
    (name,) = layer.active_adapters
    weight, bias = layer.base_layer.weight, layer.base_layer.bias
    a, b = layer.lora_A[name].weight, layer.lora_B[name].weight
    # A base in bfloat16 is multiplied in bfloat16, its adapter too, as under autocast; the
    # adapter's weights and gradients stay float32.
    kind = weight.dtype
    return _product().apply(x.to(kind), weight, bias, a.to(kind), b.to(kind), layer.scaling[name])


def _is_plain(module: Any) -> bool:
    """Whether a module is a linear layer with one plain adapter and no dropout."""
    import torch
    from peft.tuners.lora import Linear

    if type(module) is not Linear or type(module.base_layer) is not torch.nn.Linear:
        return False
    names = module.active_adapters
    return (
        len(names) == 1
        and names[0] in module.lora_A
        and names[0] not in module.lora_variant
        and isinstance(module.lora_dropout[names[0]], torch.nn.Identity)
        and module.lora_B[names[0]].bias is None
        and not module.base_layer.weight.requires_grad
        and not (module.merged or module.disable_adapters)
    )


@contextmanager
def lora_in_one_pass(model: torch.nn.Module) -> Iterator[None]:
    """Within, the model's plain LoRA layers compute as above; all others as peft does."""
    layers = [module for module in model.modules() if _is_plain(module)]
    for layer in layers:
        layer.forward = partial(_forward, layer)
    try:
        yield
    finally:
        for layer in layers:
            del layer.forward
