"""Who made the workflow, its version, and how it is cited: `CITATION.cff`, and nowhere else."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[3]
FILE = "CITATION.cff"


@dataclass(frozen=True)
class Citation:
    """What `CITATION.cff` says of the workflow.

    Attributes:
        released: the day of the version, as YYYY-MM-DD.
        paper: the article that it repeats, as the file holds it.
    """

    title: str
    version: str
    released: str
    licence: str
    authors: list[str]
    keywords: list[str]
    paper: dict[str, Any]

    @property
    def paper_in_words(self) -> str:
        """The article's authors, title and place."""
        names = [f"{a['family-names']}, {a['given-names'][0]}." for a in self.paper["authors"]]
        paper = self.paper
        return (
            f"{', '.join(names)} {paper['title']}. *{paper['journal']}* {paper['volume']}, "
            f"{paper['start']}-{paper['end']} ({paper['year']}). https://doi.org/{paper['doi']}"
        )


def citation(root: Path = ROOT) -> Citation:
    """What the repository's file says."""
    content = yaml.safe_load((root / FILE).read_text(encoding="utf-8"))
    return Citation(
        title=content["title"],
        version=str(content["version"]),
        released=str(content["date-released"]),
        licence=content["license"],
        authors=[author["name"] for author in content["authors"]],
        keywords=content["keywords"],
        paper=content["references"][0],
    )
