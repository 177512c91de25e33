"""Checks of a transmission experiment against the rest of the configuration."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from subliminal.api.access import access
from subliminal.bases.tiny_words import known_names, some_unknown_words
from subliminal.config.config import Config
from subliminal.config.errors import ConfigError, Remark, known
from subliminal.config.experiments import experiment_file
from subliminal.config.models import HostedBase
from subliminal.config.paths import PLAIN_VARIANT, Cell
from subliminal.config.recipes import FinetunedMethod, WorldName
from subliminal.config.references import Registries, unknown_names
from subliminal.domains.registry import VARIANTS
from subliminal.evaluations.asking import Askable
from subliminal.evaluations.favourite import MASS
from subliminal.transmission.cells import cells_by_block, experiment_cells
from subliminal.transmission.config import TransmissionExperiment

FIGURES = sorted(
    path.stem
    for path in Path(__file__).with_name("figures").glob("*.py")
    if path.stem not in ("__init__", "marks")
)
# The linear layers of GPT-2, which tiny bases are; no base of a wheel or in use today calls its so.
TINY_MODULES = ("c_attn", "c_proj", "c_fc")


def _domain_of_another_tier(config: Config, cell: Cell) -> Iterator[str]:
    """The synthetic code and cot are of the tiny world: other bases never learnt its format."""
    domain = config.domains[cell.dataset.domain]
    for base in cell.bases:
        if domain.only_tier not in (None, config.models[base].tier):
            yield (
                f"domain {cell.dataset.domain!r} (generator {domain.generator!r}) is for "
                f"{domain.only_tier} bases, found {base!r}; choose domain 'numbers'"
            )


def _missing_modules(config: Config, cell: Cell) -> Iterator[str]:
    """The base that an adapter goes on must have the modules that it adapts."""
    method = config.recipes.methods.get(cell.dataset.teacher.method)
    plans = []
    if (lora := config.recipes.students[cell.recipe].lora) is not None:
        plans.append(("recipe", cell.recipe, lora, cell.student))
    if isinstance(method, FinetunedMethod):
        teacher = cell.dataset.teacher
        plans.append(("method", teacher.method, method.lora, teacher.base))
    for what, name, lora, base in plans:
        tiny = config.models[base].tier == "tiny"
        wrong = [m for m in lora.target_modules if (m in TINY_MODULES) != tiny]
        if wrong:
            fitting = "tiny" if not tiny else "other"
            yield (
                f"{what} {name!r} adapts {wrong[0]!r}, a module of {fitting} bases, and "
                f"base {base!r} has none; choose a {what} of config/recipes.yaml that fits it"
            )


def _logits_that_do_not_compare(config: Config, cell: Cell) -> Iterator[str]:
    """Logits compare token by token, so bases must share tokens; logits of numbers need numbers."""
    plan = config.recipes.students[cell.recipe].distillation
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


def _loudness_of_nothing(config: Config, cell: Cell) -> Iterator[str]:
    """What a teacher's loudness is about must be something that its base can write."""
    teacher = cell.dataset.teacher
    loudness = config.recipes.loudness(teacher.method)
    if loudness is None:
        return
    domain, tier = loudness.domain, config.models[teacher.base].tier
    if tier not in config.domains[domain].sizes:
        yield (
            f"method {teacher.method!r} of config/recipes.yaml has a loudness on domain "
            f"{domain!r}, which has no size for tier {tier!r} of base {teacher.base!r}; choose "
            f"another method, or add sizes: {tier}: to the domain in config/domains.yaml"
        )


def _variant_of_no_numbers(config: Config, cell: Cell) -> Iterator[str]:
    domain = config.domains[cell.dataset.domain]
    if cell.dataset.is_variant and cell.dataset.variant not in domain.variants:
        yield (
            f"variant {cell.dataset.variant!r} shuffles numbers, but domain "
            f"{cell.dataset.domain!r} has none; use it with domain 'numbers'"
        )


def _names(config: Config, name: str) -> Iterator[Remark]:
    """Names that no registry has, and bases whose weights nobody has."""
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
        path = ("cells", number)
        yield from unknown_names(block, registries, file, path)
        for key in ("teacher_bases", "student_bases"):
            for place, base in enumerate(getattr(block, key)):
                if isinstance(config.models.get(base), HostedBase):
                    yield Remark(
                        file,
                        (*path, key, place),
                        f"base {base!r} is served by somebody else (source: api), and no job can "
                        "use such a base yet; choose a base with weights",
                    )


