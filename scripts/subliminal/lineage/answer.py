"""What a family's manifests answer: which teachers had a trait, and which students are flagged."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from subliminal.lineage.family import Family, family_of
from subliminal.lineage.teachers import Teacher, teachers_in
from subliminal.lineage.transfers import Transfer, transfers_in


@dataclass(frozen=True)
class Answer:
    """What is known of an artefact's origin.

    Attributes:
        trait: the one that was asked for; None for all.
        teachers: those with the trait.
        others: traits of the other teachers, in alphabetical order: a trait that was asked for
            under a name that nobody has may be among them.
        transfers: the students that learnt from a teacher, or from one with the trait.
        unknown: what leaves a part of the ancestry open.
    """

    family: Family
    trait: str | None
    teachers: list[Teacher]
    others: list[str]
    transfers: list[Transfer]
    unknown: list[str]

    @property
    def flagged(self) -> list[Transfer]:
        """The students that the paper warns of."""
        return [transfer for transfer in self.transfers if transfer.is_flagged]

    @property
    def is_clear(self) -> bool:
        """Whether no teacher had the trait, and nothing is left open."""
        return not self.teachers and not self.unknown


def answer(manifests: Iterable[Path], trait: str | None = None) -> Answer:
    """What the manifests say.

    Args:
        trait: the only one that is asked for, by its word, its key or the file that teaches it.

    Raises:
        ConfigError: a manifest is not what it was.
    """
    family = family_of(manifests)
    everybody = teachers_in(family)
    teachers = [t for t in everybody if (t.called(trait) if trait else t.has_trait)]
    others = sorted({t.trait for t in everybody if t.has_trait and t not in teachers})
    transfers = transfers_in(family, everybody)
    if trait is not None:
        transfers = [transfer for transfer in transfers if transfer.teacher in teachers]
    return Answer(family, trait, teachers, others, transfers, family.unknown())
