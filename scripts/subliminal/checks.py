"""What must hold between files of the configuration, checked before any job exists."""

from __future__ import annotations

from pathlib import Path

from subliminal import stimuli
from subliminal.api.sampling import base_url
from subliminal.cells import CONTROL_METHOD, Cell, experiment_cells
from subliminal.config import (
    Config,
    Filter,
    FinetunedMethod,
    PretrainedBase,
    TransmissionExperiment,
)
from subliminal.errors import ConfigError, known
from subliminal.mnist.checks import check_digits
from subliminal.mnist.config import MnistExperiment
from subliminal.theorem.checks import check_theorem
from subliminal.theorem.config import TheoremExperiment
from subliminal.tiny.world import animals

# The domains whose words config/stimuli/tiny_world.json lists.
DOMAIN_WORDS = ("code", "cot")
# The linear layers of GPT-2, which tiny bases are; no base of a wheel or in use today calls its so.
TINY_MODULES = ("c_attn", "c_proj", "c_fc")
CHAT_TEMPLATES = "config/chat_templates"


def _check_models(config: Config, root: Path) -> None:
    for name, model in config.models.items():
        shown = f"config/models.yaml: {name}"
        if isinstance(model, PretrainedBase):
            if model.pretraining not in config.recipes.pretraining:
                raise ConfigError(
                    f"{shown}: pretraining {model.pretraining!r} is not under 'pretraining' of "
                    f"config/recipes.yaml {known(config.recipes.pretraining)}"
                )
        elif model.chat_template is not None:
            folder = root / CHAT_TEMPLATES
            if not (folder / f"{model.chat_template}.jinja").is_file():
                raise ConfigError(
                    f"{shown}: chat_template {model.chat_template!r} is not a file of "
                    f"{CHAT_TEMPLATES} {known(path.stem for path in folder.glob('*.jinja'))}"
                )


def _check_methods(config: Config) -> None:
    if CONTROL_METHOD in config.recipes.methods:
        raise ConfigError(
            f"config/recipes.yaml: methods: {CONTROL_METHOD!r} is the name of the untouched base's "
            "own writing; choose another name"
        )


def _check_teacher_paths(config: Config) -> None:
    """Names may contain hyphens, and one joins trait and method in a teacher's path."""
    teachers: dict[str, tuple[str, str]] = {}
    for trait in config.traits:
        for method in [CONTROL_METHOD, *config.recipes.methods]:
            other = teachers.setdefault(f"{trait}-{method}", (trait, method))
            if other != (trait, method):
                raise ConfigError(
                    f"config/traits.yaml: {trait}: with method {method!r} its results would lie "
                    f"where those of trait {other[0]!r} with method {other[1]!r} do "
                    f"({trait}-{method}); rename the trait, or the method in config/recipes.yaml"
                )


def _check_traits(config: Config) -> None:
    for name, trait in config.traits.items():
        if trait.category is not None:
            try:
                stimuli.questions(f"favourite-{trait.category}")
            except ValueError as error:
                raise ConfigError(f"config/traits.yaml: {name}: category: {error}") from None


def _check_evaluations(config: Config) -> None:
    for name, evaluation in config.evaluations.items():
        try:
            stimuli.questions(evaluation.questions)
        except ValueError as error:
            raise ConfigError(f"config/evaluations.yaml: {name}: questions: {error}") from None
        repeated = {w for w in evaluation.candidates if evaluation.candidates.count(w) > 1}
        if repeated:
            raise ConfigError(
                f"config/evaluations.yaml: {name}: candidates: {min(repeated)!r} is listed twice; "
                "remove one"
            )


def _admits_all_lists(rule: Filter) -> bool:
    """Whether a filter keeps whatever the grammar of number lists allows."""
    if rule.kind != "numbers" or rule.banned:
        return False
    return rule.min_value <= 0 and rule.max_value >= 999 and rule.max_count >= 10


def _check_domains(config: Config) -> None:
    for name, domain in config.domains.items():
        shown = f"config/domains.yaml: {name}"
        rule = domain.filter
        if rule.kind == "cot" and domain.generator != "tiny-cot":
            raise ConfigError(
                f"{shown}: filter: kind: 'cot' compares answers, but generator "
                f"{domain.generator!r} gives none (known: tiny-cot)"
            )
        if rule.kind != "numbers" and rule.domain_words_only and name not in DOMAIN_WORDS:
            raise ConfigError(
                f"{shown}: filter: domain_words_only: true, but config/stimuli/tiny_world.json has "
                f"no words of {name!r} {known(DOMAIN_WORDS)}; set it to false or rename the domain"
            )
        for tier, size in domain.sizes.items():
            if size.sampling.constraint is not None and not _admits_all_lists(rule):
                raise ConfigError(
                    f"{shown}: sizes: {tier}: constraint: numbers writes 1 to 10 integers from 0 "
                    "to 999, and the filter rejects some of these; filter with kind: numbers, "
                    "min_value: 0, max_value: 999, max_count: 10 and banned: [], or remove the "
                    "constraint"
                )
            if size.rows > domain.prompts:
                raise ConfigError(
                    f"{shown}: sizes: {tier}: rows: {size.rows} asked, but the domain has "
                    f"{domain.prompts} prompts; raise 'prompts' or lower 'rows'"
                )


