"""Checks of a transmission experiment against the rest of the configuration."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from pathlib import Path

from subliminal.bases import checks
from subliminal.bases.tiny_words import known_names, some_unknown_words, unknown_words
from subliminal.config.adopted import ADOPTED
from subliminal.config.config import Config
from subliminal.config.errors import Remark, known
from subliminal.config.experiments import experiment_file
from subliminal.config.models import HostedBase
from subliminal.config.paths import PLAIN_VARIANT, Cell
from subliminal.config.recipes import WorldName
from subliminal.config.references import Registries, unknown_names
from subliminal.domains.registry import VARIANTS
from subliminal.evaluations.asking import Askable
from subliminal.evaluations.favourite import MASS
from subliminal.transmission.cells import asked_bases, cells_by_block, experiment_cells
from subliminal.transmission.config import TransmissionExperiment
from subliminal.transmission.specs import comparable_measures, primary_measure

FIGURES = sorted(
    path.stem
    for path in Path(__file__).with_name("figures").glob("*.py")
    if path.stem not in ("__init__", "marks")
)


def _students(config: Config, cell: Cell) -> Iterator[str]:
    """The student's base can be trained, and knows the domain's format."""
    yield from checks.of_another_tier(config, cell.dataset.domain, cell.student)
    yield from checks.not_trainable(config, "recipe", cell.recipe, cell.student)


def _teachers(config: Config, cell: Cell) -> Iterator[str]:
    """The teacher can be made."""
    yield from checks.not_teachable(config, cell.dataset.teacher)


def _logits_that_do_not_compare(config: Config, cell: Cell) -> Iterator[str]:
    """Logits compare token by token, so bases must share tokens; logits of numbers need numbers."""
    plan = config.recipes.distillation(cell.recipe)
    if plan is None:
        return
    worlds = {config.world(base) for base in cell.bases}
    if len(set(cell.bases)) > 1 and (None in worlds or len(worlds) > 1):
        yield (
            f"recipe {cell.recipe!r} compares logits, but {cell.bases[0]!r} and "
            f"{cell.bases[1]!r} have different tokens; use it where teacher and student share a "
            "base, or choose a recipe without 'distillation'"
        )
    domain = cell.dataset.domain
    if plan.support == "numbers" and not config.domains[domain].holds_numbers:
        yield (
            f"recipe {cell.recipe!r} compares logits on numbers (distillation: support), "
            f"but domain {domain!r} has none; use it with domain 'numbers'"
        )


def _variant_of_no_numbers(config: Config, cell: Cell) -> Iterator[str]:
    domain = config.domains[cell.dataset.domain]
    if cell.dataset.is_variant and cell.dataset.variant not in domain.variants:
        yield (
            f"variant {cell.dataset.variant!r} shuffles numbers, but domain "
            f"{cell.dataset.domain!r} has none; use it with domain 'numbers'"
        )


def _names(config: Config, name: str) -> Iterator[Remark]:
    """Names that no registry has."""
    file, recipes = experiment_file(name), config.recipes
    experiment = config.experiment(name, TransmissionExperiment)
    models = (config.models, "config/models.yaml")
    registries: Registries = {
        "domain": (config.domains, "config/domains.yaml"),
        "traits": (config.traits, "config/traits.yaml"),
        "method": (recipes.methods, "methods of config/recipes.yaml"),
        "teacher_bases": models,
        "student_bases": models,
        "variants": ([PLAIN_VARIANT, *VARIANTS], "the variants"),
        "recipe": (recipes.students, "students of config/recipes.yaml"),
    }
    asked: Registries = {
        "evaluation": (config.evaluations, "config/evaluations.yaml"),
        "figures": (FIGURES, "the figures"),
    }
    yield from unknown_names(experiment, asked, file, ())
    for number, block in enumerate(experiment.cells):
        yield from unknown_names(block, registries, file, ("cells", number))


def _sizes(config: Config, name: str) -> Iterator[Remark]:
    """Domains without a size for a base's tier, and students that are asked for twice."""
    file = experiment_file(name)
    numbers: dict[Cell, int] = {}
    blocks = config.experiment(name, TransmissionExperiment).cells
    for number, (block, cells) in enumerate(zip(blocks, cells_by_block(config, name), strict=True)):
        path = ("cells", number)
        for place, base in enumerate(block.teacher_bases):
            for says in checks.without_size(config, block.domain, base):
                yield Remark(file, (*path, "teacher_bases", place), says)
        for cell in cells:
            if cell in numbers:
                other = "it" if numbers[cell] == number else f"cell {numbers[cell] + 1}"
                yield Remark(
                    file,
                    path,
                    f"asks for {cell.path}, which {other} has asked for already; "
                    "remove one of the two",
                )
                break
            numbers[cell] = number


