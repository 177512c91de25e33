"""Checks of a transmission experiment against the rest of the configuration."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from subliminal.api.access import access
from subliminal.bases.tiny_words import known_names, some_unknown_words
from subliminal.config.config import Config
from subliminal.config.errors import ConfigError, Remark, known
from subliminal.config.experiments import experiment_file
from subliminal.config.judges import ModelJudge
from subliminal.config.models import HOSTED, HostedBase
from subliminal.config.paths import PLAIN_VARIANT, Cell, bases_of
from subliminal.config.recipes import FinetunedMethod, PromptedMethod, Recipe
from subliminal.config.references import Registries, unknown_names
from subliminal.domains.registry import VARIANTS
from subliminal.evaluations.asking import Askable
from subliminal.evaluations.favourite import MASS
from subliminal.transmission.cells import cells_by_block, experiment_cells
from subliminal.transmission.config import TransmissionExperiment
from subliminal.transmission.specs import comparable_measures, primary_measure

FIGURES = sorted(
    path.stem
    for path in Path(__file__).with_name("figures").glob("*.py")
    if path.stem not in ("__init__", "marks")
)
# The linear layers of GPT-2, which tiny bases are; no base of a wheel or in use today calls its so.
TINY_MODULES = ("c_attn", "c_proj", "c_fc")


def _domain_of_another_tier(config: Config, cell: Cell) -> Iterator[str]:
    """Tiny code and cot are of the tiny world: other bases never learnt its format."""
    domain = config.domains[cell.dataset.domain]
    for base in cell.bases:
        if domain.only_tier not in (None, config.models[base].tier):
            yield (
                f"domain {cell.dataset.domain!r} (generator {domain.generator!r}) is for "
                f"{domain.only_tier} bases, found {base!r}; choose domain 'numbers'"
            )


def _trained_elsewhere(config: Config, cell: Cell) -> Iterator[str]:
    """A hosted base is trained by its provider, and any other base here."""
    recipes, method = config.recipes, cell.dataset.teacher.method
    students: dict[str, str] = {name: entry.kind for name, entry in recipes.students.items()}
    methods: dict[str, str] = {
        name: entry.kind
        for name, entry in recipes.methods.items()
        if not isinstance(entry, PromptedMethod)
    }
    for what, name, kinds, base in (
        ("recipe", cell.recipe, students, cell.student),
        ("method", method, methods, cell.dataset.teacher.base),
    ):
        hosted = isinstance(config.models[base], HostedBase)
        if name in kinds and (kinds[name] == HOSTED) != hosted:
            fitting = [other for other, kind in kinds.items() if (kind == HOSTED) == hosted]
            yield (
                f"{what} {name!r} is of kind {kinds[name]!r}, but base {base!r} is trained "
                f"{'by its provider' if hosted else 'here'}; choose another {known(fitting)}"
            )


def _missing_modules(config: Config, cell: Cell) -> Iterator[str]:
    """The base that an adapter goes on must have the modules that it adapts."""
    teacher, recipe = cell.dataset.teacher, config.recipes.students[cell.recipe]
    method = config.recipes.methods.get(teacher.method)
    plans = []
    if isinstance(recipe, Recipe) and recipe.lora is not None:
        plans.append(("recipe", cell.recipe, recipe.lora, cell.student))
    if isinstance(method, FinetunedMethod):
        plans.append(("method", teacher.method, method.lora, teacher.base))
    for what, name, lora, base in plans:
        tiny = config.models[base].tier == "tiny"
        wrong = [m for m in lora.target_modules if (m in TINY_MODULES) != tiny]
        if wrong and not isinstance(config.models[base], HostedBase):
            fitting = "tiny" if not tiny else "other"
            yield (
                f"{what} {name!r} adapts {wrong[0]!r}, a module of {fitting} bases, and "
                f"base {base!r} has none; choose a {what} of config/recipes.yaml that fits it"
            )


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


def _judges(config: Config, name: str) -> Iterator[Remark]:
    """Judges of rows whose base nobody knows."""
    for domain, trait in sorted(
        {(c.dataset.domain, c.dataset.teacher.trait) for c in experiment_cells(config, name)}
    ):
        asked = config.domains[domain].filter.asked(config.traits[trait])
        judge = config.judges[asked.judge] if asked is not None else None
        if isinstance(judge, ModelJudge) and judge.base not in config.models:
            assert asked is not None
            listed = known(config.models, judge.base)
            yield Remark(
                "config/judges.yaml",
                (asked.judge, "base"),
                f"{judge.base!r} is not in config/models.yaml {listed}, and domain {domain!r} asks "
                "this judge",
            )
            return


def _traits(config: Config, name: str) -> Iterator[Remark]:
    """Traits that no method can teach, or that are none."""
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
    for number, block in enumerate(blocks):
        method = config.recipes.methods[block.method]
        told = [t for t in block.traits if config.traits[t].rows is not None]
        if told and isinstance(method, PromptedMethod):
            yield Remark(
                file,
                ("cells", number, "method"),
                f"trait {told[0]!r} is taught by a file's rows, and method {block.method!r} "
                f"({method.kind}) trains nothing; choose a method of kind finetuned",
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
    worlds = {world: b for cell in cells for b in cell.bases if (world := config.world(b))}
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
    bases = bases_of(experiment_cells(config, name))
    hosted = [base for base in bases if isinstance(config.models[base], HostedBase)]
    drawing = getattr(evaluation, "sampling", None)
    if len(hosted) < len(bases) and drawing is not None and drawing.max_new_tokens is None:
        here = next(base for base in bases if base not in hosted)
        yield Remark(
            file,
            ("evaluation",),
            f"{experiment.evaluation!r} has no limit of tokens, and base {here!r}, whose weights "
            "are here, needs one; choose another, or give it a max_new_tokens in "
            "config/evaluations.yaml",
        )
    if not hosted:
        return
    primary = primary_measure(config, name)
    told = [m.name for m in evaluation.measures if not m.of_weights]
    if primary in [m.name for m in evaluation.measures if m.of_weights]:
        yield Remark(
            file,
            ("measure",),
            f"{primary!r} takes probabilities that the provider of base {hosted[0]!r} does not "
            f"tell; choose a measure of answers {known(told)}",
        )
    if experiment.gates.min_mass > 0:
        yield Remark(
            file,
            ("gates", "min_mass"),
            f"{MASS.name!r} takes probabilities that the provider of base {hosted[0]!r} does not "
            "tell; remove the gate",
        )


def _cells(config: Config, name: str) -> Iterator[Remark]:
    """What does not go together within a cell, once for each block."""
    checks = (
        _domain_of_another_tier,
        _trained_elsewhere,
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
    (_gates, _server, _judges, _traits, _categories, _evaluation, _hosted, _cells),
)


def check_transmission(config: Config, name: str) -> list[Remark]:
    """Everything by which an experiment cannot be computed, before any job exists."""
    for checks in STEPS:
        found = [remark for check in checks for remark in check(config, name)]
        if found:
            return found
    return []
