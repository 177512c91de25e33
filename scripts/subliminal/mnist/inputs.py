"""What networks are shown: digits, or noise that is drawn when it is needed and never stored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from subliminal.artefacts.seeds import derive_seed
from subliminal.mnist.data import PIXELS
from subliminal.mnist.networks import scale

if TYPE_CHECKING:
    import torch

# SplitMix64: Steele, Lea and Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014.
# Its number k is a hash of the seed plus k times a constant, so that any can be had at once.
SPLITMIX_STEP = 0x9E3779B97F4A7C15
SPLITMIX_ROUNDS = ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB))
SPLITMIX_LAST_SHIFT = 31
# A pixel takes 16 of a random number's 64 bits.
NUMBERS = PIXELS // 4
# Images that are drawn at once on a CPU, so that the generator's steps stay in its cache.
CPU_ROWS = 128


class Inputs(Protocol):
    """A fixed set of images, the same in every epoch."""

    @property
    def count(self) -> int:
        """The number of images."""

    def draw(self, which: torch.Tensor, streams: Sequence[int]) -> torch.Tensor:
        """Images (G, B, 784), from -1 to 1, float32.

        Args:
            which: their numbers, (G, B).
            streams: G streams; what is random differs from one to another.
        """


@dataclass(frozen=True)
class DigitInputs:
    """Digits, the same in every stream: pixels (N, 784) from 0 to 255, uint8."""

    pixels: torch.Tensor

    @property
    def count(self) -> int:
        """The number of images."""
        return len(self.pixels)

    def draw(self, which: torch.Tensor, streams: Sequence[int]) -> torch.Tensor:
        """Digits."""
        return scale(self.pixels[which])


@dataclass(frozen=True)
class NoiseInputs:
    """Uniform noise: pixel values (k + 1/2) / 2**15 for whole k from -2**15 to 2**15 - 1.

    An image is a function of the seed, the stream and its number, on every machine alike.
    """

    seed: int
    count: int

    def draw(self, which: torch.Tensor, streams: Sequence[int]) -> torch.Tensor:
        """Noise."""
        import torch

        seeds = [derive_seed("mnist", "noise", self.seed, stream) for stream in streams]
        first = torch.tensor(seeds, device=which.device)[:, None]
        starts = (first + which * wrapped(NUMBERS * SPLITMIX_STEP)).view(-1, 1)
        steps = torch.arange(1, NUMBERS + 1, device=which.device) * wrapped(SPLITMIX_STEP)
        size = CPU_ROWS if which.device.type == "cpu" else len(starts)
        numbers = [splitmix(part + steps).view(torch.int16) for part in starts.split(size)]
        pixels = torch.cat(numbers).view(*which.shape, PIXELS).to(torch.get_default_dtype())
        # No number is rounded here: 17 bits hold them.
        return pixels.mul_(2.0**-15).add_(2.0**-16)


def wrapped(number: int) -> int:
    """The number modulo 2**64, as a signed integer."""
    return (number + 2**63) % 2**64 - 2**63


def splitmix(state: torch.Tensor) -> torch.Tensor:
    """SplitMix64's hash of every state, in place; int64 stands for unsigned 64 bits."""
    for shift, factor in SPLITMIX_ROUNDS:
        state.bitwise_xor_(shifted(state, shift)).mul_(wrapped(factor))
    return state.bitwise_xor_(shifted(state, SPLITMIX_LAST_SHIFT))


def shifted(state: torch.Tensor, shift: int) -> torch.Tensor:
    """Unsigned numbers, shifted to the right."""
    # The sign comes along; the mask removes it.
    return (state >> shift).bitwise_and_(2 ** (64 - shift) - 1)


@dataclass(frozen=True)
class Order:
    """In which order images come: a fresh permutation in every epoch.

    With shared inputs all replicas see the same images in the same batches. They still differ in
    their initial weights, which is what the experiment varies, and given the data they are
    independent; what is shared is the luck of one order of the data, which moves all of them alike.
    With inputs of their own, as in the released script, each replica has its own noise and order,
    and the first layer can no longer read one batch for all.
    """

    seed: int
    shared: bool = True

    def streams(self, replicas: Sequence[int]) -> list[int]:
        """The streams of images: one for all replicas, or one for each."""
        return [0] if self.shared else [1 + replica for replica in replicas]

    def epoch(self, epoch: int, count: int, streams: list[int]) -> torch.Tensor:
        """Numbers of images (streams, count) in the order of this epoch (from 0)."""
        import numpy as np
        import torch

        seeds = [derive_seed("mnist", "order", self.seed, epoch, stream) for stream in streams]
        orders = [np.random.default_rng(seed).permutation(count) for seed in seeds]
        return torch.from_numpy(np.stack(orders))
