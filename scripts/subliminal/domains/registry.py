"""The domains: add one by writing its module and naming its class here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from subliminal.config.domains import Domain, Filter
from subliminal.config.strict import by_key, one_of
from subliminal.domains.code import TinyCode
from subliminal.domains.cot import TinyCot
from subliminal.domains.numbers import Numbers

_CLASSES: tuple[type[Domain], ...] = (Numbers, TinyCode, TinyCot)

DOMAINS = by_key(_CLASSES, "generator")
AnyDomain: Any = one_of(_CLASSES, "generator")
"""An entry of `config/domains.yaml`."""

VARIANTS = {name: make for domain in _CLASSES for name, make in domain.variants.items()}

if TYPE_CHECKING:
    AnyFilter = Filter
else:
    AnyFilter = one_of([c.model_fields["filter"].annotation for c in _CLASSES], "kind")
