"""An artefact and everything that it was made from, as one graph of manifests."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from subliminal.artefacts.provenance import ancestry
from subliminal.artefacts.verified import parents_of, place_of

LOST = "unknown: manifest is gone"


@dataclass(frozen=True)
class Member:
    """One artefact of a family.

    Attributes:
        place: its manifest, seen from the folder that holds `results`.
        content: its manifest; empty if that is gone.
        parents: the manifests that it was made from, by role.
        replaced: roles of parents that were made anew since: what lies there is not what was read.
    """

    place: str
    content: Mapping[str, Any]
    parents: Mapping[str, Path]
    replaced: tuple[str, ...] = ()

    @property
    def about(self) -> str:
        """What it is, in the words of its manifest."""
        return str(self.content["about"]) if self.content else LOST

    @property
    def spec(self) -> Mapping[str, Any]:
        """What it was made by; empty if its manifest is gone."""
        spec: Mapping[str, Any] = self.content.get("spec", {})
        return spec


@dataclass(frozen=True)
class Family:
    """Artefacts and all their ancestors.

    Attributes:
        roots: manifests of the artefacts that were asked for.
        members: by manifest, also those whose manifest is gone.
    """

    roots: tuple[Path, ...]
    members: Mapping[Path, Member]

    def unknown(self) -> list[str]:
        """What leaves a part of the ancestry open, in words; empty if nothing does."""
        lost = [f"{m.place} is gone" for m in self.members.values() if not m.content]
        return lost + [
            f"{member.place} was made from another {role} than "
            f"{self.members[member.parents[role]].place} is now"
            for member in self.members.values()
            for role in member.replaced
        ]


def family_of(manifests: Iterable[Path]) -> Family:
    """The artefacts of these manifests with their ancestors.

    Raises:
        ConfigError: a manifest is not what it was.
    """
    roots = tuple(path.absolute() for path in manifests)
    found = ancestry(roots)
    members = {path: _member(path, content, found) for path, content in found.items()}
    for path, content in found.items():
        for role, parent in members[path].parents.items():
            if parent not in members:
                place = place_of(Path(content["parents"][role]["path"]))
                members[parent] = Member(place, {}, {})
    return Family(roots, members)


def _member(
    path: Path, content: Mapping[str, Any], found: Mapping[Path, Mapping[str, Any]]
) -> Member:
    parents = parents_of(path, content)
    replaced = tuple(
        role
        for role, parent in parents.items()
        if parent in found and found[parent]["id"] != content["parents"][role]["id"]
    )
    return Member(content["path"], content, parents, replaced)


def family_part(family: Family, path: Path) -> Family:
    """One artefact of a family with its own ancestors."""
    found: dict[Path, Member] = {}
    todo = [path]
    while todo:
        place = todo.pop()
        if place not in found:
            found[place] = family.members[place]
            todo.extend(found[place].parents.values())
    return Family((path,), found)