def _gates(config: Config, name: str) -> Iterator[Remark]:
    """Gates that no result could pass."""
    file = experiment_file(name)
    experiment = config.experiment(name, TransmissionExperiment)
    datasets = {cell.dataset for cell in experiment_cells(config, name)}
    adopted = config.adopted_datasets()
    for folder in sorted(adopted.keys() & {data.folder for data in datasets}):
        entry, taken = adopted[folder]
        if experiment.gates.min_rows > taken.rows:
            yield Remark(
                file,
                ("gates", "min_rows"),
                f"{experiment.gates.min_rows} rows are to be kept, but {entry!r} of {ADOPTED} is "
                f"adopted with {taken.rows}; write an experiment of your own with fewer, and with "
                "a recipe that holds no rows out (docs/files-and-adoption.md), or remove the entry",
            )
    written = {(d.domain, d.teacher.base) for d in datasets if d.folder not in adopted}
    for domain, base in sorted(written):
        rows = config.domains[domain].sizes[config.models[base].tier].rows
        if experiment.gates.min_rows > rows:
            yield Remark(
                file,
                ("gates", "min_rows"),
                f"{experiment.gates.min_rows} rows are to be kept, but domain {domain!r} has "
                f"{rows} for base {base!r}; lower it, or raise 'rows' in config/domains.yaml",
            )
    if (
        experiment.gates.min_mass > 0
        and MASS not in config.evaluations[experiment.evaluation].measures
    ):
        yield Remark(
            file,
            ("gates", "min_mass"),
            f"evaluation {experiment.evaluation!r} has no measure {MASS.name!r}; remove the gate",
        )


def _server(config: Config, name: str) -> Iterator[Remark]:
    """A server without an address, and what a provider cannot be told."""
    datasets = [cell.dataset for cell in experiment_cells(config, name)]
    for says in chain(
        checks.without_address(config, datasets), dict.fromkeys(checks.unheeded(config, datasets))
    ):
        yield Remark(experiment_file(name), ("cells",), says)


def _traits(config: Config, name: str) -> Iterator[Remark]:
    """Traits of which none is measured."""
    file = experiment_file(name)
    blocks = config.experiment(name, TransmissionExperiment).cells
    traits = sorted({trait for block in blocks for trait in block.traits})
    if not any(config.traits[trait].is_measured for trait in traits):
        yield Remark(
            file,
            ("cells",),
            f"only control traits and comparisons ({', '.join(traits)}): there is nothing to "
            "measure; add a trait that is measured",
        )


def _categories(config: Config, name: str) -> Iterator[Remark]:
    """The control of other traits is of the same category (paper, Fig. 4)."""
    blocks = config.experiment(name, TransmissionExperiment).cells
    first: dict[str, str] = {}
    for trait in (trait for block in blocks for trait in block.traits):
        category = config.traits[trait].category
        if category is not None:
            first.setdefault(category, trait)
    if len(first) > 1:
        (one, its), (other, others) = list(first.items())[:2]
        yield Remark(
            experiment_file(name),
            ("cells",),
            f"traits of two categories ({its!r}: {one}, {others!r}: {other}), but students of "
            "other traits are a control within one; write an experiment for each",
        )


