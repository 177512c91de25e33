"""The ancestry of artefacts as indented lines."""

from __future__ import annotations

from pathlib import Path

from subliminal.lineage.family import Family, family_of


def tree(family: Family) -> list[str]:
    """The ancestry, a line per artefact, each once; a lost manifest is said to be lost."""
    lines: list[str] = []
    seen: set[Path] = set()
    todo = [(root, 0) for root in reversed(family.roots)]
    while todo:
        path, depth = todo.pop()
        if path in seen:
            continue
        seen.add(path)
        member = family.members[path]
        lines.append(f"{'  ' * depth}{member.about}  [{member.place}]")
        todo += [(parent, depth + 1) for parent in reversed(list(member.parents.values()))]
    return lines


def render(manifest: Path) -> str:
    """The ancestry of one artefact, as text."""
    return "\n".join(tree(family_of([manifest])))
