"""How fast this device multiplies matrices."""

from __future__ import annotations

import time
from dataclasses import dataclass

SIZE = 2048
SECONDS = 1.0


@dataclass(frozen=True)
class Rates:
    """Floating-point operations per second in large products.

    Attributes:
        core: of one processor core, in float32.
        device: of a GPU, in bfloat16, as open models are trained; without one, of a core.
        name: of the device.
    """

    core: float
    device: float
    name: str


def measured(device: str) -> float:
    """The rate of the fastest of a second's products, without what other processes take."""
    import torch

    torch.set_num_threads(1)
    gpu = device == "cuda"
    size = SIZE * 4 if gpu else SIZE
    left = torch.randn(size, size, device=device, dtype=torch.bfloat16 if gpu else torch.float32)
    out = left @ left  # the first product also loads libraries
    clock = time.monotonic if gpu else time.process_time
    best, began = float("inf"), time.monotonic()
    while time.monotonic() - began < SECONDS:
        started = clock()
        torch.matmul(left, left, out=out)
        if gpu:
            torch.cuda.synchronize()
        best = min(best, clock() - started)
    return 2 * size**3 / best


def rates() -> Rates:
    """The rates of this machine."""
    import torch

    core = measured("cpu")
    if not torch.cuda.is_available():
        return Rates(core, core, "one processor core")
    return Rates(core, measured("cuda"), torch.cuda.get_device_name())