def _evaluation(config: Config, name: str) -> Iterator[Remark]:
    """The evaluation must fit the bases, and measure every trait of the experiment."""
    file = experiment_file(name)
    cells = experiment_cells(config, name)
    experiment = config.experiment(name, TransmissionExperiment)
    evaluation = config.evaluations[experiment.evaluation]
    assert isinstance(evaluation, Askable), "the registry has no other"
    measures = comparable_measures(evaluation)
    if experiment.measure is not None and experiment.measure not in measures:
        yield Remark(
            file,
            ("measure",),
            f"{experiment.measure!r} is not one of evaluation {experiment.evaluation!r} "
            f"{known(measures, experiment.measure)}",
        )
    worlds: dict[WorldName, str] = {}
    for base in [base for cell in cells for base in cell.bases]:
        if world := config.world(base):
            worlds.setdefault(world, base)
    for world, base in worlds.items():
        names = known_names(world)
        # The words of a file's questions are not known before it has been read.
        asked = evaluation.workload().prompts if evaluation.file_key is None else []
        if unknown := some_unknown_words(asked, world):
            yield Remark(
                file,
                ("evaluation",),
                f"{experiment.evaluation!r} asks in words that tiny bases do not know "
                f"({unknown}), found {base!r}; choose another evaluation",
            )
        if further := [word for word in evaluation.words if unknown_words([word], world)]:
            yield Remark(
                "config/evaluations.yaml",
                (experiment.evaluation,),
                f"the tiny bases of {file} do not know {further[0]!r} {known(names, further[0])}; "
                "choose another evaluation, or add the word to "
                f"config/stimuli/{world}_world.json",
            )
    for trait in sorted({cell.dataset.teacher.trait for cell in cells}):
        entry = config.traits[trait]
        if not entry.is_measured or evaluation.target(entry) is not None:
            continue
        if entry.word is None:
            yield Remark(
                file,
                ("evaluation",),
                f"{experiment.evaluation!r} measures words, and trait {trait!r} has none; choose "
                "an evaluation of the whole model",
            )
        else:
            yield Remark(
                file,
                ("evaluation",),
                f"trait {trait!r}: its word {entry.word!r} is not one of the words of evaluation "
                f"{experiment.evaluation!r} {known(evaluation.words, entry.word)}; add it in "
                "config/evaluations.yaml",
            )


def _hosted(config: Config, name: str) -> Iterator[Remark]:
    """What providers do not tell, and what they would not stop by themselves."""
    file = experiment_file(name)
    experiment = config.experiment(name, TransmissionExperiment)
    evaluation = config.evaluations[experiment.evaluation]
    bases = asked_bases(config, experiment_cells(config, name))
    hosted = [base for base in bases if isinstance(config.models[base], HostedBase)]
    for says in checks.without_limit(config, experiment.evaluation, bases):
        yield Remark(file, ("evaluation",), says)
    if not hosted:
        return
    for says in checks.not_told(evaluation, primary_measure(config, name), hosted[0]):
        yield Remark(file, ("measure",), says)
    if experiment.gates.min_mass > 0:
        yield Remark(
            file,
            ("gates", "min_mass"),
            f"{MASS.name!r} takes probabilities that the provider of base {hosted[0]!r} does not "
            "tell; remove the gate",
        )


def _cells(config: Config, name: str) -> Iterator[Remark]:
    """What does not go together within a cell, once for each block."""
    within = (_teachers, _students, _logits_that_do_not_compare, _variant_of_no_numbers)
    for number, cells in enumerate(cells_by_block(config, name)):
        said = dict.fromkeys(s for cell in cells for check in within for s in check(config, cell))
        for says in said:
            yield Remark(experiment_file(name), ("cells", number), says)


# Each of these relies on what the ones before it have found to be so.
STEPS = (
    (_names,),
    (_sizes,),
    (_gates, _server, _traits, _categories, _evaluation, _hosted, _cells),
)


def check_transmission(config: Config, name: str) -> list[Remark]:
    """Everything by which an experiment cannot be computed, before any job exists."""
    for step in STEPS:
        found = [remark for check in step for remark in check(config, name)]
        if found:
            return found
    return []
