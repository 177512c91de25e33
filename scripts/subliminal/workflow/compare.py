"""Two runs compared: their final tables, and what these were made with."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import pandas as pd

from subliminal.artefacts.provenance import Manifests, ancestry, described_versions
from subliminal.artefacts.schemas import FinalTable
from subliminal.config.errors import ConfigError
from subliminal.config.text import shortened
from subliminal.workflow.kinds import KINDS
from subliminal.workflow.table_differences import (
    RELATIVE,
    Change,
    TableDifferences,
    table_differences,
)

# Of a list, so many lines are printed; verdicts are printed all.
SHOWN = 3
VERDICT = "verdict"
# Characters of a setting.
LONGEST = 60


@dataclass(frozen=True)
class Comparison:
    """What differs between two runs.

    Attributes:
        tables: by experiment, every table that both have.
        only_a, only_b: experiments and tables that one of them has.
        made_with: settings, versions and processors, a line each.
    """

    tables: Mapping[str, Sequence[TableDifferences]]
    only_a: Sequence[str]
    only_b: Sequence[str]
    made_with: Sequence[str]

    @property
    def same(self) -> bool:
        """Whether the tables hold the same; what they were made with may differ."""
        found = (table.any for tables in self.tables.values() for table in tables)
        return not (self.only_a or self.only_b or any(found))


def _schemas() -> dict[str, FinalTable]:
    """Every final table by its name; each kind's room has them in its `schemas`."""
    return {
        name: schema
        for kind in KINDS
        for name, schema in import_module(f"subliminal.{kind}.schemas").TABLES.items()
    }


def compare(a: Path, b: Path) -> Comparison:
    """Compare the final tables of two runs.

    Args:
        a, b: folders of results, or that hold `results`, or of one experiment's tables.

    Raises:
        ConfigError: there are no tables, or a file is damaged.
    """
    schemas = _schemas()
    folders_a, folders_b = _experiments(a, schemas), _experiments(b, schemas)
    if len(folders_a) == len(folders_b) == 1:  # the same one, or one that was changed and renamed
        name = " / ".join(dict.fromkeys([*folders_a, *folders_b]))
        pairs = {name: (*folders_a.values(), *folders_b.values())}
        shared = set(folders_a) | set(folders_b)
    else:
        shared = set(folders_a) & set(folders_b)
        pairs = {name: (folders_a[name], folders_b[name]) for name in sorted(shared)}
    only_a, only_b = sorted(set(folders_a) - shared), sorted(set(folders_b) - shared)
    tables = {}
    for experiment, (of_a, of_b) in pairs.items():
        names_a, names_b = _tables(of_a, schemas), _tables(of_b, schemas)
        only_a += [f"{experiment}/{name}" for name in names_a if name not in names_b]
        only_b += [f"{experiment}/{name}" for name in names_b if name not in names_a]
        tables[experiment] = [
            table_differences(schemas[name], _read(of_a, name), _read(of_b, name))
            for name in names_a
            if name in names_b
        ]
    made_a, made_b = _made(folders_a), _made(folders_b)
    made_with = [*_versions(made_a, made_b), *_settings(made_a, made_b)]
    return Comparison(tables, only_a, only_b, made_with)


def _tables(folder: Path, schemas: Mapping[str, FinalTable]) -> list[str]:
    return [name for name in schemas if (folder / f"{name}.parquet").is_file()]


def _experiments(place: Path, schemas: Mapping[str, FinalTable]) -> dict[str, Path]:
    """The folders of tables below a place, by their names."""
    for above in (place / "results" / "tables", place / "tables", place):
        folders = sorted({file.parent for file in above.glob("*/*.parquet")})
        found = {folder.name: folder for folder in folders if _tables(folder, schemas)}
        if found:
            return found
    if _tables(place, schemas):
        return {place.resolve().name: place}
    raise ConfigError(
        f"{place}: no final tables there; name a folder `results`, the folder that holds it, or "
        "results/tables/EXPERIMENT, of a run that has finished"
    )


def _read(folder: Path, name: str) -> pd.DataFrame:
    file = folder / f"{name}.parquet"
    try:
        return pd.read_parquet(file)
    except (OSError, ValueError) as error:
        raise ConfigError(f"{file} cannot be read ({error}); make it anew, or copy it again") from (
            error
        )


