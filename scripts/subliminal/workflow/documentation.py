"""Generated parts of `docs/`: tables of the configuration's keys, and of the columns of tables.

A page is written by hand but for what stands between a marker and its end:

    <!-- keys: config.recipes.Lora -->        the keys of one model, or of several in one table
    <!-- kinds -->                            the final tables of each kind of experiment
    <!-- measures -->                         the measures of all evaluations
    <!-- tables: transmission.schemas -->     every table of a module, with its columns
    <!-- items: 2026-11-27 -->                the paper's items as of a day: commands, needs, costs
    <!-- counterparts -->                     the paper's items: experiments, and counterparts

`<!-- /keys -->` and so on are the ends. Names are dotted below `subliminal`.
"""

from __future__ import annotations

import importlib
import re
import textwrap
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any, Literal, NamedTuple, get_args, get_origin

from pydantic.fields import FieldInfo

from subliminal.artefacts.schemas import TableSchema
from subliminal.config.strict import Strict
from subliminal.evaluations.registry import EVALUATIONS, MEASURES
from subliminal.workflow.json_schema import FILES
from subliminal.workflow.kinds import KINDS
from subliminal.workflow.paper_status import counterpart_rows, status_rows, statuses
from subliminal.workflow.project import Project
from subliminal.workflow.types_in_words import Model, Places, either, in_words

ROOT = Path(__file__).resolve().parents[3]
PAGES = (
    "docs/configuration.md",
    "docs/hosted-models.md",
    "docs/tables.md",
    "docs/reproduce-the-paper.md",
)
_MARKER = re.compile(
    r"^<!-- (?P<what>keys|kinds|measures|tables|items|counterparts)(: (?P<names>.+))? -->$"
    r"(?s:.*?)"
    r"^<!-- /(?P=what) -->$",
    re.MULTILINE,
)
REQUIRED = "–"  # noqa: RUF001


def pages(root: Path) -> dict[str, str]:
    """Every page's text as it should be, by its path relative to the repository."""
    return {path: filled((root / path).read_text(encoding="utf-8")) for path in PAGES}


def filled(text: str) -> str:
    """A page with everything between its markers written anew."""
    places = _places(text)
    writers: dict[str, Callable[[list[str]], str]] = {
        "keys": lambda names: _keys_table([_model(name) for name in names], places),
        "kinds": lambda _: _kinds_table(),
        "measures": lambda _: _measures_table(),
        "tables": lambda names: _column_tables(schemas(*names)),
        "items": lambda days: _markdown(
            status_rows(statuses(Project.load(ROOT)), date.fromisoformat(*days))
        ),
        "counterparts": lambda _: _markdown(counterpart_rows(Project.load(ROOT).config)),
    }

    def written(marker: re.Match[str]) -> str:
        head = marker[0].splitlines()[0]
        return f"{head}\n\n{writers[marker['what']](_names(marker))}\n\n<!-- /{marker['what']} -->"

    return _MARKER.sub(written, text)


def _names(marker: re.Match[str]) -> list[str]:
    return (marker["names"] or "").split(", ")


def _member(name: str) -> Any:
    module, _, member = name.rpartition(".")
    return getattr(importlib.import_module(f"subliminal.{module}"), member)


def _model(name: str) -> Model:
    found: Model = _member(name)
    return found


def _places(text: str) -> dict[Model, str]:
    """A link to the nearest heading above each model's table."""
    places = {}
    for marker in _MARKER.finditer(text):
        if marker["what"] == "keys":
            title = re.findall(r"^#+ (.+)$", text[: marker.start()], re.MULTILINE)[-1]
            anchor = re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")
            for name in _names(marker):
                places[_model(name)] = f"[{title}](#{anchor})"
    return places


# Models


def models() -> list[Model]:
    """Every model that a configuration file can hold, in the order of the files."""
    found: dict[Model, None] = {}

    def walk(kind: Any) -> None:
        if isinstance(kind, type) and issubclass(kind, Strict):
            if kind not in found:
                found[kind] = None
                for field in kind.model_fields.values():
                    walk(field.annotation)
        else:
            for inner in get_args(kind):
                walk(inner)

    for kind in FILES.values():
        walk(kind)
    return list(found)


def keys_of(model: Model, places: Iterable[Model] = ()) -> dict[str, FieldInfo]:
    """The keys of a model but for those that it has from a base with a table of its own."""
    shared = {
        key
        for base in model.__mro__[1:]
        if base in places and issubclass(base, Strict)
        for key, field in base.model_fields.items()
        # A subclass that says something else of a key has a field of its own.
        if repr(field) == repr(model.model_fields[key])
    }
    return {key: field for key, field in model.model_fields.items() if key not in shared}


def _keys_table(chosen: list[Model], places: Places) -> str:
    """Keys of models in one table: a row that not all of them have says whose it is."""
    rows: dict[_Row, list[Model]] = {}
    for model in chosen:
        keys = keys_of(model, places)
        # Keys that tell a model from its kin come first.
        for key in sorted(keys, key=lambda key: _constant(keys[key]) is None):
            rows.setdefault(_key_row(model, key, places), []).append(model)
    order = list(dict.fromkeys(row.key for row in rows))
    cells = []
    for row in sorted(rows, key=lambda row: order.index(row.key)):
        owners, meaning = rows[row], row.meaning
        if len(owners) < len(chosen) and row.key != order[0]:
            meaning = f"*{', '.join(_tag(model) for model in owners)}*: {meaning}"
        cells.append([f"`{row.key}`", row.type, meaning, row.default, row.paper])
    columns = [0, 1, 2]
    columns += [3] if any(row.default != REQUIRED for row in rows) else []
    columns += [4] if any(row.paper for row in rows) else []
    head = ["key", "type", "meaning", "default", "paper"]
    return _markdown([[line[column] for column in columns] for line in [head, *cells]])


