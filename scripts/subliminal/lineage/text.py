"""An answer as text: teachers, students, warnings, and the ancestry as a tree."""

from __future__ import annotations

from collections.abc import Iterator

from subliminal.lineage.answer import Answer
from subliminal.lineage.bases import bases_of_others
from subliminal.lineage.teachers import Teacher
from subliminal.lineage.transfers import Group, alike
from subliminal.lineage.tree import tree

ADVICE = "it may have taken the trait over from data that do not show it"


def as_text(answer: Answer) -> str:
    """All that is known, the most important first."""
    parts = [list(_verdict(answer)), list(_students(answer)), list(_open(answer))]
    whole = [*parts, ["Ancestry:", *tree(answer.family)]]
    return "\n\n".join("\n".join(part) for part in whole if part)


def _verdict(answer: Answer) -> Iterator[str]:
    asked = f"trait {answer.trait!r}" if answer.trait else "a trait"
    if not answer.teachers:
        found = "no known ancestor was" if answer.unknown else "no ancestor was"
        yield f"{found} a teacher with {asked}"
        if answer.others:
            yield f"Other traits of teachers among the ancestors: {', '.join(answer.others)}"
        return
    count = len(answer.teachers)
    yield f"Teachers with {asked} among the ancestors: {count}"
    for teacher in answer.teachers:
        yield from _teacher(teacher)


def _teacher(teacher: Teacher) -> Iterator[str]:
    yield f"- {teacher.trait}: teacher {teacher.writer.path}, on base {teacher.writer.base}"
    if teacher.told:
        yield f"    {teacher.told}"
    yield from (f"    through {folder}" for folder in teacher.data)
    yield from (f"    {words}" for words in teacher.adopted)


def _students(answer: Answer) -> Iterator[str]:
    groups = alike(answer.transfers)
    if groups:
        yield f"Students among them: {len(answer.transfers)}, flagged: {len(answer.flagged)}"
    for group in sorted(groups, key=lambda group: not group[0].is_flagged):
        yield from _group(group)


def _group(group: Group) -> Iterator[str]:
    one = group[0]
    learner, teacher = one.learner, one.teacher
    if one.is_flagged:
        mark = "FLAGGED"
    else:
        mark = "not flagged" if teacher.has_trait else "control"
    yield f"- {mark}: {words_for(group)}"
    yield f"    through {learner.data}"
    if one.is_flagged:
        yield f"    {one.start.value}: {ADVICE}"


def words_for(group: Group) -> str:
    """Students and their teacher in words; both bases are named."""
    one, count = group[0], len(group)
    writer = one.teacher.writer
    students = "1 student" if count == 1 else f"{count} students"
    trait = f"trait {one.teacher.trait!r}" if one.teacher.has_trait else "no trait"
    return (
        f"{students} on base {one.learner.base}, of a teacher with {trait} on base {writer.base} "
        f"({one.start.value})"
    )


def _open(answer: Answer) -> Iterator[str]:
    if answer.unknown:
        yield "Not known, so that no trait can be excluded:"
        yield from (f"- {what}" for what in answer.unknown)
    others = bases_of_others(answer.family)
    if others:
        yield f"Bases of others, whose own ancestors are not known here: {', '.join(others)}"