def _made(folders: Mapping[str, Path]) -> Manifests:
    return ancestry(folder / "manifest.json" for folder in folders.values())


def _versions(a: Manifests, b: Manifests) -> Iterator[str]:
    """Versions and processors that differ; nothing where one side has no manifests."""
    if not (a and b):
        yield "no manifest beside the tables of one of them: settings are not compared"
        return
    flat_a, flat_b = (_flat(asdict(described_versions(made))) for made in (a, b))
    for name in dict.fromkeys([*flat_a, *flat_b]):
        if name != "finished" and flat_a.get(name) != flat_b.get(name):
            yield f"{name}: {_listed(flat_a.get(name))} → {_listed(flat_b.get(name))}"


def _listed(values: Sequence[str] | None) -> str:
    return ", ".join(values or []) or "none"


def _settings(a: Manifests, b: Manifests) -> Iterator[str]:
    """What specs say otherwise, and artefacts that one side has, both by stage."""
    by_place_a, by_place_b = ({m["path"]: m for m in made.values()} for made in (a, b))
    changes: Counter[str] = Counter()
    for place in by_place_a.keys() & by_place_b.keys():
        spec_a, spec_b = _flat(by_place_a[place]["spec"]), _flat(by_place_b[place]["spec"])
        for key in dict.fromkeys([*spec_a, *spec_b]):
            if spec_a.get(key) != spec_b.get(key):
                change = f"{_shown(spec_a.get(key))} → {_shown(spec_b.get(key))}"
                changes[f"{by_place_a[place]['stage']}: {key}: {change}"] += 1
    for change, count in sorted(changes.items()):
        yield f"{change} (in {count})"
    for name, mine, other in (("A", by_place_a, by_place_b), ("B", by_place_b, by_place_a)):
        stages = Counter(m["stage"] for place, m in mine.items() if place not in other)
        for stage, count in sorted(stages.items()):
            yield f"{stage}: {count} only in {name}"


def _flat(nested: Mapping[str, Any], place: str = "") -> dict[str, Any]:
    """Nested settings by their dotted names."""
    flat: dict[str, Any] = {}
    for key, value in nested.items():
        inner = _flat(value, f"{place}{key}.") if isinstance(value, Mapping) else {}
        flat |= inner or {f"{place}{key}": value}
    return flat


def _shown(value: Any) -> str:
    return shortened(json.dumps(value, ensure_ascii=False), LONGEST)


def render(comparison: Comparison) -> str:
    """A comparison as lines for a terminal."""
    lines = [f"only in A: {name}" for name in comparison.only_a]
    lines += [f"only in B: {name}" for name in comparison.only_b]
    for experiment, tables in comparison.tables.items():
        lines.append(experiment)
        for table in tables:
            lines += [f"  {line}" for line in _table_lines(table)]
    if comparison.made_with:
        lines += ["made with (A → B)", *(f"  {line}" for line in comparison.made_with)]
    tables_same = f"the same within {RELATIVE:g} of each value"
    lines.append(f"A and B: {tables_same if comparison.same else 'different'}")
    return "\n".join(lines)


def _table_lines(table: TableDifferences) -> Iterator[str]:
    only = [f"{len(rows)} only in {name}" for name, rows in _only(table) if rows]
    counts = [f"{table.both} rows in both", *only]
    yield f"{table.table}: {', '.join(counts)}{'' if table.any else ', the same'}"
    for name, rows in _only(table):
        yield from _cut([f"  only in {name}: {row}" for row in rows], SHOWN)
    for column, changes in table.columns.items():
        yield f"  {column}: {len(changes)} differ"
        most = len(changes) if column == VERDICT else SHOWN
        yield from _cut([f"    {_change(change)}" for change in changes], most)


def _only(table: TableDifferences) -> list[tuple[str, Sequence[str]]]:
    return [("A", table.only_a), ("B", table.only_b)]


def _cut(lines: Sequence[str], most: int) -> list[str]:
    rest = len(lines) - most
    return [*lines[:most], *([f"    … and {rest} more"] if rest > 0 else [])]


def _change(change: Change) -> str:
    return f"{_value(change.a)} → {_value(change.b)}  ({change.row})"


def _value(value: Any) -> str:
    if value is None or value != value:
        return "empty"
    return f"{value:.7g}" if isinstance(value, float) else repr(value)