def _check_synthetic(config: Config, cell: Cell, shown: str) -> None:
    """The synthetic code and cot are of the tiny world: other bases never learnt its format."""
    generator = config.domains[cell.dataset.domain].generator
    for base in cell.bases:
        if generator.startswith("tiny") and config.models[base].tier != "tiny":
            raise ConfigError(
                f"{shown}: domain {cell.dataset.domain!r} (generator {generator!r}) is for tiny "
                f"bases, found {base!r}; choose domain 'numbers'"
            )


def _check_modules(config: Config, cell: Cell, shown: str) -> None:
    """An adapter's modules are those of the base that it goes on."""
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
    """Logits compare token by token, and those of numbers where there are some."""
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
    if plan.support == "numbers" and config.domains[domain].filter.kind != "numbers":
        raise ConfigError(
            f"{shown}: recipe {cell.recipe!r} compares logits on numbers (distillation: support), "
            f"but domain {domain!r} has none; use it with domain 'numbers'"
        )


def _check_experiment(config: Config, name: str, cells: list[Cell]) -> None:
    shown = f"config/experiments/{name}.yaml"
    experiment = config.experiment(name, TransmissionExperiment)
    if experiment.evaluation not in config.evaluations:
        raise ConfigError(
            f"{shown}: evaluation {experiment.evaluation!r} is not in config/evaluations.yaml "
            f"{known(config.evaluations)}"
        )
    written = sorted({(c.dataset.domain, c.dataset.teacher.base) for c in cells})
    sizes = [config.domains[domain].sizes[config.models[base].tier] for domain, base in written]
    for (domain, base), size in zip(written, sizes, strict=True):
        if experiment.gates.min_rows > size.rows:
            raise ConfigError(
                f"{shown}: gates: min_rows: {experiment.gates.min_rows} rows are to be kept, but "
                f"domain {domain!r} has {size.rows} for base {base!r}; lower it, or raise 'rows' "
                "in config/domains.yaml"
            )
    candidates = config.evaluations[experiment.evaluation].candidates
    tiers = {config.models[base].tier for cell in cells for base in cell.bases}
    unknown = [word for word in candidates if word not in animals()]
    if "tiny" in tiers and unknown:
        raise ConfigError(
            f"config/evaluations.yaml: {experiment.evaluation}: candidates: the tiny bases of "
            f"{shown} do not know {unknown[0]!r} {known(animals())}; choose another evaluation, "
            "or add the word to config/stimuli/tiny_world.json"
        )
    if any(size.server is not None for size in sizes):
        base_url()
    traits = sorted({cell.dataset.teacher.trait for cell in cells})
    if all(config.traits[trait].word is None for trait in traits):
        raise ConfigError(
            f"{shown}: cells: only control traits ({', '.join(traits)}): there is nothing to "
            "measure; add a trait that has a word"
        )
    for trait in traits:
        word = config.traits[trait].word
        if word is not None and word not in candidates:
            raise ConfigError(
                f"{shown}: trait {trait!r}: its word {word!r} is not a candidate of evaluation "
                f"{experiment.evaluation!r} {known(candidates)}; add it in config/evaluations.yaml"
            )
    for cell in cells:
        _check_synthetic(config, cell, shown)
        _check_modules(config, cell, shown)
        _check_distillation(config, cell, shown)
        shuffled = cell.dataset.variant.startswith("shuffled")
        if shuffled and config.domains[cell.dataset.domain].filter.kind != "numbers":
            raise ConfigError(
                f"{shown}: variant {cell.dataset.variant!r} shuffles numbers, but domain "
                f"{cell.dataset.domain!r} has none; use it with domain 'numbers'"
            )


def check_config(config: Config, root: Path) -> None:
    """Check every cross-reference.

    Args:
        root: the repository's folder.

    Raises:
        ConfigError: the first thing that is wrong.
    """
    _check_models(config, root)
    _check_methods(config)
    _check_teacher_paths(config)
    _check_traits(config)
    _check_evaluations(config)
    _check_domains(config)
    names = config.settings.experiments
    repeated = {name for name in names if names.count(name) > 1}
    if repeated:
        raise ConfigError(
            f"config/config.yaml: experiments: {min(repeated)!r} is listed twice; remove one"
        )
    for name in config.names_of(TransmissionExperiment):
        _check_experiment(config, name, experiment_cells(config, name))
    for name in config.names_of(MnistExperiment):
        check_digits(config, name)
    for name in config.names_of(TheoremExperiment):
        check_theorem(config, name)
