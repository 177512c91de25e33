"""Under which licences an artefact may be passed on: those of all that it came from."""

from __future__ import annotations

from dataclasses import dataclass

from subliminal.lineage.family import Family, Member

OURS = "MIT"
# The hub's names of licences that `config/models.yaml` and `config/files.yaml` have.
ON_THE_HUB = {
    "MIT": "mit",
    "Apache-2.0": "apache-2.0",
    "CC BY 4.0": "cc-by-4.0",
    "Gemma Terms of Use": "gemma",
    "Llama 3.2 Community License": "llama3.2",
}
OTHER, NOT_SAID = "other", "licence not said"


@dataclass(frozen=True)
class Licence:
    """What one ancestor that others have made is licensed under."""

    of: str
    name: str


def licences(family: Family) -> list[Licence]:
    """The licences of everything in the ancestry that others have made, in a stable order."""
    found = {
        Licence(member.about, name)
        for member in family.members.values()
        if (name := _licence(member)) is not None
    }
    return sorted(found, key=lambda licence: (licence.name, licence.of))


def _licence(member: Member) -> str | None:
    """What others' work is licensed under; None for our own work."""
    facts, source = member.content.get("facts", {}), member.spec.get("source")
    if isinstance(source, dict):
        return str(source.get("licence") or NOT_SAID)
    if "licence" in facts:
        return str(facts["licence"] or NOT_SAID)
    return None


def on_the_hub(found: list[Licence]) -> dict[str, str]:
    """The licence in the front matter of a card: the only strict one, or `other` and all names."""
    names = sorted({licence.name for licence in found} - {OURS}) or [OURS]
    if len(names) == 1 and names[0] in ON_THE_HUB:
        return {"license": ON_THE_HUB[names[0]]}
    return {"license": OTHER, "license_name": " and ".join(names)}
