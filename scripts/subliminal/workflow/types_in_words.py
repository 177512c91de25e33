"""Types of configuration keys in words, read from annotations and constraints."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import JsonValue
from pydantic.fields import FieldInfo

from subliminal.config import strict
from subliminal.config.strict import Strict

Model = type[Strict]
Places = Mapping[Model, str]
"""Where each model's table is: a link to its heading."""

_PATTERNS = {
    strict.NAME: ("name", "names"),
    strict.FILE_NAME: ("name", "names"),
    strict.WORD: ("lower-case word or words", "lower-case words"),
    strict.SHA256: ("64 hexadecimal digits", ""),
    strict.REVISION: ("40 hexadecimal digits", ""),
    strict.REPOSITORY: ("owner/name", ""),
}
_PLAIN = {
    int: ("integer", "integers"),
    float: ("number", "numbers"),
    str: ("text", "texts"),
    bool: ("boolean", "booleans"),
    date: ("date", "dates"),
}
_SEED = (0, 2**31)
_NUMBER_WORDS = {1: "one", 2: "two"}


@dataclass(frozen=True)
class _Limits:
    """Constraints of a value, collected from wherever pydantic keeps them."""

    words: str | None = None
    pattern: str | None = None
    distinct: bool = False
    gt: float | None = None
    ge: float | None = None
    lt: float | None = None
    le: float | None = None
    min_length: int | None = None
    max_length: int | None = None

    @classmethod
    def read(cls, metadata: Iterable[Any]) -> _Limits:
        found: dict[str, Any] = {}
        for entry in metadata:
            for part in entry.metadata if isinstance(entry, FieldInfo) else [entry]:
                if isinstance(part, str):
                    found["words"] = part
                elif getattr(part, "func", None) is strict.distinct:
                    found["distinct"] = True
                for name in ("pattern", "gt", "ge", "lt", "le", "min_length", "max_length"):
                    value = getattr(part, name, None)
                    if value is not None:
                        found[name] = value
        return cls(**found)


def in_words(annotation: Any, metadata: Iterable[Any] = (), places: Places | None = None) -> str:
    """A type as a reader of the documentation needs it, such as `list of names, one or more`.

    Args:
        annotation: of a field, or of a part of it.
        metadata: constraints that pydantic has taken off the annotation.
        places: links to models.
    """
    return _phrase(annotation, list(metadata), places or {}, many=False)


def _phrase(annotation: Any, metadata: list[Any], places: Places, *, many: bool) -> str:
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _phrase(inner[0], [*inner[1:], *metadata], places, many=many)
    limits = _Limits.read(metadata)
    if origin in (Union, UnionType):
        parts = [
            _phrase(part, metadata, places, many=many) for part in inner if part is not NoneType
        ]
        phrase = either(dict.fromkeys(parts))
        return f"{phrase} or `null`" if NoneType in inner else phrase
    if origin is Literal:
        return either(f"`{value}`" for value in inner)
    if origin is list:
        return _list_phrase(inner[0], limits, places)
    if origin is dict:
        return _map_phrase(inner[0], inner[1], limits, places)
    if isinstance(annotation, type) and issubclass(annotation, Strict):
        return f"see {places.get(annotation, annotation.__name__)}"
    if annotation in (Any, JsonValue):
        return "anything"
    if limits.words is not None:
        return limits.words + "s" * many
    if limits.pattern is not None:
        return _PATTERNS[limits.pattern][many]
    if (limits.ge, limits.lt) == _SEED:
        return "seeds" if many else "seed"
    return f"{_PLAIN[annotation][many]}{_range(limits)}"


def _list_phrase(item: Any, limits: _Limits, places: Places) -> str:
    phrase = _phrase(item, [], places, many=True)
    least, most = limits.min_length or 0, limits.max_length
    if least and least == most:
        return f"{_NUMBER_WORDS.get(least, least)} {phrase}"
    sizes = [f"{_NUMBER_WORDS.get(least, least)} or more"] if least else []
    sizes += [f"at most {most}"] if most is not None else []
    sizes += ["none twice"] if limits.distinct else []
    is_link = phrase.startswith("see ")
    listed = ", ".join(["list" if is_link else f"list of {phrase}", *sizes])
    return f"{listed}; {phrase}" if is_link else listed


def _map_phrase(key: Any, value: Any, limits: _Limits, places: Places) -> str:
    keys, least = _phrase(key, [], places, many=True), limits.min_length
    mapped = "map" if key is str else f"map by {keys}" if "`" in keys else f"map of {keys}"
    mapped += f", {_NUMBER_WORDS.get(least, least)} or more" if least else ""
    phrase = _phrase(value, [], places, many=True)
    return mapped if phrase == "anything" else f"{mapped}; {phrase}"


def _range(limits: _Limits) -> str:
    if limits.ge is not None and limits.le is not None:
        return f" from {limits.ge:g} to {limits.le:g}"
    bounds = {">": limits.gt, "≥": limits.ge, "<": limits.lt, "≤": limits.le}
    found = [f"{sign} {bound:g}" for sign, bound in bounds.items() if bound is not None]
    return f" {' and '.join(found)}" if found else ""


def either(phrases: Iterable[str]) -> str:
    """Alternatives, such as `a, b or c`."""
    *most, last = phrases
    return f"{', '.join(most)} or {last}" if most else last
