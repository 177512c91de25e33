"""Reading the configuration: YAML to models, with errors that say where and what to type."""

from __future__ import annotations

from collections.abc import Hashable
from pathlib import Path
from typing import Any

import yaml
from pydantic import TypeAdapter, ValidationError

from subliminal.config import strict
from subliminal.config.errors import ConfigError
from subliminal.config.text import shortened

# What the patterns of strict.py admit, in words.
_PATTERNS = {
    strict.NAME: "lower-case letters and digits, joined by '-' or '.', such as tiny-a",
    strict.FILE_NAME: "a file's name without .yaml: lower-case letters and digits, joined by '_'",
    strict.WORD: "one lower-case word",
    strict.SHA256: "a SHA-256 of 64 hexadecimal digits",
    strict.REVISION: "a commit of 40 hexadecimal digits (a branch or tag may move)",
    strict.REPOSITORY: "owner/name of a hub repository",
}


# Of a file's values; the longest of ours has some 200.
MOST_VALUES = 100_000
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
        ConfigError: there is no such file, or it is not valid YAML.
    """
    if path.exists() and not path.is_file():
        raise ConfigError(f"{shown}: not a file; restore it, such as with: git checkout {shown}")
    try:
        data = yaml.load(path.read_text(encoding="utf-8"), Loader=_UniqueKeyLoader)
    except FileNotFoundError:
        raise ConfigError(
            f"{shown}: no such file; restore it, for example with: git checkout {shown}"
        ) from None
    except UnicodeDecodeError as error:
        raise ConfigError(f"{shown}: not UTF-8 text ({error}); save it as UTF-8") from None
    except yaml.MarkedYAMLError as error:
        place = f"line {error.problem_mark.line + 1}: " if error.problem_mark else ""
        raise ConfigError(f"{shown}: {place}{error.problem}; correct the YAML") from None
    except yaml.YAMLError as error:
        raise ConfigError(f"{shown}: {error}; correct the YAML") from None
    except (ValueError, LookupError, AttributeError, TypeError, RecursionError) as error:
        # Values that do not fit their !!tag, numbers of thousands of digits, brackets without end.
        raise ConfigError(f"{shown}: not readable ({error}); correct the YAML") from None
    _refuse_endless(data, shown)
    return data


def _refuse_endless(data: Any, shown: str) -> None:
    """Refuse what a few lines of anchors and aliases can blow up: more values than a file holds."""
    seen, todo = 0, [data]
    while todo:
        value = todo.pop()
        seen += 1
        if seen > MOST_VALUES:
            raise ConfigError(
                f"{shown}: more than {MOST_VALUES} values once its aliases (*name) are followed; "
                "write it without them"
            )
        if isinstance(value, dict):
            todo.extend(value.values())
        elif isinstance(value, list):
            todo.extend(value)


def _where(error: Any, data: Any) -> list[str]:
    """The place of an error in the file as a person reads it, list entries counted from 1.

    The data tell keys from the names of union members, which pydantic mixes with them.
    """
    parts: list[str] = []
    *path, last = error["loc"] or [""]
    if last == "[key]":  # the key itself is wrong, and what was found
        path, last = path[:-1], "key"
    for part in [*path, last]:
        if isinstance(data, list) and isinstance(part, int) and part < len(data):
            if parts[-1:] == ["cells"]:
                parts[-1] = f"cell {part + 1}"
            else:
                parts.append(f"item {part + 1}")
            data = data[part]
        elif isinstance(data, dict) and part in data:
            parts.append(shortened(str(part), MOST_SHOWN))
            data = data[part]
    if last == "key" or error["type"] == "missing":
        parts.append(shortened(str(last), MOST_SHOWN))
    return parts


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


def _advice(error: Any) -> str:
    """What was found and what to type, for one pydantic error."""
    found, context = error["input"], error.get("ctx", {})
    match error["type"]:
        case "missing":
            return "is missing; add it"
        case "value_error":  # raised by the models themselves, in full
            return str(context["error"])
        case "union_tag_not_found":
            return f"{context['discriminator']} is missing; add it"
        case "union_tag_invalid":
            kind = context["discriminator"].strip("'")
            return f"{kind}: expected one of {context['expected_tags']}, found {found[kind]!r}"
        case "too_short":
            return f"expected {context['min_length']} or more, found {context['actual_length']}"
        case "too_long":
            return f"expected {context['max_length']} or fewer, found {context['actual_length']}"
        case "string_too_long":
            expected = f"{context['max_length']} characters or fewer"
        case "string_pattern_mismatch":
            expected = _PATTERNS[context["pattern"]]
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

    Raises:
        ConfigError: the first thing that is wrong, and how many more there are.
    """
    try:
        return TypeAdapter(kind).validate_python(data)
    except ValidationError as failure:
        errors = failure.errors(include_url=False)
        first = errors[0]
        where = _where(first, data)
        more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
        raise ConfigError(f"{': '.join([shown, *where, _advice(first)])}{more}") from None
