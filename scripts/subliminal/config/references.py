"""Names that one file of the configuration takes from another."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from subliminal.config.errors import Remark, known
from subliminal.config.strict import Strict

Registries = Mapping[str, tuple[Collection[str], str]]
"""By the key that holds a name or names: those there are, and where they are listed."""


def unknown_names(
    part: Strict, registries: Registries, file: str, path: tuple[str | int, ...]
) -> Iterator[Remark]:
    """A remark for every name that no registry has.

    Args:
        path: the keys and indices that lead to `part` in `file`.
    """
    for key, (names, listed) in registries.items():
        value = getattr(part, key)
        single = isinstance(value, str)
        for number, name in enumerate([value] if single else value):
            if name not in names:
                place = (*path, key) if single else (*path, key, number)
                yield Remark(file, place, f"{name!r} is not in {listed} {known(names, name)}")
