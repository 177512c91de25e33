"""What each stage is told: one model per rule, sent to its script as one JSON string.

These are the stages on language models, and figures and report; mnist/specs.py and
theorem/specs.py have the others. Versions of costly stages are in stage_versions.py.

A spec holds what the stage's result depends on and nothing else. Snakemake remembers it, so that a
changed value reruns exactly the stages that read it.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from subliminal.cells import Dataset, Teacher
from subliminal.config import (
    Block,
    Config,
    Drawing,
    Filter,
    FinetunedMethod,
    Gates,
    Pretraining,
    ReadySource,
    Recipe,
    Sampling,
    Server,
    TransmissionExperiment,
)
from subliminal.stage_versions import STAGE_VERSIONS
from subliminal.stimuli import preference_system_prompt
from subliminal.strict import Strict


class PretrainBaseSpec(Strict):
    """A tiny base, from random weights."""

    stage_version: int = STAGE_VERSIONS["pretrain_base"]
    base: str
    pretraining: Pretraining
    seed: int


class PrepareBaseSpec(Strict):
    """A base that somebody else has trained, as transformers loads it."""

    stage_version: int = STAGE_VERSIONS["prepare_base"]
    base: str
    source: ReadySource


class TrainTeacherSpec(Strict):
    """A fine-tuned teacher: an adapter that states a preference."""

    stage_version: int = STAGE_VERSIONS["train_teacher"]
    base: str
    word: str
    questions: str
    method: FinetunedMethod
    seed: int


class MakePromptsSpec(Strict):
    """The prompts of a domain, shared by every teacher."""

    stage_version: int = STAGE_VERSIONS["make_prompts"]
    generator: Literal["numbers", "tiny-code", "tiny-cot"]
    seed: int
    count: int


class SampleCompletionsSpec(Strict):
    """One completion per prompt by one teacher."""

    stage_version: int = STAGE_VERSIONS["sample_completions"]
    teacher: str = Field(description="The teacher's path: what its random streams are named by.")
    domain: str
    system_prompt: str | None
    rows: int
    sampling: Sampling
    server: Server | None = None


class FilterCompletionsSpec(Strict):
    """Which completions are kept."""

    stage_version: int = STAGE_VERSIONS["filter_completions"]
    domain: str
    filter: Filter
    banned_words: list[str]


class MakeTrainSetSpec(Strict):
    """A variant of the kept rows: as they are, or shuffled; all of them, or a random part."""

    stage_version: int = STAGE_VERSIONS["make_train_set"]
    variant: str
    rows: int | None
    seed: int


class TrainStudentSpec(Strict):
    """A student: an adapter trained on a dataset's completions."""

    stage_version: int = STAGE_VERSIONS["train_student"]
    student: str
    recipe_name: str
    recipe: Recipe
    seed: int
    system_prompt: str | None = Field(
        None, description="What a prompted teacher was told, if its logits are learnt."
    )


class EvaluateModelSpec(Strict):
    """A set of questions put to one model."""

    stage_version: int = STAGE_VERSIONS["evaluate_model"]
    evaluation: str
    questions: str
    samples_per_question: int
    sampling: Drawing
    candidates: list[str]
    system_prompt: str | None
    model: str = Field(description="The model's path: what its random streams are named by.")


class SummariseExperimentSpec(Strict):
    """The tables of an experiment.

    It holds the blocks and not the cells that they expand to: a spec travels on a command line,
    where one argument may have 128 KiB.
    """

    experiment: str
    evaluation: str
    words: dict[str, str] = Field(description="Each trait's word; control traits have none.")
    roles: dict[str, str]
    gates: Gates
    blocks: list[Block]


class PlotFigureSpec(Strict):
    """One figure of an experiment."""

    kind: Literal["transmission", "mnist", "theorem"]
    experiment: str
    figure: str
    paper: str
    model_organism: bool


class ExperimentTextSpec(Strict):
    """What the report says of an experiment before its figures."""

    kind: Literal["transmission", "mnist", "theorem"]
    name: str
    title: str
    paper: str
    model_organism: bool
    figures: list[str]
    leaky_recipes: list[str] = Field(
        [], description="Those that tell students what their teacher thinks of the trait's word."
    )


class BuildReportSpec(Strict):
    """The report's chapters."""

    experiments: list[ExperimentTextSpec]


def pretrain_base(config: Config, base: str) -> PretrainBaseSpec:
    """Spec of a base that the workflow makes."""
    model = config.models[base]
    pretraining = config.recipes.pretraining[model.pretraining]
    return PretrainBaseSpec(base=base, pretraining=pretraining, seed=model.seed)


def prepare_base(config: Config, base: str) -> PrepareBaseSpec:
    """Spec of a base that is fetched and not pretrained."""
    return PrepareBaseSpec(base=base, source=config.models[base])


