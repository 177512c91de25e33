"""Reading the configuration: YAML to models, with errors that say where and what to type."""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import yaml
from pydantic import TypeAdapter, ValidationError

from subliminal.config import strict
from subliminal.config.errors import Remark, RemarkedError, known, nearest
from subliminal.config.text import shortened

# What the patterns of strict.py admit, in words.
_PATTERNS = {
    strict.NAME: "lower-case letters and digits, joined by '-' or '.', such as tiny-a",
    strict.FILE_NAME: "a file's name without .yaml: lower-case letters and digits, joined by '_'",
    strict.WORD: "lower-case words with one space between them, such as owl or sea otter",
    strict.SHA256: "a SHA-256 of 64 hexadecimal digits",
    strict.REVISION: "a commit of 40 hexadecimal digits (a branch or tag may move)",
    strict.REPOSITORY: "owner/name of a hub repository",
}


# The model that was tried on each mapping of the data, by the mapping's id.
Models = dict[int, type[strict.Strict]]
# Of a file's values; the longest of ours has some 200.
MOST_VALUES = 100_000
MISSING = "is missing; add it"
# Characters of what was found, in a message.
MOST_SHOWN = 100


class _UniqueKeyLoader(yaml.SafeLoader):
    """YAML that refuses a repeated key; PyYAML silently keeps the last one."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[str] = set()
        for key in (key for key, _ in node.value if isinstance(key, yaml.ScalarNode)):
            if key.value in seen:
                raise yaml.constructor.ConstructorError(
                    problem=f"key {key.value!r} is given twice",
                    problem_mark=key.start_mark,
                )
            seen.add(key.value)
        return super().construct_mapping(node, deep)


def read_yaml(path: Path, shown: str) -> Any:
    """The parsed file.

    Args:
        shown: the path as the user knows it, for messages.

    Raises:
        RemarkedError: there is no such file, or it is not valid YAML.
    """

    def refused(says: str, line: int | None = None) -> RemarkedError:
        return RemarkedError([Remark(shown, (), says, line)])

    if path.exists() and not path.is_file():
        raise refused(f"not a file; restore it, such as with: git checkout {shown}")
    try:
        data = yaml.load(path.read_text(encoding="utf-8"), Loader=_UniqueKeyLoader)
    except FileNotFoundError:
        raise refused(f"no such file; restore it, for example with: git checkout {shown}") from None
    except UnicodeDecodeError as error:
        raise refused(f"not UTF-8 text ({error}); save it as UTF-8") from None
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else None
        raise refused(f"{error.problem}; correct the YAML", line) from None
    except yaml.YAMLError as error:
        raise refused(f"{error}; correct the YAML") from None
    except (ValueError, LookupError, AttributeError, TypeError, RecursionError) as error:
        # Values that do not fit their !!tag, numbers of thousands of digits, brackets without end.
        raise refused(f"not readable ({error}); correct the YAML") from None
    if _is_endless(data):
        raise refused(
            f"more than {MOST_VALUES} values once its aliases (*name) are followed; "
            "write it without them"
        )
    return data


def _is_endless(data: Any) -> bool:
    """Whether a few lines of anchors and aliases blow up to more values than a file holds."""
    seen, todo = 0, [data]
    while todo and seen <= MOST_VALUES:
        value = todo.pop()
        seen += 1
        if isinstance(value, dict):
            todo.extend(value.values())
        elif isinstance(value, list):
            todo.extend(value)
    return seen > MOST_VALUES


def _way(loc: Iterable[str | int], data: Any) -> tuple[tuple[str | int, ...], list[Any]]:
    """The keys and indices that lead to a place in the data, and what holds each of them.

    The data tell them from the names of union members, which pydantic mixes with them.
    """
    way: list[str | int] = []
    holders: list[Any] = []
    for part in loc:
        keys = {str(key): key for key in data} if isinstance(data, dict) else {}
        if str(part) in keys:
            held = data[keys[str(part)]]
            way.append(str(part))
        elif isinstance(data, list) and isinstance(part, int) and part < len(data):
            held = data[part]
            way.append(part)
        else:
            continue
        holders.append(data)
        data = held
    return tuple(way), holders


def _shown(found: Any) -> str:
    """What was found, with a hint where YAML reads something else than it looks like."""
    if found is None:
        return "nothing"
    if isinstance(found, bool):
        word = "yes" if found else "no"
        return (
            f"{found} (YAML reads an unquoted yes, no, on or off as true or false; to mean the "
            f'word, quote it: "{word}")'
        )
    if isinstance(found, dict | list) and found:
        return "a list" if isinstance(found, list) else "keys with values"
    try:
        return shortened(repr(found), MOST_SHOWN)
    except ValueError:  # a whole number of thousands of digits
        return "a number too large to be shown"


def _proposal(quoted: str, found: object) -> str:
    """The nearest of the names that pydantic lists in quotes, as a further sentence."""
    near = nearest(found, re.findall("'([^']*)'", quoted))
    return f"; {near}" if near else ""


def _remarks(errors: Iterable[Any], data: Any, models: Models, shown: str) -> list[Remark]:
    """Where, what was found and what to type, for each pydantic error."""
    remarks: list[Remark] = []
    misspelt: set[tuple[str | int, ...]] = set()
    for error in errors:
        loc = error["loc"]
        if loc[-1:] == ("[key]",):  # the key itself is wrong, and what was found
            loc = (*loc[:-2], str(error["input"]))
        way, holders = _way(loc, data)
        if error["type"] == "extra_forbidden":
            fields, key = models[id(holders[-1])].model_fields, str(way[-1])
            misspelt |= {(*way[:-1], near) for near in get_close_matches(key, fields, n=1)}
            says = f"unknown key {known(fields, key)}; correct its name or remove it"
        else:
            says = _advice(error)
        if error["type"] == "missing":
            way = (*way, loc[-1])
        elif error["type"].startswith("union_tag"):
            # A key in quotes, or a function that has the key's name.
            way = (*way, error["ctx"]["discriminator"].strip("'").removesuffix("()"))
        remarks.append(Remark(shown, way, says))
    return [r for r in remarks if not (r.says == MISSING and r.path in misspelt)]


def _advice(error: Any) -> str:
    """What was found and what to type."""
    found, context = error["input"], error.get("ctx", {})
    match error["type"]:
        case "missing" | "union_tag_not_found":
            return MISSING
        case "value_error":  # raised by the models themselves, in full
            return str(context["error"])
        case "union_tag_invalid":
            tag, tags = context["tag"], context["expected_tags"]
            return f"expected one of {tags}, found {tag!r}{_proposal(tags, tag)}"
        case "too_short":
            return f"expected {context['min_length']} or more, found {context['actual_length']}"
        case "too_long":
            return f"expected {context['max_length']} or fewer, found {context['actual_length']}"
        case "string_too_long":
            expected = f"{context['max_length']} characters or fewer"
        case "string_pattern_mismatch":
            expected = _PATTERNS[context["pattern"]]
        case "literal_error":
            expected = context["expected"]
            return f"expected {expected}, found {_shown(found)}{_proposal(expected, found)}"
        case "dict_type" | "model_type" | "model_attributes_type":
            expected = "keys with values, such as 'key: value'"
        case "list_type":
            expected = "a list, such as [one, two]"
        case "float_type":
            expected = "a number, such as 1 or 1.0e-3"
        case "int_type":
            expected = "a whole number"
        case "string_type":
            expected = "a word"
        case _:
            expected = error["msg"].removeprefix("Input should be ")
            if expected.startswith(("greater", "less")):
                expected = f"a number {expected}"
    return f"expected {expected}, found {_shown(found)}"


def parse(kind: Any, data: Any, shown: str) -> Any:
    """Data as a model.

    Args:
        shown: the file that the data are from.

    Raises:
        RemarkedError: everything that is wrong.
    """
    models: Models = {}
    try:
        return TypeAdapter(kind).validate_python(data, context=models)
    except ValidationError as failure:
        raise RemarkedError(
            _remarks(failure.errors(include_url=False), data, models, shown)
        ) from None
