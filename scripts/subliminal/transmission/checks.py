"""Checks of a transmission experiment against the rest of the configuration."""

from __future__ import annotations

from pathlib import Path

from subliminal.api.access import access
from subliminal.config.config import Config
from subliminal.config.errors import ConfigError, known
from subliminal.config.models import HostedBase, PretrainedBase
from subliminal.config.paths import Cell
from subliminal.config.recipes import FinetunedMethod
from subliminal.domains.tiny_world import animals
from subliminal.evaluations.favourite import MASS
from subliminal.transmission.cells import experiment_cells
from subliminal.transmission.config import Block, TransmissionExperiment

FIGURES = sorted(
    path.stem
    for path in Path(__file__).with_name("figures").glob("*.py")
    if path.stem not in ("__init__", "marks")
)
# The linear layers of GPT-2, which tiny bases are; no base of a wheel or in use today calls its so.
TINY_MODULES = ("c_attn", "c_proj", "c_fc")


def _check_synthetic(config: Config, cell: Cell, shown: str) -> None:
    """The synthetic code and cot are of the tiny world: other bases never learnt its format."""
    domain = config.domains[cell.dataset.domain]
    for base in cell.bases:
        if domain.only_tier not in (None, config.models[base].tier):
            raise ConfigError(
                f"{shown}: domain {cell.dataset.domain!r} (generator {domain.generator!r}) is for "
                f"{domain.only_tier} bases, found {base!r}; choose domain 'numbers'"
            )


def _check_modules(config: Config, cell: Cell, shown: str) -> None:
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
            raise ConfigError(
                f"{shown}: {what} {name!r} adapts {wrong[0]!r}, a module of {fitting} bases, and "
                f"base {base!r} has none; choose a {what} of config/recipes.yaml that fits it"
            )


def _check_distillation(config: Config, cell: Cell, shown: str) -> None:
    """Logits compare token by token, so bases must share tokens; logits of numbers need numbers."""
    plan = config.recipes.students[cell.recipe].distillation
    if plan is None:
        return
    models = [config.models[base] for base in cell.bases]
    if len(set(cell.bases)) > 1 and not all(isinstance(m, PretrainedBase) for m in models):
        raise ConfigError(
            f"{shown}: recipe {cell.recipe!r} compares logits, but {cell.bases[0]!r} and "
            f"{cell.bases[1]!r} have different tokens; use it where teacher and student share a "
            "base, or choose a recipe without 'distillation'"
        )
    domain = cell.dataset.domain
    if plan.support == "numbers" and not config.domains[domain].holds_numbers:
        raise ConfigError(
            f"{shown}: recipe {cell.recipe!r} compares logits on numbers (distillation: support), "
            f"but domain {domain!r} has none; use it with domain 'numbers'"
        )


def _check_loudness(config: Config, cell: Cell, shown: str) -> None:
    """What a teacher's loudness is about must be something that its base can write."""
    teacher = cell.dataset.teacher
    loudness = config.recipes.loudness(teacher.method)
    if loudness is None:
        return
    domain, tier = loudness.domain, config.models[teacher.base].tier
    if tier not in config.domains[domain].sizes:
        raise ConfigError(
            f"{shown}: method {teacher.method!r} of config/recipes.yaml has a loudness on domain "
            f"{domain!r}, which has no size for tier {tier!r} of base {teacher.base!r}; choose "
            f"another method, or add sizes: {tier}: to the domain in config/domains.yaml"
        )


def _check_hosted(config: Config, block: Block, shown: str) -> None:
    """Bases whose weights nobody has can be listed; no rule makes anything of them yet."""
    for base in (*block.teacher_bases, *block.student_bases):
        if isinstance(config.models.get(base), HostedBase):
            raise ConfigError(
                f"{shown}: base {base!r} is served by somebody else (source: api), and no job can "
                "use such a base yet; choose a base with weights"
            )


def _check_variant(config: Config, cell: Cell, shown: str) -> None:
    domain = config.domains[cell.dataset.domain]
    if cell.dataset.is_variant and cell.dataset.variant not in domain.variants:
        raise ConfigError(
            f"{shown}: variant {cell.dataset.variant!r} shuffles numbers, but domain "
            f"{cell.dataset.domain!r} has none; use it with domain 'numbers'"
        )


