"""Prices of hosted bases, read when something is to be paid: no spec and no manifest has them."""

from __future__ import annotations

from pathlib import Path

from subliminal.config.errors import ConfigError, RemarkedError, known
from subliminal.config.hosting import Prices
from subliminal.config.models import HostedBase
from subliminal.config.places import error_of
from subliminal.config.reading import parse, read_yaml

FILE = "config/models.yaml"


def read_prices(root: Path, name: str) -> Prices | None:
    """What a hosted base costs, as it stands in the file now; None where it does not.

    Raises:
        ConfigError: the file is not there, or has no such base.
    """
    try:
        entries = read_yaml(root / FILE, FILE)
        names = list(entries) if isinstance(entries, dict) else []
        if name not in names:
            raise ConfigError(f"{FILE}: there is no base {name!r} {known(names, name)}")
        found: dict[str, HostedBase] = parse(dict[str, HostedBase], {name: entries[name]}, FILE)
    except RemarkedError as error:
        remarks = error.remarks
    else:
        return found[name].prices
    raise error_of(remarks, root)
