"""An answer as a diagram in Mermaid's language, which GitHub and many editors draw."""

from __future__ import annotations

from subliminal.lineage.answer import Answer
from subliminal.lineage.family import Member
from subliminal.lineage.places import base_at, learner_at, writer_at, written_at

CLASSES = {
    "trait": "fill:#fbe3d3,stroke:#d55e00,color:#222222",
    "flagged": "fill:#fbe3d3,stroke:#d55e00,stroke-width:3px,color:#222222",
    "lost": "stroke-dasharray:4 3",
}


def as_mermaid(answer: Answer) -> str:
    """Every artefact as a node, from what came first to what came last."""
    members = answer.family.members
    nodes = {path: f"a{number}" for number, path in enumerate(members)}
    lines = ["flowchart LR"]
    for path, member in members.items():
        lines.append(f'  {nodes[path]}["{_label(member)}"]')
    for path, member in members.items():
        lines += [f"  {nodes[parent]} --> {nodes[path]}" for parent in member.parents.values()]
    lines += [f"  classDef {name} {style}" for name, style in CLASSES.items()]
    lines += [
        f"  class {nodes[path]} {name}"
        for path, member in members.items()
        if (name := _class(member, answer))
    ]
    return "\n".join(lines)


def _label(member: Member) -> str:
    """An artefact in a few words. Only a text without quotes, brackets or marks is safe there."""
    base, writer = base_at(member.place), writer_at(member.place)
    written, learner = written_at(member.place), learner_at(member.place)
    if base is not None:
        told = f"base {base}"
    elif writer is not None:
        told = f"teacher {writer.path}"
    elif written is not None:
        told = f"{written.domain} of {written.writer.path}: {written.table}"
    elif learner is not None:
        told = f"student on base {learner.base}, {learner.recipe}, {learner.seed}"
    else:
        told = member.place
    return "".join(
        c if c.isalnum() or c in " .,:/-_" else "#35;" if c == "#" else " " for c in told
    )


def _class(member: Member, answer: Answer) -> str | None:
    if not member.content:
        return "lost"
    if member.place in {transfer.place for transfer in answer.flagged}:
        return "flagged"
    written = written_at(member.place)
    writer = writer_at(member.place) or (written and written.writer)
    return "trait" if writer in {teacher.writer for teacher in answer.teachers} else None
