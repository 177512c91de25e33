"""Who learnt from whom, and whether the paper warns of it.

A student takes a teacher's trait over from data that do not show it, if both start from the same
weights (Cloud et al., Fig. 4 and 5, ED Fig. 4e). So whether data are safe depends on the base.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from subliminal.lineage.bases import Start, bases_in, related
from subliminal.lineage.family import Family
from subliminal.lineage.places import Learner, learner_at
from subliminal.lineage.teachers import Teacher


@dataclass(frozen=True)
class Transfer:
    """A student and the teacher whose data it learnt.

    Attributes:
        place: the student's manifest, seen from the folder that holds `results`.
        start: how their bases are related.
        about: the student, in the words of its manifest.
    """

    place: str
    about: str
    learner: Learner
    teacher: Teacher
    start: Start

    @property
    def is_flagged(self) -> bool:
        """Whether the paper warns of it: a teacher with a trait, and the same weights to start."""
        return self.teacher.has_trait and self.start.is_shared


def transfers_in(family: Family, teachers: Iterable[Teacher]) -> list[Transfer]:
    """All students of a family, each with its teacher."""
    known, bases = {teacher.writer: teacher for teacher in teachers}, bases_in(family)
    found = []
    for member in family.members.values():
        learner = learner_at(member.place)
        if learner is not None:
            start = related(learner.writer.base, learner.base, bases)
            teacher = known[learner.writer]
            found.append(Transfer(member.place, member.about, learner, teacher, start))
    return sorted(found, key=lambda transfer: transfer.place)


Group = tuple[Transfer, ...]


def alike(transfers: Iterable[Transfer]) -> list[Group]:
    """Transfers that differ in recipe and seeds alone, together."""
    groups: defaultdict[tuple[str, ...], list[Transfer]] = defaultdict(list)
    for transfer in transfers:
        learner = transfer.learner
        writer = learner.writer
        key = (writer.base, learner.domain, learner.variant, writer.name, learner.base)
        groups[key].append(transfer)
    return [tuple(groups[key]) for key in sorted(groups)]
