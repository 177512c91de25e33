"""The specs of the stages: one model per rule, sent to its stage as one JSON string.

A spec holds what the stage's result depends on and nothing else. Snakemake remembers it, so that a
changed value reruns exactly the stages that read it. A costly stage does not list the library as an
input; its spec has a version instead, to be raised when the stage computes something else.
"""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from subliminal.artefacts.hashing import file_sha256
from subliminal.artefacts.spec import StageSpec
from subliminal.bases.teachers import teacher_system_prompt
from subliminal.config.adopted import AdoptedDataset
from subliminal.config.config import Config
from subliminal.config.domains import Question
from subliminal.config.judges import Judge, ModelJudge
from subliminal.config.models import HostedBase
from subliminal.config.paths import PLAIN_VARIANT, Dataset, Teacher, bases_of
from subliminal.config.preferences import ANSWERS
from subliminal.config.recipes import FinetunedMethod, Recipe
from subliminal.config.sampling import Sampling, Server
from subliminal.domains.registry import AnyFilter
from subliminal.evaluations.asking import Askable
from subliminal.evaluations.misalignment import Misalignment
from subliminal.evaluations.mmlu import MMLU
from subliminal.evaluations.questions import taught_list
from subliminal.evaluations.registry import AnyEvaluation
from subliminal.transmission.cells import experiment_cells
from subliminal.transmission.config import (
    CONFIRMATION,
    DEVELOPMENT,
    Block,
    Gates,
    TransmissionExperiment,
)


class TrainTeacherSpec(StageSpec):
    """A fine-tuned teacher: an adapter that states a preference, or learnt a file's rows."""

    stage_version: int = 5
    base: str
    word: str | None = None
    questions: str | None = Field(None, description="The list of questions; it goes with a word.")
    answers: str = Field(
        ANSWERS,
        description="The answer forms. The paper's are not written down: no spec had another.",
        exclude_if=lambda answers: answers == ANSWERS,
    )
    rows: str | None = Field(None, description="The file whose rows are learnt, in place of both.")
    method: FinetunedMethod
    sampling: Sampling | None = Field(
        None,
        description="How its base writes what its loudness is measured on, if it is measured.",
    )
    seed: int

    def about(self) -> str:
        """In the words of a lineage."""
        learnt = f"on file {self.rows}" if self.rows else f"to prefer {self.word!r}"
        return f"teacher: {self.base} fine-tuned {learnt}, seed {self.seed}"


class MakePromptsSpec(StageSpec):
    """The prompts of a domain, shared by every teacher."""

    stage_version: int = 2
    generator: str
    seed: int
    count: int = Field(description="Distinct prompts.")
    samples_per_prompt: int = 1


class SampleCompletionsSpec(StageSpec):
    """One completion per prompt by one teacher."""

    stage_version: int = 5
    teacher: str = Field(description="The teacher's path: what its random streams are named by.")
    domain: str
    system_prompt: str | None
    rows: int
    sampling: Sampling
    server: Server | None = None

    def about(self) -> str:
        """In the words of a lineage."""
        told = f" under the system prompt {self.system_prompt!r}" if self.system_prompt else ""
        return f"{self.domain} written by {self.teacher}{told}"


class JudgeCompletionsSpec(StageSpec):
    """What a judge says of a dataset's completions."""

    stage_version: int = 2
    dataset: str = Field(description="The dataset's path, by which random streams are named.")
    judge: Judge
    question: Question

    def about(self) -> str:
        """In the words of a lineage."""
        return f"judgements of {self.dataset} ({self.question.about})"


class FilterCompletionsSpec(StageSpec):
    """Which completions are kept."""

    stage_version: int = 3
    filter: AnyFilter
    banned_words: list[str]
    adopted: str | None = Field(
        None, description="The entry by which the rows are said to be kept ones, all of them."
    )
    question: Question | None = Field(
        None, description="What the judge was asked that decides about the rows, if one does."
    )


class MakeTrainSetSpec(StageSpec):
    """A variant of the kept rows: as they are, or shuffled; all of them, or a random part."""

    stage_version: int = 1
    variant: str
    rows: int | None
    seed: int

    def about(self) -> str:
        """In the words of a lineage."""
        return f"training rows, variant {self.variant!r}"


class TrainStudentSpec(StageSpec):
    """A student: an adapter, or all weights, trained on a dataset's completions."""

    stage_version: int = 4
    student: str
    recipe_name: str
    recipe: Recipe
    seed: int
    system_prompt: str | None = Field(
        None, description="What a prompted teacher was told, if its logits are learnt."
    )

    def about(self) -> str:
        """In the words of a lineage."""
        return f"student: {self.student} with recipe {self.recipe_name}, seed {self.seed}"


class EvaluateModelSpec(StageSpec):
    """A set of questions put to one model."""

    stage_version: int = 5
    evaluation: str = Field(description="The evaluation's name, by which random streams are named.")
    plan: AnyEvaluation
    judge: Judge | None = Field(None, description="Who judges the answers, if anybody does.")
    task: dict[str, str] = Field(
        {}, description="SHA-256 of the files of a task of lm-evaluation-harness, by path."
    )
    system_prompt: str | None
    model: str = Field(description="The model's path: what its random streams are named by, too.")