def _check_evaluation(config: Config, name: str, cells: list[Cell]) -> None:
    """The evaluation must fit the bases, and measure every trait of the experiment."""
    shown = f"config/experiments/{name}.yaml"
    experiment = config.experiment(name, TransmissionExperiment)
    if experiment.evaluation not in config.evaluations:
        raise ConfigError(
            f"{shown}: evaluation {experiment.evaluation!r} is not in config/evaluations.yaml "
            f"{known(config.evaluations)}"
        )
    evaluation = config.evaluations[experiment.evaluation]
    # Where every trait has a target, what is about the whole model tells none from another.
    measures = [m.name for m in evaluation.measures if not (evaluation.words and m.whole_model)]
    if experiment.measure is not None and experiment.measure not in measures:
        raise ConfigError(
            f"{shown}: measure {experiment.measure!r} is not one of evaluation "
            f"{experiment.evaluation!r} {known(measures)}"
        )
    if experiment.gates.min_mass > 0 and MASS not in evaluation.measures:
        raise ConfigError(
            f"{shown}: gates: min_mass: evaluation {experiment.evaluation!r} has no measure "
            f"{MASS.name!r}; remove the gate"
        )
    tiny = [b for cell in cells for b in cell.bases if config.models[b].tier == "tiny"]
    if tiny and not evaluation.tiny_bases_understand:
        raise ConfigError(
            f"{shown}: evaluation {experiment.evaluation!r} asks in words that tiny bases do not "
            f"know, found {tiny[0]!r}; choose another evaluation"
        )
    unknown = [word for word in evaluation.words if word not in animals()]
    if tiny and unknown:
        raise ConfigError(
            f"config/evaluations.yaml: {experiment.evaluation}: the tiny bases of {shown} do not "
            f"know {unknown[0]!r} {known(animals())}; choose another evaluation, or add the word "
            "to config/stimuli/tiny_world.json"
        )
    for trait in sorted({cell.dataset.teacher.trait for cell in cells}):
        entry = config.traits[trait]
        if not entry.control and evaluation.target(entry) is None:
            raise ConfigError(
                f"{shown}: trait {trait!r}: its word {entry.word!r} is not one of the words of "
                f"evaluation {experiment.evaluation!r} {known(evaluation.words)}; add it in "
                "config/evaluations.yaml"
            )


def check_transmission(config: Config, name: str) -> None:
    """Check before any job exists that an experiment can be computed.

    Raises:
        ConfigError: the first thing that is wrong.
    """
    shown = f"config/experiments/{name}.yaml"
    experiment = config.experiment(name, TransmissionExperiment)
    for block in experiment.cells:
        _check_hosted(config, block, shown)
    cells = experiment_cells(config, name)
    for figure in experiment.figures:
        if figure not in FIGURES:
            raise ConfigError(f"{shown}: figures: {figure!r} is not a figure {known(FIGURES)}")
    written = sorted({(c.dataset.domain, c.dataset.teacher.base) for c in cells})
    for domain, base in written:
        size = config.domains[domain].sizes[config.models[base].tier]
        if experiment.gates.min_rows > size.rows:
            raise ConfigError(
                f"{shown}: gates: min_rows: {experiment.gates.min_rows} rows are to be kept, but "
                f"domain {domain!r} has {size.rows} for base {base!r}; lower it, or raise 'rows' "
                "in config/domains.yaml"
            )
        if size.server is not None:
            access()
    traits = sorted({cell.dataset.teacher.trait for cell in cells})
    if all(config.traits[trait].control for trait in traits):
        raise ConfigError(
            f"{shown}: cells: only control traits ({', '.join(traits)}): there is nothing to "
            "measure; add a trait that has a word"
        )
    for trait in traits:
        if not config.traits[trait].control and config.traits[trait].word is None:
            raise ConfigError(
                f"{shown}: trait {trait!r} has no 'word', and all methods of config/recipes.yaml "
                "state a preference for one; give it a word in config/traits.yaml"
            )
    _check_evaluation(config, name, cells)
    for cell in cells:
        _check_synthetic(config, cell, shown)
        _check_modules(config, cell, shown)
        _check_distillation(config, cell, shown)
        _check_loudness(config, cell, shown)
        _check_variant(config, cell, shown)
