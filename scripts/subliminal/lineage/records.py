"""An answer as data, for programs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from subliminal.lineage.answer import Answer
from subliminal.lineage.bases import bases_of_others
from subliminal.lineage.family import Member
from subliminal.lineage.teachers import Teacher
from subliminal.lineage.transfers import Transfer


def as_record(answer: Answer) -> dict[str, Any]:
    """All that is known, as JSON holds it; places are seen from the folder that holds `results`."""
    members = answer.family.members
    return {
        "asked": [members[root].place for root in answer.family.roots],
        "trait": answer.trait,
        "other_traits": answer.others,
        "teachers": [_teacher(teacher) for teacher in answer.teachers],
        "students": [_transfer(transfer) for transfer in answer.transfers],
        "unknown": answer.unknown,
        "bases_of_others": bases_of_others(answer.family),
        "artefacts": [_member(member, members) for member in members.values()],
    }


def _teacher(teacher: Teacher) -> dict[str, Any]:
    return {
        "trait": teacher.trait,
        "teacher": teacher.writer.path,
        "base": teacher.writer.base,
        "told": teacher.told,
        "data": list(teacher.data),
        "adopted": list(teacher.adopted),
    }


def _transfer(transfer: Transfer) -> dict[str, Any]:
    teacher = transfer.teacher
    return {
        "student": transfer.place,
        "base": transfer.learner.base,
        "teacher": teacher.writer.path,
        "teacher_base": teacher.writer.base,
        "trait": teacher.trait or None,
        "data": transfer.learner.data,
        "start": transfer.start.value,
        "flagged": transfer.is_flagged,
    }


def _member(member: Member, members: Mapping[Path, Member]) -> dict[str, Any]:
    content = member.content
    return {
        "place": member.place,
        "id": content.get("id"),
        "stage": content.get("stage"),
        "about": member.about,
        "adopted": bool(content.get("facts", {}).get("adopted")),
        "parents": {role: members[path].place for role, path in member.parents.items()},
        "replaced": list(member.replaced),
        "outputs": content.get("outputs", {}),
    }
