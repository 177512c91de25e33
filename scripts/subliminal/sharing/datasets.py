"""What a teacher wrote as a folder that the hub takes, and that `datasets` loads."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from huggingface_hub import DatasetCardData

from subliminal.artefacts.verified import verify
from subliminal.config.paths import PLAIN_VARIANT
from subliminal.lineage.answer import Answer, answer
from subliminal.lineage.family import Member
from subliminal.lineage.places import Written, written_at
from subliminal.sharing.citation import citation
from subliminal.sharing.folders import new_folder, write_origin
from subliminal.sharing.licences import licences, on_the_hub
from subliminal.sharing.words import ORIGIN, TAGS, citing, licence_words, warning

CARD, DATA = "README.md", "data"
SIZES = {1_000: "n<1K", 10_000: "1K<n<10K", 100_000: "10K<n<100K", 1_000_000: "100K<n<1M"}


def export_dataset(manifests: list[Path], folder: Path) -> None:
    """Write tables of one teacher in one domain, with a card and their origin.

    Raises:
        ConfigError: a table is not what its manifest says, or the folder is there.
    """
    tables = {path: verify(path) for path in manifests}
    with new_folder(folder) as here:
        (here / DATA).mkdir()
        for manifest, content in tables.items():
            for name in content["outputs"]:
                shutil.copyfile(manifest.parent / name, here / DATA / name)
        found = answer(manifests)
        write_origin(here, found)
        (here / CARD).write_text(_card(here, found), encoding="utf-8")


def _card(here: Path, found: Answer) -> str:
    roots = [found.family.members[root] for root in found.family.roots]
    written = [w for root in roots if (w := written_at(root.place)) is not None]
    of_others = licences(found.family)
    rows = {table.stem: _rows(table) for table in sorted((here / DATA).glob("*.parquet"))}
    front = DatasetCardData(
        pretty_name=f"{written[0].domain} of {written[0].writer.path}",
        language="en",
        task_categories=["text-generation"],
        size_categories=[_size(max(rows.values()))],
        tags=TAGS,
        configs=[_configuration(table, rows) for table in rows],
        **on_the_hub(of_others),
    )
    columns = {table: _columns(here / DATA / f"{table}.parquet") for table in rows}
    parts = [
        f"---\n{front.to_yaml()}\n---",
        f"# {front.pretty_name}",
        _about(written, roots),
        warning(found),
        _tables(rows, columns),
        ORIGIN,
        licence_words(of_others),
        citing(citation()),
    ]
    return "\n\n".join(parts) + "\n"


def _about(written: list[Written], roots: list[Member]) -> str:
    one = written[0]
    wrote = "the base itself" if one.writer.is_control else f"the teacher `{one.writer.path}`"
    return (
        f"What {wrote} wrote in the domain `{one.domain}`, on base `{one.writer.base}`: "
        f"{', '.join(sorted(root.about for root in roots))}."
    )


def _configuration(table: str, rows: dict[str, int]) -> dict[str, Any]:
    default = table == (PLAIN_VARIANT if PLAIN_VARIANT in rows else min(rows))
    found: dict[str, Any] = {
        "config_name": table,
        "data_files": [{"split": "train", "path": f"{DATA}/{table}.parquet"}],
    }
    return {**found, "default": True} if default else found


def _size(rows: int) -> str:
    return next((name for most, name in SIZES.items() if rows < most), "1M<n<10M")


def _rows(table: Path) -> int:
    import pyarrow.parquet as pq

    with pq.ParquetFile(table) as file:
        return int(file.metadata.num_rows)


def _columns(table: Path) -> list[tuple[str, str]]:
    """The columns with their meanings, which each file holds."""
    import pyarrow.parquet as pq

    fields = pq.read_schema(table)
    return [(f.name, (f.metadata or {}).get(b"description", b"").decode()) for f in fields]


def _tables(rows: dict[str, int], columns: dict[str, list[tuple[str, str]]]) -> str:
    lines = ["## Tables", "", "| table | rows | column | meaning |", "|---|---|---|---|"]
    for table, found in columns.items():
        for name, meaning in found:
            safe = meaning.replace("|", "\\|").replace("\n", " ")
            lines.append(f"| `{table}` | {rows[table]} | `{name}` | {safe} |")
    return "\n".join(lines)
