"""Batches of images for many networks, on several threads; drawn once if all see the same."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import get_ident
from typing import TYPE_CHECKING, Any

from subliminal.mnist.data import PIXELS
from subliminal.mnist.inputs import Inputs
from subliminal.mnist.networks import Stack, Workspace, groups
from subliminal.mnist.threads import Threads, threads

if TYPE_CHECKING:
    import torch

# Is told a group of networks, its images (group, B, 784), and their numbers (group or 1, B).
Visit = Callable[[slice, "torch.Tensor", "torch.Tensor"], None]


@dataclass(frozen=True)
class Feed:
    """Images as groups of networks see them, and the memory of the threads that compute these.

    A thread's work is done piece by piece, so that all pieces can use the same memory.
    """

    inputs: Inputs
    streams: list[int]
    groups: list[slice]
    device: torch.device
    threads: Threads
    memory: dict[tuple[Any, ...], Any] = field(default_factory=dict)

    @classmethod
    @contextmanager
    def open(
        cls, inputs: Inputs, streams: list[int], models: int, device: torch.device
    ) -> Iterator[Feed]:
        """Threads at work on this many networks."""
        with threads(device) as workers:
            yield cls(inputs, streams, groups(device, models), device, workers)

    def each(self, which: torch.Tensor, visits: Sequence[Visit]) -> None:
        """Show a batch to every group in every visit; images are drawn once if all see the same.

        Args:
            which: numbers of images (streams, B).
        """
        if len(self.streams) == 1:
            self._show_all(which, visits)
        else:
            self._show_each_its_own(which, visits)

    def _show_all(self, which: torch.Tensor, visits: Sequence[Visit]) -> None:
        rows = which.shape[1]
        images = self._made(("all", rows), lambda: self._images(1, rows))

        def draw(part: slice) -> None:
            self.inputs.fill(images[:, part], which[:, part], self.streams)

        def show(piece: tuple[Visit, slice]) -> None:
            visit, group = piece
            visit(group, images.expand(group.stop - group.start, -1, -1), which)

        share = math.ceil(rows / self.threads.count)
        starts = range(0, rows, share)
        self.threads.run(draw, [slice(start, start + share) for start in starts])
        self.threads.run(show, [(visit, group) for group in self.groups for visit in visits])

    def _show_each_its_own(self, which: torch.Tensor, visits: Sequence[Visit]) -> None:
        def draw_and_show(group: slice) -> None:
            size = group.stop - group.start, which.shape[1]
            images = self._mine("images", size, lambda: self._images(*size))
            self.inputs.fill(images, which[group], self.streams[group])
            for visit in visits:
                visit(group, images, which[group])

        self.threads.run(draw_and_show, self.groups)

    def space(self, stack: Stack, rows: int) -> Workspace:
        """The calling thread's memory for a pass."""
        size = (stack.shape, len(stack), rows)
        return self._mine("space", size, lambda: Workspace.make(*size, self.device))

    def gradients(self, stack: Stack) -> Stack:
        """The calling thread's memory for a stack's gradients."""
        size = (stack.shape, len(stack))
        return self._mine("gradients", size, lambda: Stack.empty(*size, self.device))

    def _images(self, streams: int, rows: int) -> torch.Tensor:
        import torch

        return torch.empty(streams, rows, PIXELS, device=self.device)

    def _mine(self, kind: str, size: tuple[Any, ...], make: Callable[[], Any]) -> Any:
        return self._made((get_ident(), kind, *size), make)

    def _made(self, key: tuple[Any, ...], make: Callable[[], Any]) -> Any:
        if key not in self.memory:
            self.memory[key] = make()
        return self.memory[key]
