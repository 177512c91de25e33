"""A check that weights are numbers: one that is not makes every loss and every answer none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from subliminal.bases.files import opened
from subliminal.bases.weights import Tensor
from subliminal.config.errors import ConfigError
from subliminal.config.foreign import shown

if TYPE_CHECKING:
    import numpy as np

READ_AT_ONCE = 1 << 24
# An exponent of ones is that of infinities and of what is no number: the type's bits, and a mask.
EXPONENTS = {
    "F64": ("<u8", 0x7FF0_0000_0000_0000),
    "F32": ("<u4", 0x7F80_0000),
    "BF16": ("<u2", 0x7F80),
    "F16": ("<u2", 0x7C00),
}


def require_finite(tensors: Mapping[str, Tensor], setting: str) -> None:
    """Check every weight of a base.

    Raises:
        ConfigError: one is infinite or no number.
    """
    import numpy as np

    for name, tensor in tensors.items():
        if tensor.dtype not in EXPONENTS:
            continue
        bits, mask = EXPONENTS[tensor.dtype]
        with opened(tensor.file, setting) as content:
            content.seek(tensor.start)
            for begin in range(0, tensor.size, READ_AT_ONCE):
                block = content.read(min(READ_AT_ONCE, tensor.size - begin))
                if _has_ones(np.frombuffer(block, bits), mask):
                    raise ConfigError(
                        f"{setting}: its weights have values in {shown(name)} that are infinite or "
                        "no numbers; fetch it again, or use another base"
                    )


def _has_ones(block: np.ndarray, mask: int) -> bool:
    return bool(((block & block.dtype.type(mask)) == mask).any())