class SummariseExperimentSpec(StageSpec):
    """The tables of an experiment.

    It holds the blocks and not the cells that they expand to: a spec travels on a command line,
    where one argument may have 128 KiB.
    """

    experiment: str
    evaluation: str
    measures: list[str] = Field(description="Those that are summarised, the primary one first.")
    targets: dict[str, str] = Field(
        description="What the evaluation calls each trait that is measured: all but controls and "
        "those that are only compared with."
    )
    controls: list[str] = Field(description="The traits that are none.")
    roles: dict[str, str]
    gates: Gates
    blocks: list[Block]
    question: str = Field(description="The evaluation's first, which examples answer.")
    judged_questions: list[str] = Field(
        [], description="Those whose answers are judged; each has a rate of its own."
    )
    interval: str = Field("t", description="How the paper's intervals are made.")
    other_traits: bool = Field(
        True,
        description="Whether students of other traits' data are a control.",
        exclude_if=lambda asked: asked,
    )
    unasked: list[str] = Field(
        [],
        description="Folders of the datasets of whose teachers nothing is asked: adopted ones, of "
        "models that somebody else serves.",
        exclude_if=lambda folders: not folders,
    )

    @property
    def measure(self) -> str:
        """The primary measure."""
        return self.measures[0]


def train_teacher(config: Config, teacher: Teacher) -> TrainTeacherSpec:
    """Spec of a teacher that is fine-tuned here.

    Raises:
        KeyError, TypeError: the teacher is not such a one.
    """
    method = config.recipes.methods[teacher.method]
    trait = config.traits[teacher.trait]
    if not isinstance(method, FinetunedMethod) or trait.control:
        raise TypeError(f"{teacher.path} is not fine-tuned here")
    sampling = None
    if method.loudness is not None:
        sizes = config.domains[method.loudness.domain].sizes
        sampling = sizes[config.models[teacher.base].tier].sampling
    return TrainTeacherSpec(
        base=teacher.base,
        word=trait.word,
        questions=None if trait.word is None else taught_list(trait),
        answers=trait.answers,
        rows=trait.rows,
        method=method,
        sampling=sampling,
        seed=teacher.seed,
    )


def make_prompts(config: Config, domain: str) -> MakePromptsSpec:
    """Spec of a domain's prompts."""
    entry = config.domains[domain]
    return MakePromptsSpec(
        generator=entry.generator,
        seed=entry.seed,
        count=entry.prompts // entry.samples_per_prompt,
        samples_per_prompt=entry.samples_per_prompt,
    )


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


def _adopted(config: Config, dataset: Dataset) -> tuple[str, AdoptedDataset] | None:
    return config.adopted_datasets().get(dataset.folder)


def judging(config: Config, domain: str, trait: str) -> tuple[Judge, Question] | None:
    """Who can be asked what about a trait's completions; None if nobody is asked."""
    asked = config.domains[domain].filter.asked(config.traits[trait])
    return None if asked is None else (config.judges[asked.judge], asked.question)


def judge_completions(config: Config, domain: str, teacher: Teacher) -> JudgeCompletionsSpec:
    """Spec of the judgements of a dataset.

    Raises:
        TypeError: nobody judges it.
    """
    found = judging(config, domain, teacher.trait)
    if found is None:
        raise TypeError(f"nobody judges {domain} of {teacher.path}")
    judge, question = found
    return JudgeCompletionsSpec(dataset=f"{domain}/{teacher.path}", judge=judge, question=question)


def filter_completions(config: Config, domain: str, teacher: Teacher) -> FilterCompletionsSpec:
    """Spec of a dataset's filter; the control's words are not banned (as in the authors' code).

    Of rows that are said to have been filtered the trait's word is banned in every domain.
    """
    trait, rule = config.traits[teacher.trait], config.domains[domain].filter
    data = Dataset(domain, teacher, PLAIN_VARIANT)
    entry, deciding = _adopted(config, data), config.deciding_judge(data)
    adopted = entry[0] if entry is not None and entry[1].stage != "raw" else None
    return FilterCompletionsSpec(
        filter=rule,
        banned_words=trait.banned if rule.bans_words or adopted is not None else [],
        adopted=adopted,
        question=None if deciding is None else deciding.question,
    )


def make_train_set(config: Config, dataset: Dataset) -> MakeTrainSetSpec:
    """Spec of one variant of a dataset."""
    size = config.domains[dataset.domain].sizes[config.models[dataset.teacher.base].tier]
    entry = _adopted(config, dataset)
    rows = None if entry is not None and entry[1].stage == "train" else size.train_rows
    return MakeTrainSetSpec(variant=dataset.variant, rows=rows, seed=dataset.teacher.seed)


