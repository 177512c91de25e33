"""The parts of the report: prose, figures and tables as HTML."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd
from docutils.core import publish_parts
from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from subliminal.experiment_tables import (
    BASE,
    EN_DASH,
    OTHER,
    REGULAR,
    ExperimentTables,
    number,
    p_value,
    treated,
)
from subliminal.findings import Finding
from subliminal.specs import ExperimentTextSpec
from subliminal.verdicts import verdict_kind

DOCUTILS = {
    "file_insertion_enabled": False,
    "raw_enabled": False,
    "halt_level": 2,
    "report_level": 2,
    "_disable_config": True,
}
KEYS = ["domain", "method", "variant", "recipe", "teacher_base", "student_base", "trait"]


@dataclass(frozen=True)
class Figure:
    """A figure and its caption, as HTML."""

    name: str
    svg: Markup
    caption: Markup


@dataclass(frozen=True)
class Table:
    """A table as text; `kinds` marks rows by their verdict for the style sheet."""

    title: str
    note: str
    head: list[str]
    rows: list[list[str]]
    kinds: list[str]
    text_columns: int


@dataclass(frozen=True)
class Chapter:
    """What the report says of one experiment."""

    text: ExperimentTextSpec
    findings: list[Finding]
    figures: list[Figure]
    tables: list[Table]


def rst_to_html(source: str, heading_level: int) -> Markup:
    """Prose as an HTML fragment; anything that docutils would warn of is an error.

    Args:
        heading_level: the level of the source's outermost headings.
    """
    settings = DOCUTILS | {"initial_header_level": heading_level}
    parts = publish_parts(source, writer="html5", settings_overrides=settings)
    return Markup(parts["body"])


def inline_svg(svg: str, prefix: str, label: str) -> Markup:
    """An SVG to put into a page beside others: it scales, and its ids are its own."""
    start = svg.index("<svg")
    end = svg.index(">", start)
    root, rest = svg[start:end], svg[end:]
    width = re.search(r'\bwidth="([\d.]+)', root)
    root = re.sub(r'\s(?:width|height)="[^"]*"', "", root)
    style = f' style="max-width:{width.group(1)}px"' if width else ""
    root += f'{style} role="img" aria-label="{Markup.escape(label)}"'
    rest = re.sub(r'\bid="([^"]+)"', rf'id="{prefix}-\1"', rest)
    rest = re.sub(r"url\(#([^)]+)\)", rf"url(#{prefix}-\1)", rest)
    rest = re.sub(r'href="#([^"]+)"', rf'href="#{prefix}-\1"', rest)
    return Markup(root + rest)


def _interval(row: Any) -> str:
    mean = number(row.share_mean)
    if pd.isna(row.share_low):
        return mean
    return f"{mean} [{number(row.share_low)}, {number(row.share_high)}]"


def _setting(row: Any, recipes: int) -> list[str]:
    """Data, teachers, variant and bases; and the recipe where there are several."""
    variant = row.variant if recipes == 1 else f"{row.variant}, {row.recipe}"
    return [row.domain, row.method, variant, f"{row.teacher_base} → {row.student_base}"]


def _count(value: float) -> str:
    return EN_DASH if pd.isna(value) else f"{int(value):,}"


def transmission_table(transmission: pd.DataFrame, experiment: str) -> Table:
    """One row per trait and setting, its controls beside it."""
    controls = {
        condition: {
            tuple(getattr(row, key) for key in KEYS): row.share_mean
            for row in transmission[transmission["condition"] == condition].itertuples()
        }
        for condition in (BASE, REGULAR, OTHER)
    }
    rows, kinds = [], []
    for row in treated(transmission).itertuples():
        key = tuple(getattr(row, key) for key in KEYS)
        rows.append(
            [
                *_setting(row, transmission["recipe"].nunique()),
                f"{row.trait} (dev.)" if row.role == "development" else row.trait,
                row.verdict,
                str(row.n_runs),
                _interval(row),
                *(number(controls[condition].get(key, float("nan"))) for condition in controls),
                number(row.rate_mean),
                number(row.teacher_share),
                _count(row.rows_kept),
                number(row.loss_drop, 3),
            ]
        )
        kinds.append(verdict_kind(row.verdict).replace(" ", "-"))
    return Table(
        title="Transmission",
        note=(
            "Share of the trait among candidates: students of the trait's data with the 95 % t "
            "interval over students, then the controls; the sampled rate by the paper's "
            "substring rule; the teacher's own share; the rows that the filter kept; and the fall "
            "of the loss on held-out rows, in nats per token. All columns: "
            f"results/tables/{experiment}/transmission.csv."
        ),
        head=[
            "data",
            "teachers",
            "variant",
            "bases",
            "trait",
            "verdict",
            "n",
            "share",
            "untrained",
            "regular",
            "other traits",
            "sampled rate",
            "teacher",
            "rows",
            "loss drop",
        ],
        rows=rows,
        kinds=kinds,
        text_columns=6,
    )


def diagonal_table(diagonal: pd.DataFrame, experiment: str) -> Table:
    """One row per trait matrix."""
    rows = [
        [
            *_setting(row, diagonal["recipe"].nunique()),
            str(row.traits),
            number(row.gamma),
            p_value(row.p_value).removeprefix("= "),
            number(row.margin_gamma),
            p_value(row.margin_p_value).removeprefix("= "),
            f"{row.permutations:,}",
        ]
        for row in diagonal.itertuples()
    ]
    return Table(
        title="Diagonal test",
        note=(
            "How much more students raise their own teacher's trait than the others, on shares "
            "and on log-odds margins; p is one-sided, by permutation of the traits. All columns: "
            f"results/tables/{experiment}/diagonal.csv."
        ),
        head=[
            "data",
            "teachers",
            "variant",
            "bases",
            "traits",
            "gamma, share",
            "p",
            "gamma, nats",
            "p",
            "permutations",
        ],
        rows=rows,
        kinds=[""] * len(rows),
        text_columns=4,
    )


def channel_table(channel: pd.DataFrame, experiment: str) -> Table:
    """One row per dataset."""
    rows = [
        [
            row.domain,
            row.method,
            row.teacher_base,
            row.trait,
            str(row.teacher_seed),
            number(row.teacher_share),
            _count(row.rows),
            _count(row.rows_kept),
            number(row.keep_rate),
            number(row.kl_per_token, 3),
            number(row.entropy_per_token, 3),
        ]
        for row in channel.itertuples()
    ]
    return Table(
        title="Channel",
        note=(
            "What each teacher wrote: how much the filter kept, and how far its kept rows are "
            "from the base that it shares with same-base students, in nats per token. All "
            f"columns: results/tables/{experiment}/channel.csv."
        ),
        head=[
            "data",
            "teachers",
            "base",
            "trait",
            "teacher seed",
            "teacher's share",
            "rows",
            "rows kept",
            "kept",
            "KL",
            "entropy",
        ],
        rows=rows,
        kinds=[""] * len(rows),
        text_columns=4,
    )


def experiment_tables(tables: ExperimentTables, experiment: str) -> list[Table]:
    """The tables of a transmission experiment."""
    return [
        transmission_table(tables.transmission, experiment),
        diagonal_table(tables.diagonal, experiment),
        channel_table(tables.channel, experiment),
    ]


def inline_figures(
    text: ExperimentTextSpec, svgs: Mapping[str, str], captions: Mapping[str, str]
) -> list[Figure]:
    """An experiment's figures with their captions.

    Args:
        svgs, captions: by figure, the figures in their order.
    """
    return [
        Figure(
            name=name,
            svg=inline_svg(svg, f"{text.name}-{name}", f"{text.title}: {name.replace('_', ' ')}"),
            caption=rst_to_html(captions[name], heading_level=4),
        )
        for name, svg in svgs.items()
    ]


def render(template: str, **content: Any) -> str:
    """The page; a name in the template that has no content is an error."""
    environment = Environment(
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    return environment.from_string(template).render(**content)
