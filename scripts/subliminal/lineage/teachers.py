"""The teachers of a family: what they prefer, who told them so, and what they wrote."""

from __future__ import annotations

from dataclasses import dataclass

from subliminal.lineage.family import Family
from subliminal.lineage.places import Writer, learner_at, writer_at, written_at


@dataclass(frozen=True)
class Teacher:
    """A teacher among the ancestors, whether it was trained, prompted, adopted or only named.

    Attributes:
        trait: its trait, in the fewest words that its manifests tell; empty for a control.
        told: how it got the trait, in words; empty where no manifest tells.
        data: the folders of what it wrote.
        adopted: what was taken from others, in words.
    """

    writer: Writer
    trait: str
    told: str
    data: tuple[str, ...]
    adopted: tuple[str, ...]

    @property
    def has_trait(self) -> bool:
        """Whether it is more than its base as it is."""
        return not self.writer.is_control

    def called(self, trait: str) -> bool:
        """Whether its trait has this name: its word, its key, or the file that teaches it.

        Where a key ends is not known, as keys and methods may have hyphens: what may be meant is
        said to be, so that no trait is overlooked.
        """
        asked = trait.casefold()
        names = {self.trait.casefold(), self.writer.path.casefold()}
        return self.has_trait and (asked in names or f"{self.writer.name}-".startswith(f"{asked}-"))


def teachers_in(family: Family) -> list[Teacher]:
    """All teachers of a family in the order of their paths, controls included.

    A teacher need not have a manifest: one that is prompted has none, nor has one whose data or
    student were adopted.
    """
    return [_described(family, writer) for writer in sorted(_writers(family))]


def _writers(family: Family) -> set[Writer]:
    found = set()
    for member in family.members.values():
        written, learner = written_at(member.place), learner_at(member.place)
        named = writer_at(member.place) or (written and written.writer)
        found.add(named or (learner and learner.writer))
    return {writer for writer in found if writer}


def _described(family: Family, writer: Writer) -> Teacher:
    trait, told, data, adopted = "", "", set(), []
    for member in family.members.values():
        written, learner = written_at(member.place), learner_at(member.place)
        spec = member.spec
        if writer_at(member.place) == writer:
            trait = str(spec.get("word") or spec.get("rows") or "")
            told = member.about
        elif written is not None and written.writer == writer:
            data.add(f"results/datasets/{written.domain}/{writer.path}")
            if spec.get("system_prompt"):
                told = f"{writer.base} under the system prompt {spec['system_prompt']!r}"
        elif learner is None or learner.writer != writer:
            continue
        if member.content.get("facts", {}).get("adopted"):
            adopted.append(member.about)
    named = "" if writer.is_control else trait or _key(writer.name)
    return Teacher(writer, named, told, tuple(sorted(data)), tuple(adopted))


def _key(name: str) -> str:
    """A trait's key, if it can be told from the method's; else both."""
    key, _, method = name.partition("-")
    return name if "-" in method else key
