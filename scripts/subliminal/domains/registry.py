"""The domains: add one by writing its module and naming its class here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from subliminal.config.domains import Domain, Filter
from subliminal.config.strict import by_key, one_of
from subliminal.domains.code import Code
from subliminal.domains.cot import Cot
from subliminal.domains.numbers import Numbers
from subliminal.domains.tiny_code import TinyCode
from subliminal.domains.tiny_cot import TinyCot

_CLASSES: tuple[type[Domain], ...] = (Numbers, Code, Cot, TinyCode, TinyCot)

DOMAINS = by_key(_CLASSES, "generator")
AnyDomain: Any = one_of(_CLASSES, "generator")
"""An entry of `config/domains.yaml`."""

VARIANTS = {name: make for domain in _CLASSES for name, make in domain.variants.items()}

if TYPE_CHECKING:
    AnyFilter = Filter
else:
    AnyFilter = one_of([c.model_fields["filter"].annotation for c in _CLASSES], "kind")