class _Row(NamedTuple):
    key: str
    type: str
    meaning: str
    default: str
    paper: str


def _key_row(model: Model, key: str, places: Places) -> _Row:
    field = model.model_fields[key]
    extra = field.json_schema_extra
    paper = str(extra.get("paper", "")) if isinstance(extra, dict) else ""
    # A key of a base class by which its kin are told apart has the values of all of them.
    kin = [m for m in models() if issubclass(m, model)] if model not in models() else []
    values = [_constant(m.model_fields[key]) for m in kin]
    if values and None not in values:
        kind = either(f"`{value}`" for value in values)
    else:
        kind = in_words(field.annotation, field.metadata, places)
    default = REQUIRED if field.is_required() else f"`{_yaml(field.default)}`"
    return _Row(key, kind, field.description or "", default, paper)


def _constant(field: FieldInfo) -> str | None:
    """The only value that a field admits, if there is just one."""
    values = get_args(field.annotation) if get_origin(field.annotation) is Literal else ()
    return str(values[0]) if len(values) == 1 else None


def _tag(model: Model) -> str:
    """The value by which a file says that it means this model."""
    return next(filter(None, map(_constant, model.model_fields.values())))


def _yaml(value: Any) -> str:
    """A value as a person types it in YAML, where a number with an exponent needs a dot."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        mantissa, e, exponent = str(value).partition("e")
        return f"{mantissa}{'' if '.' in mantissa else '.0'}e{int(exponent)}" if e else mantissa
    if isinstance(value, list):
        return f"[{', '.join(map(_yaml, value))}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{_yaml(k)}: {_yaml(v)}' for k, v in value.items())}}}"
    return str(value)


# Tables


def schemas(*modules: str) -> Iterator[TableSchema]:
    """Every table of modules: those of their `TABLES` first, then other final ones, then others."""
    for name in modules:
        module = vars(importlib.import_module(f"subliminal.{name}"))
        tables = [member for member in module.values() if isinstance(member, TableSchema)]
        tables.sort(key=lambda table: "{experiment}" not in table.place)
        shown = list(module.get("TABLES", {}).values())
        yield from [*shown, *(table for table in tables if table not in shown)]


def _column_tables(tables: Iterable[TableSchema]) -> str:
    known: dict[_Column, str] = {}
    parts = []
    for table in tables:
        rows = [
            [", ".join(f"`{column}`" for column in columns), f"`{kind}`", meaning]
            for columns, kind, meaning in _column_rows(list(table.columns.items()), known)
        ]
        row = textwrap.fill(f"A row is {table.rows}.", width=100)
        parts += [f"### {table.name}", row, f"Path: `{table.place}`"]
        parts.append(_markdown([["column", "type", "meaning"], *rows]))
        known = dict.fromkeys(table.columns.items(), table.name) | known
    return "\n\n".join(parts)


_Column = tuple[str, tuple[str, str]]


def _column_rows(
    columns: list[_Column], known: Mapping[_Column, str]
) -> Iterator[tuple[list[str], str, str]]:
    """Columns in rows: one for a mean with its bounds, one for several that an earlier table has.

    Args:
        known: the table by which each column was explained.
    """
    while columns:
        name, (kind, meaning) = columns[0]
        origin = known.get(columns[0])
        same = (origin, kind)
        run = []
        for column in columns:
            if (known.get(column), column[1][0]) != same:
                break
            run.append(column)
        _, lower = dict(columns).get(f"{name}_low", ("", ""))
        if origin is not None and len(run) > 1:
            meaning = f"As in [{origin}](#{origin})."
        elif lower.startswith(start := f"Lower bound of {name}: "):
            run = columns[:3]
            meaning = f"{meaning} Bounds: {lower.removeprefix(start)}"
        else:
            run = columns[:1]
        yield [column for column, _ in run], kind, meaning
        columns = columns[len(run) :]


def _kinds_table() -> str:
    rows = [
        [f"`{name}`", ", ".join(f"[{table}](#{table})" for table in kind.tables)]
        for name, kind in KINDS.items()
    ]
    return _markdown([["`kind` of the experiment", "final tables"], *rows])


def _measures_table() -> str:
    rows = []
    for name, measure in MEASURES.items():
        givers = [
            kind for kind, evaluation in EVALUATIONS.items() if measure in evaluation.measures
        ]
        bounds = "{:g} to {:g}".format(*measure.bounds) if measure.bounds else "any number"
        subject = "the whole model" if measure.whole_model else "a target"
        rows.append([f"`{name}`", ", ".join(givers), subject, bounds, measure.meaning])
    return _markdown([["measure", "evaluations", "of", "range", "meaning"], *rows])


def _markdown(rows: list[list[str]]) -> str:
    """A table of its head and its rows; a line break within a cell is kept."""

    def line(cells: Iterable[str]) -> str:
        inner = " | ".join(cell.replace("|", "\\|").replace("\n", "<br>") for cell in cells)
        return f"| {inner} |"

    return "\n".join([line(rows[0]), f"|{'---|' * len(rows[0])}", *map(line, rows[1:])])
