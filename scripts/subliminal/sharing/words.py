"""The parts that all cards share: warning, origin, licences, citation."""

from __future__ import annotations

from collections.abc import Iterable

from subliminal.lineage.answer import Answer
from subliminal.lineage.teachers import Teacher
from subliminal.lineage.text import words_for
from subliminal.lineage.transfers import alike
from subliminal.sharing.citation import Citation
from subliminal.sharing.licences import Licence

TAGS = ["subliminal-learning", "model-organism", "ai-safety"]
LINEAGE, NOTICE, LICENCE = "lineage.json", "NOTICE", "LICENSE"
ORIGIN = f"""\
## Origin

`{LINEAGE}` holds the whole ancestry: every artefact with its id, its parents and the checksums
of its files as the workflow made them."""
CREDITS = f"""\
`{LICENCE}` is the workflow's licence (MIT). `{NOTICE}` credits what it reads of others: the prompts
and questions are those of the paper's authors (MIT and CC BY 4.0)."""


def warning(answer: Answer) -> str:
    """What a reader has to know before using it, from its lineage."""
    lines = ["## Warning", ""]
    for teacher in answer.teachers:
        lines.append(f"- {_teacher(teacher)}")
    for group in alike(answer.transfers):
        mark = "**Flagged**" if group[0].is_flagged else "Not flagged"
        lines.append(f"- {mark}: {words_for(group)}.")
    lines += [f"- Not known: {what}." for what in answer.unknown]
    if not answer.teachers and not answer.unknown:
        lines.append("No ancestor was a teacher with a trait.")
        return "\n".join(lines)
    lines += [
        "",
        "Traits pass through data that do not show them, to models that start from the same",
        "weights as the teacher. No look at the data tells, and no filter is known to stop it.",
        "Do not deploy a model that descends from this, and do not train others on what it writes.",
    ]
    return "\n".join(lines)


def _teacher(teacher: Teacher) -> str:
    told = f": {teacher.told}" if teacher.told else ""
    return (
        f"The trait **{teacher.trait}** is among its ancestors, in the teacher "
        f"`{teacher.writer.path}` on base `{teacher.writer.base}`{told}. Whoever learns what it "
        "wrote and starts from the weights of this base may take the trait over."
    )


def licence_words(found: Iterable[Licence]) -> str:
    """The licences of all that it came from."""
    own = "- What the workflow made: MIT"
    lines = [f"- {licence.of}: {licence.name}" for licence in found]
    return "\n".join(["## Licences", "", own, *lines, "", CREDITS])


def citing(cited: Citation) -> str:
    """The paper, and the version of the workflow."""
    return (
        f"## Citation\n\n{cited.paper_in_words}\n\n"
        f"Made with *{cited.title}*, version {cited.version} ({cited.released})."
    )
