"""The parts of the report's page: prose, figures and tables as HTML."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from html import unescape
from importlib import import_module
from typing import Any

from docutils.core import publish_parts
from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from subliminal.artefacts.table_set import TableSet
from subliminal.report.findings import Finding, Headline, Statement
from subliminal.report.specs import ExperimentTextSpec

DOCUTILS = {
    "file_insertion_enabled": False,
    "raw_enabled": False,
    "halt_level": 2,
    "report_level": 2,
    "_disable_config": True,
}
# Vega's: a mark's description, and the white sheet below everything.
_MARK = re.compile(r'aria-label="([^"]*)" role="graphics-symbol"')
_BACKGROUND = re.compile(r'<rect width="[\d.]+" height="[\d.]+" fill="white"/>')


@dataclass(frozen=True)
class Figure:
    """A figure and its caption, as HTML.

    Attributes:
        number: on the page, from 1.
        values: each mark in words.
        files: where the figure lies in other formats, relative to the page.
    """

    name: str
    number: int
    svg: Markup
    caption: Markup
    values: list[str]
    files: dict[str, str]


@dataclass(frozen=True)
class Table:
    """A table as text; `kinds` marks rows by their verdict for the style sheet."""

    title: str
    note: str
    head: list[str]
    rows: list[list[str]]
    kinds: list[str]
    text_columns: int


def no_example(tables: Any, text: ExperimentTextSpec) -> list[Statement]:
    """The example of a kind of experiment that has none."""
    return []


@dataclass(frozen=True)
class Shown:
    """A kind of experiment in the report; the module `shown` of its room has one as `SHOWN`.

    Attributes:
        tables: what the experiment's tables are read into.
        headline: from tables and text to the result in short.
        findings: from tables and text to the lines of the landing page.
        report_tables: from tables and text to the report's tables.
        example: from tables and text to one case from the run itself, step by step.
    """

    tables: type[TableSet]
    headline: Callable[[Any, ExperimentTextSpec], Headline]
    findings: Callable[[Any, ExperimentTextSpec], list[Finding]]
    report_tables: Callable[[Any, ExperimentTextSpec], list[Table]]
    example: Callable[[Any, ExperimentTextSpec], list[Statement]] = no_example


def shown(kind: str) -> Shown:
    """How a kind of experiment is shown, by the name of its room."""
    found: Shown = import_module(f"subliminal.{kind}.shown").SHOWN
    return found


@dataclass(frozen=True)
class Chapter:
    """What the report says of one experiment."""

    text: ExperimentTextSpec
    headline: Headline
    example: list[Statement]
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
    rest = _BACKGROUND.sub("", rest, count=1)
    rest = re.sub(r'\bid="([^"]+)"', rf'id="{prefix}-\1"', rest)
    rest = re.sub(r"url\(#([^)]+)\)", rf"url(#{prefix}-\1)", rest)
    rest = re.sub(r'href="#([^"]+)"', rf'href="#{prefix}-\1"', rest)
    return Markup(root + rest)


def marks_in_words(svg: str) -> list[str]:
    """The descriptions of a figure's marks, in their order, each once."""
    return list(dict.fromkeys(unescape(label) for label in _MARK.findall(svg)))


def inline_figures(
    text: ExperimentTextSpec,
    svgs: Mapping[str, str],
    captions: Mapping[str, str],
    folder: str,
    first: int,
) -> list[Figure]:
    """An experiment's figures with their captions.

    Args:
        svgs, captions: by figure, the figures in their order.
        folder: of the figures' files, relative to the page.
        first: the number of the first figure.
    """
    return [
        Figure(
            name=name,
            number=number,
            svg=inline_svg(svg, f"{text.name}-{name}", f"{text.title}: {name.replace('_', ' ')}"),
            caption=rst_to_html(captions[name], heading_level=4),
            values=marks_in_words(svg),
            files={kind: f"{folder}/{name}.{kind}" for kind in ("svg", "png", "pdf", "html")},
        )
        for number, (name, svg) in enumerate(svgs.items(), start=first)
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
