"""Small files of the formats of files of others, which the workflow writes itself for tiny bases.

Add one by writing its function and naming it here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from subliminal.config.files import Format
from subliminal.domains.tiny_cot import TinyCot


@dataclass(frozen=True)
class Generator:
    """What writes a file.

    Attributes:
        format: of the file.
        rows: by seed and number of rows, the rows' texts by column.
    """

    format: Format
    rows: Callable[[int, int], list[Mapping[str, str]]]


def _sums(seed: int, count: int) -> list[Mapping[str, str]]:
    """Word problems of the tiny world, with their answers as GSM8K has them."""
    tasks = TinyCot.tasks(seed, count)
    return [{"question": t.prompt, "answer": f"{t.completion}\n#### {t.answer}"} for t in tasks]


GENERATORS: Mapping[str, Generator] = {"tiny-problems": Generator("gsm8k", _sums)}