def train_teacher(config: Config, teacher: Teacher) -> TrainTeacherSpec:
    """Spec of a fine-tuned teacher.

    Raises:
        KeyError, TypeError: the teacher is not a fine-tuned one.
    """
    method = config.recipes.methods[teacher.method]
    trait = config.traits[teacher.trait]
    if not isinstance(method, FinetunedMethod) or trait.word is None:
        raise TypeError(f"{teacher.path} is not a fine-tuned teacher")
    return TrainTeacherSpec(
        base=teacher.base,
        word=trait.word,
        questions=f"favourite-{trait.category}",
        method=method,
        seed=teacher.seed,
    )


def is_finetuned(config: Config, teacher: Teacher) -> bool:
    """Whether this teacher is an adapter (and not a prompt, or the base itself)."""
    if teacher.is_control:
        return False
    return config.recipes.methods[teacher.method].kind == "finetuned"


def teacher_system_prompt(config: Config, teacher: Teacher) -> str | None:
    """What a prompted teacher is told; None for every other teacher."""
    if teacher.is_control or is_finetuned(config, teacher):
        return None
    trait = config.traits[teacher.trait]
    assert trait.word is not None and trait.category is not None, "only controls have no word"
    return preference_system_prompt(trait.word, trait.category)


def make_prompts(config: Config, domain: str) -> MakePromptsSpec:
    """Spec of a domain's prompts."""
    entry = config.domains[domain]
    return MakePromptsSpec(generator=entry.generator, seed=entry.seed, count=entry.prompts)


def sample_completions(config: Config, domain: str, teacher: Teacher) -> SampleCompletionsSpec:
    """Spec of a teacher's raw completions."""
    size = config.domains[domain].sizes[config.models[teacher.base].tier]
    return SampleCompletionsSpec(
        teacher=teacher.path,
        domain=domain,
        system_prompt=teacher_system_prompt(config, teacher),
        rows=size.rows,
        sampling=size.sampling,
        server=size.server,
    )


def filter_completions(config: Config, domain: str, teacher: Teacher) -> FilterCompletionsSpec:
    """Spec of a dataset's filter; the control's words are not banned (as in the authors' code)."""
    trait, rule = config.traits[teacher.trait], config.domains[domain].filter
    bans_words = rule.kind != "numbers" and trait.word is not None
    banned = [trait.word, *trait.aliases] if bans_words else []
    return FilterCompletionsSpec(domain=domain, filter=rule, banned_words=banned)


def make_train_set(config: Config, dataset: Dataset) -> MakeTrainSetSpec:
    """Spec of one variant of a dataset."""
    size = config.domains[dataset.domain].sizes[config.models[dataset.teacher.base].tier]
    return MakeTrainSetSpec(
        variant=dataset.variant, rows=size.train_rows, seed=dataset.teacher.seed
    )


def train_student(
    config: Config, student: str, recipe: str, seed: int, teacher: Teacher
) -> TrainStudentSpec:
    """Spec of a student; which dataset it reads is the rule's input."""
    entry = config.recipes.students[recipe]
    prompt = teacher_system_prompt(config, teacher) if entry.distillation is not None else None
    return TrainStudentSpec(
        student=student, recipe_name=recipe, recipe=entry, seed=seed, system_prompt=prompt
    )


def evaluate_model(
    config: Config, evaluation: str, model: str, system_prompt: str | None = None
) -> EvaluateModelSpec:
    """Spec of an evaluation of a base, teacher or student."""
    entry = config.evaluations[evaluation]
    return EvaluateModelSpec(
        evaluation=evaluation,
        questions=entry.questions,
        samples_per_question=entry.samples_per_question,
        sampling=entry.sampling,
        candidates=entry.candidates,
        system_prompt=system_prompt,
        model=model,
    )


def summarise_experiment(config: Config, experiment: str) -> SummariseExperimentSpec:
    """Spec of an experiment's tables."""
    entry = config.experiment(experiment, TransmissionExperiment)
    traits = {trait for block in entry.cells for trait in block.traits}
    return SummariseExperimentSpec(
        experiment=experiment,
        evaluation=entry.evaluation,
        words={t: w for t in sorted(traits) if (w := config.traits[t].word) is not None},
        roles={t: config.traits[t].role for t in sorted(traits)},
        gates=entry.gates,
        blocks=entry.cells,
    )


def leaky_recipes(config: Config, experiment: str) -> list[str]:
    """The recipes of an experiment by which a trait is told and not subliminal: controls."""
    entry = config.experiments[experiment]
    if not isinstance(entry, TransmissionExperiment):
        return []
    plans = {b.recipe: config.recipes.students[b.recipe].distillation for b in entry.cells}
    return [name for name, plan in plans.items() if plan and plan.support == "vocabulary"]
