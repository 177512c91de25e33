"""One thread per network instead of many threads per product."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Threads:
    """Threads that work side by side."""

    count: int
    map: Callable[..., Iterable[Any]]

    def run(self, work: Callable[[Any], None], items: Iterable[Any]) -> None:
        """Do the work on every item; returns when all is done."""
        for _ in self.map(work, items):
            pass


@contextmanager
def threads(device: torch.device) -> Iterator[Threads]:
    """As many threads as torch would use, while torch itself uses one in each.

    Small networks leave little for two threads to share: they would wait for each other after each
    of a step's operations. On networks of their own they wait once per batch, every processor has
    its own network in its cache, and the numbers do not depend on how many threads there are. A
    thread takes the next piece of work when it is done with one: where others use a processor, too,
    the thread on the other does more.
    A GPU is driven by one.
    """
    import torch

    count = torch.get_num_threads()
    if device.type != "cpu" or count == 1:
        yield Threads(1, map)
        return
    torch.set_num_threads(1)
    try:
        # A thread's products obey only the limit that it has set itself; with more threads in a
        # product its sums come in another order.
        with ThreadPoolExecutor(count, initializer=torch.set_num_threads, initargs=(1,)) as pool:
            yield Threads(count, pool.map)
    finally:
        torch.set_num_threads(count)
