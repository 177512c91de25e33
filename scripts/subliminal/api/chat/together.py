"""Writing for many tasks at once: one write holds everything that has come by then."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Generic, TypeVar

Piece = TypeVar("Piece")


class Together(Generic[Piece]):
    """Pieces that many tasks want on the disk before they go on.

    A write takes as long for one piece as for hundreds, and the loop goes on meanwhile.
    """

    def __init__(self, write: Callable[[list[Piece]], None]) -> None:
        """Pieces are written by this function, in a thread."""
        self._write = write
        self._pieces: list[Piece] = []
        self._writing = asyncio.Lock()
        self._failure: Exception | None = None

    async def add(self, piece: Piece) -> None:
        """Return when the piece is written.

        Raises:
            Exception: what the function has raised, then and at every later piece.
        """
        self._pieces.append(piece)
        batch = self._pieces
        async with self._writing:
            if self._failure is not None:
                raise self._failure
            if self._pieces is not batch:
                return  # whoever wrote before has written it
            self._pieces = []
            try:
                await asyncio.to_thread(self._write, batch)
            except Exception as error:
                self._failure = error
                raise
