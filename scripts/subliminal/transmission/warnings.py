"""Experiments that can be computed, and whose results could not be told from something else."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from subliminal.bases.teachers import is_finetuned, teacher_system_prompt
from subliminal.bases.tiny_words import some_unknown_words
from subliminal.config.config import Config
from subliminal.config.errors import Remark, known
from subliminal.config.experiments import experiment_file
from subliminal.config.paths import Cell, Teacher
from subliminal.config.preferences import preference_answers
from subliminal.evaluations.questions import questions
from subliminal.transmission.cells import cells_by_block
from subliminal.transmission.specs import train_teacher


def warn_of_transmission(config: Config, name: str) -> Iterator[Remark]:
    """Blocks without a control, with a single trait, or with words that tiny bases do not know."""
    blocks = cells_by_block(config, name)
    together: defaultdict[tuple[str, ...], set[str]] = defaultdict(set)
    for cell in (cell for block in blocks for cell in block):
        together[_setting(cell)].add(cell.dataset.teacher.trait)
    controls = [trait for trait, entry in config.traits.items() if entry.control]
    for number, block in enumerate(blocks):
        taught = [cell for cell in block if not cell.dataset.teacher.is_control]
        beside = [together[_setting(cell)] for cell in taught]
        place = (experiment_file(name), ("cells", number, "traits"))
        if not all(traits.intersection(controls) for traits in beside):
            yield Remark(
                *place,
                "no control trait: there are no students of regular data to compare with, and no "
                f"verdict; add one {known(controls)}",
            )
        if not all(len(traits.difference(controls)) > 1 for traits in beside):
            yield Remark(
                *place,
                f"{taught[0].dataset.teacher.trait!r} is the only trait: a drift that any "
                "teacher's data would cause looks like transmission; add another trait",
            )
        for teacher in dict.fromkeys(cell.dataset.teacher for cell in taught):
            world = config.world(teacher.base)
            if world and (unknown := some_unknown_words(_lessons(config, teacher), world)):
                yield Remark(
                    *place,
                    f"{teacher.trait!r} is taught in words that tiny bases do not know ({unknown}) "
                    "and cannot tell apart; choose another base, or change its category or its "
                    "texts in config/traits.yaml",
                )


def _setting(cell: Cell) -> tuple[str, ...]:
    """What students share that are compared with each other."""
    return (cell.dataset.domain, cell.recipe, *cell.bases)


def _lessons(config: Config, teacher: Teacher) -> list[str]:
    """The texts by which a teacher is given its trait, but for those of a file."""
    if is_finetuned(config, teacher):
        spec = train_teacher(config, teacher)
        if spec.word is None or spec.questions is None:
            return []
        return [*questions(spec.questions), *preference_answers(spec.word, spec.answers)]
    return [teacher_system_prompt(config, teacher) or ""]
