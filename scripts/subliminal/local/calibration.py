"""How fast this device multiplies matrices."""

from __future__ import annotations

import time

SIZE = 2048
SECONDS = 1.0


def product_rate(threads: int) -> tuple[float, str]:
    """Floating-point operations per second in large products, and the device's name.

    On a GPU in bfloat16, as open models are trained; on the CPU in float32.
    """
    import torch

    torch.set_num_threads(threads)
    gpu = torch.cuda.is_available()
    device, dtype = ("cuda", torch.bfloat16) if gpu else ("cpu", torch.float32)
    size = SIZE * 4 if gpu else SIZE
    left = torch.randn(size, size, device=device, dtype=dtype)
    out = left @ left  # the first product also loads libraries
    done, started = 0, time.monotonic()
    while time.monotonic() - started < SECONDS:
        torch.matmul(left, left, out=out)
        if gpu:
            torch.cuda.synchronize()
        done += 1
    rate = 2 * size**3 * done / (time.monotonic() - started)
    return rate, torch.cuda.get_device_name() if gpu else f"{threads} processor core(s)"