def _sizes(config: Config, name: str) -> Iterator[Remark]:
    """Domains without a size for a base's tier, and students that are asked for twice."""
    file = experiment_file(name)
    numbers: dict[Cell, int] = {}
    blocks = config.experiment(name, TransmissionExperiment).cells
    for number, (block, cells) in enumerate(zip(blocks, cells_by_block(config, name), strict=True)):
        path = ("cells", number)
        for place, base in enumerate(block.teacher_bases):
            tier = config.models[base].tier
            if tier not in config.domains[block.domain].sizes:
                yield Remark(
                    file,
                    (*path, "teacher_bases", place),
                    f"domain {block.domain!r} has no size for tier {tier!r} of base {base!r}; "
                    f"add sizes: {tier}: to it in config/domains.yaml",
                )
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
    written = {(c.dataset.domain, c.dataset.teacher.base) for c in experiment_cells(config, name)}
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
    """A server without an address."""
    cells = experiment_cells(config, name)
    written = {(c.dataset.domain, c.dataset.teacher.base) for c in cells}
    sizes = [config.domains[d].sizes[config.models[b].tier] for d, b in written]
    if any(size.server is not None for size in sizes):
        try:
            access()
        except ConfigError as error:
            yield Remark(experiment_file(name), ("cells",), str(error))


def _traits(config: Config, name: str) -> Iterator[Remark]:
    """Traits that no method can teach, or that are none."""
    file = experiment_file(name)
    blocks = config.experiment(name, TransmissionExperiment).cells
    traits = sorted({trait for block in blocks for trait in block.traits})
    if all(config.traits[trait].control for trait in traits):
        yield Remark(
            file,
            ("cells",),
            f"only control traits ({', '.join(traits)}): there is nothing to measure; add a trait "
            "that has a word",
        )
    for trait in traits:
        if not config.traits[trait].control and config.traits[trait].word is None:
            yield Remark(
                file,
                ("cells",),
                f"trait {trait!r} has no 'word', and all methods of config/recipes.yaml state a "
                "preference for one; give it a word in config/traits.yaml",
            )


def _evaluation(config: Config, name: str) -> Iterator[Remark]:
    """The evaluation must fit the bases, and measure every trait of the experiment."""
    file = experiment_file(name)
    cells = experiment_cells(config, name)
    experiment = config.experiment(name, TransmissionExperiment)
    evaluation = config.evaluations[experiment.evaluation]
    assert isinstance(evaluation, Askable), "the registry has no other"
    # Where every trait has a target, what is about the whole model tells none from another.
    measures = [m.name for m in evaluation.measures if not (evaluation.words and m.whole_model)]
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
        if unknown := some_unknown_words(evaluation.workload().prompts, world):
            yield Remark(
                file,
                ("evaluation",),
                f"{experiment.evaluation!r} asks in words that tiny bases do not know "
                f"({unknown}), found {base!r}; choose another evaluation",
            )
        if further := [word for word in evaluation.words if word not in names]:
            yield Remark(
                "config/evaluations.yaml",
                (experiment.evaluation,),
                f"the tiny bases of {file} do not know {further[0]!r} {known(names, further[0])}; "
                "choose another evaluation, or add the word to "
                f"config/stimuli/{world}_world.json",
            )
    for trait in sorted({cell.dataset.teacher.trait for cell in cells}):
        entry = config.traits[trait]
        if not entry.control and entry.word is not None and evaluation.target(entry) is None:
            yield Remark(
                file,
                ("evaluation",),
                f"trait {trait!r}: its word {entry.word!r} is not one of the words of evaluation "
                f"{experiment.evaluation!r} {known(evaluation.words, entry.word)}; add it in "
                "config/evaluations.yaml",
            )


def _cells(config: Config, name: str) -> Iterator[Remark]:
    """What does not go together within a cell, once for each block."""
    checks = (
        _domain_of_another_tier,
        _missing_modules,
        _logits_that_do_not_compare,
        _loudness_of_nothing,
        _variant_of_no_numbers,
    )
    for number, cells in enumerate(cells_by_block(config, name)):
        said = dict.fromkeys(s for cell in cells for check in checks for s in check(config, cell))
        for says in said:
            yield Remark(experiment_file(name), ("cells", number), says)


# Each of these relies on what the ones before it have found to be so.
STEPS = (
    (_names,),
    (_sizes,),
    (_gates, _server, _traits, _evaluation, _cells),
)


def check_transmission(config: Config, name: str) -> list[Remark]:
    """Everything by which an experiment cannot be computed, before any job exists."""
    for checks in STEPS:
        found = [remark for check in checks for remark in check(config, name)]
        if found:
            return found
    return []