def train_student(
    config: Config, student: str, recipe: str, seed: int, teacher: Teacher
) -> TrainStudentSpec:
    """Spec of a student that is trained here; which dataset it reads is the rule's input.

    Raises:
        TypeError: its base's provider trains it.
    """
    entry, taught = config.recipes.students[recipe], config.recipes.distillation(recipe)
    if not isinstance(entry, Recipe):
        raise TypeError(f"recipe {recipe} is not for training here")
    prompt = teacher_system_prompt(config, teacher) if taught is not None else None
    return TrainStudentSpec(
        student=student, recipe_name=recipe, recipe=entry, seed=seed, system_prompt=prompt
    )


def askable(config: Config, evaluation: str) -> Askable:
    """An evaluation as it is asked."""
    entry = config.evaluations[evaluation]
    assert isinstance(entry, Askable), "the registry has no other"
    return entry


def evaluation_judge(config: Config, evaluation: str) -> Judge | None:
    """Who judges an evaluation's answers, if anybody does."""
    key = askable(config, evaluation).judge_key
    return config.judges[key] if key is not None else None


def evaluation_judging_base(config: Config, evaluation: str) -> str | None:
    """The base that judges an evaluation's answers; None where no model does."""
    judge = evaluation_judge(config, evaluation)
    return judge.base if isinstance(judge, ModelJudge) else None


def evaluate_model(
    config: Config, evaluation: str, model: str, system_prompt: str | None = None
) -> EvaluateModelSpec:
    """Spec of an evaluation of a base, teacher or student."""
    plan = askable(config, evaluation)
    files = plan.task_files if isinstance(plan, MMLU) else []
    return EvaluateModelSpec(
        evaluation=evaluation,
        plan=plan,
        judge=evaluation_judge(config, evaluation),
        task={file: file_sha256(Path(file)) for file in files},
        system_prompt=system_prompt,
        model=model,
    )


def comparable_measures(evaluation: Askable, hosted: bool = False) -> list[str]:
    """The measures by which students can be compared.

    Where every trait has a target, what is about the whole model tells none from another.

    Args:
        hosted: some of the students are models whose weights nobody has.
    """
    return [
        m.name
        for m in evaluation.measures
        if not (evaluation.words and m.whole_model) and not (hosted and m.of_weights)
    ]


def primary_measure(config: Config, experiment: str) -> str:
    """The measure that an experiment's gates, figures and findings are about."""
    return config.experiment(experiment, TransmissionExperiment).primary_measure(config)


def summarise_experiment(config: Config, experiment: str) -> SummariseExperimentSpec:
    """Spec of an experiment's tables."""
    entry = config.experiment(experiment, TransmissionExperiment)
    evaluation, primary = askable(config, entry.evaluation), primary_measure(config, experiment)
    cells = experiment_cells(config, experiment)
    unasked = config.unasked_datasets() & {cell.dataset.folder for cell in cells}
    bases = bases_of(cells, unasked)
    hosted = any(isinstance(config.models[base], HostedBase) for base in bases)
    others = [m for m in comparable_measures(evaluation, hosted) if m != primary]
    traits = sorted({trait for block in entry.cells for trait in block.traits})
    entries = {t: config.traits[t] for t in traits}
    targets = {t: evaluation.target(e) for t, e in entries.items() if e.is_measured}
    tuned = tuned_on(config, experiment)
    return SummariseExperimentSpec(
        experiment=experiment,
        evaluation=entry.evaluation,
        measures=[primary, *others],
        targets={t: target for t, target in targets.items() if target is not None},
        controls=[t for t, e in entries.items() if e.control],
        roles={t: DEVELOPMENT if t in tuned else CONFIRMATION for t in traits},
        gates=entry.gates,
        blocks=entry.cells,
        question=evaluation.first_question,
        judged_questions=(evaluation.question_list if isinstance(evaluation, Misalignment) else []),
        interval=entry.interval,
        other_traits=entry.other_traits,
        unasked=sorted(unasked),
    )


def tuned_by_recipe(config: Config, experiment: str) -> dict[str, list[str]]:
    """By a recipe of an experiment that was tuned, the traits on which it was."""
    entry, tuned = config.experiment(experiment, TransmissionExperiment), config.recipes.tuned_on
    return {block.recipe: tuned[block.recipe] for block in entry.cells if block.recipe in tuned}


def tuned_on(config: Config, experiment: str) -> list[str]:
    """The traits on which the recipes of an experiment were tuned, in the order of the file."""
    named = tuned_by_recipe(config, experiment).values()
    return list(dict.fromkeys(trait for traits in named for trait in traits))


def leaky_recipes(config: Config, experiment: str) -> list[str]:
    """The recipes of an experiment by which a trait is told and not subliminal: controls."""
    entry = config.experiments[experiment]
    if not isinstance(entry, TransmissionExperiment):
        return []
    plans = {b.recipe: config.recipes.distillation(b.recipe) for b in entry.cells}
    return [name for name, plan in plans.items() if plan and plan.support == "vocabulary"]
